//! Lists the open questions about a GAM whose answer changes what a line does or an agent says, and the possible answers.
//!
//! No document answers them (docs/gam.md). A twin is the second opinion for every answer: `--assume NAME=VALUE` sets one.

/// What becomes of the users of a profile or endpoint that is removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum RemovalInUse {
    #[default]
    Refused,
    /// The subscriber stays without the endpoint, or without a limit of its rate.
    Detached,
    /// The subscriber is removed as well.
    ServiceGone,
}

/// Which endpoints the limit of the device counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum EndpointsCounted {
    /// Those with a port: a new one can be prepared before the old one is removed.
    #[default]
    WithAPort,
    All,
}

/// How the allowed VLANs of a subscriber are counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum AllowedVlansCounted {
    /// Every VLAN, 12 at most.
    #[default]
    TwelveVlans,
    /// Every entry of the list, 14 at most: a range is one.
    FourteenEntries,
}

/// The longest description.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LongestDescription {
    /// 127 characters, as the command line and the MIB say.
    #[default]
    OfTheMib,
    /// 63 characters, as the web page says.
    OfTheWebPage,
}

/// What a new subscriber gets whose line names no profile.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum UnnamedProfile {
    /// No limit.
    #[default]
    None,
    /// The built-in profile, 10 Mbps.
    BuiltIn,
}

/// The VLANs that a subscriber can have, on which the guides, the MIB and the web page differ.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum VlanRanges {
    /// Data, remapped and second port's VLANs of 3 to 4093, data also 4094.
    #[default]
    Narrow,
    /// Data up to 4095, remapped up to 4094, the second port's up to 4094; also those that are used inside.
    Wide,
}

/// What the detailed status tables have for an endpoint that is not alive.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum DeadRows {
    /// Its address and that it is not alive; no other column has the row, as the MIB says.
    #[default]
    Absent,
    /// A whole row, with zeros and empty texts.
    Zeros,
}

/// What `RxUsage` and `TxUsage` are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum UsageColumns {
    /// The most that can be allocated on copper, as the MIB's text says; 0 on coax.
    #[default]
    Allocatable,
    /// The present traffic, as the columns' names say.
    Traffic,
}

/// Which number a new alarm gets in the active table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum AlarmIndex {
    /// The lowest that is free, so a number means another alarm later.
    #[default]
    LowestFree,
    /// A new one for each alarm.
    Counting,
}

/// Whether NTP has set the clock of the device.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum DeviceClock {
    #[default]
    Set,
    /// It started at 1970 with the device.
    Unset,
}

/// The form of times in tables and on the command line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TimeForm {
    /// UTC, with its offset.
    #[default]
    Utc,
    /// Local time five hours behind UTC, with the offset: a clock that is not set says 1969.
    Local,
    /// UTC without an offset.
    NoOffset,
}

/// The text of the uptime in GAM-SYSUTIL-MIB.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum UptimeText {
    /// `435:00:05`, which fits into the ten characters of the MIB.
    #[default]
    Hours,
    /// `18d 03:00:05`, as the command line has it.
    Days,
    /// `18 days, 3h 0m 5s`, as endpoints have it.
    Words,
}

/// Whether a device as delivered has an interface in the management VLAN.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ManagementInterface {
    /// None: the guides add VLAN 4093 by hand.
    #[default]
    Absent,
    /// `interface vlan 4093`.
    Delivered,
}

/// What a running-config shows of a password.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum StoredPasswords {
    /// A hash.
    #[default]
    Hash,
    /// The clear text in base64, as in a sample of the guide for firmware 1.2.
    Base64,
}

/// Whether the device sends the names and numbers of subscribers upstream.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum NamesSent {
    #[default]
    Off,
    /// In DHCP option 82.
    Dhcp,
    /// The DHCP information is on, and the relay that would insert it is off.
    DhcpWithoutRelay,
    /// In the tags of its PPPoE agent.
    Pppoe,
    /// The agent has no tables about it.
    NoTables,
}

/// What becomes of endpoints behind a G.hn port that is shut down. Nothing there has an alarm, as the guide says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ShutPorts {
    /// They are heard and served as before: configured service goes on, says the installation guide.
    #[default]
    ServiceGoesOn,
    /// They are silent.
    Silent,
}

/// What the agent has of the light and heat of SFP modules.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ModuleValues {
    /// No row: the device measures nothing until `ddmi` is on, as it is not when delivered (assumed).
    #[default]
    Absent,
    /// Rows with empty texts.
    Empty,
    /// The module measures nothing.
    Unsupported,
    Measured,
}

/// The answers that a device gives.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Assumptions {
    pub removal: RemovalInUse,
    pub endpoints: EndpointsCounted,
    pub allowed_vlans: AllowedVlansCounted,
    pub descriptions: LongestDescription,
    pub unnamed_profile: UnnamedProfile,
    pub vlan_ranges: VlanRanges,
    pub dead_rows: DeadRows,
    pub usage: UsageColumns,
    pub alarm_index: AlarmIndex,
    pub clock: DeviceClock,
    pub times: TimeForm,
    pub uptime_text: UptimeText,
    pub management_interface: ManagementInterface,
    pub passwords: StoredPasswords,
    pub names_sent: NamesSent,
    pub shut_ports: ShutPorts,
    pub module_values: ModuleValues,
}

impl Assumptions {
    /// Returns the answers under which the most lines are refused.
    pub fn strictest() -> Self {
        Self {
            endpoints: EndpointsCounted::All,
            descriptions: LongestDescription::OfTheWebPage,
            unnamed_profile: UnnamedProfile::BuiltIn,
            // The default answers to all other questions refuse as much as any other.
            ..Self::default()
        }
    }

    /// Returns the default answers with one of the strictest in place of its own, each with its name.
    pub fn strict_one_by_one() -> [(&'static str, Self); 3] {
        let strictest = Self::strictest();
        [
            (
                "endpoints=all",
                Self {
                    endpoints: strictest.endpoints,
                    ..Self::default()
                },
            ),
            (
                "descriptions=63",
                Self {
                    descriptions: strictest.descriptions,
                    ..Self::default()
                },
            ),
            (
                "unnamed-profile=built-in",
                Self {
                    unnamed_profile: strictest.unnamed_profile,
                    ..Self::default()
                },
            ),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strict_answers_one_by_one_are_the_strictest_together() {
        let mut all = Assumptions::default();
        for (_, one) in Assumptions::strict_one_by_one() {
            let plain = Assumptions::default();
            assert_ne!(one, plain);
            if one.endpoints != plain.endpoints {
                all.endpoints = one.endpoints;
            }
            if one.descriptions != plain.descriptions {
                all.descriptions = one.descriptions;
            }
            if one.unnamed_profile != plain.unnamed_profile {
                all.unnamed_profile = one.unnamed_profile;
            }
        }
        assert_eq!(all, Assumptions::strictest());
    }
}
