//! Compares two configurations of a device, object by object and field by field, as readable texts.

use std::collections::BTreeMap;

use super::cause::Left;
use crate::model::{DeviceConfig, HeldText, Observation, Part, RateLimit, Slot, SubscriberConfig};
use crate::plan::{Field, Object};

/// The facts of each object: its fields by name, as texts. An absent field is not set, or unknown.
pub(super) type Facts = BTreeMap<String, BTreeMap<String, String>>;

type Fields = Vec<(&'static str, Option<String>)>;

/// Returns the facts of a configuration.
pub(super) fn facts(config: &DeviceConfig) -> Facts {
    let mut facts = Facts::new();
    let mut object = |object: Object, fields: Fields| {
        let known = fields
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?)));
        facts.insert(object.to_string(), known.collect());
    };
    let system = &config.system;
    object(
        Object::System,
        vec![
            (Field::Hostname.as_str(), held(system.hostname.as_ref())),
            (Field::Location.as_str(), held(system.location.as_ref())),
            (Field::Contact.as_str(), held(system.contact.as_ref())),
        ],
    );
    for (number, uplink) in &config.uplinks {
        let vlans = text(uplink.allowed_vlans.as_ref());
        object(
            Object::Uplink(*number),
            vec![(Field::AllowedVlans.as_str(), vlans)],
        );
    }
    for (number, port) in &config.ports {
        let fields = vec![
            (Field::Name.as_str(), held(port.name.as_ref())),
            (Field::Enabled.as_str(), text(port.enabled.as_ref())),
            (Field::Mode.as_str(), text(port.mode.as_ref())),
        ];
        object(Object::Port(*number), fields);
    }
    for (name, profile) in &config.profiles {
        let description = held(profile.description.as_ref());
        let fields = vec![
            number(profile.slot),
            (Field::Description.as_str(), description),
            (Field::Down.as_str(), Some(format!("{} Mbps", profile.down))),
            (Field::Up.as_str(), Some(format!("{} Mbps", profile.up))),
        ];
        object(Object::Profile(name.clone()), fields);
    }
    for (mac, endpoint) in &config.endpoints {
        let fields = vec![
            number(endpoint.slot),
            (Field::Name.as_str(), Some(endpoint.name.to_string())),
            (Field::Port.as_str(), Some(endpoint.port.to_string())),
        ];
        object(Object::Endpoint(*mac), fields);
    }
    for (name, one) in &config.subscribers {
        object(Object::Subscriber(name.clone()), subscriber(one));
    }
    facts
}

fn subscriber(one: &SubscriberConfig) -> Fields {
    let SubscriberConfig {
        slot,
        description,
        endpoint,
        rate,
        vlan,
        tagged,
        remapped_vlan,
        allowed_vlans,
        port2_vlan,
        poe,
    } = one;
    let rate = match rate {
        RateLimit::Unthrottled => "unthrottled".to_owned(),
        RateLimit::Profile(profile) => profile.to_string(),
    };
    let allowed = Some(allowed_vlans).filter(|vlans| !vlans.is_empty());
    vec![
        number(*slot),
        (Field::Description.as_str(), held(description.as_ref())),
        (Field::Endpoint.as_str(), text(endpoint.as_ref())),
        (Field::Rate.as_str(), Some(rate)),
        (Field::Vlan.as_str(), Some(vlan.to_string())),
        (Field::Tagged.as_str(), Some(tagged.to_string())),
        (Field::RemappedVlan.as_str(), text(remapped_vlan.as_ref())),
        (Field::AllowedVlans.as_str(), text(allowed)),
        (Field::Port2Vlan.as_str(), text(port2_vlan.as_ref())),
        (Field::Poe.as_str(), text(poe.as_ref())),
    ]
}

/// The number of an object on the device.
fn number(slot: Option<Slot>) -> (&'static str, Option<String>) {
    ("number", slot.map(|slot| slot.0.to_string()))
}

fn held(text: Option<&HeldText>) -> Option<String> {
    text.map(|text| text.as_str().to_owned())
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

/// Removes values that only verify_result in for values that could not be read.
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
