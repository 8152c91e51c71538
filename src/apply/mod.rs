//! Carries out the plan of one device: looks, compares, sends, looks again, saves or rolls back.
//!
//! Values: `job` the input · `entry` the log entries · `outcome` the outcome, `cause` its reasons. Actions: `device_apply` the state
//! machine · `connect` connects · `log` commits log entries · `send` sends lines · `look_again` looks until the device
//! has settled · `save` writes the startup-config · `rollback` rolls back. Decisions, as pure functions: `before` the checks
//! before writing · `compare` compares two configurations · `changed` finds changes since the plan · `verify` compares a look
//! with both ends of the plan.

mod adopt_report;
mod before;
pub mod cause;
mod changed;
mod compare;
mod connect;
mod device_apply;
mod entry;
mod job;
mod log;
mod look_again;
mod outcome;
mod preflight;
mod recovered;
mod rollback;
mod run_report;
mod run_result;
mod save;
mod send;
mod skipped;
mod undone;
mod verify;

pub use adopt_report::{AdoptReport, Adopted};
pub use cause::NotCommitted;
pub use device_apply::apply_device;
pub use entry::{ApplyLog, Entry, Exchange, LookReason, Purpose};
pub use job::{ApplyTimeouts, Ending, Job, Progress, Replan, Work};
pub use outcome::{DeviceOutcome, Difference, Ended, NotCompared, NotComparedCause, StepOutcome};
pub use preflight::{CommitNamedBy, PlanPart, PreflightRefusal};
pub use recovered::{Recovered, RecoveryResult};
pub use run_report::{RunNotice, RunReport};
pub use run_result::RunResult;
pub use skipped::{HeldBy, SkipReason, Skipped};
pub use undone::Undone;
