//! Editing as a whole: by example, and as properties over files written in many styles.

mod example;
mod property;

use std::collections::BTreeMap;
use std::sync::Arc;

use toml_edit::Value;

use crate::authoring::edit::{Edit, KeyPath, Object, apply};
use crate::inventory::FileKind;

pub(super) fn order(_: FileKind, path: &[&str]) -> Option<Vec<&'static str>> {
    match path {
        [] => Some(vec!["schema", "vlans", "profiles", "suspension"]),
        ["subscriber", _] => Some(vec!["device", "port", "endpoint", "vlan", "moved_from"]),
        ["subscriber", _, "external"] => Some(vec!["system", "account", "service"]),
        ["device", _] => Some(vec!["model", "address", "uplink", "port"]),
        _ => None,
    }
}

pub(super) type Files = BTreeMap<Arc<str>, Arc<str>>;

pub(super) fn files(files: &[(&str, &str)]) -> Files {
    let own = |(path, text): &(&str, &str)| (Arc::from(*path), Arc::from(*text));
    files.iter().map(own).collect()
}

/// Applies edits to one file of subscribers and returns its text afterwards.
pub(super) fn edited(text: &str, edits: &[Edit]) -> String {
    let before = files(&[("subscribers/a.toml", text)]);
    let changes = apply(&before, edits, &order).unwrap();
    match changes.as_slice() {
        [] => text.to_owned(),
        [change] => change.after.as_deref().unwrap_or_default().to_owned(),
        more => panic!("one file, not {more:?}"),
    }
}

pub(super) fn refused(text: &str, edit: Edit) -> String {
    let before = files(&[("subscribers/a.toml", text)]);
    apply(&before, &[edit], &order).unwrap_err().to_string()
}

pub(super) fn set<const N: usize>(id: &str, key: [&str; N], value: impl Into<Value>) -> Edit {
    Edit::Set {
        object: Object::subscriber(id),
        key: key.into(),
        value: value.into(),
    }
}

pub(super) fn unset<const N: usize>(id: &str, key: [&str; N]) -> Edit {
    Edit::Unset {
        object: Object::subscriber(id),
        key: key.into(),
    }
}

pub(super) fn add(id: &str, file: Option<&str>, device: &str) -> Edit {
    Edit::Add {
        object: Object::subscriber(id),
        file: file.map(Arc::from),
        fields: vec![
            (KeyPath::from(["external", "account"]), "7".into()),
            (KeyPath::from(["vlan"]), 7.into()),
            (KeyPath::from(["device"]), device.into()),
        ],
        comment: Some("From billing.".to_owned()),
    }
}

pub(super) fn remove(id: &str) -> Edit {
    Edit::Remove {
        object: Object::subscriber(id),
    }
}
