//! Writes verified values back to billing after a reading, and finds the accounts that are read for it.

use std::sync::Arc;

use super::systems::OneSystem;
use crate::history::StoreError;
use crate::inventory::Inventory;
use crate::model::billing::{AccountId, Snapshot};
use crate::reconcile::sync::{
    BillingClient, SyncLease, WriteBackLimits, WriteBackRequest, accounts_to_write_back,
    write_back_system,
};
use crate::service::instance_state::Shared;

/// The time between two searches for accounts whose verified values billing does not have, in milliseconds.
const BETWEEN_SEARCHES: u64 = 60_000;

/// The accounts that are read for one search: the others follow in the next ones.
const MOST_ACCOUNTS: usize = 20;

/// The writes of one run, some seconds of Splynx's requests: webhooks and deltas wait for its end. The rest stays in the outbox.
const MOST_WRITES: u32 = 10;

/// Writes back what the settings of a system allow. A failure is logged: the next run sends what is left.
pub(super) async fn write_back(
    shared: &Shared,
    system: &OneSystem,
    client: &BillingClient,
    snapshot: &Snapshot,
    lease: &SyncLease,
) {
    let Some(target) = shared.served_target() else {
        return;
    };
    if system.settings.write_back.is_empty() {
        return;
    }
    let request = WriteBackRequest {
        store: &shared.store.store,
        client,
        inventory: target.inventory.inventory(),
        system: &system.settings,
        snapshot,
        now: shared.seconds(),
    };
    let limits = WriteBackLimits {
        most_writes: MOST_WRITES,
        ..WriteBackLimits::default()
    };
    match write_back_system(request, lease, limits).await {
        Ok(report) if report.writes.is_empty() => {}
        Ok(report) => {
            let writes = report.writes.len();
            tracing::info!(system = %system.name(), writes, "written back");
        }
        Err(error) => {
            let error = crate::model::chain(&error);
            tracing::warn!(system = %system.name(), error, "not everything is written back");
        }
    }
}

/// Has some accounts read whose verified values billing does not have: no delta contains them.
pub(in crate::service) async fn add_accounts_to_write(
    shared: &Arc<Shared>,
    system: &OneSystem,
    inventory: &Inventory,
) -> Result<(), StoreError> {
    let now = shared.now();
    if system.settings.write_back.is_empty() || !system.is_search_due(now, BETWEEN_SEARCHES) {
        return Ok(());
    }
    let store = &shared.store.store;
    let due = accounts_to_write_back(store, inventory, &system.settings).await?;
    let due: Vec<AccountId> = due.into_iter().collect();
    for account in system.next_in_turn(&due, MOST_ACCOUNTS) {
        system.due().add_account(account, now);
    }
    Ok(())
}
