//! The picture of a device after so many steps: what the lines should have made of it.

use std::collections::BTreeMap;

use crate::model::{
    DeviceConfig, EndpointConfig, EndpointName, HeldText, MacAddress, Mbps, Poe, PortAssignment,
    ProfileConfig, ProfileName, RateLimit, Slot, SubscriberConfig, SubscriberName, VlanId, VlanSet,
};

use super::{Change, Field, FieldChange, Object, Step, Value, Verb};

/// Returns what a device that was as `config` is once these steps were carried out.
///
/// *Assumes* that the steps were planned for such a device. What a change says and no type can hold is left as it was.
#[must_use]
pub fn after(config: &DeviceConfig, steps: &[Step]) -> DeviceConfig {
    let mut now = config.clone();
    for step in steps {
        take(&mut now, &step.change);
    }
    now
}

fn take(config: &mut DeviceConfig, change: &Change) {
    match (&change.object, change.slot) {
        (Object::System, _) => {
            for field in &change.fields {
                take_system(config, field);
            }
        }
        (Object::Uplink(number), _) => {
            let uplink = config.uplinks.entry(*number).or_default();
            if let Some(Value::Vlans(vlans)) = to(change, Field::AllowedVlans) {
                uplink.allowed_vlans = Some(vlans.clone());
            }
        }
        (Object::Port(number), _) => {
            let port = config.ports.entry(*number).or_default();
            if let Some(change) = change.field(Field::Name) {
                port.name = held(change);
            }
            if let Some(Value::Flag(enabled)) = to(change, Field::Enabled) {
                port.enabled = Some(*enabled);
            }
            if let Some(Value::Mode(mode)) = to(change, Field::Mode) {
                port.mode = Some(*mode);
            }
        }
        (Object::Profile(name), Some(slot)) => take_profile(config, change, name, slot),
        (Object::Endpoint(mac), Some(slot)) => take_endpoint(config, change, *mac, slot),
        (Object::Subscriber(name), Some(slot)) => take_subscriber(config, change, name, slot),
        (Object::Profile(_) | Object::Endpoint(_) | Object::Subscriber(_), None) => {}
    }
}

fn to(change: &Change, field: Field) -> Option<&Value> {
    change.field(field)?.to.as_ref()
}

fn text(value: Option<&Value>) -> Option<&str> {
    match value {
        Some(Value::Text(text)) => Some(text),
        _ => None,
    }
}

fn held(change: &FieldChange) -> Option<HeldText> {
    text(change.to.as_ref()).and_then(|text| HeldText::new(text).ok())
}

fn take_system(config: &mut DeviceConfig, change: &FieldChange) {
    let system = &mut config.system;
    match change.field {
        Field::Hostname => system.hostname = held(change),
        Field::Location => system.location = held(change),
        Field::Contact => system.contact = held(change),
        _ => {}
    }
}

/// Takes the object with a number out of its table.
fn take_out<K: Ord + Clone, V>(
    table: &mut BTreeMap<K, V>,
    slot: Slot,
    slot_of: impl Fn(&V) -> Option<Slot>,
) -> Option<(K, V)> {
    let key = table
        .iter()
        .find(|(_, value)| slot_of(value) == Some(slot))
        .map(|(key, _)| key.clone())?;
    table.remove_entry(&key)
}

fn take_profile(config: &mut DeviceConfig, change: &Change, known: &ProfileName, slot: Slot) {
    let had = take_out(&mut config.profiles, slot, |profile| profile.slot);
    if change.verb == Verb::Remove {
        return;
    }
    let least = Mbps::new(1).ok();
    let speed = |field, had: Option<Mbps>| match to(change, field) {
        Some(Value::Speed(speed)) => Some(*speed),
        _ => had.or(least),
    };
    let before = had.as_ref().map(|(_, profile)| profile);
    let name = text(to(change, Field::Name)).and_then(|name| ProfileName::new(name).ok());
    let old = had.as_ref().map(|(name, _)| name);
    let name = name.unwrap_or_else(|| old.unwrap_or(known).clone());
    let (Some(down), Some(up)) = (
        speed(Field::Down, before.map(|before| before.down)),
        speed(Field::Up, before.map(|before| before.up)),
    ) else {
        return;
    };
    let profile = ProfileConfig {
        slot: Some(slot),
        description: match change.field(Field::Description) {
            Some(change) => held(change),
            None => before.and_then(|before| before.description.clone()),
        },
        down,
        up,
    };
    if let Some(old) = old.filter(|old| **old != name) {
        for subscriber in config.subscribers.values_mut() {
            if subscriber.rate == RateLimit::Profile(old.clone()) {
                subscriber.rate = RateLimit::Profile(name.clone());
            }
        }
    }
    config.profiles.insert(name, profile);
}

fn take_endpoint(config: &mut DeviceConfig, change: &Change, known: MacAddress, slot: Slot) {
    let had = take_out(&mut config.endpoints, slot, |endpoint| endpoint.slot);
    if change.verb == Verb::Remove {
        return;
    }
    let old = had.as_ref().map(|(mac, _)| *mac);
    let mac = match to(change, Field::MacAddress) {
        Some(Value::Mac(mac)) => *mac,
        _ => old.unwrap_or(known),
    };
    let before = had.map(|(_, endpoint)| endpoint);
    let name = text(to(change, Field::Name)).and_then(|name| EndpointName::new(name).ok());
    let Some(name) = name.or_else(|| before.as_ref().map(|before| before.name.clone())) else {
        return;
    };
    let port = match to(change, Field::Port) {
        Some(Value::Port(port)) => *port,
        _ => before.map_or(PortAssignment::Unassigned, |before| before.port),
    };
    if let Some(old) = old.filter(|old| *old != mac) {
        for subscriber in config.subscribers.values_mut() {
            if subscriber.endpoint == Some(old) {
                subscriber.endpoint = Some(mac);
            }
        }
    }
    let endpoint = EndpointConfig {
        slot: Some(slot),
        name,
        port,
    };
    config.endpoints.insert(mac, endpoint);
}

fn take_subscriber(config: &mut DeviceConfig, change: &Change, known: &SubscriberName, slot: Slot) {
    let had = take_out(&mut config.subscribers, slot, |subscriber| subscriber.slot);
    if change.verb == Verb::Remove {
        return;
    }
    let name = text(to(change, Field::Name)).and_then(|name| SubscriberName::new(name).ok());
    let (old, mut now) = match had {
        Some((name, subscriber)) => (Some(name), subscriber),
        None => (None, unserved(slot)),
    };
    for field in &change.fields {
        take_field(&mut now, field);
    }
    let name = name.or(old).unwrap_or_else(|| known.clone());
    config.subscribers.insert(name, now);
}

/// What a device makes of a subscriber that is given nothing but a name.
fn unserved(slot: Slot) -> SubscriberConfig {
    SubscriberConfig {
        slot: Some(slot),
        description: None,
        endpoint: None,
        rate: RateLimit::Unthrottled,
        vlan: VlanId::UNSERVED,
        tagged: false,
        remapped_vlan: None,
        allowed_vlans: VlanSet::default(),
        port2_vlan: None,
        poe: Some(Poe::Disable),
    }
}

fn take_field(subscriber: &mut SubscriberConfig, change: &FieldChange) {
    let vlan = match change.to {
        Some(Value::Vlan(vlan)) => Some(vlan),
        _ => None,
    };
    match (change.field, change.to.as_ref()) {
        (Field::Description, _) => subscriber.description = held(change),
        (Field::Endpoint, Some(Value::Endpoint { mac, .. })) => subscriber.endpoint = Some(*mac),
        (Field::Endpoint, None) => subscriber.endpoint = None,
        (Field::Rate, Some(Value::Profile { name, .. })) => {
            subscriber.rate = RateLimit::Profile(name.clone());
        }
        (Field::Rate, Some(Value::Unthrottled)) => subscriber.rate = RateLimit::Unthrottled,
        (Field::Vlan, Some(Value::Vlan(vlan))) => subscriber.vlan = *vlan,
        (Field::Tagged, Some(Value::Flag(tagged))) => subscriber.tagged = *tagged,
        (Field::RemappedVlan, _) => subscriber.remapped_vlan = vlan,
        (Field::AllowedVlans, Some(Value::Vlans(vlans))) => {
            subscriber.allowed_vlans = vlans.clone();
        }
        (Field::AllowedVlans, None) => subscriber.allowed_vlans = VlanSet::default(),
        (Field::Port2Vlan, _) => subscriber.port2_vlan = vlan,
        (Field::Poe, Some(Value::Poe(poe))) => subscriber.poe = Some(*poe),
        _ => {}
    }
}
