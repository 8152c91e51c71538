//! Records the entries of one device in the store, or in the journal while the store is unreachable.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use super::StoreWithJournal;
use crate::apply::{ApplyLog, DeviceOutcome, Entry, NotCommitted, Purpose};
use crate::history::{Lease, NewLedger, RunId};
use crate::transport::ssh::Fence;

/// The log of one device in one run.
pub(super) struct StoreLog<'a> {
    store: &'a StoreWithJournal,
    run: RunId,
    lease: &'a Lease,
    fence: &'a Fence,
    next: AtomicU32,
    /// An entry of this device is in the journal; later ones must follow it there, so that they stay in order.
    is_in_journal: AtomicBool,
}

impl<'a> StoreLog<'a> {
    pub(super) fn new(
        store: &'a StoreWithJournal,
        run: RunId,
        lease: &'a Lease,
        fence: &'a Fence,
        first: u32,
    ) -> Self {
        Self {
            store,
            run,
            lease,
            fence,
            next: AtomicU32::new(first),
            is_in_journal: AtomicBool::new(false),
        }
    }

    /// Records the outcome together with the new ledger.
    pub(super) async fn finish(
        &self,
        outcome: DeviceOutcome,
        ledger: Option<NewLedger>,
    ) -> Result<(), NotCommitted> {
        let number = self.next.fetch_add(1, Ordering::SeqCst);
        let ledger = ledger.as_ref();
        if !self.is_in_journal.load(Ordering::SeqCst) {
            let store = &self.store.store;
            let stored = store.finish(self.run, self.lease, number, &outcome, ledger);
            match stored.await {
                Ok(()) => return Ok(()),
                Err(error) if error.is_fenced() => return Err(self.fenced()),
                Err(error) if error.is_away() => self.goes_on_in_journal(),
                Err(error) => return Err(NotCommitted::Lost(error.to_string())),
            }
        }
        let journal = &self.store.journal;
        let written = journal.finish(self.run, self.lease, number, &outcome, ledger);
        written
            .await
            .map_err(|error| NotCommitted::Lost(error.to_string()))
    }

    fn fenced(&self) -> NotCommitted {
        self.fence.close();
        NotCommitted::Fenced
    }

    fn goes_on_in_journal(&self) {
        self.store.went_away();
        self.is_in_journal.store(true, Ordering::SeqCst);
    }
}

impl ApplyLog for StoreLog<'_> {
    async fn commit(&self, entry: Entry) -> Result<(), NotCommitted> {
        self.commit_all(vec![entry]).await
    }

    async fn commit_all(&self, mut entries: Vec<Entry>) -> Result<(), NotCommitted> {
        // The end is recorded together with the ledger.
        entries.retain(|entry| !matches!(entry, Entry::Ended { .. }));
        if entries.is_empty() {
            return Ok(());
        }
        let count = u32::try_from(entries.len()).unwrap_or(u32::MAX);
        let first = self.next.fetch_add(count, Ordering::SeqCst);
        if !self.is_in_journal.load(Ordering::SeqCst) {
            let store = &self.store.store;
            let stored = store.record_all(self.run, self.lease, first, &entries);
            match stored.await {
                Ok(()) => return Ok(()),
                Err(error) if error.is_fenced() => return Err(self.fenced()),
                Err(error) if error.is_away() => {
                    self.store.went_away();
                    if entries.iter().any(begins) {
                        return Err(NotCommitted::Lost(format!(
                            "{error}; without the store no device is started"
                        )));
                    }
                    self.goes_on_in_journal();
                }
                Err(error) => return Err(NotCommitted::Lost(error.to_string())),
            }
        }
        for (number, entry) in (first..).zip(&entries) {
            let journal = &self.store.journal;
            let written = journal.record(self.run, self.lease, number, entry);
            written
                .await
                .map_err(|error| NotCommitted::Lost(error.to_string()))?;
        }
        Ok(())
    }
}

/// Returns whether lines follow this entry for the first time.
fn begins(entry: &Entry) -> bool {
    matches!(
        entry,
        Entry::Intent {
            purpose: Purpose::Apply,
            ..
        }
    )
}
