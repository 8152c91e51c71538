//! Reads git's objects as they are stored: whole, or an error that names them, and never through a replacement or a graft.
//!
//! `objects` checked reading · `history` the real past of a commit.

mod history;
mod objects;

pub use history::{Past, RawCommit, has_grafts};
pub use objects::{ObjectError, Objects, TreeEntry};
