//! Renames a profile that would be removed into a new one, if the table of profiles is full.

use std::collections::BTreeMap;

use super::item::{Action, Item};
use super::planner_state::PlannerState;

/// Turns profiles that would be removed into the new profiles whose slots only this plan frees.
///
/// A change of rate does not interrupt a subscriber, and one line replaces a removal and a creation. Otherwise, subscribers
/// that move from the old profile to the new one would be unthrottled for a moment: the new profile would wait for the slot of
/// the old one, and the old one for its users.
pub(super) fn reuse_profiles(planner: &mut PlannerState<'_>) {
    let leaving: Vec<usize> = indexes(planner, |item| item.is_leaving());
    let mut waiting: Vec<usize> = indexes(planner, |item| {
        item.is_new()
            && planner
                .profiles
                .iter()
                .any(|old| old.is_leaving() && old.slot == item.slot)
    });
    let count = waiting.len();
    // Only as many as are needed. New profiles got the slots of the first ones.
    for old in leaving.into_iter().take(count) {
        // The more subscribers move from the old profile to the new one, the fewer steps are left.
        let best = waiting
            .iter()
            .copied()
            .max_by_key(|new| (users_of_both(planner, old, *new), std::cmp::Reverse(*new)));
        let Some(new) = best else { break };
        waiting.retain(|other| *other != new);
        take_over(planner, old, new);
    }
}

fn indexes(
    planner: &PlannerState<'_>,
    is_searched: impl Fn(&Item<super::item::Profile>) -> bool,
) -> Vec<usize> {
    let items = planner.profiles.iter().enumerate();
    items
        .filter(|(_, item)| is_searched(item))
        .map(|(index, _)| index)
        .collect()
}

/// Returns the number of subscribers that move from one profile to the other.
fn users_of_both(planner: &PlannerState<'_>, old: usize, new: usize) -> usize {
    let follows = |item: &&Item<super::item::Subscriber>| {
        let start = item.start.as_ref().and_then(|start| start.rate);
        let goal = item.goal.as_ref().and_then(|goal| goal.rate);
        start == Some(old) && goal == Some(new)
    };
    planner.subscribers.iter().filter(follows).count()
}

/// Gives the target of a new profile to an old one, with all references to it.
fn take_over(planner: &mut PlannerState<'_>, old: usize, new: usize) {
    let Some(goal) = planner
        .profiles
        .get_mut(new)
        .and_then(|item| item.goal.take())
    else {
        return;
    };
    let moved: BTreeMap<usize, usize> = BTreeMap::from([(new, old)]);
    if let Some(item) = planner.profiles.get_mut(old) {
        item.goal = Some(goal);
        item.action = Action::Intended;
    }
    for item in &mut planner.subscribers {
        if let Some(goal) = &mut item.goal
            && let Some(profile) = goal.rate
            && let Some(to) = moved.get(&profile)
        {
            goal.rate = Some(*to);
        }
    }
    for index in planner.profile_of.values_mut() {
        if let Some(to) = moved.get(index) {
            *index = *to;
        }
    }
}
