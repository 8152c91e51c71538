//! Reads git objects with integrity checks, without replacements or grafts.
//!
//! `objects` reads checked objects, `history` searches the real past of a commit.

mod history;
mod objects;

pub use history::{Past, RawCommit, has_grafts};
pub use objects::{ObjectError, Objects, TreeEntry};
