//! Opens what a command reads with, and compares both sides for commands that write nothing.

use super::{SyncArguments, systems};
use crate::authoring::Base;
use crate::cli::clock;
use crate::cli::invocation::{Invocation, Selected};
use crate::cli::source::refuse;
use crate::cli::store_client::StoreClient;
use crate::inventory::{BillingSystem, Reading};
use crate::reconcile::sync::{
    BillingClient, PreparedSync, ReadScope, SyncMemory, SyncRequest, heard_endpoints, prepare,
};
use crate::report::Exit;

/// One billing system with the inventory and the store.
pub(super) struct Opened<'a> {
    pub(super) selected: Selected<'a>,
    pub(super) system: BillingSystem,
    pub(super) store: StoreClient<'a>,
    pub(super) reading: Reading,
}

impl<'a> Opened<'a> {
    /// Reads the inventory; `Err(Exit)` if it has errors, which are shown with the reason `why` nothing is done.
    pub(super) fn of(
        arguments: &SyncArguments,
        name: Option<&String>,
        invocation: &'a Invocation,
        why: &str,
    ) -> anyhow::Result<Result<Self, Exit>> {
        let selected = invocation.select(arguments.inventory.given())?;
        let reading = selected.read(arguments.inventory.revision())?;
        if reading.has_errors() {
            return Ok(Err(refuse(reading, why, &invocation.terminal)?));
        }
        Ok(Ok(Self {
            system: systems::only(&reading.inventory, name)?,
            store: StoreClient::open(&selected)?,
            selected,
            reading,
        }))
    }

    pub(super) fn client(&self) -> anyhow::Result<BillingClient> {
        systems::client(&self.system, &self.selected, &self.store)
    }
}

/// Reads a billing system, and compares it with an inventory without writing anything.
pub(super) fn with_prepared<T>(
    (system, scope): (&BillingSystem, ReadScope),
    base: &Base,
    selected: &Selected<'_>,
    store: &StoreClient<'_>,
    then: impl FnOnce(&PreparedSync<'_>, &SyncMemory) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let client = systems::client(system, selected, store)?;
    let now = clock::seconds();
    let snapshot = selected.invocation.wait(client.read(&scope, now))??;
    let looks = store.wait(heard_endpoints(store.store(), &base.reading.inventory))?;
    let memory = store.wait(SyncMemory::of(store.store(), &system.name))?;
    let prepared = prepare(SyncRequest {
        base,
        system,
        snapshot: &snapshot,
        looks: &looks,
        memory: memory.base(),
        used: memory.used,
        approved: &memory.approved,
        now,
    })?;
    then(&prepared, &memory)
}
