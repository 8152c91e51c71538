//! Lists the open questions about a GAM whose answer changes what a line of configuration does, and the possible answers.
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

/// The answers that a device gives.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Assumptions {
    pub removal: RemovalInUse,
    pub endpoints: EndpointsCounted,
    pub allowed_vlans: AllowedVlansCounted,
    pub descriptions: LongestDescription,
    pub unnamed_profile: UnnamedProfile,
}

impl Assumptions {
    /// Returns the answers under which the most lines are refused.
    pub fn strictest() -> Self {
        Self {
            removal: RemovalInUse::Refused,
            endpoints: EndpointsCounted::All,
            allowed_vlans: AllowedVlansCounted::TwelveVlans,
            descriptions: LongestDescription::OfTheWebPage,
            unnamed_profile: UnnamedProfile::BuiltIn,
        }
    }

    /// Returns the default answers with one of the strictest in place of its own, each with its name.
    pub fn strict_one_by_one() -> [(&'static str, Self); 2] {
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
        ]
    }
}
