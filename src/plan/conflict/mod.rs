//! Drops intended changes that conflict with objects that must stay, until the rest fits.
//!
//! `unread` checks for values that an unread object may have, `model_limits` for values that the model rejects.
//! `references` checks objects that use each other, `unique` checks names, addresses and the endpoints of subscribers.
//! `capacity` counts endpoints and slots, and `readmit` tries again what had no room.

mod capacity;
mod model_limits;
mod readmit;
mod references;
mod unique;
mod unread;

use readmit::{Dropped, Target, readmit};

use super::item::Action;
use super::planner_state::PlannerState;
use super::{Cause, Note, Object, Sentence};
use crate::model::Part;

pub(super) use capacity::give_slots;

/// The decision to drop the target of one object, with the reason.
#[derive(Debug)]
pub(super) struct Block {
    part: Part,
    index: usize,
    rule: &'static str,
    /// Completes the note "subscriber apt-101 is not planned: …".
    why: Sentence,
    /// There is no room for it on its port or device.
    is_over: bool,
}

impl Block {
    fn new(part: Part, index: usize, rule: &'static str, why: impl Into<Sentence>) -> Self {
        Self {
            part,
            index,
            rule,
            why: why.into(),
            is_over: false,
        }
    }

    fn without_room(self) -> Self {
        Self {
            is_over: true,
            ..self
        }
    }
}

/// Drops targets until all that remain fit together.
pub(super) fn resolve(planner: &mut PlannerState<'_>) {
    let dropped = settle(planner);
    readmit(planner, dropped);
}

/// Drops targets until no check finds anything, and returns them in this order.
///
/// Each round drops at least one target. With no targets left, every object stays as observed, so the loop ends.
fn settle(planner: &mut PlannerState<'_>) -> Vec<Dropped> {
    // In this order: a check runs only when all checks before it find nothing, so it relies on their results.
    let checks: [fn(&PlannerState<'_>) -> Vec<Block>; 11] = [
        unread::new_objects,
        unread::new_values,
        model_limits::profiles,
        model_limits::endpoints,
        model_limits::subscribers,
        references::used_by_unmanaged,
        references::dependants,
        references::still_used,
        unique::all,
        capacity::endpoints,
        capacity::slots,
    ];
    let mut dropped = Vec::new();
    while let Some(blocks) = checks
        .iter()
        .map(|check| check(planner))
        .find(|blocks| !blocks.is_empty())
    {
        for block in blocks {
            let (target, is_over) = (Target::of(planner, &block), block.is_over);
            let note = give_up(planner, block);
            dropped.extend(target.zip(note).map(|(target, note)| Dropped {
                target,
                is_over,
                note,
            }));
        }
    }
    dropped
}

/// Drops a target; returns the note about it.
fn give_up(planner: &mut PlannerState<'_>, block: Block) -> Option<Note> {
    let Block {
        part,
        index,
        rule,
        why,
        is_over: _,
    } = block;
    let (object, action) = known_as(planner, part, index)?;
    match part {
        Part::Profiles => keep(&mut planner.profiles, index),
        Part::Endpoints => keep(&mut planner.endpoints, index),
        Part::Subscribers => keep(&mut planner.subscribers, index),
        Part::System | Part::Uplinks | Part::Ports => {}
    }
    let what = match action {
        Action::Leaving(_) => "removed",
        Action::Intended | Action::Kept | Action::Unmanaged => "planned",
    };
    let message = why.after(&format!("{object} is not {what}: "));
    planner.note(rule, object, message);
    planner.notes.last().cloned()
}

fn keep<S: Clone + PartialEq>(items: &mut [super::item::Item<S>], index: usize) {
    if let Some(item) = items.get_mut(index) {
        // An unmanaged object that cannot be removed stays unmanaged, so that the plan lists it as such.
        let was = std::mem::replace(&mut item.action, Action::Kept);
        item.keep();
        if was == Action::Leaving(Cause::Unmanaged) {
            item.action = Action::Unmanaged;
        }
    }
}

/// Returns the object of an item and its action. The target names the object, or the observed state if it is removed.
pub(super) fn known_as(
    planner: &PlannerState<'_>,
    part: Part,
    index: usize,
) -> Option<(Object, Action)> {
    Some(match part {
        Part::Profiles => {
            let item = planner.profiles.get(index)?;
            let state = item.goal.as_ref().or(item.start.as_ref())?;
            (Object::Profile(state.name.clone()), item.action.clone())
        }
        Part::Endpoints => {
            let item = planner.endpoints.get(index)?;
            let state = item.goal.as_ref().or(item.start.as_ref())?;
            (Object::Endpoint(state.mac), item.action.clone())
        }
        Part::Subscribers => {
            let item = planner.subscribers.get(index)?;
            let state = item.goal.as_ref().or(item.start.as_ref())?;
            (Object::Subscriber(state.name.clone()), item.action.clone())
        }
        Part::System | Part::Uplinks | Part::Ports => return None,
    })
}

/// Returns the words for an item that blocks another one.
fn obstacle(planner: &PlannerState<'_>, part: Part, index: usize) -> String {
    match known_as(planner, part, index) {
        Some((object, Action::Unmanaged)) => format!("unmanaged {object}"),
        Some((object, Action::Kept | Action::Intended | Action::Leaving(_))) => object.to_string(),
        None => "an object that is not known".to_owned(),
    }
}
