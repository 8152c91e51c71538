//! Lists stored records in pages, and looks up past states.
//!
//! `cursor` start of a page · `runs` runs, their devices, stories and the audit log · `devices` last outcome and look of each
//! device · `as_of` past state of a device or subscriber.

mod as_of;
mod cursor;
mod devices;
mod runs;

use serde::Serialize;

use super::StoreError;
pub use as_of::{AsOf, FoundThen, VerifiedThen};
use cursor::Position;
pub use cursor::{Cursor, CursorError};
pub(in crate::history) use devices::EVERY_DEVICE;
pub use devices::{DeviceSummary, LookSummary};
pub use runs::RunDevice;

/// The largest number of items on a page.
pub const PAGE: u32 = 100;

/// A part of a list. Items added in the meantime appear on no page twice, and push none off a later page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// The start of the next page; left out: this is the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<Cursor>,
}

/// The reason that a page could not be read.
#[derive(Debug, Clone, thiserror::Error)]
pub enum QueryError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Cursor(#[from] CursorError),
}

impl<T> Page<T> {
    /// Makes a page of this many items; `found` has one more if there is a next page.
    fn of(size: u32, mut found: Vec<(Position, T)>) -> Self {
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        let is_last = found.len() <= size;
        found.truncate(size);
        let next = match found.last() {
            Some((position, _)) if !is_last => Some(Cursor::at(position.clone())),
            _ => None,
        };
        Self {
            items: found.into_iter().map(|(_, item)| item).collect(),
            next,
        }
    }
}

/// Returns the size of a page for a requested number of items.
fn size(most: u32) -> u32 {
    most.clamp(1, PAGE)
}
