//! Plans one device: checks identity, matches objects, sets targets, resolves conflicts, orders steps.

use crate::model::{DeviceConfig, DeviceState, Observation};

use super::planner_state::PlannerState;
use super::{Census, DevicePlan, Note, NoteText, PlannedStep, Request};
use super::{
    authentication, conflict, factory_new, goal, identity, matching, order, profile_reuse,
    settings, unchanged, unmanaged, unplanned,
};

/// Returns the plan from the observed to the intended configuration. `render` adds the lines of its steps, and the caller
/// adds the look that it was made from.
///
/// # Guarantees
///
/// Equal inputs give equal plans. A part that could not be read is never treated as absent. An unmanaged object stays as it
/// is, unless the request removes unmanaged objects. After any number of steps, planning again leads to the same end.
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
    let factory_new = factory_new::note(request, observation);
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
    let mut planner = PlannerState::of(request, observation, intended);
    unread_parts(&mut planner);
    matching::find_items(&mut planner);
    plan.refusals = goal::set_goals(&mut planner);
    unmanaged::note_unread(&mut planner);
    conflict::resolve(&mut planner);
    // Every new object that is left gets a slot: `conflict` dropped those for which there is none.
    conflict::give_slots(&mut planner);
    // The slots show which new profiles need one that this plan frees.
    profile_reuse::reuse_profiles(&mut planner);
    let settings = settings::settings(&mut planner);
    let (steps, refusals) = order::order(&planner, &settings);
    plan.steps = steps;
    let names = authentication::add(&planner, &mut plan.steps);
    plan.refusals.extend(refusals);
    plan.unmanaged = unmanaged::list(&planner);
    plan.notes = planner.notes;
    plan.notes.extend(factory_new);
    unplanned::by_state(&mut plan);
    if !plan.steps.is_empty() {
        plan.notes.extend(names);
    }
    plan
}

/// Adds a note for each part that was not read completely.
fn unread_parts(planner: &mut PlannerState<'_>) {
    for part in crate::model::Part::ALL {
        if let Some(reason) = planner.observation.incomplete(part) {
            let reason = reason.to_owned();
            let text = NoteText::PartUnread { part, reason };
            planner.notes.push(Note::new("not-read", None, text));
        }
    }
}
