//! Carries out the plan of one device: looks, compares, writes line by line, looks again, saves, or goes back.
//!
//! `entry` what is written down on the way · `outcome` how it ended.

mod entry;
mod outcome;

pub use entry::{Entry, Exchange, Moment, NotCommitted, Purpose, Witness};
pub use outcome::{DeviceOutcome, Difference, Ended, StepOutcome};
