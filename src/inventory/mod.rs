//! The intended network: reads it from a directory or a git commit, says what is wrong with it, and works out what each device should look like.

mod assemble;
mod check;
mod file_kind;
mod locate;
mod parallel;
mod parse;
mod record;
mod resolve;
mod rules;
pub mod source;
mod suggest;
pub mod text;
mod tree;

pub use file_kind::{FileKind, Sighting, classify};
