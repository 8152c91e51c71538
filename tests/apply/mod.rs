//! Tests applies against twins: the device ends as intended or as before, and the report is true.

mod documents;
mod early_ends;
mod faults;
mod rows;
pub(crate) mod stage;
mod success;
mod undo;
mod unread;
