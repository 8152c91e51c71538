//! Runs the stages of planning: identity, matching, goals, conflicts, order.

use crate::model::{DeviceConfig, DeviceState, Observation};

use super::planner_state::PlannerState;
use super::{Census, DevicePlan, Note, PlannedStep, Request};
use super::{
    conflict, goal, identity, matching, order, profile_reuse, settings, unchanged, unmanaged,
    unplanned,
};

/// Returns what takes a device from what was observed to what is intended; the steps have no lines yet, and whoever has the
/// look says which one it was.
///
/// # Guarantees
///
/// The same values give the same plan. What could not be read is never taken for absent, and what is nobody's is left as
/// it is. Every beginning of the steps leaves a state from which planning again leads to the same end.
pub fn plan(request: &Request<'_>, observation: &Observation) -> DevicePlan<PlannedStep> {
    if request.state == DeviceState::Preprovision {
        return DevicePlan::preprovision(request.device.clone());
    }
    let mut plan = DevicePlan::of(request.device.clone(), request.state);
    plan.census = Census {
        subscribers: observation.config.subscribers.len(),
        endpoints: observation.config.endpoints.len(),
    };
    plan.refusals = identity::refusals(request, observation);
    if plan.is_refused() {
        return plan;
    }
    let nothing = DeviceConfig::default();
    let intended = match request.state {
        DeviceState::Retired => &nothing,
        DeviceState::Managed
        | DeviceState::Observe
        | DeviceState::Locked
        | DeviceState::Preprovision => request.intended,
    };
    if let Some(unmanaged) = unchanged::only_unmanaged(request, observation, intended) {
        plan.unmanaged = unmanaged;
        return plan;
    }
    let mut scene = PlannerState::of(request, observation, intended);
    unread_parts(&mut scene);
    matching::find_items(&mut scene);
    plan.refusals = goal::set_goals(&mut scene);
    unmanaged::note_unread(&mut scene);
    conflict::resolve(&mut scene);
    conflict::give_slots(&mut scene);
    profile_reuse::reuse_profiles(&mut scene);
    let settings = settings::settings(&mut scene);
    let (steps, refusals) = order::order(&scene, &settings);
    plan.steps = steps;
    plan.refusals.extend(refusals);
    plan.unmanaged = unmanaged::list(&scene);
    plan.notes = scene.notes;
    unplanned::by_state(&mut plan);
    plan
}

/// Says once of every part that it is not known whole.
fn unread_parts(scene: &mut PlannerState<'_>) {
    for part in crate::model::Part::ALL {
        if let Some(reason) = scene.observation.incomplete(part) {
            scene.notes.push(Note {
                rule: "not-read".to_owned(),
                object: None,
                message: format!(
                    "not all {} could be read: {reason}; nothing is created or removed there",
                    part.as_str()
                ),
            });
        }
    }
}
