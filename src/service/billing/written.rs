//! Writes verified values back to billing after a reading, and finds the accounts that are read for it.

use std::sync::Arc;
use std::time::Duration;

use super::systems::OneSystem;
use crate::history::{BillingWrite, StoreError};
use crate::inventory::Inventory;
use crate::model::billing::{AccountId, Snapshot};
use crate::reconcile::sync::{
    BillingClient, SyncLease, WriteBackLimits, WriteBackRequest, WriteBackWatch,
    accounts_to_write_back, write_back_system,
};
use crate::service::instance_state::Shared;

/// The time between two searches for accounts whose verified values billing does not have, in milliseconds.
const BETWEEN_SEARCHES: u64 = 60_000;

/// The accounts that are read for one search: the others follow in the next ones.
const MOST_ACCOUNTS: usize = 20;

/// A delta that is asked for may be asked for by the webhooks of gamctl's own writes at another instance, so a run writes for this
/// long first.
const LEAST_TIME: Duration = Duration::from_secs(10);

/// Writes back what the settings of a system allow, until a webhook or the next delta waits for the end of the run. What is left
/// stays in the outbox for the next run, also after a failure, which is logged.
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
    let watch = Watch {
        shared,
        system,
        began: shared.now(),
    };
    let limits = WriteBackLimits {
        watch: &watch,
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

/// Ends a run for a webhook or the next delta.
struct Watch<'a> {
    shared: &'a Shared,
    system: &'a OneSystem,
    /// Milliseconds since 1970.
    began: u64,
}

impl WriteBackWatch for Watch<'_> {
    fn gives_way(&self) -> bool {
        let now = self.shared.now();
        let elapsed = Duration::from_millis(now.saturating_sub(self.began));
        let due = self.system.due();
        // A write causes a webhook too: if that ended the run, each run would write once.
        let has_hint = || {
            let own = self.system.own_writes();
            due.hints().any(|hint| !own.explain(hint, now))
        };
        elapsed >= self.shared.settings.timing.billing_changes
            || (elapsed >= LEAST_TIME && due.is_asked_for())
            || has_hint()
    }

    fn sends(&self, write: &BillingWrite) {
        self.system.own_writes().note(write, self.shared.now());
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
