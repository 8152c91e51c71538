//! Computes the configuration of a device after some of the steps of a plan.

use std::collections::BTreeMap;

use crate::model::{
    DeviceConfig, EndpointConfig, PortConfig, ProfileConfig, RateLimit, Slot, SystemConfig,
    UplinkConfig,
};

use super::change::{
    Endpoint, EndpointFields, PortFields, Profile, ProfileFields, Subscriber, SystemFields,
    UplinkFields,
};
use super::{Change, Edit, Kind};

/// Returns the configuration after these changes; they must have been planned for `config`.
#[must_use]
pub fn after<'a>(
    config: &DeviceConfig,
    changes: impl IntoIterator<Item = &'a Change>,
) -> DeviceConfig {
    let mut now = config.clone();
    for change in changes {
        apply(&mut now, change);
    }
    now
}

/// Applies one change to a configuration.
fn apply(config: &mut DeviceConfig, change: &Change) {
    match change {
        Change::System(update) => {
            let SystemFields {
                hostname,
                location,
                contact,
            } = SystemConfig::after(update);
            set(&mut config.system.hostname, hostname);
            set(&mut config.system.location, location);
            set(&mut config.system.contact, contact);
        }
        Change::Uplink(number, update) => {
            let UplinkFields { allowed_vlans } = UplinkConfig::after(update);
            let uplink = config.uplinks.entry(*number).or_default();
            if let Some(vlans) = allowed_vlans {
                uplink.allowed_vlans = Some(vlans.0.clone());
            }
        }
        Change::Port(number, update) => {
            let PortFields {
                name,
                enabled,
                mode,
            } = PortConfig::after(update);
            let port = config.ports.entry(*number).or_default();
            set(&mut port.name, name);
            port.enabled = enabled.copied().or(port.enabled);
            port.mode = mode.copied().or(port.mode);
        }
        Change::Profile(slot, edit) => apply_profile(config, *slot, edit),
        Change::Endpoint(slot, edit) => apply_endpoint(config, *slot, edit),
        Change::Subscriber(slot, edit) => apply_subscriber(config, *slot, edit),
    }
}

fn set<T: Clone>(field: &mut T, to: Option<&T>) {
    if let Some(to) = to {
        field.clone_from(to);
    }
}

/// Removes the object in a slot from its table. Its name or address may change, so it is found by slot.
fn remove_slot<K: Ord + Clone, V>(
    table: &mut BTreeMap<K, V>,
    slot: Slot,
    slot_of: impl Fn(&V) -> Option<Slot>,
) -> Option<V> {
    let key = table
        .iter()
        .find(|(_, value)| slot_of(value) == Some(slot))
        .map(|(key, _)| key.clone())?;
    table.remove(&key)
}

fn apply_profile(config: &mut DeviceConfig, slot: Slot, edit: &Edit<Profile>) {
    let had = remove_slot(&mut config.profiles, slot, |profile| profile.slot);
    let mut now = match (edit, had) {
        (Edit::Remove(_), _) | (Edit::Update(_), None) => return,
        (Edit::Update(_), Some(had)) => had,
        (Edit::Create(state), _) => ProfileConfig {
            slot: Some(slot),
            description: None,
            down: state.down,
            up: state.up,
        },
    };
    let ProfileFields {
        name: _,
        description,
        down,
        up,
    } = edit.after();
    set(&mut now.description, description);
    set(&mut now.down, down);
    set(&mut now.up, up);
    // A configuration refers to profiles by name, so a new name goes to the users too.
    let (old, name) = (edit.key(), edit.new_key());
    if old != name {
        for subscriber in config.subscribers.values_mut() {
            if subscriber.rate == RateLimit::Profile(old.clone()) {
                subscriber.rate = RateLimit::Profile(name.clone());
            }
        }
    }
    config.profiles.insert(name.clone(), now);
}

fn apply_endpoint(config: &mut DeviceConfig, slot: Slot, edit: &Edit<Endpoint>) {
    let had = remove_slot(&mut config.endpoints, slot, |endpoint| endpoint.slot);
    let mut now = match (edit, had) {
        (Edit::Remove(_), _) | (Edit::Update(_), None) => return,
        (Edit::Update(_), Some(had)) => had,
        (Edit::Create(state), _) => EndpointConfig {
            slot: Some(slot),
            name: state.name.clone(),
            port: state.port,
        },
    };
    let EndpointFields { name, mac: _, port } = edit.after();
    set(&mut now.name, name);
    set(&mut now.port, port);
    // A configuration refers to endpoints by address, so a new address goes to the user too.
    let (old, mac) = (*edit.key(), *edit.new_key());
    if old != mac {
        for subscriber in config.subscribers.values_mut() {
            if subscriber.endpoint == Some(old) {
                subscriber.endpoint = Some(mac);
            }
        }
    }
    config.endpoints.insert(mac, now);
}

fn apply_subscriber(config: &mut DeviceConfig, slot: Slot, edit: &Edit<Subscriber>) {
    let had = remove_slot(&mut config.subscribers, slot, |subscriber| subscriber.slot);
    let mut now = match (edit, had) {
        (Edit::Remove(_), _) | (Edit::Update(_), None) => return,
        (Edit::Update(_), Some(had)) => had,
        (Edit::Create(state), _) => state.created(slot),
    };
    edit.after().set_in(&mut now);
    config.subscribers.insert(edit.new_key().clone(), now);
}
