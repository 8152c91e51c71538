//! Writes inventories: edits and formats their files, replaces files in one step, and makes commits.

pub mod commit;
pub mod edit;
mod format;
mod layout;
mod replace;

pub use format::{FormatError, format};
pub use replace::{Replacement, check_no_link, replace, replace_inside};
