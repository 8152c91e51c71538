//! Holds a prepared run until it is confirmed; only a confirmed run can be executed.

use std::collections::{BTreeMap, BTreeSet};

use super::ownership::{OwnershipChange, adopted, found_as_intended};
use super::tasks::{TaskInputs, Tasks, tasks};
use super::{RunRequest, Verb};
use crate::apply::{PreflightRefusal, Recovered, RunReport, SkipReason, Skipped};
use crate::history::Freeze;
use crate::inventory::Reading;
use crate::model::{DeviceName, Observation};
use crate::plan::{InventoryVersion, Planned};
use crate::reconcile::apply::DeviceTask;
use crate::reconcile::{Accesses, AutoApproval, Fleet, LookResults, needs_no_person};

/// The result of preparing a run.
#[derive(Debug)]
pub enum Preparation {
    /// The inventory has errors, so the intended configuration is unknown.
    InventoryInvalid(Box<Reading>),
    Refused(Box<Refused>),
    Ready(Box<PreparedRun>),
}

/// A run that was refused before any device was started; with its plan, if it has one.
#[derive(Debug)]
pub struct Refused {
    pub report: RunReport,
    pub planned: Option<Planned>,
}

/// A run that waits for confirmation. `confirm` is the only way to its devices.
#[derive(Debug)]
#[must_use = "a dropped prepared run is not carried out"]
pub struct PreparedRun {
    pub(super) request: RunRequest,
    pub(super) version: InventoryVersion,
    pub(super) planned: Planned,
    pub(super) looks: LookResults,
    /// The devices in scope.
    pub(super) names: Vec<DeviceName>,
    pub(super) tasks: Vec<DeviceTask>,
    pub(super) skipped: Vec<Skipped>,
    pub(super) ownership: Vec<OwnershipChange>,
}

/// A run that may be executed, once.
#[derive(Debug)]
#[must_use = "a dropped confirmed run is not carried out"]
pub struct ConfirmedRun {
    pub(super) run: PreparedRun,
    pub(super) refusal: Option<PreflightRefusal>,
}

/// The stored facts that decide which devices are started.
#[derive(Debug, Default)]
pub(super) struct Known {
    pub(super) freezes: Vec<Freeze>,
    /// Verified but never saved.
    pub(super) unsaved: BTreeSet<DeviceName>,
    /// The looks that a plan file was made from.
    pub(super) earlier_looks: BTreeMap<DeviceName, Observation>,
}

impl PreparedRun {
    pub(super) fn of(
        request: RunRequest,
        fleet: &Fleet<'_>,
        planned: Planned,
        looks: LookResults,
        names: Vec<DeviceName>,
    ) -> Self {
        Self {
            version: fleet.version.clone(),
            request,
            planned,
            looks,
            names,
            tasks: Vec::new(),
            skipped: Vec::new(),
            ownership: Vec::new(),
        }
    }

    /// Decides which devices are started, which are skipped, and which objects become owned.
    pub(super) fn decide(
        &mut self,
        fleet: &Fleet<'_>,
        accesses: Accesses,
        known: &Known,
        recovered: &[Recovered],
    ) {
        match self.request.verb {
            Verb::Plan => {}
            Verb::Adopt => self.ownership = adopted(fleet, &self.looks),
            Verb::Apply | Verb::Rollback => {
                self.ownership = found_as_intended(fleet, &self.planned, &self.looks);
                let decided = tasks(TaskInputs {
                    fleet,
                    planned: &self.planned,
                    looks: &self.looks,
                    earlier_looks: known.earlier_looks.clone(),
                    accesses,
                    freezes: &known.freezes,
                    unsaved: &known.unsaved,
                    recovered,
                });
                let Tasks { tasks, skipped } = decided;
                (self.tasks, self.skipped) = (tasks, skipped);
            }
        }
    }

    pub fn planned(&self) -> &Planned {
        &self.planned
    }

    /// Returns the looks that the plan was made from.
    pub fn looks(&self) -> &LookResults {
        &self.looks
    }

    /// Returns the devices that would be started.
    pub fn devices(&self) -> impl Iterator<Item = &DeviceName> {
        self.tasks.iter().map(|task| &task.plan.device)
    }

    /// Returns the devices with something to do that are skipped, each with the reason.
    pub fn skipped(&self) -> &[Skipped] {
        &self.skipped
    }

    /// Returns whether a person must confirm a part of it.
    pub fn needs_confirmation(&self) -> bool {
        let approval = self.request.auto_approval;
        let mut tasks = self.tasks.iter();
        tasks.any(|task| !needs_no_person(&task.plan, approval))
    }

    /// Makes the run executable. Without confirmation, devices that need one are skipped; if none is left, the run is
    /// refused.
    pub fn confirm(mut self, is_confirmed: bool) -> ConfirmedRun {
        let approval = match is_confirmed {
            true => AutoApproval::Everything,
            false => self.request.auto_approval,
        };
        let had_tasks = !self.tasks.is_empty();
        let (kept, rest): (Vec<DeviceTask>, Vec<DeviceTask>) = std::mem::take(&mut self.tasks)
            .into_iter()
            .partition(|task| needs_no_person(&task.plan, approval));
        let refusal = (had_tasks && kept.is_empty()).then_some(PreflightRefusal::NotConfirmed);
        self.tasks = kept;
        self.skipped.extend(rest.into_iter().map(|task| Skipped {
            device: task.plan.device,
            reason: SkipReason::NotConfirmed,
        }));
        self.skipped
            .sort_by(|one, other| one.device.cmp(&other.device));
        ConfirmedRun { run: self, refusal }
    }
}
