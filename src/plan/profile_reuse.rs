//! Renames a profile that would be removed into a new one, if the table of profiles is full.

use std::collections::BTreeMap;

use super::item::{Action, Item};
use super::planner_state::PlannerState;

/// Lets every new profile whose number is only freed by this plan take over the profile that frees it.
///
/// A change of rate interrupts nobody, so this is one line where removal and creation would be two, and the only way
/// where the users of the old profile are to use the new one.
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
    // As many as are needed, those first whose slots were given.
    for old in leaving.into_iter().take(count) {
        let best = waiting
            .iter()
            .copied()
            .max_by_key(|new| (followers(planner, old, *new), std::cmp::Reverse(*new)));
        let Some(new) = best else { break };
        waiting.retain(|other| *other != new);
        take_over(planner, old, new);
    }
}

fn indexes(
    planner: &PlannerState<'_>,
    is_meant: impl Fn(&Item<super::item::Profile>) -> bool,
) -> Vec<usize> {
    let items = planner.profiles.iter().enumerate();
    items
        .filter(|(_, item)| is_meant(item))
        .map(|(index, _)| index)
        .collect()
}

/// Returns how many subscribers go from one profile to the other.
fn followers(planner: &PlannerState<'_>, old: usize, new: usize) -> usize {
    let follows = |item: &&Item<super::item::Subscriber>| {
        let start = item.start.as_ref().and_then(|start| start.rate);
        let goal = item.goal.as_ref().and_then(|goal| goal.rate);
        start == Some(old) && goal == Some(new)
    };
    planner.subscribers.iter().filter(follows).count()
}

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
