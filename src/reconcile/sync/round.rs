//! Carries out one round of a sync under its lease: proposes, counts, commits, and stores what follows.
//!
//! It blocks, because reading an inventory and committing do: callers run it on a thread of its own.

use tokio::runtime::Handle;

use super::counted_commit::{CommitFailure, CountedChanges, CountedCommitError, counted_commit};
use super::memory::{RunEnd, SyncLease, SyncMemory};
use super::prepare::{PrepareError, prepare};
use super::prepared::{LaneRefusal, PreparedSync};
use super::request::SyncRequest;
use crate::authoring::commit::{CommitTime, Person};
use crate::authoring::{Authorship, Base};
use crate::crash;
use crate::history::{Store, StoreError};
use crate::inventory::{BillingSystem, Lane};
use crate::model::billing::Snapshot;
use crate::report::sync::SyncReport;
use crate::sync::{CommitText, LaneUse, Looks};

/// The name of the author of the lane; its address is that of the policy.
const AUTHOR: &str = "gamctl sync";

/// Everything that a round follows from.
pub struct Round<'a> {
    pub store: &'a Store,
    /// Runs the operations of the store.
    pub runtime: &'a Handle,
    pub lease: &'a SyncLease,
    pub base: &'a Base,
    pub system: &'a BillingSystem,
    pub snapshot: &'a Snapshot,
    pub looks: &'a Looks,
    /// Seconds since 1970.
    pub began: u64,
    pub now: u64,
    pub who: &'a str,
}

/// The result of a round.
#[derive(Debug)]
pub struct RoundEnd {
    pub report: SyncReport,
    /// The commit that was made.
    pub commit: Option<String>,
    /// The changes of the commit, by kind.
    pub committed: LaneUse,
}

/// The reason that a round failed.
#[derive(Debug, thiserror::Error)]
pub enum RoundError<E: CommitFailure> {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Prepare(#[from] PrepareError),
    #[error(transparent)]
    Lane(#[from] LaneRefusal),
    #[error(
        "the policy has no lane for the sync, so it makes no commit; add `[lane.billing]` with `authors` to policy.toml"
    )]
    NoLane,
    #[error("another run stored its result meanwhile; the next run proposes again")]
    Superseded,
    #[error(transparent)]
    Commit(#[from] CountedCommitError<E>),
}

impl<E: CommitFailure> RoundError<E> {
    /// Returns whether the branch moved between reading the inventory and the commit.
    pub fn has_moved(&self) -> bool {
        matches!(self, Self::Commit(error) if error.has_moved())
    }
}

impl Round<'_> {
    /// Proposes, and calls `commit` if there is something to commit; it returns the id of the commit.
    pub fn carry_out<E: CommitFailure>(
        &self,
        commit: impl FnOnce(&mut PreparedSync<'_>, Authorship) -> Result<String, E>,
    ) -> Result<RoundEnd, RoundError<E>> {
        let Self {
            store,
            lease,
            system,
            ..
        } = *self;
        crash::point("sync-read");
        let memory = self.wait(SyncMemory::of(store, &system.name))?;
        let mut prepared = prepare(SyncRequest {
            base: self.base,
            system,
            snapshot: self.snapshot,
            looks: self.looks,
            memory: memory.base(),
            used: memory.used,
            approved: &memory.approved,
            now: self.now,
        })?;
        let mut made = None;
        if prepared.has_changes() {
            let text = prepared.commit_text(&lease.run.to_string())?;
            let authorship = lane_authorship(prepared.lane(), text, self.now);
            let authorship = authorship.ok_or(RoundError::NoLane)?;
            let approvals = prepared.approvals();
            let changes = CountedChanges {
                system: &system.name,
                used: prepared.lane_use(),
                approvals: &approvals,
            };
            let commit = || commit(&mut prepared, authorship);
            let counted = counted_commit(store, Some(lease), changes, commit);
            made = Some(self.runtime.block_on(counted)?);
        }
        let end = RunEnd {
            commit: made.as_deref(),
            began: self.began,
            who: self.who,
        };
        if !self.wait(lease.finish(store, &prepared, &memory, end))? {
            return Err(RoundError::Superseded);
        }
        crash::point("sync-stored");
        let mut report = prepared.report.clone();
        report.commit.clone_from(&made);
        Ok(RoundEnd {
            report,
            committed: match made {
                Some(_) => prepared.changes_by_kind(),
                None => LaneUse::default(),
            },
            commit: made,
        })
    }

    fn wait<T>(
        &self,
        operation: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        self.runtime.block_on(operation)
    }
}

/// Returns author, time, message and trailers of a commit of the lane; `None` if the lane has no author.
pub fn lane_authorship(lane: Option<&Lane>, text: CommitText, now: u64) -> Option<Authorship> {
    let email = lane?.authors.first()?.as_str().to_owned();
    let author = Person {
        name: AUTHOR.to_owned(),
        email,
    };
    Some(Authorship {
        committer: author.clone(),
        author,
        time: CommitTime {
            seconds: i64::try_from(now).unwrap_or(i64::MAX),
            offset_minutes: 0,
        },
        message: text.message,
        trailers: text.trailers,
    })
}
