//! The intended network: reads it from a directory or a git commit, says what is wrong with it, and works out what each device should look like.

mod edit;
mod file_kind;
mod format;
mod layout;
mod rules;
pub mod source;

pub use edit::{Edit, EditError, FileChange, KeyOrder, KeyPath, Object, apply};
pub use file_kind::{FileKind, Sighting, classify};
pub use format::{FormatError, format};
