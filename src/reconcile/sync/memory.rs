//! Reads what earlier runs of the sync left in the store, and stores what a run leaves, under the lease of its system.

use std::time::Duration;

use uuid::Uuid;

use super::prepared::PreparedSync;
use crate::history::{
    BaseChange, ClassifiedScope, FinishedSync, Leader, NewSyncRun, Store, StoreError, StoredBase,
    SyncOutcome, SyncScope, sync_task,
};
use crate::model::billing::{BillingName, SnapshotScope};
use crate::sync::{LaneUse, SyncBase};

/// The time that a run has for reading and committing; a process that ended without a word blocks others no longer.
const LEASE: Duration = Duration::from_mins(10);

/// What earlier runs left.
#[derive(Debug, Clone, Default)]
pub struct SyncMemory {
    stored: Option<StoredBase>,
    /// The changes of the last hour.
    pub used: LaneUse,
}

/// The right to sync a system: no other run has it.
#[derive(Debug)]
pub struct SyncLease {
    pub run: Uuid,
    leader: Leader,
}

impl SyncMemory {
    /// Reads what earlier runs left.
    pub async fn of(store: &Store, system: &BillingName) -> Result<Self, StoreError> {
        Ok(Self {
            stored: store.sync_base(system).await?,
            used: store.lane_use(system, None).await?,
        })
    }

    /// Returns the values that were accepted last.
    pub fn base(&self) -> Option<&SyncBase> {
        self.stored.as_ref().map(|stored| &stored.base)
    }
}

impl SyncLease {
    /// Takes the right to sync a system; `None` if another run has it.
    pub async fn take(store: &Store, system: &BillingName) -> Result<Option<Self>, StoreError> {
        let run = Uuid::now_v7();
        let leader = store.lead(&sync_task(system), run, LEASE).await?;
        Ok(leader.map(|leader| Self { run, leader }))
    }

    /// Returns the row of the lease, which every write of the sync to the store names.
    pub(super) fn leader(&self) -> &Leader {
        &self.leader
    }

    /// Extends the lease; returns false if another run has taken it meanwhile.
    pub(super) async fn renew(
        &self,
        store: &Store,
        system: &BillingName,
    ) -> Result<bool, StoreError> {
        let leader = store.lead(&sync_task(system), self.run, LEASE).await?;
        // With another epoch the lease was over in between, and another run may have written.
        Ok(leader.is_some_and(|leader| leader == self.leader))
    }

    /// Counts the changes of a commit before it is made; returns false if an approval is not in force any more.
    pub async fn reserve(
        &self,
        store: &Store,
        prepared: &PreparedSync<'_>,
    ) -> Result<bool, StoreError> {
        let system = prepared.system();
        store
            .reserve_lane(system, self.run, prepared.lane_use(), &[], &self.leader)
            .await
    }

    /// Takes the count back, once it is certain that there is no commit.
    pub async fn take_back(&self, store: &Store, system: &BillingName) -> Result<(), StoreError> {
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

    /// Gives the right back.
    pub async fn release(self, store: &Store) -> Result<(), StoreError> {
        store.stop_leading(&self.leader).await
    }
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
