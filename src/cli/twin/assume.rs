//! `--assume ports=management-first`: parses what a twin takes for granted where the family's documents are unclear.

use crate::simulator::gam::{
    AlarmIndex, AllowedVlansCounted, Assumptions, DeadRows, DeviceClock, EndpointsCounted,
    Hardware, LongestDescription, ManagementInterface, ModuleValues, NamesSent, PortLayout,
    RemovalInUse, ShutPorts, StoredPasswords, TimeForm, UnnamedProfile, UptimeText, UsageColumns,
    VlanRanges,
};

/// An answer to an open question about the device. docs/gam.md lists the questions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Assumption {
    Ports(PortLayout),
    Removal(RemovalInUse),
    Endpoints(EndpointsCounted),
    AllowedVlans(AllowedVlansCounted),
    Descriptions(LongestDescription),
    UnnamedProfile(UnnamedProfile),
    VlanRanges(VlanRanges),
    DeadRows(DeadRows),
    Usage(UsageColumns),
    AlarmIndex(AlarmIndex),
    Clock(DeviceClock),
    Times(TimeForm),
    UptimeText(UptimeText),
    ManagementInterface(ManagementInterface),
    Passwords(StoredPasswords),
    NamesSent(NamesSent),
    ShutPorts(ShutPorts),
    ModuleValues(ModuleValues),
    Strictest,
}

/// The names, and the values of each with its assumption; the first one is the default.
const QUESTIONS: [(&str, &[(&str, Assumption)]); 19] = [
    (
        "ports",
        &[
            ("uplinks-first", Assumption::Ports(PortLayout::UplinksFirst)),
            (
                "management-first",
                Assumption::Ports(PortLayout::ManagementFirst),
            ),
            ("alike", Assumption::Ports(PortLayout::Alike)),
        ],
    ),
    (
        "removal",
        &[
            ("refused", Assumption::Removal(RemovalInUse::Refused)),
            ("detached", Assumption::Removal(RemovalInUse::Detached)),
            (
                "service-gone",
                Assumption::Removal(RemovalInUse::ServiceGone),
            ),
        ],
    ),
    (
        "endpoints",
        &[
            (
                "with-a-port",
                Assumption::Endpoints(EndpointsCounted::WithAPort),
            ),
            ("all", Assumption::Endpoints(EndpointsCounted::All)),
        ],
    ),
    (
        "allowed-vlans",
        &[
            (
                "12-vlans",
                Assumption::AllowedVlans(AllowedVlansCounted::TwelveVlans),
            ),
            (
                "14-entries",
                Assumption::AllowedVlans(AllowedVlansCounted::FourteenEntries),
            ),
        ],
    ),
    (
        "descriptions",
        &[
            (
                "127",
                Assumption::Descriptions(LongestDescription::OfTheMib),
            ),
            (
                "63",
                Assumption::Descriptions(LongestDescription::OfTheWebPage),
            ),
        ],
    ),
    (
        "unnamed-profile",
        &[
            ("none", Assumption::UnnamedProfile(UnnamedProfile::None)),
            (
                "built-in",
                Assumption::UnnamedProfile(UnnamedProfile::BuiltIn),
            ),
        ],
    ),
    (
        "vlan-ranges",
        &[
            ("narrow", Assumption::VlanRanges(VlanRanges::Narrow)),
            ("wide", Assumption::VlanRanges(VlanRanges::Wide)),
        ],
    ),
    (
        "dead-rows",
        &[
            ("absent", Assumption::DeadRows(DeadRows::Absent)),
            ("zeros", Assumption::DeadRows(DeadRows::Zeros)),
        ],
    ),
    (
        "usage",
        &[
            ("allocatable", Assumption::Usage(UsageColumns::Allocatable)),
            ("traffic", Assumption::Usage(UsageColumns::Traffic)),
        ],
    ),
    (
        "alarm-index",
        &[
            ("lowest", Assumption::AlarmIndex(AlarmIndex::LowestFree)),
            ("counting", Assumption::AlarmIndex(AlarmIndex::Counting)),
        ],
    ),
    (
        "clock",
        &[
            ("set", Assumption::Clock(DeviceClock::Set)),
            ("unset", Assumption::Clock(DeviceClock::Unset)),
        ],
    ),
    (
        "times",
        &[
            ("utc", Assumption::Times(TimeForm::Utc)),
            ("local", Assumption::Times(TimeForm::Local)),
            ("no-offset", Assumption::Times(TimeForm::NoOffset)),
        ],
    ),
    (
        "uptime-text",
        &[
            ("hours", Assumption::UptimeText(UptimeText::Hours)),
            ("days", Assumption::UptimeText(UptimeText::Days)),
            ("words", Assumption::UptimeText(UptimeText::Words)),
        ],
    ),
    (
        "vlan-4093",
        &[
            (
                "absent",
                Assumption::ManagementInterface(ManagementInterface::Absent),
            ),
            (
                "delivered",
                Assumption::ManagementInterface(ManagementInterface::Delivered),
            ),
        ],
    ),
    (
        "passwords",
        &[
            ("hash", Assumption::Passwords(StoredPasswords::Hash)),
            ("base64", Assumption::Passwords(StoredPasswords::Base64)),
        ],
    ),
    (
        "names-sent",
        &[
            ("off", Assumption::NamesSent(NamesSent::Off)),
            ("dhcp", Assumption::NamesSent(NamesSent::Dhcp)),
            (
                "dhcp-without-relay",
                Assumption::NamesSent(NamesSent::DhcpWithoutRelay),
            ),
            ("pppoe", Assumption::NamesSent(NamesSent::Pppoe)),
            ("no-tables", Assumption::NamesSent(NamesSent::NoTables)),
        ],
    ),
    (
        "shut-ports",
        &[
            (
                "service-goes-on",
                Assumption::ShutPorts(ShutPorts::ServiceGoesOn),
            ),
            ("silent", Assumption::ShutPorts(ShutPorts::Silent)),
        ],
    ),
    (
        "module-values",
        &[
            ("absent", Assumption::ModuleValues(ModuleValues::Absent)),
            ("empty", Assumption::ModuleValues(ModuleValues::Empty)),
            (
                "unsupported",
                Assumption::ModuleValues(ModuleValues::Unsupported),
            ),
            ("measured", Assumption::ModuleValues(ModuleValues::Measured)),
        ],
    ),
    ("all", &[("strictest", Assumption::Strictest)]),
];

impl Assumption {
    pub(super) fn set(self, hardware: &mut Hardware) {
        let assumptions = &mut hardware.assumptions;
        match self {
            Self::Ports(layout) => hardware.layout = layout,
            Self::Removal(removal) => assumptions.removal = removal,
            Self::Endpoints(endpoints) => assumptions.endpoints = endpoints,
            Self::AllowedVlans(allowed) => assumptions.allowed_vlans = allowed,
            Self::Descriptions(longest) => assumptions.descriptions = longest,
            Self::UnnamedProfile(profile) => assumptions.unnamed_profile = profile,
            Self::VlanRanges(answer) => assumptions.vlan_ranges = answer,
            Self::DeadRows(answer) => assumptions.dead_rows = answer,
            Self::Usage(answer) => assumptions.usage = answer,
            Self::AlarmIndex(answer) => assumptions.alarm_index = answer,
            Self::Clock(answer) => assumptions.clock = answer,
            Self::Times(answer) => assumptions.times = answer,
            Self::UptimeText(answer) => assumptions.uptime_text = answer,
            Self::ManagementInterface(answer) => assumptions.management_interface = answer,
            Self::Passwords(answer) => assumptions.passwords = answer,
            Self::NamesSent(answer) => assumptions.names_sent = answer,
            Self::ShutPorts(answer) => assumptions.shut_ports = answer,
            Self::ModuleValues(answer) => assumptions.module_values = answer,
            Self::Strictest => *assumptions = Assumptions::strictest(),
        }
    }
}

/// Parses one assumption.
pub(super) fn assumption(text: &str) -> Result<Assumption, String> {
    let (name, value) = text.split_once('=').ok_or_else(|| {
        format!("`{text}` needs the form NAME=VALUE, such as `ports=management-first`")
    })?;
    let question = QUESTIONS.iter().find(|(known, _)| *known == name);
    let Some((_, values)) = question else {
        let names = listed(QUESTIONS.iter().map(|(name, _)| *name), "and");
        return Err(format!("unknown assumption `{name}`; there are {names}"));
    };
    let known = values.iter().find(|(known, _)| *known == value);
    known.map(|(_, assumption)| *assumption).ok_or_else(|| {
        let values = listed(values.iter().map(|(value, _)| *value), "or");
        format!("unknown value `{value}`; `{name}` is {values}")
    })
}

/// Returns words in a sentence: `a`, `b` or `c`.
fn listed<'a>(words: impl Iterator<Item = &'a str>, last: &str) -> String {
    let mut words: Vec<String> = words.map(|word| format!("`{word}`")).collect();
    match (words.pop(), words.is_empty()) {
        (Some(only), true) => only,
        (Some(end), false) => format!("{} {last} {end}", words.join(", ")),
        (None, _) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_assumption_names_those_that_there_are() {
        let why = |text| assumption(text).unwrap_err();
        assert_eq!(
            assumption("ports=alike"),
            Ok(Assumption::Ports(PortLayout::Alike))
        );
        assert_eq!(
            why("colour=red"),
            "unknown assumption `colour`; there are `ports`, `removal`, `endpoints`, `allowed-vlans`, `descriptions`, \
             `unnamed-profile`, `vlan-ranges`, `dead-rows`, `usage`, `alarm-index`, `clock`, `times`, `uptime-text`, \
             `vlan-4093`, `passwords`, `names-sent`, `shut-ports`, `module-values` and `all`"
        );
        assert!(why("ports=up").contains("`uplinks-first`, `management-first` or `alike`"));
        assert!(why("ports").contains("NAME=VALUE"));
    }

    #[test]
    fn the_first_value_of_each_question_is_the_default() {
        let mut hardware = Hardware::of(crate::model::GamModel::ALL[0], 1);
        let delivered = hardware.clone();
        for (name, values) in QUESTIONS {
            if name != "all" {
                values[0].1.set(&mut hardware);
            }
        }
        assert_eq!(hardware, delivered);
    }
}
