//! The intended network: reads it from a directory or a git commit, says what is wrong with it, and works out what each device should look like.

mod file_kind;
mod rules;
pub mod source;
mod tree;

pub use file_kind::{FileKind, Sighting, classify};
