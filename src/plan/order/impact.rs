//! Determines the impact of a step on subscribers: none, an interruption or a disconnection.

use std::collections::BTreeSet;

use crate::model::{SubscriberName, VlanSet};
use crate::plan::Impact;
use crate::plan::planner_state::PlannerState;

use super::partial_state::PartialState;
use super::service::{ServedSubscribers, Service, service_at, unclear_subscribers};

/// Returns the service of each of these subscribers at this point of the plan.
pub(super) fn services(partial: &PartialState, touched: &[usize]) -> Vec<Option<Service>> {
    touched
        .iter()
        .map(|index| service_at(partial, *index))
        .collect()
}

/// Returns the impact on subscribers that have service before this step. An earlier step names those that lost it there.
pub(super) fn of(
    planner: &PlannerState<'_>,
    served: &ServedSubscribers,
    touched: &[usize],
    before: &[Option<Service>],
    after: &[Option<Service>],
) -> Impact {
    let (mut interrupted, mut disconnected) = (BTreeSet::new(), BTreeSet::new());
    for ((index, before), after) in touched.iter().zip(before).zip(after) {
        let (Some(before), Some(name)) = (before, name_of_served(planner, served, *index)) else {
            continue;
        };
        match after {
            Some(after) if before.goes_on_as(after) => {}
            // A later step names those that lose their service there.
            Some(_) if !served.is_unknown_after(*index) => {
                interrupted.insert(name);
            }
            None if served.is_served_after(*index) => {
                interrupted.insert(name);
            }
            Some(_) | None => {
                disconnected.insert(name);
            }
        }
    }
    impact(interrupted, disconnected)
}

/// Returns the subscribers that this step serves and that had no service before the plan. Of new subscribers, only those
/// that the ledger has: they were served until something outside gamctl removed them, such as a factory reset.
pub(super) fn restored(
    planner: &PlannerState<'_>,
    served: &ServedSubscribers,
    touched: &[usize],
    before: &[Option<Service>],
    after: &[Option<Service>],
) -> Vec<SubscriberName> {
    let mut names = BTreeSet::new();
    for ((index, before), after) in touched.iter().zip(before).zip(after) {
        // A service that a later step ends again is not restored.
        let is_lasting = after.is_some() && served.is_served_after(*index);
        if before.is_some() || !is_lasting || served.is_served_before(*index) {
            continue;
        }
        let Some(item) = planner.subscribers.get(*index) else {
            continue;
        };
        let ledger = planner.request.ledger;
        // A subscriber that has the name before the plan is the one that the ledger has, and gets another name.
        let is_there = |name: &SubscriberName| {
            let mut starts = planner
                .subscribers
                .iter()
                .filter_map(|item| item.start.as_ref());
            starts.any(|start| start.name == *name)
        };
        let was_served = |name: &SubscriberName| {
            item.start.is_some()
                || (ledger.is_some_and(|ledger| ledger.owns_subscriber(name)) && !is_there(name))
        };
        let state = item.start.as_ref().or(item.goal.as_ref());
        let name = state.map(|state| state.name.clone());
        names.extend(name.filter(was_served));
    }
    names.into_iter().collect()
}

/// Returns the impact on both kinds of subscribers. One that is disconnected is not interrupted as well.
fn impact(interrupted: BTreeSet<SubscriberName>, disconnected: BTreeSet<SubscriberName>) -> Impact {
    if !disconnected.is_empty() {
        Impact::Disconnects {
            interrupts: interrupted.difference(&disconnected).cloned().collect(),
            subscribers: disconnected.into_iter().collect(),
        }
    } else if !interrupted.is_empty() {
        Impact::Interrupts {
            subscribers: interrupted.into_iter().collect(),
        }
    } else {
        Impact::None
    }
}

/// Returns an impact with more subscribers, who are disconnected if the effect is lasting.
pub(super) fn with(known: &Impact, more: Vec<SubscriberName>, is_lasting: bool) -> Impact {
    if more.is_empty() {
        return known.clone();
    }
    if *known == Impact::TouchesManagement {
        return Impact::TouchesManagement;
    }
    let mut interrupted: BTreeSet<SubscriberName> = known.interrupted().iter().cloned().collect();
    let mut disconnected: BTreeSet<SubscriberName> = known.disconnected().iter().cloned().collect();
    if is_lasting {
        disconnected.extend(more);
    } else {
        interrupted.extend(more);
    }
    impact(interrupted, disconnected)
}

/// Returns the impact of VLANs that pass no uplink any more. It disconnects every served or unclear subscriber in them.
pub(super) fn of_lost_vlans(
    planner: &PlannerState<'_>,
    served: &ServedSubscribers,
    partial: &PartialState,
    lost: &VlanSet,
) -> Impact {
    if lost.is_empty() {
        return Impact::None;
    }
    let mut names = BTreeSet::new();
    for index in 0..planner.subscribers.len() {
        let loses = partial
            .subscriber(index)
            .is_some_and(|subscriber| subscriber.vlans().any(|vlan| lost.contains(vlan)));
        if loses && let Some(name) = name_of_served(planner, served, index) {
            names.insert(name);
        }
    }
    for unclear in unclear_subscribers(planner) {
        if unclear.vlans.iter().any(|vlan| lost.contains(vlan))
            && let Some(name) = unclear.name.as_deref()
            && let Ok(name) = SubscriberName::new(name)
        {
            names.insert(name);
        }
    }
    impact(BTreeSet::new(), names)
}

/// Returns the name of a subscriber that is served before the plan. Others do not notice a step.
fn name_of_served(
    planner: &PlannerState<'_>,
    served: &ServedSubscribers,
    index: usize,
) -> Option<SubscriberName> {
    let start = planner.subscribers.get(index)?.start.as_ref()?;
    served.is_served_before(index).then(|| start.name.clone())
}
