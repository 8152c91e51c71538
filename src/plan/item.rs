//! Defines the items of the planner: one object each, with slot, observed state, target and action.

use crate::model::Slot;

pub(super) use super::change::{Endpoint, Profile};
use super::{Cause, Field, change};

/// A subscriber. It refers to endpoint and profile by the index of their items, because a slot can be reused in a plan.
///
/// Without a rate it is unthrottled.
pub(super) type Subscriber = change::Subscriber<usize, Option<usize>>;

/// The action of the planner on one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Action {
    /// It is neither owned nor intended, and stays as observed.
    Unmanaged,
    /// It is owned or intended, and stays as observed. A note or a refusal gives the reason.
    Kept,
    /// It becomes as intended.
    Intended,
    /// It is removed, for this cause.
    Leaving(Cause),
}

/// One object with its observed state and its target.
#[derive(Debug, Clone)]
pub(super) struct Item<S> {
    /// 0 until a new object gets a slot.
    pub(super) slot: Slot,
    /// The slot that the intended configuration names for a new object. Only a rollback names slots.
    pub(super) requested_slot: Option<Slot>,
    pub(super) start: Option<S>,
    pub(super) goal: Option<S>,
    pub(super) action: Action,
    /// Fields that could not be read. Their values are placeholders.
    pub(super) unread: Vec<Field>,
}

impl<S: Clone + PartialEq> Item<S> {
    pub(super) fn observed(slot: Slot, state: S) -> Self {
        Self {
            slot,
            requested_slot: None,
            start: Some(state.clone()),
            goal: Some(state),
            action: Action::Unmanaged,
            unread: Vec::new(),
        }
    }

    pub(super) fn new(goal: S, requested_slot: Option<Slot>) -> Self {
        Self {
            slot: Slot(0),
            requested_slot,
            start: None,
            goal: Some(goal),
            action: Action::Intended,
            unread: Vec::new(),
        }
    }

    pub(super) fn intend(&mut self, goal: S) {
        self.goal = Some(goal);
        self.action = Action::Intended;
    }

    /// Drops the target: an observed object stays as it is, and a new one is not created.
    pub(super) fn keep(&mut self) {
        self.goal.clone_from(&self.start);
        self.action = Action::Kept;
    }

    pub(super) fn changes(&self) -> bool {
        self.start != self.goal
    }

    pub(super) fn is_new(&self) -> bool {
        self.start.is_none() && self.goal.is_some()
    }

    pub(super) fn is_leaving(&self) -> bool {
        self.start.is_some() && self.goal.is_none()
    }

    pub(super) fn is_intended(&self) -> bool {
        self.action == Action::Intended
    }

    /// Returns whether the object is on the device and stays as observed, because gamctl must not or cannot change it.
    pub(super) fn stays(&self) -> bool {
        matches!(self.action, Action::Unmanaged | Action::Kept) && self.start.is_some()
    }

    pub(super) fn is_unread(&self, field: Field) -> bool {
        self.unread.contains(&field)
    }
}
