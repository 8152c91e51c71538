//! Admits targets that were dropped because a port or the device was full, where what was dropped afterwards left room.
//!
//! An endpoint that is blocked keeps its name, so that another one may be blocked for the name, which then does not come to the
//! port. Without this, the next plan would find the room.

use std::collections::BTreeSet;

use super::capacity::give_slots;
use super::{Block, settle};
use crate::model::Part;
use crate::plan::Note;
use crate::plan::item::{Endpoint, Item, Profile, Subscriber};
use crate::plan::planner_state::PlannerState;

/// A target that was dropped.
pub(super) struct Dropped {
    pub(super) target: Target,
    /// A port or the device had no room for it.
    pub(super) is_over: bool,
    /// The reason for people.
    pub(super) note: Note,
}

/// A target as it was before.
pub(super) enum Target {
    Profile(usize, Item<Profile>),
    Endpoint(usize, Item<Endpoint>),
    Subscriber(usize, Item<Subscriber>),
}

impl Target {
    /// Returns the target that a block is about to drop.
    pub(super) fn of(planner: &PlannerState<'_>, block: &Block) -> Option<Self> {
        let index = block.index;
        Some(match block.part {
            Part::Profiles => Self::Profile(index, planner.profiles.get(index)?.clone()),
            Part::Endpoints => Self::Endpoint(index, planner.endpoints.get(index)?.clone()),
            Part::Subscribers => Self::Subscriber(index, planner.subscribers.get(index)?.clone()),
            Part::System | Part::Uplinks | Part::Ports => return None,
        })
    }

    fn place(&self) -> (Part, usize) {
        match self {
            Self::Profile(index, _) => (Part::Profiles, *index),
            Self::Endpoint(index, _) => (Part::Endpoints, *index),
            Self::Subscriber(index, _) => (Part::Subscribers, *index),
        }
    }
}

impl Dropped {
    /// Gives the target back.
    fn restore(&self, planner: &mut PlannerState<'_>) {
        fn put<S: Clone>(items: &mut [Item<S>], index: usize, item: &Item<S>) {
            if let Some(now) = items.get_mut(index) {
                now.clone_from(item);
            }
        }
        match &self.target {
            Target::Profile(index, item) => put(&mut planner.profiles, *index, item),
            Target::Endpoint(index, item) => put(&mut planner.endpoints, *index, item),
            Target::Subscriber(index, item) => put(&mut planner.subscribers, *index, item),
        }
        let place = planner.notes.iter().rposition(|note| *note == self.note);
        if let Some(place) = place {
            planner.notes.remove(place);
        }
    }
}

/// The items and notes of a planner.
struct Saved {
    profiles: Vec<Item<Profile>>,
    endpoints: Vec<Item<Endpoint>>,
    subscribers: Vec<Item<Subscriber>>,
    notes: Vec<Note>,
}

impl Saved {
    fn of(planner: &PlannerState<'_>) -> Self {
        Self {
            profiles: planner.profiles.clone(),
            endpoints: planner.endpoints.clone(),
            subscribers: planner.subscribers.clone(),
            notes: planner.notes.clone(),
        }
    }

    fn back(self, planner: &mut PlannerState<'_>) {
        planner.profiles = self.profiles;
        planner.endpoints = self.endpoints;
        planner.subscribers = self.subscribers;
        planner.notes = self.notes;
    }

    /// Gives each item the observed state and the slot that it had.
    fn starts_back(&self, planner: &mut PlannerState<'_>) {
        fn put<S: Clone>(items: &mut [Item<S>], before: &[Item<S>]) {
            for (now, before) in items.iter_mut().zip(before) {
                now.start.clone_from(&before.start);
                now.slot = before.slot;
            }
        }
        put(&mut planner.profiles, &self.profiles);
        put(&mut planner.endpoints, &self.endpoints);
        put(&mut planner.subscribers, &self.subscribers);
    }
}

/// Admits what fits after all: endpoints one by one, then all that is left at once, until no more fits.
pub(super) fn readmit(planner: &mut PlannerState<'_>, dropped: Vec<Dropped>) {
    let mut dropped = one_by_one(planner, dropped);
    while may_have_room(&dropped) {
        match as_the_next_plan(planner, &dropped) {
            Some(left) => dropped = left,
            None => return,
        }
    }
}

/// Admits single endpoints that had no room, those that were blocked last first: a port blocks its last arrivals first. Returns
/// what is left.
fn one_by_one(planner: &mut PlannerState<'_>, mut dropped: Vec<Dropped>) -> Vec<Dropped> {
    for number in (0..dropped.len()).rev() {
        if dropped.get(number).is_none_or(|one| !one.is_over) {
            continue;
        }
        let later = dropped.split_off(number + 1);
        // What had no room either stays dropped.
        let (without_room, mut tried): (Vec<_>, Vec<_>) =
            later.into_iter().partition(|one| one.is_over);
        if tried.iter().any(leaves_room) {
            tried.extend(dropped.pop());
            tried.rotate_right(1);
            let before = Saved::of(planner);
            for one in &tried {
                one.restore(planner);
            }
            let again = settle(planner);
            match is_better(&again, &tried) {
                true => tried = again,
                false => before.back(planner),
            }
        }
        dropped.extend(without_room);
        dropped.extend(tried);
    }
    dropped
}

/// Tries everything that was dropped as the next plan would: as if the rest were applied. Returns what is left, if more fits.
fn as_the_next_plan(planner: &mut PlannerState<'_>, dropped: &[Dropped]) -> Option<Vec<Dropped>> {
    let before = Saved::of(planner);
    as_if_applied(planner);
    for one in dropped {
        one.restore(planner);
    }
    let again = settle(planner);
    let again = one_by_one(planner, again);
    if is_better(&again, dropped) {
        before.starts_back(planner);
        return Some(again);
    }
    before.back(planner);
    None
}

/// Returns whether fewer targets are dropped than before, and no other ones.
fn is_better(again: &[Dropped], before: &[Dropped]) -> bool {
    let places: BTreeSet<(Part, usize)> = before.iter().map(|one| one.target.place()).collect();
    let mut again_places = again.iter().map(|one| one.target.place());
    again.len() < before.len() && again_places.all(|place| places.contains(&place))
}

/// Returns whether an endpoint was dropped after one that had no room. Otherwise there is no more room than before.
fn may_have_room(dropped: &[Dropped]) -> bool {
    let first = dropped.iter().position(|one| one.is_over);
    first.is_some_and(|first| dropped.iter().skip(first).any(leaves_room))
}

fn leaves_room(dropped: &Dropped) -> bool {
    !dropped.is_over && dropped.target.place().0 == Part::Endpoints
}

/// Changes the observed state to what the plan so far leaves behind. What it removes is neither observed nor intended then.
fn as_if_applied(planner: &mut PlannerState<'_>) {
    fn apply<S: Clone>(items: &mut [Item<S>]) {
        for item in items {
            item.start.clone_from(&item.goal);
        }
    }
    // Otherwise new objects would all be in slot 0, and take none away.
    give_slots(planner);
    apply(&mut planner.profiles);
    apply(&mut planner.endpoints);
    apply(&mut planner.subscribers);
}
