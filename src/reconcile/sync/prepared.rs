//! Holds a prepared sync: what it would commit, the message of the commit, and what is remembered afterwards.

use std::fmt;

use crate::authoring::Proposal;
use crate::inventory::Lane;
use crate::model::billing::BillingName;
use crate::report::listed;
use crate::report::sync::SyncReport;
use crate::sync::{
    CommitText, LANE, LaneLeft, ProposedChange, SyncBase, SyncInputs, SyncInventory, SyncSettings,
    commit_text, snapshot_digest,
};

use super::prepare::SyncRequest;

/// A sync that is ready to be shown or committed.
#[derive(Debug)]
pub struct PreparedSync<'a> {
    pub report: SyncReport,
    /// The difference of files; carrying it out makes the commit.
    pub files: Proposal<'a>,
    /// The lane of the sync, if the policy has one.
    pub lane: Option<Lane>,
    pub(super) accepted: Vec<ProposedChange>,
    pub(super) request: SyncRequest<'a>,
    pub(super) inventory: SyncInventory,
    pub(super) settings: SyncSettings,
    pub(super) proposal: crate::sync::Proposal,
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
        if !self.left.is_empty() {
            return Err(LaneRefusal {
                system: system.clone(),
                left: self.left.clone(),
            });
        }
        let snapshot = snapshot_digest(self.request.snapshot);
        Ok(commit_text(system, &self.accepted, &snapshot, run))
    }

    /// Returns what to remember after the commit, or, without changes, after the reading.
    pub fn next_memory(&self) -> SyncBase {
        self.memory_after(&self.accepted)
    }

    /// Returns what to remember if nothing was committed.
    pub fn memory_without_commit(&self) -> SyncBase {
        self.memory_after(&[])
    }

    fn memory_after(&self, accepted: &[ProposedChange]) -> SyncBase {
        let nothing = SyncBase::default();
        let inputs = SyncInputs {
            snapshot: self.request.snapshot,
            inventory: &self.inventory,
            looks: self.request.looks,
            base: self.request.memory.unwrap_or(&nothing),
            settings: &self.settings,
            now: self.request.now,
        };
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
                write!(formatter, "{count} of kind {kind:?}, the limit is {most}")
            }
            LaneLeft::Unreadable => write!(formatter, "a file in the lane `{LANE}` is unreadable"),
        }
    }
}

fn words(left: &[LaneLeft]) -> String {
    let words: Vec<String> = left.iter().take(5).map(|one| Words(one).to_string()).collect();
    listed(&words)
}
