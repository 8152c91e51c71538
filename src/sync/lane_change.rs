//! Counts the changes of a commit as the limits of the lane do.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::edit::{ChangeKind, SyncEdit, SyncValue};
use super::field::SyncKey;
use super::inventory_view::SyncInventory;
use super::settings::{SyncLimit, SyncLimits};
use crate::model::{PortAssignment, SubscriberId, SubscriberState};

/// A change of a subscriber as the lane counts it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LaneChange {
    pub subscriber: SubscriberId,
    pub what: LaneAction,
}

/// The action of a change.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum LaneAction {
    Add,
    Remove,
    Set(SyncKey),
    /// The state, with the one after it.
    SetState(SubscriberState),
}

/// The changes of the lane within the last hour, and those of one commit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaneUse {
    pub additions: usize,
    pub changes: usize,
    pub suspensions: usize,
    pub removals: usize,
    pub moves: usize,
}

impl LaneChange {
    pub fn of(edit: &SyncEdit) -> Self {
        let subscriber = edit.subscriber().clone();
        let what = match edit {
            SyncEdit::Add { .. } => LaneAction::Add,
            SyncEdit::Remove { .. } => LaneAction::Remove,
            SyncEdit::Set {
                value: SyncValue::State(state),
                ..
            } => LaneAction::SetState(*state),
            SyncEdit::Set { value, .. } => LaneAction::Set(value.key()),
        };
        Self { subscriber, what }
    }
}

impl LaneUse {
    pub fn of(self, kind: ChangeKind) -> usize {
        match kind {
            ChangeKind::Addition => self.additions,
            ChangeKind::Change => self.changes,
            ChangeKind::Suspension => self.suspensions,
            ChangeKind::Removal => self.removals,
            ChangeKind::Move => self.moves,
        }
    }
}

impl SyncLimits {
    pub fn of(&self, kind: ChangeKind) -> SyncLimit {
        match kind {
            ChangeKind::Addition => self.additions,
            ChangeKind::Change => self.changes,
            ChangeKind::Suspension => self.suspensions,
            ChangeKind::Removal => self.removals,
            ChangeKind::Move => self.moves,
        }
    }
}

/// Counts the subscribers of each kind of change; one subscriber counts once for a kind.
pub(super) fn counts(
    before: &SyncInventory,
    changes: &[LaneChange],
    approved: &BTreeSet<LaneChange>,
) -> BTreeMap<ChangeKind, usize> {
    let mut by_kind: BTreeMap<ChangeKind, BTreeSet<&SubscriberId>> = BTreeMap::new();
    for change in changes.iter().filter(|change| !approved.contains(change)) {
        let kind = kind_of(before, change);
        by_kind.entry(kind).or_default().insert(&change.subscriber);
    }
    let counted = by_kind.into_iter();
    counted.map(|(kind, ids)| (kind, ids.len())).collect()
}

fn kind_of(before: &SyncInventory, change: &LaneChange) -> ChangeKind {
    let known = before.subscribers.get(&change.subscriber);
    match &change.what {
        LaneAction::Add => ChangeKind::Addition,
        LaneAction::Remove => ChangeKind::Removal,
        LaneAction::SetState(SubscriberState::Suspended) => ChangeKind::Suspension,
        LaneAction::SetState(SubscriberState::Pending)
            if known.is_some_and(|known| known.state == SubscriberState::Active) =>
        {
            ChangeKind::Suspension
        }
        // A subscriber that waits for its endpoint is not moved, it is activated.
        LaneAction::Set(SyncKey::Device | SyncKey::Port)
            if known.is_some_and(|known| {
                known.endpoint.is_some() && known.port != PortAssignment::Unassigned
            }) =>
        {
            ChangeKind::Move
        }
        LaneAction::Set(_) | LaneAction::SetState(_) => ChangeKind::Change,
    }
}

/// Counts the changes of a commit without those that a person approved, for the use of the next hour.
pub fn lane_use<'a>(
    before: &SyncInventory,
    edits: impl IntoIterator<Item = &'a SyncEdit>,
    approved: &BTreeSet<LaneChange>,
) -> LaneUse {
    let changes: Vec<LaneChange> = edits.into_iter().map(LaneChange::of).collect();
    let counts = counts(before, &changes, approved);
    let count = |kind| counts.get(&kind).copied().unwrap_or_default();
    LaneUse {
        additions: count(ChangeKind::Addition),
        changes: count(ChangeKind::Change),
        suspensions: count(ChangeKind::Suspension),
        removals: count(ChangeKind::Removal),
        moves: count(ChangeKind::Move),
    }
}
