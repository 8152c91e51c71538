//! Blocks changes whose outcome is unknown because something could not be read.

use super::Block;
use crate::model::Part;
use crate::plan::Sentence;
use crate::plan::item::Item;
use crate::plan::planner_state::PlannerState;

/// Blocks new objects in a part that was not read completely, because no slot there is known to be free.
pub(super) fn new_objects(planner: &PlannerState<'_>) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut part = |part: Part, indexes: Vec<usize>| {
        if let Some(doubt) = &planner.unread.part(part).incomplete {
            let block = |index| Block::new(part, index, "not-read", doubt.clone());
            blocks.extend(indexes.into_iter().map(block));
        }
    };
    part(Part::Profiles, new(&planner.profiles));
    part(Part::Endpoints, new(&planner.endpoints));
    part(Part::Subscribers, new(&planner.subscribers));
    blocks
}

fn new<S: Clone + PartialEq>(items: &[Item<S>]) -> Vec<usize> {
    let indexes = items.iter().enumerate();
    indexes
        .filter(|(_, item)| item.is_new())
        .map(|(index, _)| index)
        .collect()
}

/// Blocks new names, addresses, ports and endpoints of subscribers that an unread object may have.
pub(super) fn new_values(planner: &PlannerState<'_>) -> Vec<Block> {
    let mut blocks = profiles(planner);
    blocks.extend(endpoints(planner));
    blocks.extend(subscribers(planner));
    blocks
}

/// Returns the reason that a new name may be taken, with the rule of the note.
fn doubt_of_name(
    planner: &PlannerState<'_>,
    part: Part,
    name: &str,
) -> Option<(&'static str, Sentence)> {
    let of_part = planner.unread.part(part);
    if let Some(unclear) = of_part.unclear_names.get(name) {
        let why = unclear.clone().then(&format!(", and has the name {name}"));
        return Some(("unclear", why));
    }
    let doubt = of_part.names.clone()?;
    Some(("not-read", doubt.then(", so its name may be taken")))
}

fn profiles(planner: &PlannerState<'_>) -> Vec<Block> {
    let mut blocks = Vec::new();
    for (index, item) in planner.profiles.iter().enumerate() {
        let Some(goal) = item.goal.as_ref().filter(|_| item.is_intended()) else {
            continue;
        };
        let is_new_name = item
            .start
            .as_ref()
            .is_none_or(|start| start.name != goal.name);
        if is_new_name
            && let Some((rule, why)) = doubt_of_name(planner, Part::Profiles, goal.name.as_str())
        {
            blocks.push(Block::new(Part::Profiles, index, rule, why));
        }
    }
    blocks
}

fn endpoints(planner: &PlannerState<'_>) -> Vec<Block> {
    let unread = &planner.unread;
    let mut blocks = Vec::new();
    for (index, item) in planner.endpoints.iter().enumerate() {
        let Some(goal) = item.goal.as_ref().filter(|_| item.is_intended()) else {
            continue;
        };
        let start = item.start.as_ref();
        let block = |rule, why| Block::new(Part::Endpoints, index, rule, why);
        if start.is_none_or(|start| start.mac != goal.mac) {
            if let Some(unclear) = unread.unclear_macs.get(&goal.mac) {
                let has = format!(", and has the address {}", goal.mac);
                let why = unclear.clone().then(&has);
                blocks.push(block("unclear", why));
                continue;
            }
            if let Some(doubt) = &unread.macs {
                let why = doubt.clone().then(", so its address may be there already");
                blocks.push(block("not-read", why));
                continue;
            }
        }
        if start.is_none_or(|start| start.name != goal.name)
            && let Some((rule, why)) = doubt_of_name(planner, Part::Endpoints, goal.name.as_str())
        {
            blocks.push(block(rule, why));
            continue;
        }
        // An unread subscriber may use the endpoint, and the change would interrupt it.
        let moves = start.is_some_and(|start| (start.mac, start.port) != (goal.mac, goal.port));
        if moves
            && let Some(doubt) = &unread.ties
            && !has_known_user(planner, index)
        {
            let why = doubt.clone().then(", and may be on it");
            blocks.push(block("not-read", why));
            continue;
        }
        if start.is_none_or(|start| start.port != goal.port)
            && let Some(doubt) = &unread.ports
        {
            let may = format!(", so port {} may be full", goal.port);
            let why = doubt.clone().then(&may);
            blocks.push(block("not-read", why));
        }
    }
    blocks
}

fn has_known_user(planner: &PlannerState<'_>, endpoint: usize) -> bool {
    planner.subscribers.iter().any(|item| {
        item.start
            .as_ref()
            .is_some_and(|start| start.endpoint == Some(endpoint))
    })
}

fn subscribers(planner: &PlannerState<'_>) -> Vec<Block> {
    let unread = &planner.unread;
    let mut blocks = Vec::new();
    for (index, item) in planner.subscribers.iter().enumerate() {
        let Some(goal) = item.goal.as_ref().filter(|_| item.is_intended()) else {
            continue;
        };
        let start = item.start.as_ref();
        let block = |rule, why| Block::new(Part::Subscribers, index, rule, why);
        if start.is_none_or(|start| start.name != goal.name)
            && let Some((rule, why)) = doubt_of_name(planner, Part::Subscribers, goal.name.as_str())
        {
            blocks.push(block(rule, why));
            continue;
        }
        let Some(endpoint) = goal.endpoint else {
            continue;
        };
        if start.is_some_and(|start| start.endpoint == Some(endpoint)) {
            continue;
        }
        let Some(used) = planner.endpoints.get(endpoint) else {
            continue;
        };
        if let Some(user) = unread.used_endpoints.get(&used.slot)
            && used.start.is_some()
        {
            let uses = format!(", and uses the endpoint of {}", goal.name);
            let why = user.clone().then(&uses);
            blocks.push(block("unclear", why));
            continue;
        }
        // A new endpoint has no user, and of an observed one the user may be known.
        if let Some(doubt) = &unread.ties
            && used.start.is_some()
            && !has_known_user(planner, endpoint)
        {
            let why = doubt.clone().then(", so its endpoint may be another's");
            blocks.push(block("not-read", why));
        }
    }
    blocks
}
