//! Blocking store client for commands that make a few queries or one write.

use std::future::Future;

use super::invocation::{Invocation, Selected};
use crate::history::{Store, StoreError};

/// An open store, with the runtime that runs its queries.
pub(super) struct StoreClient<'a> {
    invocation: &'a Invocation,
    store: Store,
}

impl<'a> StoreClient<'a> {
    /// Opens the store of an inventory; creates a missing SQLite file.
    pub(super) fn open(selected: &Selected<'a>) -> anyhow::Result<Self> {
        let location = selected.store_location()?;
        let invocation = selected.invocation;
        let store = invocation.wait(location.open())??;
        Ok(Self { invocation, store })
    }

    /// Opens the store only if it exists, so that a query creates no file.
    pub(super) fn if_there(selected: &Selected<'a>) -> anyhow::Result<Option<Self>> {
        match selected.store_location()?.is_there() {
            true => Self::open(selected).map(Some),
            false => Ok(None),
        }
    }

    pub(super) fn store(&self) -> &Store {
        &self.store
    }

    /// Waits for an answer.
    pub(super) fn wait<T>(
        &self,
        query: impl Future<Output = Result<T, StoreError>>,
    ) -> anyhow::Result<T> {
        Ok(self.invocation.wait(query)??)
    }

    /// Waits for work of more than one query.
    pub(super) fn walk<T>(
        &self,
        work: impl Future<Output = anyhow::Result<T>>,
    ) -> anyhow::Result<T> {
        self.invocation.wait(work)?
    }
}

impl Drop for StoreClient<'_> {
    fn drop(&mut self) {
        // The last process that closes an SQLite file folds its write-ahead log into it.
        let _closed = self.invocation.wait(self.store.close());
    }
}
