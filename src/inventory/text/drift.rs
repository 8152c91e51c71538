//! Reads `[drift]` of `policy.toml`: the treatment of drift of single fields.

use crate::inventory::record::{
    FieldType, FileFindings, MapKeys, Shape, UNKNOWN_KEY, unknown_key, words, wrong_type,
};
use crate::inventory::suggest;
use crate::inventory::tree::Item;

words! {
    /// Treatment of drift.
    DriftPolicy {
        /// It is shown, and nothing is planned.
        Report = "report",
        /// It is planned, and a person is asked.
        Ask = "ask",
        /// It is removed.
        Restore = "restore",
    }
}

/// Every field that can drift, as plans name it: the kind of the object, and the field.
///
/// The planner has the same names as types. It is on the same floor, so a test compares both lists.
pub const DRIFT_FIELDS: &[&str] = &[
    "system.hostname",
    "system.location",
    "system.contact",
    "uplink.allowed_vlans",
    "port.name",
    "port.enabled",
    "port.mode",
    "profile.name",
    "profile.description",
    "profile.down",
    "profile.up",
    "endpoint.name",
    "endpoint.mac_address",
    "endpoint.port",
    "subscriber.name",
    "subscriber.description",
    "subscriber.endpoint",
    "subscriber.rate",
    "subscriber.vlan",
    "subscriber.tagged",
    "subscriber.remapped_vlan",
    "subscriber.allowed_vlans",
    "subscriber.port2_vlan",
    "subscriber.poe",
];

/// The treatment of drift of single fields, each one of [`DRIFT_FIELDS`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DriftByField(pub Vec<(&'static str, DriftPolicy)>);

impl FieldType for DriftByField {
    fn shape() -> Shape {
        Shape::Map {
            keys: MapKeys::OneOf {
                what: "a field",
                words: DRIFT_FIELDS,
            },
            value: Box::new(DriftPolicy::shape()),
        }
    }

    fn read(item: Item<'_, '_>, findings: &mut FileFindings) -> Option<Self> {
        if !item.is_table() {
            wrong_type(
                item,
                "a table such as `{ \"subscriber.vlan\" = \"restore\" }`",
                findings,
            );
            return None;
        }
        let mut fields = Vec::new();
        let mut is_whole = true;
        for child in item.children() {
            let known = DRIFT_FIELDS.iter().find(|field| **field == child.key());
            let Some(field) = known else {
                is_whole = false;
                unknown(child, findings);
                continue;
            };
            match DriftPolicy::read(child, findings) {
                Some(policy) => fields.push((*field, policy)),
                None => is_whole = false,
            }
        }
        is_whole.then_some(Self(fields))
    }
}

fn unknown(item: Item<'_, '_>, findings: &mut FileFindings) {
    let key = item.key();
    // `subscriber.vlan` without quotes is the key `vlan` of the table `subscriber`.
    let inner = item.children().next().filter(|_| item.is_table());
    let quoted = inner
        .map(|inner| format!("{key}.{}", inner.key()))
        .filter(|field| DRIFT_FIELDS.contains(&field.as_str()));
    let hint = match quoted {
        Some(field) => Some(format!("write the field in quotes: `\"{field}\" = …`")),
        None => suggest::field_hint(key, DRIFT_FIELDS),
    };
    let before = findings.list.len();
    unknown_key(item, DRIFT_FIELDS, findings);
    let added = findings.list.get_mut(before);
    if let (Some(hint), Some(added)) = (hint, added.filter(|one| one.rule == &UNKNOWN_KEY)) {
        added.hint(hint);
    }
}
