//! Finds the held changes that a digest names, and compares them with what an earlier run held back.

use std::collections::BTreeSet;

use super::prepared::PreparedSync;
use crate::history::HeldRow;
use crate::report::sync::{ApprovalReport, ApprovalResult, HeldBefore, gate_sentence};
use crate::sync::HeldBack;

/// A person's wish to approve held changes.
#[derive(Debug, Clone, Copy)]
pub struct ApprovalWish<'a> {
    /// The digest, or its first digits.
    pub digest: &'a str,
    pub who: &'a str,
    pub reason: &'a str,
}

impl PreparedSync<'_> {
    /// Returns the changes that a digest or its first digits name, held back or approved before; `None` if there are none.
    pub fn named(&self, digest: &str) -> Option<&HeldBack> {
        let all = self.held.iter().chain(&self.let_through);
        let mut named = all.filter(|held| held.digest.as_str().starts_with(digest));
        let first = named.next();
        first.filter(|_| named.next().is_none())
    }

    /// Describes an approval; `before` are the held changes that the last run stored.
    pub fn approval(&self, wish: ApprovalWish<'_>, before: &[HeldRow]) -> ApprovalReport {
        let report = |digest: &str, result, changes| ApprovalReport {
            digest: digest.to_owned(),
            result,
            who: wish.who.to_owned(),
            reason: wish.reason.to_owned(),
            changes,
            until: None,
            before: None,
            no_longer_held: Vec::new(),
            newly_held: Vec::new(),
        };
        if let Some(held) = self.named(wish.digest) {
            let changes = held.changes.len();
            return report(held.digest.as_str(), ApprovalResult::Approved, changes);
        }
        let mut changed = report(wish.digest, ApprovalResult::Changed, 0);
        let mut before = before.iter();
        let Some(row) = before.find(|row| row.digest.as_str().starts_with(wish.digest)) else {
            return changed;
        };
        let rule = row.finding.rule();
        let then: BTreeSet<&str> = row.subscribers.iter().map(|id| id.as_str()).collect();
        let held = self.held.iter().filter(|held| held.finding.rule() == rule);
        let changes = held.flat_map(|held| &held.changes);
        let now: BTreeSet<&str> = changes.map(|change| change.subscriber.as_str()).collect();
        let names = |ids: Vec<&&str>| ids.into_iter().map(|id| (*id).to_owned()).collect();
        changed.no_longer_held = names(then.difference(&now).collect());
        changed.newly_held = names(now.difference(&then).collect());
        changed.before = Some(HeldBefore {
            rule,
            because: gate_sentence(&row.finding),
            since: row.since,
            subscribers: then.into_iter().map(str::to_owned).collect(),
        });
        changed
    }
}
