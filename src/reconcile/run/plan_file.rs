//! Reads a plan file and compares it with the plan made now; refuses it on any difference.

use std::collections::{BTreeMap, BTreeSet};

use crate::apply::{PlanPart, PreflightRefusal};
use crate::model::{DeviceName, SubscriberIds};
use crate::plan::{Because, Cause, DevicePlan, Planned, Step, StepPart, different_parts};
use crate::reconcile::Fleet;
use crate::report::{PlanFileError, plan_value, read_plan};

/// An earlier plan that a person approved.
#[derive(Debug)]
pub struct PlanFile {
    pub id: String,
    /// The text of the file.
    pub text: String,
    pub planned: Planned,
}

/// The reason that a file cannot be applied as a plan.
#[derive(Debug, thiserror::Error)]
pub enum PlanFileRejected {
    #[error(transparent)]
    Unreadable(#[from] PlanFileError),
    #[error("it compares two commits, without a look at a device; make a plan without `--against`")]
    AgainstCommit,
    #[error("it is not UTF-8")]
    NotText,
}

impl PlanFile {
    pub fn read(bytes: Vec<u8>) -> Result<Self, PlanFileRejected> {
        let (id, planned) = read_plan(&bytes)?;
        if planned.against.is_some() {
            return Err(PlanFileRejected::AgainstCommit);
        }
        let text = String::from_utf8(bytes).map_err(|_| PlanFileRejected::NotText)?;
        Ok(Self { id, text, planned })
    }

    /// Returns a plan as its file would have it.
    pub fn of(planned: &Planned) -> Result<Self, PlanFileRejected> {
        Self::read(plan_value(planned).to_string().into_bytes())
    }

    /// Returns the part of the plan for some devices, as a plan with an id of its own.
    ///
    /// A wave of a rollout carries out such a part. Its devices are compared with it as with any plan file.
    pub fn part(&self, devices: &BTreeSet<DeviceName>) -> Result<Self, PlanFileRejected> {
        let mut planned = self.planned.clone();
        planned
            .devices
            .retain(|plan| devices.contains(&plan.device));
        planned.unobservable.clear();
        Self::of(&planned)
    }

    /// Returns the devices that the plan has steps for.
    pub fn devices(&self) -> impl Iterator<Item = &DeviceName> {
        let plans = self.planned.devices.iter();
        plans
            .filter(|plan| !plan.steps.is_empty())
            .map(|plan| &plan.device)
    }
}

/// Keeps only the present plans that the file approves.
///
/// A device with the same observation must have exactly the same plan: a person approved all of it, also the inverse
/// lines and the reasons. A device that changed gets its approved plan: nothing is written there, and its own check
/// reports the differences. Limits apply to the devices that did not change.
pub(super) fn only_approved(
    planned: &mut Planned,
    file: &PlanFile,
    fleet: &Fleet<'_>,
) -> Result<(), PreflightRefusal> {
    // Equal limits may come from another commit: a run in between changes the commit whose policy applies.
    if file.planned.policy.digest != planned.policy.digest {
        return Err(PreflightRefusal::OtherPolicy);
    }
    let approved: BTreeMap<&DeviceName, &DevicePlan> = file
        .planned
        .devices
        .iter()
        .map(|plan| (&plan.device, plan))
        .collect();
    let (same, changed): (Vec<DevicePlan>, Vec<DevicePlan>) = std::mem::take(&mut planned.devices)
        .into_iter()
        .filter(|plan| approved.contains_key(&plan.device))
        .partition(|plan| {
            let then = approved.get(&plan.device);
            then.is_some_and(|then| is_same_look(then, plan))
        });
    let kept = |device: &DeviceName| same.iter().any(|plan| plan.device == *device);
    planned
        .lint_errors
        .retain(|lint_error| kept(&lint_error.device));
    for now in &same {
        if let Some(then) = approved.get(&now.device)
            && let Some(part) = first_difference(then, now)
        {
            let device = now.device.clone();
            return Err(PreflightRefusal::PlanDiffers { device, part });
        }
    }
    planned.devices = same;
    fleet.judge(planned);
    let changed = changed.iter().filter_map(|plan| approved.get(&plan.device));
    planned.devices.extend(changed.copied().cloned());
    planned
        .devices
        .sort_by(|one, other| one.device.cmp(&other.device));
    Ok(())
}

/// Returns whether both plans were made from the same observed configuration; the store numbers equal looks differently.
fn is_same_look(one: &DevicePlan, other: &DevicePlan) -> bool {
    let fingerprint = |plan: &DevicePlan| {
        let observed = plan.observed.as_ref();
        observed.map(|observed| observed.fingerprint.clone())
    };
    one.observed.is_some() && fingerprint(one) == fingerprint(other)
}

/// Returns the first part of an approved plan that differs from the present one.
fn first_difference(approved: &DevicePlan, now: &DevicePlan) -> Option<PlanPart> {
    if approved.steps.len() != now.steps.len() {
        return Some(PlanPart::StepCount {
            approved: approved.steps.len(),
            now: now.steps.len(),
        });
    }
    for (step, (then, now)) in (1..).zip(approved.steps.iter().zip(&now.steps)) {
        // A rollback in between is part of the present plan, whatever the file says.
        let mut parts = different_parts(then, now).filter(|part| *part != StepPart::Rollback);
        let part = match parts.next() {
            Some(StepPart::Change) => PlanPart::Change { step },
            Some(StepPart::Lines) => PlanPart::Lines { step },
            Some(StepPart::Undo) => PlanPart::Inverse { step },
            Some(StepPart::Effect | StepPart::Rollback) => PlanPart::Explanation { step },
            None if !is_same_explanation(then, now) => PlanPart::Explanation { step },
            None => continue,
        };
        return Some(part);
    }
    // Looks of the same configuration have different numbers, and refusals are compared for both together.
    let rest = |plan: &DevicePlan| DevicePlan {
        observed: None,
        refusals: Vec::new(),
        steps: Vec::new(),
        ..plan.clone()
    };
    (rest(approved) != rest(now)).then_some(PlanPart::Rest)
}

fn is_same_explanation(then: &Step, now: &Step) -> bool {
    // A rollback in between is part of the present plan, whatever the file says.
    let bare = |step: &Step| Step {
        because: Vec::new(),
        // An earlier version wrote plan files without them.
        subscriber_ids: SubscriberIds::default(),
        rolled_back: None,
        ..step.clone()
    };
    let reasons = then.because.iter().zip(&now.because);
    bare(then) == bare(now)
        && then.because.len() == now.because.len()
        && reasons
            .into_iter()
            .all(|(then, now)| is_same_reason(then, now))
}

/// Compares reasons without what depends on the last applied commit, which other runs change: the remover of an object, and
/// the line of a reason without a commit.
fn is_same_reason(then: &Because, now: &Because) -> bool {
    let is_gone = |because: &Because| matches!(because.cause, Cause::Gone { .. });
    let is_lost = now.origin.is_none() && is_gone(then);
    let has_commit = |because: &Because| {
        let origin = because.origin.as_ref();
        origin.is_some_and(|origin| origin.commit.is_some())
    };
    let is_uncommitted = !has_commit(then) && !has_commit(now);
    let is_same_cause = then.cause == now.cause || (is_gone(then) && is_gone(now));
    is_same_cause
        && then.fields == now.fields
        && (then.origin == now.origin || is_lost || is_uncommitted)
}
