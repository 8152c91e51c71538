//! Applies against twins: what comes of it is what was intended or what was before, and what is told of it is true.

mod documents;
mod faults;
mod road;
mod rows;
pub(crate) mod stage;
mod standing;
mod undo;
mod unread;
