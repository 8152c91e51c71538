//! Makes the edits that an engineer commits to the inventory in an example.

use std::collections::BTreeMap;
use std::sync::Arc;

use gamctl::authoring::edit::{Edit, KeyPath, Object};
use gamctl::inventory::source::Limits;
use gamctl::inventory::{FileKind, read_texts};
use toml::{Table, Value};

pub(super) type Texts = BTreeMap<Arc<str>, Arc<str>>;

/// Returns the edits that lay a table over an inventory.
pub(super) fn edits(texts: &Texts, inventory: &Table) -> Vec<Edit> {
    let known = read_texts(texts, &Limits::default()).inventory;
    let mut edits = Vec::new();
    for (table, value) in inventory {
        let table_value = value.as_table().unwrap();
        let kind = FileKind::ALL.into_iter();
        let mut kind = kind.filter(|kind| kind.object_table() == Some(table.as_str()));
        let Some(kind) = kind.next() else {
            let kind = match table.as_str() {
                "network" => FileKind::Network,
                "policy" => FileKind::Policy,
                other => panic!("`{other}` is not a table of the inventory"),
            };
            edits.extend(set(&Object::Settings(kind), &leaves(table_value)));
            continue;
        };
        for (id, value) in table_value {
            let object = Object::Named(kind, id.clone());
            let is_new = kind == FileKind::Subscribers && known.subscriber(id).is_none();
            match value {
                Value::Boolean(false) => edits.push(Edit::Remove { object }),
                Value::Table(fields) if is_new => edits.push(Edit::Add {
                    object,
                    file: None,
                    fields: leaves(fields)
                        .into_iter()
                        .map(|(key, value)| (KeyPath::new(key), written(&value)))
                        .collect(),
                    comment: None,
                }),
                Value::Table(fields) => edits.extend(set(&object, &leaves(fields))),
                other => panic!("{object}: {other}"),
            }
        }
    }
    edits
}

fn set(object: &Object, fields: &[(Vec<String>, Value)]) -> Vec<Edit> {
    let fields = fields.iter().map(|(key, value)| Edit::Set {
        object: object.clone(),
        key: KeyPath::new(key.clone()),
        value: written(value),
    });
    fields.collect()
}

/// Returns the values of a table with the names that lead to them.
fn leaves(table: &Table) -> Vec<(Vec<String>, Value)> {
    let mut found = Vec::new();
    for (key, value) in table {
        let Value::Table(inner) = value else {
            found.push((vec![key.clone()], value.clone()));
            continue;
        };
        for (mut path, value) in leaves(inner) {
            path.insert(0, key.clone());
            found.push((path, value));
        }
    }
    found
}

fn written(value: &Value) -> toml_edit::Value {
    value.to_string().parse().unwrap()
}
