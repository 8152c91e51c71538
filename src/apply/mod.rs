//! Carries out the plan of one device: looks, compares, writes line by line, looks again, saves, or goes back.
//!
//! `job` what is to be done · `entry` what is written down on the way · `outcome` how it ended, `cause` why. The doing: `road` arrow by arrow · `arriving`
//! looks and logs in · `recording` writes down · `typing` the lines · `looking` patient looks · `saving` the startup file · `undoing` the way back. What decides, from values to values:
//! `before` what must hold first · `compare` two pictures · `moved` then, now and intended · `verdict` what a look says of an apply.

mod adopt_report;
mod arriving;
mod before;
pub mod cause;
mod compare;
mod entry;
mod job;
mod looking;
mod moved;
mod outcome;
mod preflight;
mod recording;
mod recovered;
mod road;
mod run_report;
mod run_result;
mod saving;
mod skipped;
mod typing;
mod undoing;
mod verdict;

pub use adopt_report::{AdoptReport, Adopted};
pub use cause::NotCommitted;
pub use entry::{Entry, Exchange, Moment, Purpose, Witness};
pub use job::{Ending, Job, Pace, Progress, Replan, Work};
pub use outcome::{DeviceOutcome, Difference, Ended, NotCompared, NotComparedCause, StepOutcome};
pub use preflight::{PlanPart, PreflightRefusal};
pub use recovered::{Found, Recovered};
pub use road::apply_device;
pub use run_report::{RunNotice, RunReport};
pub use run_result::RunResult;
pub use skipped::{SkipReason, Skipped};
