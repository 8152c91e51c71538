//! From two states of an object to the change between them.

use crate::model::{
    HeldText, PortConfig, PortNumber, Slot, SystemConfig, UplinkNumber, VlanId, VlanSet,
};

use super::item::{Endpoint, Profile, Subscriber};
use super::{Change, Field, FieldChange, Object, Value, Verb};

/// The fields that differ, in the making.
#[derive(Default)]
struct Differences(Vec<FieldChange>);

impl Differences {
    fn add(&mut self, field: Field, from: Option<Value>, to: Option<Value>) {
        if from != to {
            self.0.push(FieldChange { field, from, to });
        }
    }

    /// Copies a text only where it differs.
    fn add_text(&mut self, field: Field, from: Option<&str>, to: Option<&str>) {
        if from != to {
            let (from, to) = (from.map(text), to.map(text));
            self.0.push(FieldChange { field, from, to });
        }
    }
}

fn text(text: impl AsRef<str>) -> Value {
    Value::Text(text.as_ref().to_owned())
}

fn held(of: Option<&HeldText>) -> Option<Value> {
    of.map(|held| text(held.as_str()))
}

/// Returns what happens to an object with a number; the name is the one that it has before, or gets.
fn numbered<S>(
    object: impl Fn(&S) -> Object,
    slot: Slot,
    from: Option<&S>,
    to: Option<&S>,
    differences: Differences,
) -> Option<Change> {
    let known = from.or(to)?;
    let verb = match (from, to) {
        (None, _) => Verb::Create,
        (Some(_), Some(_)) => Verb::Update,
        (Some(_), None) => Verb::Remove,
    };
    let mut fields = differences.0;
    fields.sort_by_key(|change| change.field);
    Some(Change {
        object: object(known),
        slot: Some(slot),
        verb,
        fields,
    })
}

pub(super) fn profile(slot: Slot, from: Option<&Profile>, to: Option<&Profile>) -> Option<Change> {
    let mut found = Differences::default();
    let mut add = |field, read: &dyn Fn(&Profile) -> Option<Value>| {
        found.add(field, from.and_then(read), to.and_then(read));
    };
    add(Field::Name, &|profile| Some(text(profile.name.as_str())));
    add(Field::Description, &|profile| {
        held(profile.description.as_ref())
    });
    add(Field::Down, &|profile| Some(Value::Speed(profile.down)));
    add(Field::Up, &|profile| Some(Value::Speed(profile.up)));
    numbered(
        |profile| Object::Profile(profile.name.clone()),
        slot,
        from,
        to,
        found,
    )
}

pub(super) fn endpoint<'a>(
    slot: Slot,
    from: Option<&'a Endpoint>,
    to: Option<&'a Endpoint>,
) -> Option<Change> {
    let mut found = Differences::default();
    let name = |endpoint: Option<&'a Endpoint>| Some(endpoint?.name.as_str());
    found.add_text(Field::Name, name(from), name(to));
    let mut add = |field, read: &dyn Fn(&Endpoint) -> Option<Value>| {
        found.add(field, from.and_then(read), to.and_then(read));
    };
    add(Field::MacAddress, &|endpoint| {
        Some(Value::Mac(endpoint.mac))
    });
    add(Field::Port, &|endpoint| Some(Value::Port(endpoint.port)));
    numbered(
        |endpoint| Object::Endpoint(endpoint.mac),
        slot,
        from,
        to,
        found,
    )
}

/// What a subscriber uses, as a value with the number it has now.
pub(super) struct Uses<'a> {
    pub(super) endpoint: &'a dyn Fn(usize) -> Option<Value>,
    pub(super) profile: &'a dyn Fn(usize) -> Option<Value>,
}

pub(super) fn subscriber<'a>(
    slot: Slot,
    from: Option<&'a Subscriber>,
    to: Option<&'a Subscriber>,
    uses: &Uses<'_>,
) -> Option<Change> {
    let mut found = Differences::default();
    let name = |one: Option<&'a Subscriber>| Some(one?.name.as_str());
    found.add_text(Field::Name, name(from), name(to));
    let said = |one: Option<&'a Subscriber>| Some(one?.description.as_ref()?.as_str());
    found.add_text(Field::Description, said(from), said(to));
    let mut add = |field, read: &dyn Fn(&Subscriber) -> Option<Value>| {
        found.add(field, from.and_then(read), to.and_then(read));
    };
    let vlan = |vlan: Option<VlanId>| vlan.map(Value::Vlan);
    add(Field::Endpoint, &|one| (uses.endpoint)(one.endpoint?));
    add(Field::Rate, &|one| match one.profile {
        None => Some(Value::Unthrottled),
        Some(profile) => (uses.profile)(profile),
    });
    add(Field::Vlan, &|one| Some(Value::Vlan(one.vlan)));
    add(Field::Tagged, &|one| Some(Value::Flag(one.tagged)));
    add(Field::RemappedVlan, &|one| vlan(one.remapped_vlan));
    add(Field::AllowedVlans, &|one| {
        (!one.allowed_vlans.is_empty()).then(|| Value::Vlans(one.allowed_vlans.clone()))
    });
    add(Field::Port2Vlan, &|one| vlan(one.port2_vlan));
    add(Field::Poe, &|one| one.poe.map(Value::Poe));
    numbered(
        |one| Object::Subscriber(one.name.clone()),
        slot,
        from,
        to,
        found,
    )
}

pub(super) fn port(number: PortNumber, from: &PortConfig, to: &PortConfig) -> Change {
    let mut found = Differences::default();
    let mut add = |field, read: &dyn Fn(&PortConfig) -> Option<Value>| {
        found.add(field, read(from), read(to));
    };
    add(Field::Name, &|port| held(port.name.as_ref()));
    add(Field::Enabled, &|port| port.enabled.map(Value::Flag));
    add(Field::Mode, &|port| port.mode.map(Value::Mode));
    setting(Object::Port(number), found)
}

pub(super) fn uplink(number: UplinkNumber, from: &VlanSet, to: &VlanSet) -> Change {
    let mut found = Differences::default();
    let value = |vlans: &VlanSet| Some(Value::Vlans(vlans.clone()));
    found.add(Field::AllowedVlans, value(from), value(to));
    setting(Object::Uplink(number), found)
}

pub(super) fn system(from: &SystemConfig, to: &SystemConfig) -> Change {
    let mut found = Differences::default();
    let mut add = |field, read: &dyn Fn(&SystemConfig) -> Option<Value>| {
        found.add(field, read(from), read(to));
    };
    add(Field::Hostname, &|system| held(system.hostname.as_ref()));
    add(Field::Location, &|system| held(system.location.as_ref()));
    add(Field::Contact, &|system| held(system.contact.as_ref()));
    setting(Object::System, found)
}

/// What is always there is only ever updated.
fn setting(object: Object, differences: Differences) -> Change {
    let mut fields = differences.0;
    fields.sort_by_key(|change| change.field);
    Change {
        object,
        slot: None,
        verb: Verb::Update,
        fields,
    }
}
