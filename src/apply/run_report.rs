//! Defines the result of a run of many devices, and the one word for it.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::cause::Refusal;
use super::{DeviceOutcome, Ended, PreflightRefusal, RunResult, SkipReason, Skipped, Undone};
use crate::model::DeviceName;
use crate::plan::{DeviceLintError, Unobservable, WaitingChanges};

/// The result of a run. Lists are sorted by device.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunReport {
    /// Left out if nothing was started, so that nothing is stored under it.
    pub run: Option<Uuid>,
    /// The run that a refusal, or changes that no device got, are recorded as. Left out if a run was started.
    pub recorded_as: Option<Uuid>,
    /// Left out if the inventory differs from its commit.
    pub commit: Option<String>,
    pub plan_id: Option<String>,
    /// The whole run was refused.
    pub refusal: Option<PreflightRefusal>,
    pub outcomes: Vec<DeviceOutcome>,
    pub skipped: Vec<Skipped>,
    /// The number of devices that were looked at before the run.
    pub observed: usize,
    /// Devices that could not be looked at, and so have no plan.
    pub unobservable: Vec<Unobservable>,
    /// Devices that the plan found as delivered: reset, or replaced by other hardware.
    pub looks_new: BTreeSet<DeviceName>,
    /// Changes that wait for devices of `unobservable`, and so were not carried out.
    pub waiting: Vec<WaitingChanges>,
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
        self.undone().result()
    }

    /// Counts the devices by what keeps them from being as intended.
    pub fn undone(&self) -> Undone {
        let mut undone = Undone {
            is_interrupted: self.is_interrupted,
            lint_errors: self.lint_errors.len(),
            refused: usize::from(self.refusal.is_some()),
            unsaved: self.still_unsaved.len(),
            not_compared: self.partly_unread.len(),
            not_observed: self.unobservable.len(),
            observed: self.observed,
            ..Undone::default()
        };
        if matches!(self.refusal, Some(PreflightRefusal::StoreFull { .. })) {
            undone.not_recorded += 1;
        }
        let notices = self.notices.iter();
        undone.not_recorded += notices
            .filter(|notice| matches!(notice, RunNotice::OutcomeNotRecorded { .. }))
            .count();
        for outcome in &self.outcomes {
            *undone.ended(&outcome.ended) += 1;
            undone.not_compared += usize::from(!outcome.not_compared.is_empty());
        }
        for waiting in &self.waiting {
            let mut missing = self.unobservable.iter();
            let reason = missing.find(|one| one.device == waiting.device);
            match reason.is_some_and(|one| one.reason.is_own_setting()) {
                true => undone.own_settings += 1,
                false => undone.not_reached += 1,
            }
        }
        for skipped in &self.skipped {
            *undone.skipped(&skipped.reason) += 1;
        }
        undone
    }
}

impl Undone {
    fn ended(&mut self, ended: &Ended) -> &mut usize {
        match ended {
            Ended::Unsaved { .. }
            | Ended::RolledBack { .. }
            | Ended::Stuck { .. }
            | Ended::Interrupted { .. } => &mut self.failed,
            Ended::Unchanged | Ended::Applied => &mut self.reached,
            Ended::Refused {
                refusal: Refusal::NoLogin { .. },
            } => &mut self.own_settings,
            Ended::Refused { .. } => &mut self.refused,
            Ended::Stale { .. } => &mut self.stale,
            Ended::Unreachable { cause } if cause.is_own_setting() => &mut self.own_settings,
            Ended::Unreachable { .. } => &mut self.not_reached,
        }
    }

    fn skipped(&mut self, reason: &SkipReason) -> &mut usize {
        match reason {
            SkipReason::Budget { .. } => &mut self.failed,
            SkipReason::StoreAway { .. } => &mut self.not_recorded,
            SkipReason::NoAccess(cause) if cause.is_own_setting() => &mut self.own_settings,
            SkipReason::NoAccess(_) | SkipReason::NotRecovered { .. } => &mut self.not_reached,
            SkipReason::Refused(_)
            | SkipReason::Frozen { .. }
            | SkipReason::Held { .. }
            | SkipReason::RolledBack { .. }
            | SkipReason::Stopped
            | SkipReason::NotConfirmed => &mut self.refused,
        }
    }
}
