//! Keeps the numbers of signed requests to Splynx in the store, across processes.

use std::future::Future;
use std::pin::Pin;

use compact_str::CompactString;

use crate::billing::splynx::{NonceNotStored, NonceStore};
use crate::history::Store;
use crate::model::billing::BillingName;
use crate::model::chain;

/// The numbers of one billing system.
pub(super) struct RequestNumbers {
    pub(super) store: Store,
    pub(super) system: BillingName,
}

impl NonceStore for RequestNumbers {
    fn reserve(
        &self,
        least: u64,
        reserved: u64,
    ) -> Pin<Box<dyn Future<Output = Result<u64, NonceNotStored>> + Send + '_>> {
        Box::pin(async move {
            let numbers = self.store.reserve_nonces(&self.system, least, reserved);
            let failed = |error| NonceNotStored(CompactString::new(chain(&error)));
            numbers.await.map_err(failed)
        })
    }
}
