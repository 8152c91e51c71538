//! The store and, beside it, the journal for when it goes away in the middle of a device.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::{Semaphore, SemaphorePermit};

use super::holder::Holder;
use crate::history::{Journal, JournalError, Replayed, Store};

/// A store takes some milliseconds for a lease, where each is flushed to disk.
const ASKING: usize = 8;

/// Where a run writes things down.
#[derive(Debug, Clone)]
pub struct Archive {
    pub store: Store,
    pub journal: Arc<Journal>,
    who: String,
    holder: Arc<Holder>,
    /// How many ask for a lease at a time: hundreds of devices that begin together would wait for each other past any deadline.
    asking: Arc<Semaphore>,
    /// The store did not answer when it was last asked: no new device is begun.
    is_away: Arc<AtomicBool>,
}

impl Archive {
    /// `state` is the state directory; `who` is at the keyboard, for what the store rejects of the journal.
    pub fn new(store: Store, state: &Path, who: String) -> Self {
        let journal = Journal::at(state.join("journal"));
        Self {
            store,
            who,
            holder: Arc::new(Holder::new(state)),
            asking: Arc::new(Semaphore::new(ASKING)),
            journal: Arc::new(journal),
            is_away: Arc::new(AtomicBool::new(false)),
        }
    }

    /// Returns what this process holds leases as.
    pub(super) fn holder(&self) -> &Holder {
        &self.holder
    }

    /// Returns a place among those who ask for leases. Nobody closes this; without a place it would only be too eager.
    pub(super) async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        self.asking.acquire().await.ok()
    }

    pub(super) fn went_away(&self) {
        self.is_away.store(true, Ordering::SeqCst);
    }

    pub fn is_away(&self) -> bool {
        self.is_away.load(Ordering::SeqCst)
    }

    /// Returns whether the store is there: asks it where it was not, and gives it what the journal has meanwhile.
    pub(super) async fn is_back(&self) -> bool {
        if !self.is_away() {
            return true;
        }
        // An empty journal asks nobody.
        let is_back = self.replay().await.is_ok() && self.store.clock().await.is_ok();
        if is_back {
            self.is_away.store(false, Ordering::SeqCst);
        }
        is_back
    }

    /// Gives the store what it missed.
    pub async fn replay(&self) -> Result<Replayed, JournalError> {
        self.journal.replay(&self.store, &self.who).await
    }
}
