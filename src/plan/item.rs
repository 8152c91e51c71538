//! Defines the items of a plan: each object by its number, as observed and as it must become.

use crate::model::Slot;

pub(super) use super::change::{Endpoint, Profile};
use super::{Cause, Field, change};

/// A subscriber; what it uses is given by the index of its item, since a number on the device can change hands.
///
/// No rate: unthrottled.
pub(super) type Subscriber = change::Subscriber<usize, Option<usize>>;

/// What becomes of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Action {
    /// Nobody's: it stays as it is.
    Unmanaged,
    /// Ours, and it stays as it is for a reason that a note gives.
    Kept,
    /// As the inventory has it.
    Intended,
    /// It goes.
    Leaving(Cause),
}

/// One object as it is and as it shall be.
#[derive(Debug, Clone)]
pub(super) struct Item<S> {
    /// 0 while a new object has none yet.
    pub(super) slot: Slot,
    /// The number that a new object had before, where the intention names one.
    pub(super) wish: Option<Slot>,
    pub(super) start: Option<S>,
    pub(super) goal: Option<S>,
    pub(super) fate: Action,
    /// Fields that could not be read; their values are stand-ins.
    pub(super) unread: Vec<Field>,
}

impl<S: Clone + PartialEq> Item<S> {
    pub(super) fn observed(slot: Slot, state: S) -> Self {
        Self {
            slot,
            wish: None,
            start: Some(state.clone()),
            goal: Some(state),
            fate: Action::Unmanaged,
            unread: Vec::new(),
        }
    }

    pub(super) fn new(goal: S, wish: Option<Slot>) -> Self {
        Self {
            slot: Slot(0),
            wish,
            start: None,
            goal: Some(goal),
            fate: Action::Intended,
            unread: Vec::new(),
        }
    }

    pub(super) fn intend(&mut self, goal: S) {
        self.goal = Some(goal);
        self.fate = Action::Intended;
    }

    /// Gives the object up: it stays as it is, and one that is not there does not come.
    pub(super) fn keep(&mut self) {
        self.goal.clone_from(&self.start);
        self.fate = Action::Kept;
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
        self.fate == Action::Intended
    }

    /// Returns whether the object is on the device and stays as it is, because gamctl may not or cannot change it.
    pub(super) fn stays(&self) -> bool {
        matches!(self.fate, Action::Unmanaged | Action::Kept) && self.start.is_some()
    }

    pub(super) fn is_unread(&self, field: Field) -> bool {
        self.unread.contains(&field)
    }
}
