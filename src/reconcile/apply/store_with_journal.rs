//! Combines the store with the journal that replaces it while it is unreachable.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::{OnceCell, Semaphore, SemaphorePermit};
use uuid::Uuid;

use super::process_id::{ProcessId, host, without_dead_holders};
use crate::history::{Journal, JournalError, LeaseHolder, Replayed, Store, StoreError, Unfinished};

/// The number of requests for leases at once on a server. Each is flushed to disk, which costs milliseconds: hundreds of
/// devices that start together would exceed any deadline.
const LEASES_AT_ONCE: usize = 8;

/// The same for SQLite, which flushes the requests of many devices together.
const LEASES_AT_ONCE_IN_FILE: usize = 200;

/// The store and journal that a run records into.
#[derive(Debug, Clone)]
pub struct StoreWithJournal {
    pub store: Store,
    pub journal: Arc<Journal>,
    who: String,
    process: Arc<ProcessId>,
    /// Whether the store knows this process by name.
    is_registered: Arc<OnceCell<()>>,
    leasing: Arc<Semaphore>,
    /// The store did not answer the last query: no new device is started.
    is_away: Arc<AtomicBool>,
}

impl StoreWithJournal {
    /// Creates it; `state` is the state directory, and `who` is recorded for entries that the store rejects.
    pub fn new(store: Store, state: &Path, who: String) -> Self {
        let journal = Journal::at(state.join("journal"));
        let leases_at_once = match store.url().path() {
            Some(_) => LEASES_AT_ONCE_IN_FILE,
            None => LEASES_AT_ONCE,
        };
        Self {
            store,
            who,
            process: Arc::new(ProcessId::new(state)),
            is_registered: Arc::default(),
            leasing: Arc::new(Semaphore::new(leases_at_once)),
            journal: Arc::new(journal),
            is_away: Arc::new(AtomicBool::new(false)),
        }
    }

    /// Returns the process id that leases are held under.
    pub(super) fn process(&self) -> &ProcessId {
        &self.process
    }

    /// Records this process in the store, once, before its first lease or run. Returns its id.
    pub async fn registered(&self) -> Result<Uuid, StoreError> {
        let holder = LeaseHolder {
            id: self.process.id,
            who: self.who.clone(),
            host: host(),
            process: std::process::id(),
        };
        self.is_registered
            .get_or_try_init(|| self.store.register(&holder))
            .await?;
        Ok(holder.id)
    }

    /// Lists the devices without a known end; one whose writer is known to be dead has no holder.
    pub(in crate::reconcile) async fn unfinished(&self) -> Result<Vec<Unfinished>, StoreError> {
        let left = self.store.unfinished().await?;
        Ok(without_dead_holders(left, |holder| {
            self.process.is_dead(holder)
        }))
    }

    /// Waits for a permit to request a lease. The semaphore is never closed; without a permit it would only start early.
    pub(super) async fn lease_permit(&self) -> Option<SemaphorePermit<'_>> {
        self.leasing.acquire().await.ok()
    }

    pub(super) fn went_away(&self) {
        self.is_away.store(true, Ordering::SeqCst);
    }

    /// Returns whether the store failed to answer the last query.
    pub fn is_away(&self) -> bool {
        self.is_away.load(Ordering::SeqCst)
    }

    /// Returns whether the store is reachable; after an outage, and while the journal has entries, it queries the store and
    /// replays the journal.
    pub async fn is_back(&self) -> bool {
        // A device whose earlier entries are in the journal continues there, also after another one has replayed it.
        if !self.is_away() && self.journal.is_empty() {
            return true;
        }
        // An empty journal sends no query to the store, so query the clock as well.
        let is_back = self.replay().await.is_ok() && self.store.clock().await.is_ok();
        if is_back {
            self.is_away.store(false, Ordering::SeqCst);
        }
        is_back
    }

    /// Replays the entries of the journal into the store.
    pub async fn replay(&self) -> Result<Replayed, JournalError> {
        self.journal.replay(&self.store, &self.who).await
    }
}
