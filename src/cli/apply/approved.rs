//! Puts the plans that somebody approved in place of those of now, and judges those of now where the devices did not move.

use std::collections::BTreeMap;

use super::file::PlanFile;
use crate::model::DeviceName;
use crate::plan::{DevicePlan, Planned};
use crate::reconcile::Fleet;

/// Puts approved plans in place of those of now.
///
/// Limits and refusals are those of now: a file says nothing about itself that could be believed. A device that moved is not
/// judged, since nothing will be written to it; its own errand finds out what differs.
pub(super) fn as_approved(planned: &mut Planned, file: &PlanFile, fleet: &Fleet<'_>) {
    let approved: BTreeMap<&DeviceName, &DevicePlan> = file
        .planned
        .devices
        .iter()
        .map(|plan| (&plan.device, plan))
        .collect();
    let (same, moved): (Vec<DevicePlan>, Vec<DevicePlan>) = std::mem::take(&mut planned.devices)
        .into_iter()
        .partition(|plan| {
            let then = approved.get(&plan.device);
            then.is_some_and(|then| is_same_look(then, plan))
        });
    planned
        .complaints
        .retain(|complaint| same.iter().any(|plan| plan.device == complaint.device));
    planned.devices = same;
    fleet.judge(planned);
    for plan in &mut planned.devices {
        if let Some(then) = approved.get(&plan.device) {
            let refusals = std::mem::take(&mut plan.refusals);
            *plan = (*then).clone();
            plan.refusals = refusals;
        }
    }
    let moved = moved
        .iter()
        .filter_map(|plan| approved.get(&plan.device).copied().cloned());
    planned.devices.extend(moved);
    planned
        .devices
        .sort_by(|one, other| one.device.cmp(&other.device));
}

/// Returns whether both plans were made from the same picture; looks of the same are counted differently.
fn is_same_look(one: &DevicePlan, other: &DevicePlan) -> bool {
    let fingerprint = |plan: &DevicePlan| {
        plan.observed
            .as_ref()
            .map(|observed| observed.fingerprint.clone())
    };
    one.observed.is_some() && fingerprint(one) == fingerprint(other)
}
