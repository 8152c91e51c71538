//! Makes a commit of the lane: counts its changes first, and undoes that if there is certainly no commit.

use std::error::Error;

use super::memory::SyncLease;
use crate::authoring::CarryOutError;
use crate::authoring::commit::CommitError;
use crate::crash;
use crate::history::{Store, StoreError};
use crate::model::billing::BillingName;
use crate::sync::{Digest, LaneUse};

/// The reason that a commit was not made.
pub trait CommitFailure: Error + Send + Sync + 'static {
    /// Returns whether it is certain that there is no commit.
    fn is_certain(&self) -> bool;

    /// Returns whether the branch moved between reading the inventory and the commit: propose again then.
    fn has_moved(&self) -> bool;
}

impl CommitFailure for CarryOutError {
    fn is_certain(&self) -> bool {
        !matches!(self, Self::Commit(CommitError::WorkTreeBehind { .. }))
    }

    fn has_moved(&self) -> bool {
        matches!(self, Self::Commit(CommitError::BaseMoved { .. }))
    }
}

/// The changes of a commit, as the limits of the lane count them.
#[derive(Debug, Clone, Copy)]
pub struct CountedChanges<'a> {
    pub system: &'a BillingName,
    pub used: LaneUse,
    /// The approvals that let some of them through.
    pub approvals: &'a [Digest],
}

/// The reason that a counted commit failed.
#[derive(Debug, thiserror::Error)]
pub enum CountedCommitError<E: CommitFailure> {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("an approval is over; run it again")]
    ApprovalOver,
    #[error(transparent)]
    Commit(E),
}

impl<E: CommitFailure> CountedCommitError<E> {
    /// Returns whether the branch moved between reading the inventory and the commit.
    pub fn has_moved(&self) -> bool {
        matches!(self, Self::Commit(error) if error.has_moved())
    }
}

/// Counts changes under the lease, and calls `commit`, which blocks. Without a lease nothing is counted: a person commits in
/// their own name.
pub async fn counted_commit<T, E: CommitFailure>(
    store: &Store,
    lease: Option<&SyncLease>,
    changes: CountedChanges<'_>,
    commit: impl FnOnce() -> Result<T, E>,
) -> Result<T, CountedCommitError<E>> {
    let CountedChanges {
        system,
        used,
        approvals,
    } = changes;
    let Some(lease) = lease else {
        return commit().map_err(CountedCommitError::Commit);
    };
    if !lease.reserve(store, system, used, approvals).await? {
        return Err(CountedCommitError::ApprovalOver);
    }
    crash::point("sync-counted");
    match commit() {
        Ok(made) => {
            crash::point("sync-pushed");
            Ok(made)
        }
        Err(error) => {
            if error.is_certain() {
                // The changes do not count to the limits of the hour, and an approval can be used again.
                lease.take_back(store, system).await?;
            }
            Err(CountedCommitError::Commit(error))
        }
    }
}
