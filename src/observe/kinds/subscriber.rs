//! Reads subscribers: their columns of SNMP, their options in a running-config, and the row that both give.

use crate::model::{Poe, VlanId, VlanSet};
use crate::observe::decode::cell::{choice, number, reference, text, truth, vlans};
use crate::observe::decode::{Grid, Row};
use crate::observe::known::{Known, Table};
use crate::observe::mib::ghn::PORT_AWARE;
use crate::observe::mib::{self, Layout, Object, objects};
use crate::observe::running_config::options::{ObjectOptions, Occurs, OptionSpec, Shape, missing};
use crate::observe::running_config::words;

// The MIB calls them users.
objects! { &[1, 3, 6, 1, 4, 1, 20095, 2001, 143, 1, 2, 40, 1] =>
    ID = 10, "gamGhnAgentConfigUserId";
    NAME = 30, "gamGhnAgentConfigUserName";
    DESCRIPTION = 40, "gamGhnAgentConfigUserDescription";
    ENDPOINT = 50, "gamGhnAgentConfigUserEndpointId";
    PROFILE = 70, "gamGhnAgentConfigUserBwProfileId";
    VLAN = 90, "gamGhnAgentConfigUserVlanId";
    TAGGED = 100, "gamGhnAgentConfigUserVlanIsTagged";
    REMAPPED = 110, "gamGhnAgentConfigUserRemappedVlanId";
    PORT_2 = 120, "gamGhnAgentConfigUserPort2VlanId";
    QUARTER_1 = 130, "gamGhnAgentConfigUserAllowedTaggedVlans0To1K";
    QUARTER_2 = 140, "gamGhnAgentConfigUserAllowedTaggedVlans1KTo2K";
    QUARTER_3 = 150, "gamGhnAgentConfigUserAllowedTaggedVlans2KTo3K";
    QUARTER_4 = 160, "gamGhnAgentConfigUserAllowedTaggedVlans3KTo4K";
    TRUNK = 170, "gamGhnAgentConfigUserTrunkMode";
    PORT = 180, "gamGhnAgentConfigUserPortIfIndex";
    DOUBLE_TAGS = 190, "gamGhnAgentConfigUserDoubleTags";
    POE = 220, "gamGhnAgentConfigUserPoeModeCtrl";
}

pub(in crate::observe) const QUARTERS: [&Object; 4] =
    [&QUARTER_1, &QUARTER_2, &QUARTER_3, &QUARTER_4];

/// No column reports whether a subscriber has allowed VLANs, so their quarters are read for all subscribers.
pub(in crate::observe) const LAYOUT: Layout = Layout {
    what: "subscribers",
    walked: &ID,
    compared: &TAGGED,
    identity: (&NAME, mib::TEXT),
    groups: &[
        &[
            (&DESCRIPTION, mib::LONG_TEXT),
            mib::number(&ENDPOINT),
            mib::number(&PROFILE),
            mib::number(&VLAN),
            mib::number(&TAGGED),
            mib::number(&REMAPPED),
            mib::number(&PORT_2),
            mib::number(&TRUNK),
            mib::number(&PORT),
            mib::number(&DOUBLE_TAGS),
            mib::number(&POE),
        ],
        &[
            (&QUARTER_1, mib::QUARTER),
            (&QUARTER_2, mib::QUARTER),
            (&QUARTER_3, mib::QUARTER),
            (&QUARTER_4, mib::QUARTER),
        ],
    ],
};

pub(in crate::observe) const OPTIONS: &[OptionSpec] = &[
    ("name", Shape::Value, Occurs::Elsewhere),
    ("description", Shape::Value, Occurs::Elsewhere),
    ("endpoint", Shape::Value, Occurs::OnlyHere),
    ("vid", Shape::Value, Occurs::OnlyHere),
    ("tagged", Shape::Alone, Occurs::Elsewhere),
    ("untagged", Shape::Alone, Occurs::Elsewhere),
    ("remapped-vid", Shape::Value, Occurs::OnlyHere),
    ("bw-profile", Shape::Value, Occurs::OnlyHere),
    ("allowed-vlan", Shape::Value, Occurs::OnlyHere),
    ("port2-vid", Shape::Value, Occurs::OnlyHere),
    ("poe", Shape::Value, Occurs::OnlyHere),
];

/// `GAMGhnAgentPoeModeCtrl`.
const POE_MODES: &[(u32, Poe)] = &[(0, Poe::Disable), (1, Poe::Enable), (2, Poe::Force)];

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscriberRow {
    pub name: Known<String>,
    /// Empty means none.
    pub description: Known<String>,
    /// The number of its endpoint, `None` without one.
    pub endpoint: Known<Option<u32>>,
    /// The number of its profile, `None` if unthrottled.
    pub profile: Known<Option<u32>>,
    pub vlan: Known<u32>,
    pub tagged: Known<bool>,
    pub remapped_vlan: Known<Option<u32>>,
    pub allowed_vlans: Known<VlanSet>,
    pub port2_vlan: Known<Option<u32>>,
    pub poe: Known<Poe>,
    /// Settings that our types cannot hold: trunk mode, two tags, a binding to a port.
    pub unheld: Vec<String>,
}

/// Returns the subscribers. On a device that binds them to ports, our types cannot hold any of them.
pub(in crate::observe) fn from_cells(
    grid: &Grid,
    subscriber_model: &Known<u32>,
) -> Table<SubscriberRow> {
    super::table(grid, "there is a subscriber", |row| SubscriberRow {
        name: text(row, &NAME),
        description: text(row, &DESCRIPTION),
        endpoint: reference(row, &ENDPOINT),
        profile: reference(row, &PROFILE),
        vlan: number(row, &VLAN),
        tagged: truth(row, &TAGGED),
        remapped_vlan: reference(row, &REMAPPED),
        allowed_vlans: vlans(row, QUARTERS),
        port2_vlan: reference(row, &PORT_2),
        poe: choice(row, &POE, POE_MODES),
        unheld: unheld(row, subscriber_model),
    })
}

/// Returns the settings of a subscriber that the inventory cannot express. An unreadable one counts as present, because
/// a change could reset it.
fn unheld(row: &Row, subscriber_model: &Known<u32>) -> Vec<String> {
    let mut reasons = Vec::new();
    match subscriber_model {
        Ok(PORT_AWARE) => {
            reasons.push("the device binds subscribers to ports (port-aware)".to_owned());
        }
        Ok(_) => {}
        Err(reason) => reasons.push(format!("the subscriber model is unknown: {reason}")),
    }
    match reference(row, &PORT) {
        Ok(None) => {}
        Ok(Some(interface)) => reasons.push(format!("it is bound to interface {interface}")),
        Err(reason) => reasons.push(format!("its binding to a port is unknown: {reason}")),
    }
    let switches = [
        (&TRUNK, "it uses trunk mode"),
        (&DOUBLE_TAGS, "it uses double tags"),
    ];
    for (object, says) in switches {
        match truth(row, object) {
            Ok(false) => {}
            Ok(true) => reasons.push(says.to_owned()),
            Err(reason) => reasons.push(format!("unknown whether {says}: {reason}")),
        }
    }
    reasons
}

pub(in crate::observe) fn from_options(mut given: ObjectOptions) -> SubscriberRow {
    let is_tagged = given.has("tagged");
    if is_tagged && given.has("untagged") {
        let reason = "it is `tagged` and `untagged`".to_owned();
        given.unknown.push(reason);
    }
    let number_or = |word: &'static str| {
        move |text: &str| match text {
            text if text == word => Some(None),
            text => words::number(text).map(Some),
        }
    };
    let number = |text: &str| words::number(text).map(Some);
    SubscriberRow {
        name: given.text("name", missing("name")),
        description: given.text("description", Ok(String::new())),
        endpoint: given.get("endpoint", Ok(None), number),
        // What a subscriber gets whose line names none is an open question (docs/gam.md).
        profile: given.get(
            "bw-profile",
            missing("bw-profile"),
            number_or("unthrottled"),
        ),
        vlan: given.get("vid", Ok(u32::from(VlanId::UNSERVED.get())), words::number),
        tagged: Ok(is_tagged),
        remapped_vlan: given.get("remapped-vid", Ok(None), number_or("none")),
        allowed_vlans: given.get("allowed-vlan", Ok(VlanSet::default()), |text| match text {
            "none" => Some(VlanSet::default()),
            text => text.parse().ok(),
        }),
        port2_vlan: given.get("port2-vid", Ok(None), number_or("none")),
        poe: given.get("poe", Ok(Poe::Disable), |text| {
            let mut all = Poe::ALL.iter().copied();
            all.find(|poe| poe.as_str() == text)
        }),
        unheld: given.unknown,
    }
}
