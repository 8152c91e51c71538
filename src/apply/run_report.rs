//! Defines what a run of many devices resulted in, and the one word for it.

use uuid::Uuid;

use super::{DeviceOutcome, Ended, PreflightRefusal, RunResult, SkipReason, Skipped};
use crate::model::DeviceName;
use crate::plan::{DeviceLintError, Unobservable};

/// What a run resulted in. Lists are sorted by device.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunReport {
    /// Left out where nothing was started, so that nothing is stored under it.
    pub run: Option<Uuid>,
    /// Left out where the inventory is not committed as it is.
    pub commit: Option<String>,
    pub plan_id: Option<String>,
    /// The whole run was refused.
    pub refusal: Option<PreflightRefusal>,
    pub outcomes: Vec<DeviceOutcome>,
    pub skipped: Vec<Skipped>,
    /// Devices that could not be looked at, and so have no plan.
    pub unobservable: Vec<Unobservable>,
    /// Devices of which a part could not be read, so that it is not known to be as intended.
    pub partly_unread: Vec<DeviceName>,
    /// Devices in scope that run what a restart would undo, and that this run did not save.
    pub still_unsaved: Vec<DeviceName>,
    /// Plans that gamctl's own check of the lines rejects.
    pub lint_errors: Vec<DeviceLintError>,
    /// A signal, or the caller, ended it.
    pub is_interrupted: bool,
    pub notices: Vec<RunNotice>,
}

/// Something about the run as a whole that is worth knowing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunNotice {
    /// The store did not see the plan being made, so its age is unknown.
    PlanAgeUnknown,
    /// Entries are in the journal; the next process gives them to the store.
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
    /// A device's end is in neither store nor journal; the next run looks at the device again.
    OutcomeNotRecorded {
        device: DeviceName,
        error: String,
    },
}

impl RunReport {
    /// Returns the result: the worst of what happened, in the order of who must act first.
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
        if has_ended(&|ended| matches!(ended, Ended::Moved { .. })) {
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
        | Ended::Moved { .. }
        | Ended::Unreachable { .. } => false,
    }
}
