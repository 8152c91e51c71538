//! Compares two configurations of a device, object by object and field by field, as readable texts.

use std::collections::BTreeMap;

use super::cause::Left;
use crate::model::{DeviceConfig, Observation, Part, Slot};
use crate::plan::{Endpoint, FieldView, Kind as _, Object, Profile, Subscriber};

/// The facts of each object: its fields by name, as texts. An absent field is not set, or unknown.
pub(super) type Facts = BTreeMap<String, BTreeMap<String, String>>;

/// Returns the facts of a configuration.
pub(super) fn facts(config: &DeviceConfig) -> Facts {
    let mut facts = Facts::new();
    let mut object = |object: Object, slot: Option<Slot>, values: Vec<FieldView<'_>>| {
        let number = slot.map(|slot| ("number".to_owned(), slot.0.to_string()));
        // The field that an object is known by is said already.
        let values = values
            .into_iter()
            .filter(|view| !object.is_known_by(view.field));
        let known = values.filter_map(|view| {
            let text = view.to()?.to_string();
            Some((view.field.as_str().to_owned(), text))
        });
        facts.insert(
            object.to_string(),
            number.into_iter().chain(known).collect(),
        );
    };
    object(Object::System, None, config.system.values());
    for (number, uplink) in &config.uplinks {
        object(Object::Uplink(*number), None, uplink.values());
    }
    for (number, port) in &config.ports {
        object(Object::Port(*number), None, port.values());
    }
    for (name, one) in &config.profiles {
        let profile = Profile::of(name.clone(), one);
        object(Object::Profile(name.clone()), one.slot, profile.values());
    }
    for (mac, one) in &config.endpoints {
        let endpoint = Endpoint::of(*mac, one);
        object(Object::Endpoint(*mac), one.slot, endpoint.values());
    }
    for (name, one) in &config.subscribers {
        let subscriber = Subscriber::without_numbers(name.clone(), one);
        let name = Object::Subscriber(name.clone());
        object(name, one.slot, subscriber.values());
    }
    facts
}

fn text(value: Option<&impl ToString>) -> Option<String> {
    value.map(ToString::to_string)
}

/// Returns the facts of a look: everything that its fingerprint covers.
pub(super) fn facts_of(look: &Observation) -> Facts {
    let mut facts = facts(&look.config);
    forget_unread(look, &mut facts);
    let mut add = |object: String, field: &str, value: Option<String>| {
        if let Some(value) = value {
            let of_object = facts.entry(object).or_default();
            of_object.insert(field.to_owned(), value);
        }
    };
    let identity = &look.identity;
    let device = || "device".to_owned();
    add(device(), "serial", text(identity.serial.as_ref()));
    add(device(), "mac_address", text(identity.mac.as_ref()));
    add(device(), "model", text(identity.model.as_ref()));
    add(
        device(),
        "management_vlan",
        text(look.management_vlan.as_ref()),
    );
    for (number, facts) in &look.uplink_facts {
        let uplink = || Object::Uplink(*number).to_string();
        let mode = facts
            .mode
            .map(|mode| format!("{mode:?}").to_ascii_lowercase());
        add(uplink(), "mode", mode);
        add(uplink(), "native_vlan", text(facts.native_vlan.as_ref()));
    }
    for unread in &look.unread {
        let object = match unread.number {
            None => unread.part.as_str().to_owned(),
            Some(number) => format!("{} number {number}", unread.part.as_str()),
        };
        let field = unread.field.as_deref().unwrap_or("all");
        add(object, field, Some("could not be read".to_owned()));
    }
    for unclear in &look.unclear {
        let object = format!("{} number {}", unclear.part.as_str(), unclear.slot.0);
        let name = unclear.name.as_deref().unwrap_or("something");
        add(
            object,
            "all",
            Some(format!("{name}, which is not understood")),
        );
    }
    facts
}

/// Removes values that only stand in for values that could not be read.
fn forget_unread(look: &Observation, facts: &mut Facts) {
    let mut forget = |part: Part, slot: Option<Slot>, object: &Object| {
        let Some((slot, fields)) = slot.zip(facts.get_mut(&object.to_string())) else {
            return;
        };
        fields.retain(|field, _| look.unread_field(part, slot.0, field).is_none());
    };
    for (name, one) in &look.config.profiles {
        forget(Part::Profiles, one.slot, &Object::Profile(name.clone()));
    }
    for (mac, one) in &look.config.endpoints {
        forget(Part::Endpoints, one.slot, &Object::Endpoint(*mac));
    }
    for (name, one) in &look.config.subscribers {
        forget(
            Part::Subscribers,
            one.slot,
            &Object::Subscriber(name.clone()),
        );
    }
}

/// Returns the differences of a configuration from the wanted one.
pub(super) fn left(wanted: &Facts, has: &Facts) -> Vec<Left> {
    let mut found = Vec::new();
    let objects = wanted
        .keys()
        .chain(has.keys().filter(|key| !wanted.contains_key(*key)));
    for object in objects {
        let of = || object.clone();
        match (wanted.get(object), has.get(object)) {
            (Some(_), None) => found.push(Left::Missing { object: of() }),
            (None, Some(_)) => found.push(Left::Unwanted { object: of() }),
            (Some(wanted), Some(has)) => {
                let differ = both(wanted, has).into_iter();
                found.extend(differ.map(|(field, (wanted, has))| Left::Field {
                    object: of(),
                    field: field.to_owned(),
                    wanted: wanted.cloned(),
                    has: has.cloned(),
                }));
            }
            (None, None) => {}
        }
    }
    found
}

/// Returns the fields that differ.
pub(super) fn both<'a>(
    left: &'a BTreeMap<String, String>,
    right: &'a BTreeMap<String, String>,
) -> BTreeMap<&'a str, (Option<&'a String>, Option<&'a String>)> {
    let fields = left.keys().chain(right.keys());
    fields
        .map(|field| (field.as_str(), (left.get(field), right.get(field))))
        .filter(|(_, (left, right))| left != right)
        .collect()
}
