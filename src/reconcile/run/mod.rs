//! Runs: what `plan`, `apply`, `rollback`, `adopt` and a service start alike, from the inventory to the recorded result.
//!
//! `request` what is asked · `reconciler` what a caller keeps between runs · `inputs` the inventory and what was applied · `gates`
//! what refuses · `prepare` up to the decision, `prepared` which waits for a confirmation · `execute` the rest · `adopt` and
//! `ownership` without a write · `plan_file` approved plans · `tasks` which devices · `event` what a caller sees meanwhile.

mod adopt;
mod error;
mod event;
mod execute;
mod gates;
mod inputs;
mod ownership;
mod plan_file;
mod prepare;
mod prepared;
mod reconciler;
mod request;
mod rollback;
mod tasks;

pub use crate::apply::{
    PreflightRefusal, Progress, Purpose, RunReport, RunResult, SkipReason, Skipped,
};
pub use error::RunError;
pub use event::{RunEvent, RunNote, Watcher};
pub use inputs::{PlanInputs, StoreState, read_intended};
pub use plan_file::{PlanFile, PlanFileRejected};
pub use prepared::{ConfirmedRun, Preparation, PreparedRun, Refused};
pub use reconciler::Reconciler;
pub use request::{
    Allowances, Baseline, LEASE, LookSource, PLAN_HOURS, RunOptions, RunRequest, Verb,
};

pub use rollback::{BeforeRun, RunNotFound, before_run, run_named};

pub(super) use gates::{ScopeFacts, frozen};
