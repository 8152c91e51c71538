//! Defines the result of a run of many devices, and the one word for it.

use uuid::Uuid;

use super::{DeviceOutcome, Ended, PreflightRefusal, RunResult, SkipReason, Skipped};
use crate::model::DeviceName;
use crate::plan::{DeviceLintError, Unobservable};

/// The result of a run. Lists are sorted by device.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunReport {
    /// Left out if nothing was started, so that nothing is stored under it.
    pub run: Option<Uuid>,
    /// Left out if the inventory differs from its commit.
    pub commit: Option<String>,
    pub plan_id: Option<String>,
    /// The whole run was refused.
    pub refusal: Option<PreflightRefusal>,
    pub outcomes: Vec<DeviceOutcome>,
    pub skipped: Vec<Skipped>,
    /// Devices that could not be looked at, and so have no plan.
    pub unobservable: Vec<Unobservable>,
    /// Devices that could not be read in full, and so may not be as intended.
    pub partly_unread: Vec<DeviceName>,
    /// Devices in scope with an unsaved configuration that this run did not save.
    pub still_unsaved: Vec<DeviceName>,
    /// Plans that gamctl's own check of the lines rejects.
    pub lint_errors: Vec<DeviceLintError>,
    /// A signal, or the caller, ended it.
    pub is_interrupted: bool,
    pub notices: Vec<RunNotice>,
}

/// A notice on the run as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunNotice {
    /// The store did not see the plan being made, so its age is unknown.
    PlanAgeUnknown,
    /// Entries are in the journal; the next process replays them.
    StoreUnreachable {
        error: String,
    },
    EndNotRecorded {
        error: String,
    },
    /// Ownership on devices that needed no change.
    OwnershipNotRecorded {
        error: String,
    },
    /// The outcome of a device is in neither store nor journal; the next run looks at the device again.
    OutcomeNotRecorded {
        device: DeviceName,
        error: String,
    },
}

impl RunReport {
    /// Returns the result: the worst of all outcomes, ordered by how urgent they are.
    pub fn result(&self) -> RunResult {
        let has_ended =
            |is: &dyn Fn(&Ended) -> bool| self.outcomes.iter().any(|one| is(&one.ended));
        let has_skipped =
            |is: &dyn Fn(&SkipReason) -> bool| self.skipped.iter().any(|one| is(&one.reason));
        if self.is_interrupted {
            return RunResult::Interrupted;
        }
        if !self.lint_errors.is_empty() {
            return RunResult::Failed;
        }
        if has_ended(&is_bad) || has_skipped(&|reason| matches!(reason, SkipReason::Budget { .. }))
        {
            return RunResult::DeviceFailed;
        }
        let not_recorded =
            |notice: &RunNotice| matches!(notice, RunNotice::OutcomeNotRecorded { .. });
        if matches!(self.refusal, Some(PreflightRefusal::StoreFull { .. }))
            || has_skipped(&|reason| matches!(reason, SkipReason::StoreAway { .. }))
            || self.notices.iter().any(not_recorded)
        {
            return RunResult::Failed;
        }
        if self.refusal.is_some()
            || has_ended(&|ended| matches!(ended, Ended::Refused { .. }))
            || has_skipped(&|reason| !matches!(reason, SkipReason::NotRecovered { .. }))
        {
            return RunResult::Refused;
        }
        if !self.still_unsaved.is_empty() {
            return RunResult::DeviceFailed;
        }
        if has_ended(&|ended| matches!(ended, Ended::Stale { .. })) {
            return RunResult::Stale;
        }
        let is_partly = |one: &DeviceOutcome| !one.not_compared.is_empty();
        if has_ended(&|ended| matches!(ended, Ended::Unreachable { .. }))
            || self.outcomes.iter().any(is_partly)
            || !self.unobservable.is_empty()
            || !self.partly_unread.is_empty()
            || !self.skipped.is_empty()
        {
            return RunResult::NotObserved;
        }
        RunResult::Done
    }
}

/// Returns whether a device was written to and is not as intended.
fn is_bad(ended: &Ended) -> bool {
    match ended {
        Ended::Unsaved { .. }
        | Ended::RolledBack { .. }
        | Ended::Stuck { .. }
        | Ended::Interrupted { .. } => true,
        Ended::Unchanged
        | Ended::Applied
        | Ended::Refused { .. }
        | Ended::Stale { .. }
        | Ended::Unreachable { .. } => false,
    }
}
