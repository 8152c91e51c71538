//! Starts the syncs of billing systems that are due, and watches what devices hear for them.

use std::sync::Arc;

use super::TaskError;
use super::heartbeat::BILLING;
use crate::inventory::billing_systems;
use crate::service::billing::{self, OneSystem, SystemCounts, claimants};
use crate::service::instance_state::Shared;
use crate::service::metrics::{LabelValue as _, Metrics};

pub(in crate::service) async fn start_due(shared: Arc<Shared>) -> Result<(), TaskError> {
    let state = &shared.billing;
    let leads = shared.settings.syncs && shared.leader(BILLING).is_some();
    if !leads || shared.is_stopping() {
        state.clear();
        shared.metrics.clear_billing();
        return Ok(());
    }
    let Some(target) = shared.served_target() else {
        return Ok(());
    };
    let inventory = target.inventory.inventory();
    let now = shared.now();
    state.set(&target.target.commit, || billing_systems(inventory), now);
    let systems = state.all();
    if systems.is_empty() {
        shared.metrics.clear_billing();
        return Ok(());
    }
    let store = &shared.store.store;
    let heard = state.looks.lock().await.refresh(store, inventory).await?;
    if !heard.is_empty() {
        for system in &systems {
            let Some(base) = store.sync_base(system.name()).await? else {
                continue;
            };
            for account in claimants(&base.base.claims, &heard) {
                system.due().add_account(account.clone(), now);
            }
        }
    }
    for system in &systems {
        billing::add_accounts_to_write(&shared, system, inventory).await?;
        if system.is_approval_due(now)
            && let Some(approval) = store.newest_held_approval(system.name()).await?
            && system.is_new_approval(approval)
        {
            system.due().want_everything();
        }
    }
    measure(&shared.metrics, &systems);
    let paused = store.sync_pauses().await?;
    let changes = shared.settings.timing.billing_changes;
    for system in systems {
        if paused.contains_key(system.name()) {
            continue;
        }
        if let Some(work) = system.take_work(changes, now) {
            let run = billing::sync(shared.clone(), system, work);
            state.started(super::once(run));
        }
    }
    Ok(())
}

/// Sets the numbers of all systems together.
fn measure(metrics: &Metrics, systems: &[Arc<OneSystem>]) {
    let oldest = systems.iter().map(|system| system.last_reading()).min();
    metrics
        .billing_age()
        .since(oldest.unwrap_or_default() / 1000);
    let counts: Vec<SystemCounts> = systems.iter().map(|system| system.counts()).collect();
    metrics.set_billing_services(|class| {
        let of_class = counts
            .iter()
            .filter_map(|one| one.classes.get(class.word()));
        of_class.sum()
    });
    let held = counts.iter().map(|one| one.held).sum();
    metrics.billing_held().set_count(held);
}
