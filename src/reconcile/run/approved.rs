//! Turns a confirmed run into an approved plan, whose devices are carried out in waves.

use std::collections::BTreeSet;

use super::execute::first_report;
use super::prepared::ConfirmedRun;
use super::{Allowances, PlanFile, PlanFileRejected, RunReport};
use crate::apply::Work;
use crate::history::RunId;
use crate::model::DeviceName;

/// A plan that was confirmed, with what its runs need.
#[derive(Debug)]
pub struct ApprovedPlan {
    pub plan: PlanFile,
    /// The devices that may be written to.
    pub devices: BTreeSet<DeviceName>,
    pub who: String,
    /// The revision of the request; `None` is the inventory from disk.
    pub revision: Option<String>,
    pub allows: Allowances,
    pub rehearses: bool,
    pub reapply: BTreeSet<RunId>,
    /// What is reported of devices that no wave has: skipped ones, and those that could not be looked at.
    pub report: RunReport,
}

impl ConfirmedRun {
    /// Returns the number of devices whose steps may be carried out.
    pub fn devices_with_steps(&self) -> usize {
        match self.refusal {
            Some(_) => 0,
            None => self.with_steps().count(),
        }
    }

    fn with_steps(&self) -> impl Iterator<Item = &DeviceName> {
        let tasks = self.run.tasks.iter();
        tasks
            .filter(|task| task.work == Work::Steps)
            .map(|task| &task.plan.device)
    }

    /// Returns the approved plan.
    ///
    /// A device that is only to be saved has no steps, and so no wave: it is reported as still unsaved.
    pub fn into_approved(mut self) -> Result<ApprovedPlan, PlanFileRejected> {
        let devices: BTreeSet<DeviceName> = self.with_steps().cloned().collect();
        let mut report = first_report(&mut self.run);
        let tasks = self.run.tasks.iter();
        let unsaved = tasks.filter(|task| task.work == Work::SaveOnly);
        report.still_unsaved = unsaved.map(|task| task.plan.device.clone()).collect();
        let request = self.run.request;
        Ok(ApprovedPlan {
            plan: PlanFile::of(&self.run.planned)?,
            devices,
            who: request.who,
            revision: request.revision.or(self.run.version.commit),
            allows: request.allows,
            rehearses: request.rehearses,
            reapply: request.reapply,
            report,
        })
    }
}
