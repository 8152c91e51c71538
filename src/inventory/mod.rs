//! The intended network: reads it from a directory or a git commit, says what is wrong with it, and works out what each device should look like.

pub mod commit;
mod file_kind;
mod rules;
pub mod source;

pub use file_kind::{FileKind, Sighting, classify};
