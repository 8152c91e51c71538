//! Converts a `DeviceConfig` into a device's configuration, for twins made from an inventory.

use std::collections::BTreeMap;

use compact_str::CompactString;

use super::{Configuration, Endpoint, ExpectedPort, Hardware, Profile, Subscriber};
use crate::model::{DeviceConfig, PortAssignment, RateLimit, Slot};

/// Returns the configuration of a device set up by hand exactly like this; missing slots get the lowest free number.
pub fn configuration_of(intended: &DeviceConfig, hardware: &Hardware) -> Configuration {
    let mut made = Configuration::factory(hardware);
    take_system(&mut made, intended);
    let profiles = slots(
        intended.profiles.iter().map(|(name, one)| (name, one.slot)),
        super::DEFAULT_PROFILE + 1,
    );
    for (name, profile) in &intended.profiles {
        let Some(id) = profiles.get(name) else {
            continue;
        };
        made.profiles.insert(
            *id,
            Profile {
                name: CompactString::from(name.as_str()),
                description: profile
                    .description
                    .as_ref()
                    .map_or_else(CompactString::default, |text| text.as_str().into()),
                down: profile.down.get(),
                up: profile.up.get(),
                service_limit_level: None,
            },
        );
    }
    let endpoints = slots(
        intended.endpoints.iter().map(|(mac, one)| (mac, one.slot)),
        1,
    );
    for (mac, endpoint) in &intended.endpoints {
        let Some(id) = endpoints.get(mac) else {
            continue;
        };
        made.endpoints.insert(
            *id,
            Endpoint {
                name: CompactString::from(endpoint.name.as_str()),
                mac: *mac,
                description: CompactString::default(),
                port: match endpoint.port {
                    PortAssignment::Port(port) => ExpectedPort::Port(port.get()),
                    PortAssignment::Auto => ExpectedPort::Auto,
                    PortAssignment::Unassigned => ExpectedPort::Unassigned,
                },
                allow_management_access: false,
            },
        );
    }
    let subscribers = slots(
        intended
            .subscribers
            .iter()
            .map(|(name, one)| (name, one.slot)),
        1,
    );
    for (name, subscriber) in &intended.subscribers {
        let Some(id) = subscribers.get(name) else {
            continue;
        };
        let endpoint = subscriber.endpoint;
        let endpoint = endpoint.and_then(|mac| endpoints.get(&mac).copied());
        let profile = match &subscriber.rate {
            RateLimit::Unthrottled => None,
            RateLimit::Profile(profile) => profiles.get(profile).copied(),
        };
        let one = Subscriber::of(name.as_str(), subscriber, endpoint, profile);
        made.subscribers.insert(*id, one);
    }
    made
}

fn take_system(made: &mut Configuration, intended: &DeviceConfig) {
    if let Some(hostname) = &intended.system.hostname {
        made.hostname = CompactString::from(hostname.as_str());
    }
    if let Some(location) = &intended.system.location {
        made.location = CompactString::from(location.as_str());
    }
    if let Some(contact) = &intended.system.contact {
        made.contact = CompactString::from(contact.as_str());
    }
    for (number, uplink) in &intended.uplinks {
        if let (Some(target), Some(allowed)) =
            (made.uplinks.get_mut(&number.get()), &uplink.allowed_vlans)
        {
            target.allowed.clone_from(allowed);
        }
    }
    for (number, port) in &intended.ports {
        let Some(target) = made.ports.get_mut(&number.get()) else {
            continue;
        };
        if let Some(name) = &port.name {
            target.name = CompactString::from(name.as_str());
        }
        if let Some(enabled) = port.enabled {
            target.shutdown = !enabled;
        }
        if let Some(mode) = port.mode {
            target.mode = mode;
        }
    }
}

/// Assigns every object a number: its own, or else the lowest free one from `first`.
fn slots<'a, K: Ord + 'a>(
    objects: impl Iterator<Item = (&'a K, Option<Slot>)> + Clone,
    first: u16,
) -> BTreeMap<&'a K, u16> {
    let taken: std::collections::BTreeSet<u16> = objects
        .clone()
        .filter_map(|(_, slot)| slot.map(|slot| slot.0))
        .collect();
    let mut free = (first..).filter(|id| !taken.contains(id));
    objects
        .filter_map(|(key, slot)| {
            let id = match slot {
                Some(slot) => slot.0,
                None => free.next()?,
            };
            Some((key, id))
        })
        .collect()
}
