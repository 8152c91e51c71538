//! Defines what a write-back follows from, its limits, and the reasons that it ends early.

use crate::billing::BillingError;
use crate::history::{BillingWrite, Store, StoreError};
use crate::inventory::{BillingSystem, Inventory};
use crate::model::billing::{BillingName, BillingService, Snapshot};
use crate::reconcile::sync::client::BillingClient;
use crate::sync::ServiceKey;

/// Everything that a write-back follows from.
#[derive(Clone, Copy)]
pub struct WriteBackRequest<'a> {
    pub store: &'a Store,
    pub client: &'a BillingClient,
    pub inventory: &'a Inventory,
    pub system: &'a BillingSystem,
    /// Was just read: what differs from it is lines.
    pub snapshot: &'a Snapshot,
    /// Seconds since 1970.
    pub now: u64,
}

/// The limits of one run of write-back; the rest waits for the next run.
#[derive(Clone, Copy)]
pub struct WriteBackLimits<'a> {
    pub most_writes: u32,
    /// Writes that were refused or given up are sent again: a person removed the cause.
    pub retries_refused: bool,
    pub watch: &'a dyn WriteBackWatch,
}

/// Watches a run of write-back, and ends it for something more urgent.
pub trait WriteBackWatch: Sync {
    /// Returns whether something more urgent waits for the end of the run; asked before each write.
    fn gives_way(&self) -> bool;

    /// Notes a write that is about to be sent.
    fn sends(&self, write: &BillingWrite);
}

/// Nothing is more urgent.
struct Unwatched;

impl WriteBackWatch for Unwatched {
    fn gives_way(&self) -> bool {
        false
    }

    fn sends(&self, _: &BillingWrite) {}
}

impl Default for WriteBackLimits<'_> {
    /// Returns as many writes as Splynx answers in a few minutes, with nothing that is more urgent.
    fn default() -> Self {
        Self {
            most_writes: 200,
            retries_refused: false,
            watch: &Unwatched,
        }
    }
}

/// The reason that a write-back ended early. What was done until then is in the store.
#[derive(Debug, thiserror::Error)]
pub enum WriteBackError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Billing(#[from] BillingError),
    #[error("another process syncs {0} now; the rest is written by the next run")]
    LeaseOver(BillingName),
}

impl<'a> WriteBackRequest<'a> {
    /// Returns the service with this key in the reading.
    pub(super) fn service(&self, key: &ServiceKey) -> Option<&'a BillingService> {
        service_in(self.snapshot, key)
    }
}

/// Returns the service with this key in a reading, which is sorted.
pub(super) fn service_in<'s>(
    snapshot: &'s Snapshot,
    key: &ServiceKey,
) -> Option<&'s BillingService> {
    let order = |service: &BillingService| {
        (&service.account, &service.service).cmp(&(&key.account, &key.service))
    };
    let at = snapshot.services.binary_search_by(order).ok()?;
    snapshot.services.get(at)
}
