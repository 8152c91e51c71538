//! Reads a plan file and compares it with the plan made now: any difference refuses it, a device that changed is left to its own check.

use std::collections::BTreeMap;

use crate::apply::{PlanPart, PreflightRefusal};
use crate::model::DeviceName;
use crate::plan::{Because, Cause, DevicePlan, Planned, Step};
use crate::reconcile::Fleet;
use crate::report::{PlanFileError, read_plan};

/// A plan that was made earlier and that a person approved.
#[derive(Debug)]
pub struct PlanFile {
    pub id: String,
    /// As it is in the file.
    pub text: String,
    pub planned: Planned,
}

/// Why a file cannot be applied as a plan.
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

    /// Returns the devices that the plan has steps for.
    pub(super) fn devices(&self) -> impl Iterator<Item = &DeviceName> {
        let plans = self.planned.devices.iter();
        plans
            .filter(|plan| !plan.steps.is_empty())
            .map(|plan| &plan.device)
    }
}

/// Keeps of the plans made now those that the file approves.
///
/// A device whose observation is the same must have the same plan to the letter: what a person approved is all of it, the
/// inverse lines and the reasons too. A device that changed gets its approved plan: nothing is written there, and its own
/// check reports what differs. Limits are judged over the devices that did not change.
pub(super) fn only_approved(
    planned: &mut Planned,
    file: &PlanFile,
    fleet: &Fleet<'_>,
) -> Result<(), PreflightRefusal> {
    // The same limits may come from another commit: what was applied meanwhile moves the one that judges.
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
        .complaints
        .retain(|complaint| kept(&complaint.device));
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

/// Returns the first part in which an approved plan differs from the one made now.
fn first_difference(approved: &DevicePlan, now: &DevicePlan) -> Option<PlanPart> {
    if approved.steps.len() != now.steps.len() {
        return Some(PlanPart::StepCount {
            approved: approved.steps.len(),
            now: now.steps.len(),
        });
    }
    for (step, (then, now)) in (1..).zip(approved.steps.iter().zip(&now.steps)) {
        let part = match () {
            () if then.change != now.change => PlanPart::Change { step },
            () if then.lines != now.lines => PlanPart::Lines { step },
            () if then.inverse != now.inverse => PlanPart::Inverse { step },
            () if !is_same_explanation(then, now) => PlanPart::Explanation { step },
            () => continue,
        };
        return Some(part);
    }
    // Looks of the same configuration have different numbers; refusals are judged for both together.
    let rest = |plan: &DevicePlan| DevicePlan {
        observed: None,
        refusals: Vec::new(),
        steps: Vec::new(),
        ..plan.clone()
    };
    (rest(approved) != rest(now)).then_some(PlanPart::Rest)
}

fn is_same_explanation(then: &Step, now: &Step) -> bool {
    let bare = |step: &Step| Step {
        because: Vec::new(),
        ..step.clone()
    };
    let reasons = then.because.iter().zip(&now.because);
    bare(then) == bare(now)
        && then.because.len() == now.because.len()
        && reasons
            .into_iter()
            .all(|(then, now)| is_same_reason(then, now))
}

/// Who removed an object is found through the commit that was last applied, which another device's run moves on.
fn is_same_reason(then: &Because, now: &Because) -> bool {
    let is_lost = now.origin.is_none() && then.cause == Cause::Gone;
    then.cause == now.cause && then.fields == now.fields && (then.origin == now.origin || is_lost)
}
