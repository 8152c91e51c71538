//! Reads what earlier runs of the sync left in the store, and stores what a run leaves, under the lease of its system.

use std::collections::BTreeSet;
use std::time::Duration;

use uuid::Uuid;

use super::prepared::PreparedSync;
use crate::history::{
    BaseChange, ClassifiedScope, FinishedSync, Leader, NewSyncRun, Store, StoreError, StoredBase,
    SyncOutcome, SyncReport, SyncScope, sync_task,
};
use crate::model::billing::{BillingName, SnapshotScope};
use crate::sync::{Digest, LaneUse, SyncBase};

/// What earlier runs left.
#[derive(Debug, Clone, Default)]
pub struct SyncMemory {
    stored: Option<StoredBase>,
    /// The changes of the last hour.
    pub used: LaneUse,
    /// Digests that a person approved within the last hour, and that no run used.
    pub approved: BTreeSet<Digest>,
}

/// The right to sync a system: no other run has it.
#[derive(Debug)]
pub struct SyncLease {
    pub run: Uuid,
    leader: Leader,
    lasts: Duration,
}

impl SyncMemory {
    /// Reads what earlier runs left.
    pub async fn of(store: &Store, system: &BillingName) -> Result<Self, StoreError> {
        Ok(Self {
            stored: store.sync_base(system).await?,
            used: store.lane_use(system, None).await?,
            approved: approved(store, system).await?,
        })
    }

    /// Returns the base as it is stored, for a decision that replaces it.
    pub fn stored(&self) -> Option<&StoredBase> {
        self.stored.as_ref()
    }

    /// Returns the values that were accepted last.
    pub fn base(&self) -> Option<&SyncBase> {
        self.stored.as_ref().map(|stored| &stored.base)
    }
}

/// The approvals that are looked at, newest first: far more than a person gives in an hour.
const MOST_APPROVALS: u32 = 1000;

async fn approved(store: &Store, system: &BillingName) -> Result<BTreeSet<Digest>, StoreError> {
    let all = store.held_approvals(system, MOST_APPROVALS).await?;
    let in_force = all.into_iter().filter(|approval| approval.is_in_force);
    Ok(in_force.map(|approval| approval.digest).collect())
}

impl SyncLease {
    /// The time for reading and committing of a run that does not extend its lease.
    pub const WHOLE_RUN: Duration = Duration::from_mins(10);

    /// The time of a lease that is extended: a process that ended without a word blocks others no longer.
    pub const EXTENDED: Duration = Duration::from_secs(30);

    /// Takes the right to sync a system; `None` if another run has it.
    pub async fn take(
        store: &Store,
        system: &BillingName,
        lasts: Duration,
    ) -> Result<Option<Self>, StoreError> {
        let run = Uuid::now_v7();
        let leader = store.lead(&sync_task(system), run, lasts).await?;
        Ok(leader.map(|leader| Self { run, leader, lasts }))
    }

    /// Returns the row of the lease, which every write of the sync to the store names.
    pub(super) fn leader(&self) -> &Leader {
        &self.leader
    }

    /// Counts the changes of a commit before it is made, and uses the approvals that let some of them through; returns false if
    /// one of these is not in force any more.
    pub(super) async fn reserve(
        &self,
        store: &Store,
        system: &BillingName,
        used: LaneUse,
        approvals: &[Digest],
    ) -> Result<bool, StoreError> {
        store
            .reserve_lane(system, self.run, used, approvals, &self.leader)
            .await
    }

    /// Takes the count back, once it is certain that there is no commit.
    pub(super) async fn take_back(
        &self,
        store: &Store,
        system: &BillingName,
    ) -> Result<(), StoreError> {
        store.release_lane(system, self.run, &self.leader).await
    }

    /// Stores what the run leaves; returns false if another run replaced the base meanwhile.
    pub async fn finish(
        &self,
        store: &Store,
        prepared: &PreparedSync<'_>,
        memory: &SyncMemory,
        end: RunEnd<'_>,
    ) -> Result<bool, StoreError> {
        let after = match end.commit {
            Some(_) => prepared.memory_after_commit(),
            None => prepared.memory_without_commit(),
        };
        let inventory = prepared.inventory_commit().unwrap_or_default();
        let snapshot = prepared.snapshot();
        let (scope, classified) = match &snapshot.scope {
            SnapshotScope::Everything => (SyncScope::Everything, ClassifiedScope::Everything),
            SnapshotScope::Accounts(accounts) => {
                (SyncScope::Accounts, ClassifiedScope::Accounts(accounts))
            }
        };
        let run = NewSyncRun {
            id: self.run,
            scope,
            outcome: outcome(prepared, end.commit),
            began: end.began,
            digest: Some(prepared.digest()),
            commit: end.commit.map(str::to_owned),
            who: end.who.to_owned(),
            report: prepared.facts(end.commit.is_some()),
        };
        let finished = FinishedSync {
            run: &run,
            base: Some(BaseChange {
                before: memory.stored.as_ref(),
                after: &after,
                commit: end.commit.unwrap_or(inventory),
            }),
            classified: Some((classified, prepared.services())),
            held: prepared.held(),
        };
        store
            .finish_sync(prepared.system(), &finished, &self.leader)
            .await
    }

    /// Extends the right; returns false if another run has it by now.
    pub async fn renew(&self, store: &Store, system: &BillingName) -> Result<bool, StoreError> {
        let leader = store.lead(&sync_task(system), self.run, self.lasts).await?;
        Ok(leader.is_some_and(|leader| leader.epoch == self.leader.epoch))
    }

    /// Stores a run that left everything as it was: it failed, with the kind of its error, or billing had nothing new.
    pub async fn note(
        &self,
        store: &Store,
        system: &BillingName,
        note: RunNote<'_>,
    ) -> Result<(), StoreError> {
        let run = NewSyncRun {
            id: self.run,
            scope: SyncScope::Accounts,
            outcome: match note.failure {
                Some(_) => SyncOutcome::Failed,
                None => SyncOutcome::Nothing,
            },
            began: note.began,
            digest: None,
            commit: None,
            who: note.who.to_owned(),
            report: SyncReport {
                failure: note.failure.map(Into::into),
                ..SyncReport::default()
            },
        };
        let finished = FinishedSync {
            run: &run,
            base: None,
            classified: None,
            held: &[],
        };
        // The base stays, so another run cannot have replaced it.
        let _is_stored = store.finish_sync(system, &finished, &self.leader).await?;
        Ok(())
    }

    /// Gives the right back.
    pub async fn release(&self, store: &Store) -> Result<(), StoreError> {
        store.stop_leading(&self.leader).await
    }
}

/// A run that left everything as it was.
#[derive(Debug, Clone, Copy)]
pub struct RunNote<'a> {
    /// The kind of the error.
    pub failure: Option<&'a str>,
    /// Seconds since 1970.
    pub began: u64,
    pub who: &'a str,
}

/// The end of a run.
#[derive(Debug, Clone, Copy)]
pub struct RunEnd<'a> {
    /// The commit that was made.
    pub commit: Option<&'a str>,
    /// Seconds since 1970.
    pub began: u64,
    pub who: &'a str,
}

fn outcome(prepared: &PreparedSync<'_>, commit: Option<&str>) -> SyncOutcome {
    let snapshot = prepared.snapshot();
    let is_whole = snapshot.proof.is_complete() || snapshot.scope != SnapshotScope::Everything;
    match (commit, prepared.held().is_empty()) {
        (Some(_), _) => SyncOutcome::Pushed,
        (None, false) => SyncOutcome::HeldBack,
        (None, true) if is_whole => SyncOutcome::Nothing,
        (None, true) => SyncOutcome::Incomplete,
    }
}
