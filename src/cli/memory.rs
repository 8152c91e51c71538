//! The store for commands that only ask it, or tell it one thing.

use std::future::Future;
use std::path::Path;

use anyhow::Context;
use tokio::runtime::Runtime;

use super::store::place;
use crate::config::Settings;
use crate::history::{Store, StoreError};

/// An open store, and a thread to ask it from.
pub(super) struct Memory {
    runtime: Runtime,
    store: Store,
}

impl Memory {
    /// Opens the store of the inventory in `folder`; one that does not need a server is made where it is missing.
    pub(super) fn open(settings: &Settings, folder: &Path) -> anyhow::Result<Self> {
        let place = place(settings, folder)?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .worker_threads(1)
            .build()
            .context("failed to start a thread for the store")?;
        let store = runtime.block_on(place.open())?;
        Ok(Self { runtime, store })
    }

    /// Opens it where anything was ever remembered; nothing elsewhere, so that a question leaves no trace.
    pub(super) fn if_there(settings: &Settings, folder: &Path) -> anyhow::Result<Option<Self>> {
        match place(settings, folder)?.is_there() {
            true => Self::open(settings, folder).map(Some),
            false => Ok(None),
        }
    }

    pub(super) fn store(&self) -> &Store {
        &self.store
    }

    /// Waits for an answer.
    pub(super) fn wait<T>(
        &self,
        question: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        self.runtime.block_on(question)
    }

    /// Waits for something that asks more than once.
    pub(super) fn walk<T>(
        &self,
        work: impl Future<Output = anyhow::Result<T>>,
    ) -> anyhow::Result<T> {
        self.runtime.block_on(work)
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        // What SQLite keeps beside the file is folded into it by whoever closes it last.
        self.runtime.block_on(self.store.close());
    }
}
