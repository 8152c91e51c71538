//! Looks at a device and says what it found, and what it could not find out.
//!
//! `rows` what any source of a configuration reads like · `assemble` from rows to the configuration.

mod assemble;
pub mod rows;

pub use assemble::{Assembled, assemble};
