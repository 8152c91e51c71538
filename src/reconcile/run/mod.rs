//! Runs `plan`, `apply`, `rollback` and `adopt`, from the inventory to the recorded result.
//!
//! `request` the request, `identity` its id and span · `reconciler` state kept between runs · `inputs` the inventory and the last applied one · `gates`
//! refusals · `prepare` up to the decision, `recovery` of dead processes before it, `prepared` a run that waits for
//! confirmation, `approved` a confirmed plan for waves · `execute` the rest · `adopt` and
//! `ownership` without a write · `rollback` past runs, `rolled_back` steps that undo a rollback · `plan_devices` the plans of a run · `plan_file` approved plans · `stored_state` facts of the store for a plan · `tasks` the devices to start · `event` progress for callers.

mod adopt;
mod approved;
mod error;
mod event;
mod execute;
mod gates;
mod identity;
mod inputs;
mod ownership;
mod plan_devices;
mod plan_file;
mod prepare;
mod prepared;
mod reconciler;
mod recovery;
mod request;
mod rollback;
mod rolled_back;
mod stored_state;
mod tasks;

pub use crate::apply::{
    PreflightRefusal, Progress, Purpose, RunReport, RunResult, SkipReason, Skipped,
};
pub use approved::ApprovedPlan;
pub use error::RunError;
pub use event::{RunEvent, RunNote, Watcher};
pub use inputs::{PlanInputs, StoreState, read_intended};
pub use plan_file::{PlanFile, PlanFileRejected};
pub use prepared::{ConfirmedRun, Preparation, PreparedRun, Refused};
pub use reconciler::Reconciler;
pub use request::{
    Allowances, Baseline, LEASE, LookSource, PLAN_HOURS, RunOptions, RunRequest, Verb,
};

pub use rollback::{BeforeRun, RunNotFound, before_run, rollback_named, run_named};

pub(super) use gates::{ScopeFacts, frozen};
