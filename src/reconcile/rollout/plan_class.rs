//! Decides for each device's plan whether the service applies it by itself, and collects the facts that approvals depend on.

use std::collections::{BTreeMap, BTreeSet};

use super::drift::{DriftEvent, DriftPolicy, DriftSplit, StepOrigin, split_drift};
use super::plan_facts::contested_now;
use super::policy::RolloutPolicy;
use super::wave::WaveDevice;
use crate::inventory::text::CommitPolicy;
use crate::model::DeviceName;
use crate::plan::{Change, DevicePlan, Impact, Planned, Step, Verb};
use crate::reconcile::{AutoApproval, needs_no_person};

/// A device's plan, with who decides about it. Devices of the same class are one rollout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PlanClass {
    pub needs_person: bool,
    pub is_drift: bool,
}

/// Splits a plan into drift and changes of commits; a field that is changed back again and again is only reported.
pub fn drift_of(
    plan: &DevicePlan,
    policy: &RolloutPolicy,
    restores: &[DriftEvent],
    now: u64,
) -> DriftSplit {
    let contested = contested_now(plan, &policy.drift, restores, now);
    split_drift(plan, &policy.drift, &contested)
}

/// Returns who decides about a device's plan; `None` if nothing of it is applied. `restores` are the restores of the device's
/// fields so far.
pub fn plan_class(
    plan: &DevicePlan,
    policy: &RolloutPolicy,
    restores: &[DriftEvent],
    now: u64,
) -> Option<PlanClass> {
    if plan.steps.is_empty() || !plan.refusals.is_empty() || !plan.state.is_written() {
        return None;
    }
    let split = drift_of(plan, policy, restores, now);
    let drift = split.steps.iter().filter_map(|origin| match origin {
        StepOrigin::Commit => None,
        StepOrigin::Drift(policy) | StepOrigin::Mixed(policy) => Some(*policy),
    });
    let drift = drift.min();
    let has_commit = split.has_commit();
    if !has_commit && drift == Some(DriftPolicy::Report) {
        return None;
    }
    let commits_go = match policy.commits {
        CommitPolicy::Ask => false,
        CommitPolicy::Harmless => needs_no_person(plan, AutoApproval::Harmless),
        CommitPolicy::Everything => true,
    };
    // A plan is applied as a whole: drift that is only to be reported is not restored along with a commit unasked.
    let drift_goes = drift.is_none_or(|policy| policy == DriftPolicy::Restore);
    Some(PlanClass {
        needs_person: !((commits_go || !has_commit) && drift_goes),
        is_drift: !has_commit,
    })
}

/// Returns the devices of a plan by their class, as if no drift had been restored before.
pub fn plan_classes(
    planned: &Planned,
    policy: &RolloutPolicy,
) -> BTreeMap<PlanClass, BTreeSet<DeviceName>> {
    let mut classes: BTreeMap<PlanClass, BTreeSet<DeviceName>> = BTreeMap::new();
    for plan in &planned.devices {
        if let Some(class) = plan_class(plan, policy, &[], 0) {
            let devices = classes.entry(class).or_default();
            devices.insert(plan.device.clone());
        }
    }
    classes
}

/// Returns the names of the authors behind the steps, as far as the plans name them; the service compares addresses.
pub(super) fn plan_authors(plans: &[DevicePlan]) -> BTreeSet<String> {
    let steps = plans.iter().flat_map(|plan| &plan.steps);
    let origins = steps
        .flat_map(|step| &step.because)
        .filter_map(|because| because.origin.as_ref());
    origins
        .filter_map(|origin| origin.commit.as_ref())
        .map(|commit| commit.author.clone())
        .collect()
}

/// Returns the number of subscribers and endpoints that plans remove.
pub fn plan_removals(plans: &[DevicePlan]) -> usize {
    let steps = plans.iter().flat_map(|plan| &plan.steps);
    let removed = steps.filter(|step| step.change.verb() == Verb::Remove);
    let is_household =
        |step: &&Step| matches!(step.change, Change::Subscriber(..) | Change::Endpoint(..));
    removed.filter(is_household).count()
}

/// Returns the devices of plans for waves: those of `known`, with the subscribers that their plans interrupt.
pub fn wave_devices(known: &[WaveDevice], plans: &[DevicePlan]) -> Vec<WaveDevice> {
    let known: BTreeMap<&DeviceName, &WaveDevice> =
        known.iter().map(|device| (&device.name, device)).collect();
    let devices = plans.iter().filter_map(|plan| {
        let device = known.get(&plan.device)?;
        let steps = plan.steps.iter();
        Some(WaveDevice {
            interrupted: steps.map(|step| interrupted(&step.impact)).sum(),
            ..(*device).clone()
        })
    });
    devices.collect()
}

fn interrupted(impact: &Impact) -> usize {
    match impact {
        Impact::None | Impact::TouchesManagement => 0,
        Impact::Interrupts { subscribers } => subscribers.len(),
        Impact::Disconnects {
            subscribers,
            interrupts,
        } => subscribers.len().saturating_add(interrupts.len()),
    }
}
