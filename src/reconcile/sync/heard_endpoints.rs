//! Translates the latest looks of the store: which endpoint is heard on which port, and which VLANs are in use.

use std::collections::BTreeMap;

use crate::history::{HeardSince, Store, StoreError};
use crate::inventory::Inventory;
use crate::model::{DeviceName, EndpointState, MacAddress, Observation, Part, VlanSet};
use crate::sync::{DeviceLook, HeardEndpoint, HeardState, Looks};

/// Returns the latest looks at the devices of an inventory.
pub async fn heard_endpoints(store: &Store, inventory: &Inventory) -> Result<Looks, StoreError> {
    let mut looks = Looks::default();
    for device in inventory.devices() {
        if let Some((look, heard)) = store.last_look_and_heard(&device.id).await? {
            add_heard(&mut looks, &device.id, &look, &heard);
        }
    }
    Ok(looks)
}

/// Adds what the latest look at a device heard.
pub fn add_heard(
    looks: &mut Looks,
    device: &DeviceName,
    look: &Observation,
    heard: &BTreeMap<MacAddress, HeardSince>,
) {
    // A VLAN of a subscriber that was not read may be given to another one.
    if look.incomplete(Part::Subscribers).is_some() {
        return;
    }
    let subscribers = look.config.subscribers.values();
    let vlans = subscribers.flat_map(|one| {
        let more = [Some(one.vlan), one.remapped_vlan, one.port2_vlan];
        more.into_iter().flatten().chain(one.allowed_vlans.iter())
    });
    let unclear = look.unclear.iter().flat_map(|one| one.vlans.iter());
    looks.devices.insert(
        device.clone(),
        DeviceLook {
            at: look.taken_at,
            vlans: vlans.chain(unclear).collect(),
            uplink_vlans: uplink_vlans(look),
        },
    );
    let endpoints = look.health.endpoints.iter();
    looks.endpoints.extend(endpoints.filter_map(|(mac, line)| {
        let since = heard.get(mac).filter(|since| since.port == line.port);
        let (state, first, count) = match line.state? {
            EndpointState::NotDetected => return None,
            // Where it is configured, one look is enough: nothing is activated or moved.
            EndpointState::Fine => (HeardState::Configured, 0, u32::MAX),
            EndpointState::WrongPort => (
                HeardState::Configured,
                since.map_or(look.taken_at, |since| since.first),
                since.map_or(1, |since| since.looks),
            ),
            EndpointState::Unknown => (
                HeardState::Unknown,
                since.map_or(look.taken_at, |since| since.first),
                since.map_or(1, |since| since.looks),
            ),
        };
        Some(HeardEndpoint {
            mac: *mac,
            device: device.clone(),
            port: line.port,
            state,
            first,
            last: look.taken_at,
            looks: count,
        })
    }));
}

/// Returns the VLANs that pass every uplink; `None` if the list of one is not known.
fn uplink_vlans(look: &Observation) -> Option<VlanSet> {
    if look.incomplete(Part::Uplinks).is_some() {
        return None;
    }
    let uplinks = look.config.uplinks.values();
    let lists: Option<Vec<&VlanSet>> = uplinks
        .map(|uplink| uplink.allowed_vlans.as_ref())
        .collect();
    let lists = lists?;
    let (first, others) = lists.split_first()?;
    let passing = first
        .iter()
        .filter(|vlan| others.iter().all(|list| list.contains(*vlan)));
    Some(passing.collect())
}
