//! Finds names, addresses and endpoints that two objects would have at the same time.

use std::collections::BTreeMap;

use super::{Block, obstacle};
use crate::model::Part;
use crate::plan::item::Item;
use crate::plan::planner_state::PlannerState;

/// Blocks targets that would give a second object the same name, the same address or the same endpoint.
pub(super) fn all(planner: &PlannerState<'_>) -> Vec<Block> {
    let profiles = clashes(&planner.profiles, |profile| Some(&profile.name));
    let names = clashes(&planner.endpoints, |endpoint| Some(&endpoint.name));
    let macs = clashes(&planner.endpoints, |endpoint| Some(endpoint.mac));
    let subscribers = clashes(&planner.subscribers, |subscriber| Some(&subscriber.name));
    let ties = clashes(&planner.subscribers, |subscriber| subscriber.endpoint);
    let say = |part: Part, what: &str, clashes: Vec<(usize, usize)>| {
        let block = |(loser, holder)| {
            let why = format!("{} has its {what}", obstacle(planner, part, holder));
            Block::new(part, loser, "blocked", why)
        };
        clashes.into_iter().map(block).collect::<Vec<_>>()
    };
    // One kind in each round: a dropped target may resolve the other conflicts too.
    let kinds = [
        say(Part::Profiles, "name", profiles),
        say(Part::Endpoints, "address", macs),
        say(Part::Endpoints, "name", names),
        say(Part::Subscribers, "name", subscribers),
        say(Part::Subscribers, "endpoint", ties),
    ];
    kinds
        .into_iter()
        .find(|blocks| !blocks.is_empty())
        .unwrap_or_default()
}

/// Returns pairs of an item that must give way and the item that has the value. An item that stays wins over an intended
/// one, and the first intended one wins over the next.
fn clashes<'a, S: Clone + PartialEq, K: Ord>(
    items: &'a [Item<S>],
    key: impl Fn(&'a S) -> Option<K>,
) -> Vec<(usize, usize)> {
    let mut holders: BTreeMap<K, usize> = BTreeMap::new();
    let mut losers = Vec::new();
    let goals = |is_first: bool| {
        let all = items.iter().enumerate();
        all.filter(move |(_, item)| item.stays() == is_first)
    };
    for (index, item) in goals(true).chain(goals(false)) {
        let Some(key) = item.goal.as_ref().and_then(&key) else {
            continue;
        };
        match holders.get(&key) {
            Some(holder) if item.is_intended() => losers.push((index, *holder)),
            Some(_) => {}
            None => {
                holders.insert(key, index);
            }
        }
    }
    losers
}
