//! Replays the journal once the store answers again, and looks at devices that a dead process left unfinished.

use std::sync::Arc;

use super::TaskError;
use crate::service::instance_state::Shared;

pub(in crate::service) async fn recover(shared: Arc<Shared>) -> Result<(), TaskError> {
    if !shared.store.is_back().await {
        return Ok(());
    }
    let Some(target) = shared.served_target() else {
        return Ok(());
    };
    let recovered = shared
        .reconciler
        .recover_left(&target.target.commit, &shared.instance.who)
        .await?;
    // A device that another process holds, or that does not answer, is asked for again.
    let known = recovered.iter().filter(|one| one.found.known().is_some());
    for one in known {
        tracing::info!(device = %one.device, run = %one.run, "recovered a device of a dead process");
    }
    if !recovered.is_empty() {
        shared.triggers.status.notify_one();
    }
    Ok(())
}
