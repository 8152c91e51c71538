//! Finds subscribers whose authentication a plan may change, as the device may send their names.
//!
//! With DHCP relay information or the PPPoE agent on, the remote id is the name of the subscriber, and the circuit id has the
//! host name, and the port and number of the endpoint (docs/gam.md).

use std::collections::{BTreeMap, BTreeSet};

use super::item::{Item, Subscriber};
use super::planner_state::PlannerState;
use super::{Change, Edit, Note, PlannedStep};
use crate::model::{Slot, SubscriberName};

/// The rule of the note on a device of which it is not known whether it sends names.
pub const NAMES_NOTE: &str = "may-send-names";

/// Adds the effect to the steps of a device that sends names. Returns a note if it is not known whether it does.
pub(super) fn add(planner: &PlannerState<'_>, steps: &mut [PlannedStep]) -> Option<Note> {
    if planner.observation.sends_names == Some(false) {
        return None;
    }
    let changed = changed(planner, steps);
    let all: BTreeSet<&SubscriberName> = changed.values().flatten().collect();
    let (first, others) = (all.first()?, all.len() - 1);
    if planner.observation.sends_names.is_none() {
        let people = match others {
            0 => format!("subscriber {first}"),
            1 => format!("subscriber {first} and one more"),
            _ => format!("subscriber {first} and {others} more"),
        };
        let message = format!(
            "it is not known whether {} sends names upstream, by DHCP relay information or PPPoE: if it does, a new name, port, \
             endpoint number or host name may change the authentication of {people}",
            planner.request.device
        );
        return Some(Note::new(NAMES_NOTE, None, message));
    }
    for (at, names) in changed {
        if let Some(step) = steps.get_mut(at) {
            step.effects.authentication = names;
        }
    }
    None
}

/// Returns the subscribers that are sent otherwise after a step, by its index. A subscriber with several steps has the last.
fn changed(
    planner: &PlannerState<'_>,
    steps: &[PlannedStep],
) -> BTreeMap<usize, Vec<SubscriberName>> {
    let mut last: BTreeMap<Slot, usize> = BTreeMap::new();
    let mut found: BTreeMap<usize, Vec<SubscriberName>> = BTreeMap::new();
    for (at, step) in steps.iter().enumerate() {
        match &step.change {
            Change::Subscriber(slot, edit) if matches!(**edit, Edit::Update(_)) => {
                last.insert(*slot, at);
            }
            Change::System(update) if update.hostname.is_some() => {
                let stays = planner.subscribers.iter();
                let stays = stays.filter_map(|item| Some(sent(item)?.0.name.clone()));
                found.entry(at).or_default().extend(stays);
            }
            Change::Endpoint(slot, edit) if has_new_port(edit) => {
                let users = planner.subscribers.iter().filter(|item| {
                    let endpoint = sent(item).and_then(|(start, _)| start.endpoint);
                    let endpoint = endpoint.and_then(|index| planner.endpoints.get(index));
                    endpoint.is_some_and(|endpoint| endpoint.slot == *slot)
                });
                let users = users.filter_map(|item| Some(item.start.as_ref()?.name.clone()));
                found.entry(at).or_default().extend(users);
            }
            Change::System(_)
            | Change::Uplink(..)
            | Change::Port(..)
            | Change::Profile(..)
            | Change::Endpoint(..)
            | Change::Subscriber(..) => {}
        }
    }
    for item in &planner.subscribers {
        let Some((start, goal)) = sent(item) else {
            continue;
        };
        let is_other = start.name != goal.name || start.endpoint != goal.endpoint;
        if let Some(at) = last.get(&item.slot).filter(|_| is_other) {
            found.entry(*at).or_default().push(start.name.clone());
        }
    }
    for names in found.values_mut() {
        names.sort();
        names.dedup();
    }
    found
}

fn has_new_port(edit: &Edit<super::change::Endpoint>) -> bool {
    match edit {
        Edit::Update(update) => update.port.is_some(),
        Edit::Create(_) | Edit::Remove(_) => false,
    }
}

/// Returns both states of a subscriber that has an endpoint before and after the plan. Others are not authenticated at all.
fn sent(item: &Item<Subscriber>) -> Option<(&Subscriber, &Subscriber)> {
    let (start, goal) = (item.start.as_ref()?, item.goal.as_ref()?);
    (start.endpoint.is_some() && goal.endpoint.is_some()).then_some((start, goal))
}
