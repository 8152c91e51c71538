//! Combines the store with the journal that takes entries while the store is unreachable.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::{Semaphore, SemaphorePermit};

use super::process_id::ProcessId;
use crate::history::{Journal, JournalError, Replayed, Store};

/// How many ask the store for a lease at a time. A lease takes some milliseconds, where each is flushed to disk: hundreds of
/// devices that start together would wait for each other past any deadline.
const LEASES_AT_ONCE: usize = 8;

/// Where a run records what happens.
#[derive(Debug, Clone)]
pub struct StoreWithJournal {
    pub store: Store,
    pub journal: Arc<Journal>,
    who: String,
    process: Arc<ProcessId>,
    leasing: Arc<Semaphore>,
    /// The store did not answer when it was last asked: no new device is started.
    is_away: Arc<AtomicBool>,
}

impl StoreWithJournal {
    /// `state` is the state directory; `who` is named for what the store rejects of the journal.
    pub fn new(store: Store, state: &Path, who: String) -> Self {
        let journal = Journal::at(state.join("journal"));
        Self {
            store,
            who,
            process: Arc::new(ProcessId::new(state)),
            leasing: Arc::new(Semaphore::new(LEASES_AT_ONCE)),
            journal: Arc::new(journal),
            is_away: Arc::new(AtomicBool::new(false)),
        }
    }

    /// Returns the id that this process holds leases as.
    pub(super) fn process(&self) -> &ProcessId {
        &self.process
    }

    /// Waits for a permit to ask for a lease. The semaphore is never closed; without a permit it would only be too eager.
    pub(super) async fn lease_permit(&self) -> Option<SemaphorePermit<'_>> {
        self.leasing.acquire().await.ok()
    }

    pub(super) fn went_away(&self) {
        self.is_away.store(true, Ordering::SeqCst);
    }

    /// Returns whether the store did not answer when it was last asked.
    pub fn is_away(&self) -> bool {
        self.is_away.load(Ordering::SeqCst)
    }

    /// Returns whether the store is reachable: where it was not, asks it and gives it the entries in the journal.
    pub(super) async fn is_back(&self) -> bool {
        if !self.is_away() {
            return true;
        }
        // An empty journal asks nothing of the store.
        let is_back = self.replay().await.is_ok() && self.store.clock().await.is_ok();
        if is_back {
            self.is_away.store(false, Ordering::SeqCst);
        }
        is_back
    }

    /// Gives the store the entries in the journal.
    pub async fn replay(&self) -> Result<Replayed, JournalError> {
        self.journal.replay(&self.store, &self.who).await
    }
}
