//! Returns the values of keys as texts, defaults included, for choosing objects with patterns.

use std::collections::BTreeMap;

use super::FileKind;
use super::assemble::Inventory;
use super::describe::default_of;
use super::source::Limits;
use super::tree::{self, Item, TreeLimits};

/// Returns the text of each of `keys` for every object of a kind, by id; a dotted key goes into a table.
///
/// A key that is left out has the text of its default, if the default can be written as text.
pub fn field_texts(
    inventory: &Inventory,
    kind: FileKind,
    keys: &[&str],
) -> BTreeMap<String, Vec<Option<String>>> {
    let limits = Limits::default();
    let limits = TreeLimits {
        depth: limits.toml_depth,
        keys: limits.keys,
    };
    let mut found = BTreeMap::new();
    let Some(table) = kind.object_table() else {
        return found;
    };
    for (path, text) in inventory.texts() {
        if super::classify(&path) != super::PathKind::Inventory(kind) {
            continue;
        }
        let (tree, _) = tree::parse(&text, limits);
        let objects = tree.root().get(table);
        for object in objects.iter().flat_map(Item::children) {
            let values = keys.iter().map(|key| field_text(kind, object, key));
            found
                .entry(object.key().to_owned())
                .or_insert_with(|| values.collect());
        }
    }
    found
}

fn field_text(kind: FileKind, object: Item<'_, '_>, key: &str) -> Option<String> {
    let mut item = object;
    for part in key.split('.') {
        let Some(inner) = item.get(part) else {
            return match default_of(kind, key)? {
                "the id" => Some(object.key().to_owned()),
                "the subscriber's name" => field_text(kind, object, "name"),
                default => Some(default.to_owned()),
            };
        };
        item = inner;
    }
    item.as_str()
        .map(str::to_owned)
        .or_else(|| item.as_integer().flatten().map(|number| number.to_string()))
        .or_else(|| item.as_bool().map(|is_true| is_true.to_string()))
}
