//! Makes the latest looks at devices from the endpoints that an example hears.

use std::collections::{BTreeMap, BTreeSet};

use gamctl::model::{DeviceName, MacAddress, PortNumber, VlanId};
use gamctl::sync::{DeviceLook, HeardEndpoint, HeardState, Looks, SyncInventory};
use serde::Deserialize;

/// Endpoints were heard for so many seconds, in looks a minute apart, if an example does not name the looks.
const HEARD_FOR: u64 = 60 * 60;

/// The places of an endpoint.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum HeardText {
    Once(String),
    Several(Vec<String>),
    Otherwise(HeardOtherwise),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HeardOtherwise {
    at: String,
    /// The looks that heard it; one is not enough.
    looks: Option<u32>,
    /// The device has it configured, whether or not the inventory does.
    #[serde(default)]
    configured: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct LookText {
    /// VLANs of subscribers that the inventory does not have.
    vlans: BTreeSet<VlanId>,
}

/// Splits `maple-a/7`.
pub(super) fn place(text: &str) -> (&str, &str) {
    text.split_once('/').unwrap()
}

/// Returns the latest looks: all devices were looked at just now.
pub(super) fn looks(
    heard: &BTreeMap<MacAddress, HeardText>,
    look_texts: &BTreeMap<DeviceName, LookText>,
    inventory: &SyncInventory,
    now: u64,
) -> Looks {
    let devices = inventory.devices.keys().map(|name| {
        let subscribers = inventory.subscribers_of(name);
        let mut vlans: BTreeSet<VlanId> = subscribers.map(|(_, one)| one.vlan).collect();
        vlans.extend(
            look_texts
                .get(name)
                .into_iter()
                .flat_map(|look| &look.vlans),
        );
        let look = DeviceLook {
            at: now,
            vlans,
            uplink_vlans: None,
        };
        (name.clone(), look)
    });
    let mut looks = Looks {
        devices: devices.collect(),
        endpoints: Vec::new(),
    };
    for (mac, text) in heard {
        let (places, looks_of_it, configured) = match text {
            HeardText::Once(place) => (vec![place], None, false),
            HeardText::Several(places) => (places.iter().collect(), None, false),
            HeardText::Otherwise(text) => (vec![&text.at], text.looks, text.configured),
        };
        let all = places.into_iter().map(|at| {
            let (device, port) = place(at);
            let device = DeviceName::new(device).unwrap();
            let is_known = inventory
                .subscribers_of(&device)
                .any(|(_, one)| one.endpoint == Some(*mac));
            HeardEndpoint {
                mac: *mac,
                port: PortNumber::new(port.parse().unwrap()).ok(),
                state: match is_known || configured {
                    true => HeardState::Configured,
                    false => HeardState::Unknown,
                },
                first: match looks_of_it {
                    Some(looks) => now - u64::from(looks - 1) * 60,
                    None => now - HEARD_FOR,
                },
                last: now,
                looks: looks_of_it.unwrap_or(60),
                device,
            }
        });
        looks.endpoints.extend(all);
    }
    looks
}
