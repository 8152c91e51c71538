//! Holds a prepared run until it is confirmed; only a confirmed run can be executed.

use std::collections::{BTreeMap, BTreeSet};

use super::identity::RunIdentity;
use super::ownership::{OwnershipChange, adopted, found_as_intended};
use super::tasks::{TaskInputs, Tasks, tasks};
use super::{RunRequest, Verb};
use crate::apply::{PreflightRefusal, Recovered, RunReport, SkipReason, Skipped, Work};
use crate::history::Freeze;
use crate::inventory::Reading;
use crate::model::{DeviceName, Observation};
use crate::plan::{DevicePlan, InventoryVersion, Planned, RolledBack, Step};
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
    pub(super) identity: RunIdentity,
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
        identity: RunIdentity,
        request: RunRequest,
        fleet: &Fleet<'_>,
        planned: Planned,
        looks: LookResults,
        names: Vec<DeviceName>,
    ) -> Self {
        Self {
            identity,
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
            Verb::Apply | Verb::Rollback | Verb::Save => {
                let is_save = self.request.verb == Verb::Save;
                if !is_save {
                    self.ownership = found_as_intended(fleet, &self.planned, &self.looks);
                }
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
                let Tasks { mut tasks, skipped } = decided;
                tasks.retain(|task| !is_save || task.work == Work::SaveOnly);
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
        approval != AutoApproval::Everything
            && tasks.any(|task| {
                !needs_no_person(&task.plan, approval) || self.held_back(&task.plan).is_some()
            })
    }

    /// Returns the steps that would undo a rollback, and that the request does not name, with their devices.
    pub fn to_reapply(&self) -> impl Iterator<Item = (&DeviceName, &Step, &RolledBack)> {
        let plans = self.tasks.iter().map(|task| &task.plan);
        plans.flat_map(|plan| {
            let steps = plan.steps.iter();
            steps.filter_map(|step| {
                let by = step.rolled_back.as_ref().filter(|by| !self.is_named(by))?;
                Some((&plan.device, step, by))
            })
        })
    }

    fn is_named(&self, by: &RolledBack) -> bool {
        let mut named = self.request.reapply.iter();
        named.any(|run| run.0.to_string() == by.run)
    }

    /// Returns the reason not to start a device without asking: its plan would undo a rollback.
    fn held_back(&self, plan: &DevicePlan) -> Option<SkipReason> {
        let mut steps = plan.steps.iter();
        let by =
            steps.find_map(|step| step.rolled_back.as_ref().filter(|by| !self.is_named(by)))?;
        let of_run = plan
            .steps
            .iter()
            .filter(|step| step.rolled_back.as_ref() == Some(by));
        let ids = plan.subscriber_ids();
        let named = |step: &Step| {
            let object = step.change.object_after().to_string();
            ids.in_text(&object).into_owned()
        };
        Some(SkipReason::RolledBack {
            by: by.clone(),
            objects: of_run.map(named).collect(),
        })
    }

    /// Makes the run executable. Without confirmation, devices that need one are skipped; if none is left, the run is
    /// refused.
    pub fn confirm(mut self, is_confirmed: bool) -> ConfirmedRun {
        let approval = match is_confirmed {
            true => AutoApproval::Everything,
            false => self.request.auto_approval,
        };
        let (mut kept, mut unconfirmed) = (Vec::new(), Vec::new());
        for task in std::mem::take(&mut self.tasks) {
            let device = task.plan.device.clone();
            if !needs_no_person(&task.plan, approval) {
                let reason = SkipReason::NotConfirmed;
                unconfirmed.push(Skipped { device, reason });
            } else if let Some(reason) = self.held_back(&task.plan).filter(|_| !is_confirmed) {
                self.skipped.push(Skipped { device, reason });
            } else {
                kept.push(task);
            }
        }
        let is_all = kept.is_empty() && !unconfirmed.is_empty();
        let refusal = is_all.then_some(PreflightRefusal::NotConfirmed {
            is_harmless_approved: approval == AutoApproval::Harmless,
        });
        self.tasks = kept;
        self.skipped.extend(unconfirmed);
        self.skipped
            .sort_by(|one, other| one.device.cmp(&other.device));
        ConfirmedRun { run: self, refusal }
    }
}
