//! Reads the permissions of a lane, and compares them with the changes of a commit.

use std::fmt;

use crate::inventory::{FileKind, PathKind, classify};

/// A word of `may` that is not a permission.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a permission; write `subscriber.state`, `subscriber+`, `subscriber-` or the path of a file"
)]
pub struct PermissionError(String);

/// What a lane allows, one word of `may`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Permission {
    /// `subscriber.state`: this key of existing objects, and keys inside it.
    Key { kind: FileKind, key: String },
    /// `subscriber+`: new objects with all their keys.
    Add(FileKind),
    /// `subscriber-`: the removal of objects.
    Remove(FileKind),
    /// `policy.toml`: anything in this file.
    File(String),
}

impl Permission {
    /// Reads a word of `may`.
    ///
    /// # Errors
    ///
    /// `PermissionError` if it is none of the forms.
    pub fn parse(word: &str) -> Result<Self, PermissionError> {
        let invalid = || PermissionError(word.to_owned());
        let kind = |table: &str| object_kind(table).ok_or_else(invalid);
        if word.is_empty() || word.chars().any(char::is_whitespace) {
            return Err(invalid());
        }
        if word.ends_with(".toml") || word.contains('/') {
            return Ok(Self::File(word.to_owned()));
        }
        if let Some(table) = word.strip_suffix('+') {
            return Ok(Self::Add(kind(table)?));
        }
        if let Some(table) = word.strip_suffix('-') {
            return Ok(Self::Remove(kind(table)?));
        }
        match word.split_once('.') {
            Some((table, key)) if key.split('.').all(|part| !part.is_empty()) => Ok(Self::Key {
                kind: kind(table)?,
                key: key.to_owned(),
            }),
            Some(_) | None => Err(invalid()),
        }
    }

    pub(super) fn allows(&self, change: &ChangedKey) -> bool {
        // A policy or a secret must not change because it is in a file whose name looks like an object's.
        let is_object = |kind: FileKind| classify(&change.file) == PathKind::Inventory(kind);
        match (self, &change.change) {
            (Self::File(file), _) => *file == change.file,
            (
                Self::Key { kind, key },
                InventoryChange::Key {
                    kind: of,
                    key: changed,
                    ..
                },
            ) => kind == of && is_object(*of) && is_inside(changed, key),
            (Self::Add(kind), InventoryChange::Added { kind: of, .. })
            | (Self::Remove(kind), InventoryChange::Removed { kind: of, .. }) => {
                kind == of && is_object(*of)
            }
            (Self::Key { .. } | Self::Add(_) | Self::Remove(_), _) => false,
        }
    }
}

fn object_kind(table: &str) -> Option<FileKind> {
    let mut kinds = FileKind::ALL.into_iter();
    kinds.find(|kind| kind.object_table() == Some(table))
}

/// Returns whether a dotted key is `key` or a key inside it.
fn is_inside(changed: &str, key: &str) -> bool {
    let rest = changed.strip_prefix(key);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// One difference between a commit and its first parent.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ChangedKey {
    /// Relative to the root of the inventory.
    pub file: String,
    pub change: InventoryChange,
}

/// The part of a file that a commit changes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum InventoryChange {
    /// A key of an object that exists before and after, dotted inside tables. An object that only moves to another file has
    /// no changed key.
    Key {
        kind: FileKind,
        id: String,
        key: String,
    },
    Added {
        kind: FileKind,
        id: String,
    },
    Removed {
        kind: FileKind,
        id: String,
    },
    /// Anything in a file without objects, such as `policy.toml`, a sealed value, or a workflow of the forge.
    File,
}

impl fmt::Display for ChangedKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, change } = self;
        let table = |kind: &FileKind| kind.object_table().unwrap_or(kind.stem());
        match change {
            InventoryChange::Key { kind, id, key } => {
                write!(formatter, "`{key}` of {} {id} in `{file}`", table(kind))
            }
            InventoryChange::Added { kind, id } => {
                write!(formatter, "new {} {id} in `{file}`", table(kind))
            }
            InventoryChange::Removed { kind, id } => {
                write!(formatter, "removed {} {id} in `{file}`", table(kind))
            }
            InventoryChange::File => write!(formatter, "the file `{file}`"),
        }
    }
}
