//! Checks capacity: endpoints on a port and on a device, and free slots in every table.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use super::{Block, obstacle};
use crate::model::{Part, PortAssignment, PortNumber, Slot};
use crate::plan::item::Item;
use crate::plan::planner_state::PlannerState;

/// Slots for profiles. Slot 1 has the built-in profile, even if it was not read (docs/gam.md).
const PROFILES: RangeInclusive<u16> = 2..=15;
/// Slots for endpoints, and for subscribers, on every model (docs/gam.md).
const NUMBERS: RangeInclusive<u16> = 1..=384;

/// Blocks endpoints that exceed the capacity of their port or of the device. Unread endpoints count too.
pub(super) fn endpoints(planner: &PlannerState<'_>) -> Vec<Block> {
    let model = planner.request.model;
    let per_port = model.medium().endpoints_per_port();
    let mut on_port: BTreeMap<PortNumber, Vec<usize>> = BTreeMap::new();
    let mut placed = Vec::new();
    for (index, item) in planner.endpoints.iter().enumerate() {
        match item.goal.as_ref().map(|goal| goal.port) {
            Some(PortAssignment::Port(port)) => {
                on_port.entry(port).or_default().push(index);
                placed.push(index);
            }
            Some(PortAssignment::Auto) => placed.push(index),
            Some(PortAssignment::Unassigned) | None => {}
        }
    }
    let unread = &planner.unread;
    let mut blocks = Vec::new();
    // An endpoint whose port is unknown may be on any port, so it counts on each of them.
    for (port, there) in &on_port {
        let unknown = unread.on_port.get(port).copied().unwrap_or_default() + unread.somewhere;
        let over = (there.len() + unknown).saturating_sub(per_port);
        let why = || full_port(planner, *port, there, unknown, per_port);
        let arrives = |item: &Item<_>| {
            let start = item.start.as_ref();
            start.is_none_or(|start: &crate::plan::item::Endpoint| {
                start.port != PortAssignment::Port(*port)
            })
        };
        blocks.extend(excess_arrivals(planner, there, over, arrives, why));
    }
    // The ports come first: an endpoint that is blocked here may no longer count on the device.
    if !blocks.is_empty() {
        return blocks;
    }
    let over = (placed.len() + unread.placed).saturating_sub(model.endpoint_capacity());
    let arrives = |item: &Item<crate::plan::item::Endpoint>| {
        let start = item.start.as_ref();
        start.is_none_or(|start| start.port == PortAssignment::Unassigned)
    };
    let why = || format!("a {model} accepts {} endpoints", model.endpoint_capacity());
    excess_arrivals(planner, &placed, over, arrives, why)
}

/// Blocks as many arriving endpoints as are too many, the last ones first. Endpoints that are there already stay.
fn excess_arrivals(
    planner: &PlannerState<'_>,
    there: &[usize],
    over: usize,
    arrives: impl Fn(&Item<crate::plan::item::Endpoint>) -> bool,
    why: impl Fn() -> String,
) -> Vec<Block> {
    if over == 0 {
        return Vec::new();
    }
    let mut arrivals: Vec<usize> = there
        .iter()
        .copied()
        .filter(|index| {
            planner
                .endpoints
                .get(*index)
                .is_some_and(|item| item.is_intended() && arrives(item))
        })
        .collect();
    // A new endpoint is blocked before one that is on the device already and moves.
    arrivals.sort_by_key(|index| {
        let is_new = planner.endpoints.get(*index).is_some_and(Item::is_new);
        (is_new, *index)
    });
    arrivals
        .into_iter()
        .rev()
        .take(over)
        .map(|index| Block::new(Part::Endpoints, index, "blocked", why()).without_room())
        .collect()
}

/// Returns the reason with the endpoints that stay on the port. More than three are only counted.
fn full_port(
    planner: &PlannerState<'_>,
    port: PortNumber,
    there: &[usize],
    unknown: usize,
    per_port: usize,
) -> String {
    let stays = |index: &&usize| {
        planner
            .endpoints
            .get(**index)
            .is_some_and(|item| item.stays() || !item.changes())
    };
    let mut holders: Vec<String> = there
        .iter()
        .filter(stays)
        .map(|index| obstacle(planner, Part::Endpoints, *index))
        .collect();
    if unknown > 0 {
        holders.push(format!("{unknown} that could not be read or understood"));
    }
    let others = match holders.as_slice() {
        [] => "others come to it".to_owned(),
        few if few.len() <= 3 => format!("has {}", few.join(", ")),
        many => format!("has {} endpoints", many.len()),
    };
    format!("port {port} accepts {per_port}, and {others}")
}

/// Blocks new objects for which there is no slot, the last ones first. Slots that this plan frees count as free.
pub(super) fn slots(planner: &PlannerState<'_>) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut table = |part: Part, free: usize, new: Vec<usize>, numbers: RangeInclusive<u16>| {
        let excess = new.iter().skip(free);
        let why = || format!("all {} {} are taken", numbers.end(), part.as_str());
        blocks.extend(excess.map(|index| Block::new(part, *index, "blocked", why())));
    };
    let unread = &planner.unread;
    let (free, new) = supply(&planner.profiles, &unread.profiles.taken, PROFILES);
    table(Part::Profiles, free.len(), new, PROFILES);
    let (free, new) = supply(&planner.endpoints, &unread.endpoints.taken, NUMBERS);
    table(Part::Endpoints, free.len(), new, NUMBERS);
    let (free, new) = supply(&planner.subscribers, &unread.subscribers.taken, NUMBERS);
    table(Part::Subscribers, free.len(), new, NUMBERS);
    blocks
}

/// Returns the slots for new objects, and the indexes of the new objects.
///
/// Unused slots come before those that this plan frees: in a freed slot, a new object must wait for the removal.
fn supply<S: Clone + PartialEq>(
    items: &[Item<S>],
    unknown: &BTreeSet<Slot>,
    numbers: RangeInclusive<u16>,
) -> (Vec<Slot>, Vec<usize>) {
    let new: Vec<usize> = items
        .iter()
        .enumerate()
        .filter(|(_, item)| item.is_new())
        .map(|(index, _)| index)
        .collect();
    if new.is_empty() {
        return (Vec::new(), new);
    }
    let mut used = unknown.clone();
    let observed = items.iter().filter(|item| item.start.is_some());
    used.extend(observed.clone().map(|item| item.slot));
    let unused = numbers.map(Slot).filter(|slot| !used.contains(slot));
    let freed = observed
        .filter(|item| item.is_leaving() && !unknown.contains(&item.slot))
        .map(|item| item.slot);
    (unused.chain(freed).collect(), new)
}

/// Gives each new object a slot: the one that its target names if that is free, else the first free one.
pub(in crate::plan) fn give_slots(planner: &mut PlannerState<'_>) {
    let unread = &planner.unread;
    give(&mut planner.profiles, &unread.profiles.taken, PROFILES);
    give(&mut planner.endpoints, &unread.endpoints.taken, NUMBERS);
    give(&mut planner.subscribers, &unread.subscribers.taken, NUMBERS);
}

fn give<S: Clone + PartialEq>(
    items: &mut [Item<S>],
    unknown: &BTreeSet<Slot>,
    numbers: RangeInclusive<u16>,
) {
    let (mut free, mut new) = supply(items, unknown, numbers);
    // Requested slots are given first, so that no other object gets them.
    new.retain(|index| {
        let Some(item) = items.get_mut(*index) else {
            return false;
        };
        let requested = item
            .requested_slot
            .and_then(|requested| free.iter().position(|slot| *slot == requested));
        if let Some(requested) = requested {
            item.slot = free.remove(requested);
        }
        requested.is_none()
    });
    for (index, slot) in new.into_iter().zip(free) {
        if let Some(item) = items.get_mut(index) {
            item.slot = slot;
        }
    }
}
