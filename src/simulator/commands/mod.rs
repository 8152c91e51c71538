//! What each command does, and what each `show` prints.

mod session;

pub use session::{Outcome, SaveFailure, Session};
