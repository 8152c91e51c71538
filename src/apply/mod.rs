//! Carries out the plan of one device: looks, compares, sends, looks again, saves or rolls back.
//!
//! Values: `job` the input · `entry` the log entries · `outcome` the outcome, `cause` its reasons. Actions: `road` the state
//! machine · `arriving` connects · `recording` commits log entries · `typing` sends lines · `looking` looks until the device
//! has settled · `saving` writes the startup-config · `undoing` rolls back. Decisions, as pure functions: `before` the checks
//! before writing · `compare` compares two configurations · `moved` finds changes since the plan · `verdict` compares a look
//! with both ends of the plan.

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
pub use entry::{Entry, Exchange, Moment, NotCommitted, Purpose, Witness};
pub use job::{Ending, Job, Pace, Progress, Replan, Work};
pub use outcome::{DeviceOutcome, Difference, Ended, NotCompared, NotComparedCause, StepOutcome};
pub use preflight::{PlanPart, PreflightRefusal};
pub use recovered::{Found, Recovered};
pub use road::apply_device;
pub use run_report::{RunNotice, RunReport};
pub use run_result::RunResult;
pub use skipped::{SkipReason, Skipped};
