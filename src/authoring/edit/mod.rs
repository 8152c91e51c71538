//! Changes values and objects in inventory files, and keeps every byte outside of the change.

mod add;
mod error;
mod index;
mod inline;
mod insert;
mod object;
mod open_file;
mod place;
mod remove;
mod set;
#[cfg(test)]
mod tests;
mod window;
mod workspace;

use std::collections::BTreeMap;
use std::sync::Arc;

use toml_edit::Value;

use crate::inventory::FileKind;

pub use error::EditError;
pub use object::{KeyPath, Object};

/// One change to the inventory.
#[derive(Debug, Clone)]
pub enum Edit {
    /// Gives a key a value; a value that is already there changes no bytes.
    ///
    /// Comments around the key stay, those inside a replaced array move above it. A new key goes to its canonical place; one in a
    /// table that is not there yet (`external.account`) brings a header, after the object's other tables.
    Set {
        object: Object,
        key: KeyPath,
        value: Value,
    },
    /// Removes a key or a table with the comments on it; nothing happens where it is absent.
    Unset { object: Object, key: KeyPath },
    /// Writes a new object.
    ///
    /// Without `file` it goes to the file with most objects of the same device, else to `<kind>.toml` where that exists, else to
    /// a file named for its device or itself.
    Add {
        object: Object,
        file: Option<Arc<str>>,
        fields: Vec<(KeyPath, Value)>,
        /// Written above the header.
        comment: Option<String>,
    },
    /// Removes an object with its sub-tables and the comment directly above it; a file without anything left is deleted.
    Remove { object: Object },
    /// Gives an object another id; what refers to it by the old one is for the caller to change.
    Rename {
        object: Object,
        to: String,
        /// Writes the old id into a subscriber's `moved_from`, so that the device sees a rename and no removal.
        records_moved_from: bool,
    },
    /// Takes an object to another file of its kind, comments included.
    Move { object: Object, to_file: Arc<str> },
}

/// One file before and after; a side without text is a side without the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileChange {
    pub path: Arc<str>,
    pub before: Option<Arc<str>>,
    pub after: Option<Arc<str>>,
}

/// Returns the canonical order of the keys of the table at a path in a file of a kind, or nothing where the table is unknown.
pub type KeyOrder<'a> = &'a dyn Fn(FileKind, &[&str]) -> Option<Vec<&'static str>>;

/// Carries out `edits` one after the other, all or none, and returns the files that changed, sorted by path.
///
/// `files` holds the texts of an inventory by their paths; others among them are ignored.
///
/// # Guarantees
///
/// Every changed file was read again and holds exactly the old values with the edits carried out on them. Bytes outside of what
/// an edit is about are unchanged: comments, order, style, line ends, a byte order mark.
///
/// # Errors
///
/// Refuses edits that would change more than was asked for.
pub fn apply(
    files: &BTreeMap<Arc<str>, Arc<str>>,
    edits: &[Edit],
    order: KeyOrder<'_>,
) -> Result<Vec<FileChange>, EditError> {
    let mut workspace = workspace::Workspace::new(files, order);
    for edit in edits {
        workspace.carry_out(edit)?;
    }
    workspace.changes()
}
