//! Indexes which file holds which object, and which files hold subscribers of a device.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use toml_edit::{Item, Value};

use crate::authoring::layout::{Layout, Statement};
use crate::inventory::FileKind;

/// The objects of one kind.
#[derive(Debug, Default)]
pub(super) struct Index {
    holders: BTreeMap<String, BTreeSet<Arc<str>>>,
    devices: BTreeMap<String, BTreeMap<Arc<str>, usize>>,
}

impl Index {
    /// Notes all objects of a file.
    pub(super) fn note_file(&mut self, kind: FileKind, path: &Arc<str>, layout: &Layout<'_>) {
        for (id, device) in objects(kind, layout) {
            self.note(path, &id, device.as_deref());
        }
    }

    pub(super) fn note(&mut self, path: &Arc<str>, id: &str, device: Option<&str>) {
        let holders = self.holders.entry(id.to_owned()).or_default();
        holders.insert(Arc::clone(path));
        if let Some(device) = device {
            let files = self.devices.entry(device.to_owned()).or_default();
            *files.entry(Arc::clone(path)).or_default() += 1;
        }
    }

    pub(super) fn forget(&mut self, path: &Arc<str>, id: &str, device: Option<&str>) {
        if let Some(holders) = self.holders.get_mut(id) {
            holders.remove(path);
        }
        let files = device.and_then(|device| self.devices.get_mut(device));
        if let Some(count) = files.and_then(|files| files.get_mut(path)) {
            *count = count.saturating_sub(1);
        }
    }

    pub(super) fn holders(&self, id: &str) -> Vec<Arc<str>> {
        let holders = self.holders.get(id).into_iter().flatten();
        holders.cloned().collect()
    }

    /// Returns the file with most objects of a device, the first by name where there are several.
    pub(super) fn home_of(&self, device: &str) -> Option<Arc<str>> {
        let files = self.devices.get(device)?.iter();
        files
            .filter(|(_, count)| **count > 0)
            .max_by(|left, right| left.1.cmp(right.1).then_with(|| right.0.cmp(left.0)))
            .map(|(path, _)| Arc::clone(path))
    }

    /// Returns up to three ids that look like `id`.
    pub(super) fn nearest(&self, id: &str) -> Vec<String> {
        let there = self.holders.iter().filter(|(_, files)| !files.is_empty());
        let mut near: Vec<(usize, &String)> = there
            .map(|(known, _)| (strsim::damerau_levenshtein(id, known), known))
            .filter(|(distance, known)| *distance <= 1 + known.len() / 5)
            .collect();
        near.sort();
        let near = near.into_iter().take(3);
        near.map(|(_, known)| known.clone()).collect()
    }
}

/// Returns the ids in a file, with the device of each where it names one.
fn objects(kind: FileKind, layout: &Layout<'_>) -> BTreeMap<String, Option<String>> {
    let mut found: BTreeMap<String, Option<String>> = BTreeMap::new();
    for (_, header, statement) in layout.placed() {
        let mut names = header.iter().chain(&statement.path);
        if names.next().map(|part| part.name.as_ref()) != kind.object_table() {
            continue;
        }
        let Some(id) = names.next() else {
            for (id, item) in inline_table(statement)
                .iter()
                .flat_map(|table| table.iter())
            {
                found.insert(id.to_owned(), device_in(&Item::Value(item.clone())));
            }
            continue;
        };
        let device = found.entry(id.name.to_string()).or_default();
        match (names.next(), names.next()) {
            (None, _) if !statement.value.is_empty() => {
                *device =
                    inline_table(statement).and_then(|table| device_in(&Item::Value(table.into())));
            }
            (Some(key), None) if key.name == "device" && !statement.value.is_empty() => {
                *device = value_of(statement).and_then(|value| value.as_str().map(str::to_owned));
            }
            (None | Some(_), _) => {}
        }
    }
    found
}

fn value_of(statement: &Statement<'_>) -> Option<Value> {
    statement.value_text().parse().ok()
}

fn inline_table(statement: &Statement<'_>) -> Option<toml_edit::InlineTable> {
    match value_of(statement) {
        Some(Value::InlineTable(table)) => Some(table),
        Some(_) | None => None,
    }
}

/// Returns the device that an object names.
pub(super) fn device_in(object: &Item) -> Option<String> {
    let device = object.as_table_like()?.get("device")?.as_str()?;
    Some(device.to_owned())
}
