//! Carries out the plan of one device: looks, compares, writes line by line, looks again, saves, or goes back.
//!
//! `job` what is to be done · `before` what must hold first · `road` the doing · `entry` what is written down on the way · `outcome` how it ended.

mod before;
mod entry;
mod job;
mod outcome;
mod road;

pub use entry::{Entry, Exchange, Moment, NotCommitted, Purpose, Witness};
pub use job::{Ending, Job, Pace, Progress, Replan, Work};
pub use outcome::{DeviceOutcome, Difference, Ended, StepOutcome};
pub use road::apply_device;
