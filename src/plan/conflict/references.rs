//! Blocks changes that would break a reference from a subscriber to its endpoint or its profile.

use std::collections::BTreeMap;

use super::{Block, known_as, obstacle};
use crate::model::{Part, RateLimit};
use crate::plan::Field;
use crate::plan::item::Action;
use crate::plan::planner_state::PlannerState;

/// Blocks a new name for a profile, and a new address for an endpoint, that an unmanaged subscriber uses. Such a subscriber
/// must stay as it is.
pub(super) fn used_by_unmanaged(planner: &PlannerState<'_>) -> Vec<Block> {
    let mut blocks = Vec::new();
    for (index, item) in planner.subscribers.iter().enumerate() {
        let (Some(start), Action::Unmanaged) = (&item.start, &item.action) else {
            continue;
        };
        let used = start.rate.and_then(|profile| {
            let used = planner.profiles.get(profile)?;
            Some((profile, used.start.as_ref()?, used.goal.as_ref()?))
        });
        if let Some((profile, start, goal)) = used
            && start.name != goal.name
        {
            let user = obstacle(planner, Part::Subscribers, index);
            let why = format!("it would rename profile {}, which {user} uses", start.name);
            blocks.push(Block::new(Part::Profiles, profile, "blocked", why));
        }
        let used = start.endpoint.and_then(|endpoint| {
            let used = planner.endpoints.get(endpoint)?;
            Some((endpoint, used.start.as_ref()?, used.goal.as_ref()?))
        });
        if let Some((endpoint, start, goal)) = used
            && start.mac != goal.mac
        {
            let user = obstacle(planner, Part::Subscribers, index);
            let why = format!("it would replace endpoint {}, which {user} uses", start.mac);
            blocks.push(Block::new(Part::Endpoints, endpoint, "blocked", why));
        }
    }
    blocks
}

/// Blocks subscribers whose intended endpoint or profile is blocked.
pub(super) fn dependants(planner: &PlannerState<'_>) -> Vec<Block> {
    let mut blocks = Vec::new();
    for (index, item) in planner.subscribers.iter().enumerate() {
        let Some(goal) = item.goal.as_ref().filter(|_| item.is_intended()) else {
            continue;
        };
        let Some(target) = planner.intended.subscribers.get(&goal.name) else {
            continue;
        };
        if let Some(mac) = target.endpoint
            && !item.is_unread(Field::Endpoint)
        {
            let has_it = goal
                .endpoint
                .and_then(|endpoint| planner.endpoints.get(endpoint))
                .is_some_and(|endpoint| endpoint.goal.as_ref().is_some_and(|goal| goal.mac == mac));
            if !has_it {
                let why = format!("its endpoint {mac} is not");
                blocks.push(Block::new(Part::Subscribers, index, "blocked", why));
                continue;
            }
        }
        if let RateLimit::Profile(name) = &target.rate
            && !item.is_unread(Field::Rate)
        {
            let has_it = goal
                .rate
                .and_then(|profile| planner.profiles.get(profile))
                .is_some_and(|profile| {
                    profile.goal.as_ref().is_some_and(|goal| goal.name == *name)
                });
            if !has_it {
                let why = format!("its profile {name} is not");
                blocks.push(Block::new(Part::Subscribers, index, "blocked", why));
            }
        }
    }
    blocks
}

/// Blocks the removal of profiles and endpoints that a subscriber still uses after the plan.
pub(super) fn still_used(planner: &PlannerState<'_>) -> Vec<Block> {
    let mut used: BTreeMap<(Part, usize), String> = BTreeMap::new();
    for (index, item) in planner.subscribers.iter().enumerate() {
        let Some(goal) = &item.goal else { continue };
        let mut uses = |part: Part, what: usize| {
            let is_leaving = match part {
                Part::Profiles => planner
                    .profiles
                    .get(what)
                    .is_some_and(|item| item.is_leaving()),
                Part::Endpoints => planner
                    .endpoints
                    .get(what)
                    .is_some_and(|item| item.is_leaving()),
                Part::System | Part::Uplinks | Part::Ports | Part::Subscribers => false,
            };
            if is_leaving {
                let user = || format!("{} uses it", obstacle(planner, Part::Subscribers, index));
                used.entry((part, what)).or_insert_with(user);
            }
        };
        if let Some(profile) = goal.rate {
            uses(Part::Profiles, profile);
        }
        if let Some(endpoint) = goal.endpoint {
            uses(Part::Endpoints, endpoint);
        }
    }
    used.into_iter()
        .filter(|((part, index), _)| known_as(planner, *part, *index).is_some())
        .map(|((part, index), why)| Block::new(part, index, "still-used", why))
        .collect()
}
