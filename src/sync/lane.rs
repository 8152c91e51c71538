//! Judges what a commit of the sync may contain: the keys of the lane, and no more than its limits.

use std::collections::BTreeSet;

use super::edit::{ChangeKind, SyncEdit};
use super::field::{MayWrite, SyncKey};
use super::inventory_view::SyncInventory;
use super::lane_change::{LaneAction, LaneChange, LaneUse, counts};
use super::settings::SyncLimits;
use crate::inventory::{ChangedKeys, FileKind, Inventory, KeyChange};
use crate::model::SubscriberId;
use crate::model::billing::BillingName;

/// The name of the lane, and its rule.
pub const LANE: &str = "billing";
pub const LANE_LEFT: &str = "lane-left";

/// A reason that a commit leaves the lane.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum LaneLeft {
    /// A change of another kind of object, or of a key that the sync never writes.
    NotAllowed {
        /// As a lane names it: `device.state`, `subscriber.poe`.
        pattern: String,
        id: Option<String>,
    },
    /// A subscriber of no billing system, or of another one.
    NotLinked { subscriber: SubscriberId },
    /// More changes of a kind than the limit allows.
    OverLimit {
        kind: ChangeKind,
        count: usize,
        most: usize,
    },
    /// A file could not be parsed, so there may be more changes than are known.
    Unreadable,
}

/// The facts that a commit is judged by; all of the commit before it.
#[derive(Debug, Clone, Copy)]
pub struct LaneRules<'a> {
    pub system: &'a BillingName,
    pub limits: &'a SyncLimits,
    /// The use of the last hour, without this commit.
    pub used: LaneUse,
    /// Changes that a person approved: they count to no limit.
    pub approved: &'a BTreeSet<LaneChange>,
}

/// Judges edits before they are committed.
pub fn judge_edits<'a>(
    before: &SyncInventory,
    edits: impl IntoIterator<Item = &'a SyncEdit>,
    rules: LaneRules<'_>,
) -> Vec<LaneLeft> {
    let mut changes: Vec<LaneChange> = edits.into_iter().map(LaneChange::of).collect();
    changes.sort();
    let mut left = Vec::new();
    for change in &changes {
        // Both sides of a new link have the account.
        let links = change.what == LaneAction::Set(SyncKey::ExternalAccount);
        let is_allowed = match &change.what {
            LaneAction::Add => !before.subscribers.contains_key(&change.subscriber),
            LaneAction::Remove | LaneAction::SetState(_) => true,
            LaneAction::Set(SyncKey::ExternalAccount) => {
                !has_account(before, &change.subscriber, rules.system)
            }
            LaneAction::Set(key) => key.may_write() == MayWrite::Always,
        };
        if !is_allowed {
            left.push(not_allowed(change));
        }
        let is_new = change.what == LaneAction::Add;
        if !is_new && !is_linked(before, &change.subscriber, rules.system, links) {
            let subscriber = change.subscriber.clone();
            left.push(LaneLeft::NotLinked { subscriber });
        }
    }
    left.extend(over_limits(before, &changes, rules));
    left.sort();
    left.dedup();
    left
}

/// Judges a commit by the inventories before and after it, and the keys that differ between them.
pub fn judge_commit(
    before: &SyncInventory,
    after: (&SyncInventory, &Inventory),
    changed: &ChangedKeys,
    rules: LaneRules<'_>,
) -> Vec<LaneLeft> {
    let (after, written) = after;
    let mut left = Vec::new();
    if !changed.is_complete || before.is_partial || after.is_partial {
        left.push(LaneLeft::Unreadable);
    }
    let mut changes = BTreeSet::new();
    for key in &changed.keys {
        let id = key.id.as_deref().and_then(|id| SubscriberId::new(id).ok());
        let subscriber = id.filter(|_| key.kind == FileKind::Subscribers);
        let what = match (&key.change, &subscriber) {
            (KeyChange::Added, Some(id)) => {
                left.extend(extra_keys(written, id));
                Some(LaneAction::Add)
            }
            (KeyChange::Removed, Some(_)) => Some(LaneAction::Remove),
            (KeyChange::Key(key), Some(id)) => {
                let key = SyncKey::parse(key).filter(|key| key.may_write() == MayWrite::Always);
                key.map(|key| match after.subscribers.get(id) {
                    Some(subscriber) if key == SyncKey::State => {
                        LaneAction::SetState(subscriber.state)
                    }
                    _ => LaneAction::Set(key),
                })
            }
            _ => None,
        };
        match (what, subscriber) {
            (Some(what), Some(subscriber)) => {
                changes.insert(LaneChange { subscriber, what });
            }
            _ => left.push(LaneLeft::NotAllowed {
                pattern: key.pattern(),
                id: key.id.clone(),
            }),
        }
    }
    for change in &changes {
        let subscriber = &change.subscriber;
        let had_link = before
            .subscribers
            .get(subscriber)
            .is_some_and(|known| !known.is_unlinked());
        if change.what == LaneAction::Set(SyncKey::ExternalAccount)
            && has_account(before, subscriber, rules.system)
        {
            left.push(not_allowed(change));
        }
        let linked = |side: &SyncInventory| is_linked(side, subscriber, rules.system, false);
        let is_linked = match change.what {
            LaneAction::Add => linked(after),
            LaneAction::Remove => linked(before),
            // A first link is written to a subscriber without one; the rest of it must stay.
            LaneAction::Set(
                SyncKey::ExternalSystem | SyncKey::ExternalAccount | SyncKey::ExternalService,
            ) if !had_link => linked(after),
            LaneAction::Set(_) | LaneAction::SetState(_) => linked(before) && linked(after),
        };
        if !is_linked {
            let subscriber = subscriber.clone();
            left.push(LaneLeft::NotLinked { subscriber });
        }
    }
    let changes: Vec<LaneChange> = changes.into_iter().collect();
    left.extend(over_limits(before, &changes, rules));
    left.sort();
    left.dedup();
    left
}

fn not_allowed(change: &LaneChange) -> LaneLeft {
    let pattern = match &change.what {
        LaneAction::Add => "subscriber+".to_owned(),
        LaneAction::Remove => "subscriber-".to_owned(),
        LaneAction::Set(key) => format!("subscriber.{key}"),
        LaneAction::SetState(_) => "subscriber.state".to_owned(),
    };
    LaneLeft::NotAllowed {
        pattern,
        id: Some(change.subscriber.as_str().to_owned()),
    }
}

/// Returns whether a subscriber belongs to the billing system; `links`: or to none yet.
fn is_linked(
    inventory: &SyncInventory,
    id: &SubscriberId,
    system: &BillingName,
    links: bool,
) -> bool {
    let known = inventory.subscribers.get(id);
    known
        .is_some_and(|known| known.link_to(system).is_some() || (links && known.external.is_none()))
}

/// Returns whether a subscriber belongs to an account of the billing system: the sync never gives it to another one.
fn has_account(inventory: &SyncInventory, id: &SubscriberId, system: &BillingName) -> bool {
    let known = inventory.subscribers.get(id);
    known.is_some_and(|known| known.link_to(system).is_some())
}

/// Returns the keys of a new subscriber that the sync never writes.
fn extra_keys(inventory: &Inventory, id: &SubscriberId) -> Vec<LaneLeft> {
    let Some(object) = inventory.subscriber(id.as_str()) else {
        return Vec::new();
    };
    let text = &object.text;
    let keys = [
        ("name", text.name.is_some()),
        ("endpoint_name", text.endpoint_name.is_some()),
        ("tagged", text.tagged.is_some()),
        ("remapped_vlan", text.remapped_vlan.is_some()),
        ("allowed_vlans", text.allowed_vlans.is_some()),
        ("port2_vlan", text.port2_vlan.is_some()),
        ("poe", text.poe.is_some()),
        ("protected", text.protected.is_some()),
        ("moved_from", text.moved_from.is_some()),
    ];
    let written = keys.into_iter().filter(|(_, is_written)| *is_written);
    written
        .map(|(key, _)| LaneLeft::NotAllowed {
            pattern: format!("subscriber.{key}"),
            id: Some(id.as_str().to_owned()),
        })
        .collect()
}

fn over_limits(
    before: &SyncInventory,
    changes: &[LaneChange],
    rules: LaneRules<'_>,
) -> Vec<LaneLeft> {
    let counts = counts(before, changes, rules.approved);
    let all = before.subscribers.len();
    let over = counts.into_iter().filter_map(|(kind, count)| {
        let count = count + rules.used.of(kind);
        let most = rules.limits.of(kind).most(all);
        (count > most).then_some(LaneLeft::OverLimit { kind, count, most })
    });
    over.collect()
}
