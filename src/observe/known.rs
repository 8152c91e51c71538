//! Defines a value that may be unknown, and tables of rows of such values.

use std::collections::BTreeMap;

/// A value, or the reason why it is unknown: the request and the answer.
pub type Known<T> = Result<T, String>;

/// Objects of one kind, by their number on the device: slot, port or uplink.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table<R> {
    pub rows: BTreeMap<u32, R>,
    /// Reasons why there may be more objects than rows; an empty list means that the rows are complete.
    pub lost: Vec<String>,
}

impl<R> Table<R> {
    /// Returns a table with no known rows.
    pub fn unread(reason: impl Into<String>) -> Self {
        Self {
            rows: BTreeMap::new(),
            lost: vec![reason.into()],
        }
    }
}

impl<R> Default for Table<R> {
    /// Returns the table of a device without such objects.
    fn default() -> Self {
        Self {
            rows: BTreeMap::new(),
            lost: Vec::new(),
        }
    }
}
