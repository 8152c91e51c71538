//! Defines the items of a plan: each object by its number, as observed and as it must become.

use crate::model::{Slot, VlanId};

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
    pub(super) action: Action,
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
            action: Action::Unmanaged,
            unread: Vec::new(),
        }
    }

    pub(super) fn new(goal: S, wish: Option<Slot>) -> Self {
        Self {
            slot: Slot(0),
            wish,
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

    /// Gives the object up: it stays as it is, and one that is not there does not come.
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

    /// Returns whether the object is on the device and stays as it is, because gamctl may not or cannot change it.
    pub(super) fn stays(&self) -> bool {
        matches!(self.action, Action::Unmanaged | Action::Kept) && self.start.is_some()
    }

    pub(super) fn is_unread(&self, field: Field) -> bool {
        self.unread.contains(&field)
    }
}

impl Subscriber {
    /// Returns every VLAN that the subscriber has.
    pub(super) fn vlans(&self) -> impl Iterator<Item = VlanId> {
        [Some(self.vlan), self.remapped_vlan, self.port2_vlan]
            .into_iter()
            .flatten()
            .chain(self.allowed_vlans.iter())
    }

    /// Returns whether two states give the same service, whatever they are called and however fast they are.
    pub(super) fn serves_like(&self, other: &Self) -> bool {
        let Self {
            name: _,
            description: _,
            endpoint,
            rate: _,
            vlan,
            tagged,
            remapped_vlan,
            allowed_vlans,
            port2_vlan,
            poe,
        } = self;
        *endpoint == other.endpoint
            && *vlan == other.vlan
            && *tagged == other.tagged
            && *remapped_vlan == other.remapped_vlan
            && *allowed_vlans == other.allowed_vlans
            && *port2_vlan == other.port2_vlan
            && *poe == other.poe
    }
}
