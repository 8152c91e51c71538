//! Implements the CLI commands of a simulated GAM.

mod configure;
mod execute;
mod given;
mod load;
mod mode;
mod running_config;
mod session;
mod show;
mod subscriber;
mod syntax;

#[cfg(test)]
mod tests;

pub use load::{LONGEST_CONFIGURATION, RejectedLine, load, load_foreign, merge};
pub use running_config::{running_config, text_of};
pub use session::{Outcome, SaveFailure, Session, SessionStart, write_startup};
