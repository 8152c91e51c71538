//! Reports tables and keys that belong into another file or table.

use super::FileKind;
use super::record::{
    Fields, FileFindings, RecordShape, Shape, UNKNOWN_KEY, WRONG_FILE, unknown_key,
};
use super::text::{NetworkText, PolicyText};
use super::tree::Item;

/// Reports a top-level table that does not belong into this kind of file.
pub(in crate::inventory) fn wrong_table(
    kind: FileKind,
    table: &str,
    item: Item<'_, '_>,
    findings: &mut FileFindings,
) {
    let key = item.key();
    if let Some(home) = home_of_objects(key) {
        let message = format!("`{key}` tables do not belong into a file of {kind}");
        wrong_file(home, item, message, findings);
        return;
    }
    let is_in = |shape: RecordShape| shape.fields.iter().any(|field| field.key == key);
    for (home, is_home) in [
        (FileKind::Network, is_in(NetworkText::shape())),
        (FileKind::Policy, is_in(PolicyText::shape())),
    ] {
        if is_home {
            let message = format!("`{key}` does not belong into a file of {kind}");
            wrong_file(home, item, message, findings);
            return;
        }
    }
    if item.is_table() || item.type_name() == "a list" {
        // `[devices.maple-a]` is meant to be a device.
        findings.unread_objects.push(kind);
    }
    unknown_key(item, &[table], findings);
}

fn home_of_objects(key: &str) -> Option<FileKind> {
    FileKind::ALL
        .into_iter()
        .find(|kind| kind.object_table() == Some(key))
}

fn wrong_file(home: FileKind, item: Item<'_, '_>, message: String, findings: &mut FileFindings) {
    findings.unread_objects.push(home);
    let hint = if home.may_be_split() {
        format!("put it into `{home}.toml` or a file in `{home}/`")
    } else {
        format!("put it into `{home}.toml`")
    };
    findings
        .add(&WRONG_FILE, item.key_span(), message)
        .hint(hint);
}

/// Adds to each unknown key of `network.toml` and `policy.toml` the file where it belongs, if that is known.
pub(in crate::inventory) fn strangers(
    kind: FileKind,
    root: Item<'_, '_>,
    shape: &RecordShape,
    findings: &mut FileFindings,
) {
    let tables: Vec<(&str, RecordShape)> = shape
        .fields
        .iter()
        .filter_map(|field| match &field.shape {
            Shape::Record(inner) => Some((field.key, inner())),
            Shape::Text { .. }
            | Shape::Integer { .. }
            | Shape::Boolean
            | Shape::OneOf(_)
            | Shape::Either(_)
            | Shape::Map { .. }
            | Shape::List(_) => None,
        })
        .collect();
    let inner = root.children().flat_map(|item| item.children());
    for item in root.children().chain(inner) {
        let key = item.key();
        let unknown = findings
            .list
            .iter()
            .position(|one| one.rule == &UNKNOWN_KEY && one.span == item.key_span());
        let Some(unknown) = unknown else { continue };
        let home = home_of_objects(key).filter(|_| root.get(key).is_some_and(|top| top.is_table()));
        if let Some(home) = home {
            findings.list.remove(unknown);
            let message = format!("`{key}` tables do not belong into `{kind}.toml`");
            wrong_file(home, item, message, findings);
            continue;
        }
        let owner = tables
            .iter()
            .find(|(_, table)| table.fields.iter().any(|field| field.key == key));
        if let (Some((table, _)), Some(finding)) = (owner, findings.list.get_mut(unknown)) {
            finding.hint(format!("`{key}` is a key of `[{table}]`"));
        }
    }
}
