//! Holds a prepared sync: what it would commit, the message of the commit, and what is remembered afterwards.

use std::collections::BTreeSet;
use std::fmt;

use crate::authoring::{Authorship, CarryOutError, Proposal, Written};
use crate::history;
use crate::inventory::Lane;
use crate::model::billing::{BillingName, Snapshot};
use crate::report::sync::SyncReport;
use crate::report::{counted, listed};
use crate::sync::{
    ClassifiedService, CommitFacts, CommitText, Digest, HeldBack, LANE, LaneChange, LaneLeft,
    LaneUse, Looks, ProposedChange, SyncBase, SyncInventory, commit_text, lane_use,
    snapshot_digest,
};

use super::request::{OurSide, SyncRequest};

/// A sync that is ready to be shown or committed.
#[derive(Debug)]
pub struct PreparedSync<'a> {
    pub report: SyncReport,
    /// The difference of files.
    pub files: Proposal<'a>,
    pub(super) accepted: Vec<ProposedChange>,
    pub(super) request: SyncRequest<'a>,
    pub(super) ours: OurSide,
    pub(super) proposal: crate::sync::Proposal,
    /// Every service, with the classification that it has after changes were taken out.
    pub(super) services: Vec<ClassifiedService>,
    pub(super) held: Vec<HeldBack>,
    /// Approved changes of which some are in the commit.
    pub(super) let_through: Vec<HeldBack>,
    /// The approved changes, which count to no limit.
    pub(super) approved: BTreeSet<LaneChange>,
    pub(super) keeps_sizes: bool,
    pub(super) left: Vec<LaneLeft>,
}

/// The reason that a commit is not made: it would contain what the sync must not write.
#[derive(Debug, thiserror::Error)]
#[error(
    "the sync of {system} would leave its lane: {}; report this, it is a fault of gamctl",
    words(left)
)]
pub struct LaneRefusal {
    pub system: BillingName,
    pub left: Vec<LaneLeft>,
}

impl LaneRefusal {
    /// Refuses a commit that would leave the lane.
    pub(super) fn check(system: &BillingName, left: &[LaneLeft]) -> Result<(), Self> {
        match left.is_empty() {
            true => Ok(()),
            false => Err(Self {
                system: system.clone(),
                left: left.to_vec(),
            }),
        }
    }
}

impl PreparedSync<'_> {
    /// Returns whether there is something to commit.
    pub fn has_changes(&self) -> bool {
        !self.accepted.is_empty()
    }

    /// Returns message and trailers of the commit; `run` is the id of the run.
    ///
    /// # Errors
    ///
    /// Refuses a commit that contains more than the sync may write.
    pub fn commit_text(&self, run: &str) -> Result<CommitText, LaneRefusal> {
        let system = &self.request.system.name;
        LaneRefusal::check(system, &self.left)?;
        let facts = CommitFacts {
            system,
            snapshot: &snapshot_digest(self.request.snapshot),
            run,
            approvals: &self.approvals(),
        };
        Ok(commit_text(&self.accepted, facts))
    }

    /// Makes the commit.
    ///
    /// # Errors
    ///
    /// Refuses if the branch has another commit than the one that was read: propose again then.
    pub fn commit(&mut self, authorship: Option<Authorship>) -> Result<Written, CarryOutError> {
        self.files.set_authorship(authorship);
        self.files.commit()
    }

    /// Returns the lane of the sync, if the policy has one.
    pub fn lane(&self) -> Option<&Lane> {
        self.ours.lane.as_ref()
    }

    pub fn system(&self) -> &BillingName {
        &self.request.system.name
    }

    pub fn snapshot(&self) -> &Snapshot {
        self.request.snapshot
    }

    pub fn looks(&self) -> &Looks {
        self.request.looks
    }

    /// Returns the part of the inventory that the sync compares.
    pub fn inventory(&self) -> &SyncInventory {
        &self.ours.inventory
    }

    /// Returns what earlier runs remember, if anything.
    pub fn memory(&self) -> Option<&SyncBase> {
        self.request.memory
    }

    /// Returns the commit of the inventory.
    pub fn inventory_commit(&self) -> Option<&str> {
        self.request.base.reading.inventory.commit()
    }

    /// Returns the digest of the reading.
    pub fn digest(&self) -> Digest {
        snapshot_digest(self.request.snapshot)
    }

    /// Returns every service with its classification.
    pub fn services(&self) -> &[ClassifiedService] {
        &self.services
    }

    /// Returns the changes that the gate holds back.
    pub fn held(&self) -> &[HeldBack] {
        &self.held
    }

    /// Returns approved changes of which some are in the commit.
    pub fn let_through(&self) -> &[HeldBack] {
        &self.let_through
    }

    /// Returns the digests of the approvals that let something through, which the commit uses up.
    pub fn approvals(&self) -> Vec<Digest> {
        let all = self.let_through.iter();
        all.map(|one| one.digest.clone()).collect()
    }

    /// Returns the numbers of changes of the commit that count to the limits of the lane.
    pub fn lane_use(&self) -> LaneUse {
        self.counted_without(&self.approved)
    }

    /// Returns the numbers of all changes of the commit, those that a person approved as well.
    pub fn changes_by_kind(&self) -> LaneUse {
        self.counted_without(&BTreeSet::new())
    }

    fn counted_without(&self, approved: &BTreeSet<LaneChange>) -> LaneUse {
        let edits = self.accepted.iter().flat_map(|change| &change.edits);
        lane_use(&self.ours.inventory, edits, approved)
    }

    /// Returns the facts of the run, for the store.
    pub(super) fn facts(&self, is_committed: bool) -> history::SyncReport {
        let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        let mut counts = std::collections::BTreeMap::new();
        for service in &self.services {
            *counts.entry(service.classification).or_default() += 1;
        }
        history::SyncReport {
            accounts: number(self.request.snapshot.accounts.len()),
            proof: Some(self.request.snapshot.proof.clone()),
            counts,
            committed: match is_committed {
                true => self.changes_by_kind(),
                false => LaneUse::default(),
            },
            held: number(self.held.iter().map(|held| held.changes.len()).sum()),
            ..history::SyncReport::default()
        }
    }

    /// Returns what to remember after the commit.
    pub fn memory_after_commit(&self) -> SyncBase {
        self.memory_after(&self.accepted)
    }

    /// Returns what to remember if nothing was committed.
    pub fn memory_without_commit(&self) -> SyncBase {
        self.memory_after(&[])
    }

    fn memory_after(&self, accepted: &[ProposedChange]) -> SyncBase {
        let inputs = self.ours.inputs(&self.request);
        self.proposal.next_base(inputs, accepted, self.keeps_sizes)
    }
}

/// The words of a reason to leave the lane.
struct Words<'a>(&'a LaneLeft);

impl fmt::Display for Words<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            LaneLeft::NotAllowed { pattern, id } => match id {
                Some(id) => write!(formatter, "`{pattern}` of {id}"),
                None => write!(formatter, "`{pattern}`"),
            },
            LaneLeft::NotLinked { subscriber } => {
                write!(formatter, "{subscriber} belongs to no account of it")
            }
            LaneLeft::OverLimit { kind, count, most } => {
                let changes = counted(*count, kind.noun());
                write!(formatter, "{changes}, the limit is {most}")
            }
            LaneLeft::Unreadable => write!(formatter, "a file in the lane `{LANE}` is unreadable"),
        }
    }
}

fn words(left: &[LaneLeft]) -> String {
    let words: Vec<String> = left
        .iter()
        .take(5)
        .map(|one| Words(one).to_string())
        .collect();
    listed(&words)
}
