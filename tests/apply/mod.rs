//! Tests applies against twins: the device ends as intended or as before, and the report is true.

mod documents;
mod faults;
mod road;
mod rows;
pub(crate) mod stage;
mod standing;
mod undo;
mod unread;
