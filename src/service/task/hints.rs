//! Starts tasks when a hint from another process arrives: on a Postgres server only, and never relied upon.

use std::sync::Arc;
use std::time::Duration;

use crate::history::{Hint, Hints, StoreError};
use crate::service::instance_state::Shared;

/// The time before another attempt to listen. The timers go on meanwhile.
const BETWEEN_ATTEMPTS: Duration = Duration::from_secs(10);

/// Passes hints on until the service stops.
pub(in crate::service) async fn pass_on(shared: Arc<Shared>) {
    let mut stop = shared.stop.clone();
    tokio::select! {
        () = listen(&shared) => {}
        // An error means that nobody is left who could request a stop.
        _ = stop.wait_for(|is_stopping| *is_stopping) => {}
    }
}

/// Ends only where the store has no hints to give.
async fn listen(shared: &Shared) {
    // Logged once per loss: a pooler of connections may refuse them for good.
    let mut is_said = false;
    loop {
        let failed = match shared.store.store.hints().await {
            Ok(None) => return,
            Ok(Some(mut hints)) => {
                is_said = false;
                // Changes before this moment gave no hint.
                start_all(shared);
                lost(shared, &mut hints).await
            }
            Err(error) => error,
        };
        if !is_said {
            let error = crate::model::chain(&failed);
            tracing::warn!(
                error,
                "the store gives no hints, so changes are noticed by timers"
            );
            is_said = true;
        }
        tokio::time::sleep(BETWEEN_ATTEMPTS).await;
    }
}

/// Passes hints on until they are lost; returns why.
async fn lost(shared: &Shared, hints: &mut Hints) -> StoreError {
    loop {
        match hints.next().await {
            Ok(Some(hint)) => start(shared, hint),
            Ok(None) => start_all(shared),
            Err(error) => return error,
        }
    }
}

fn start(shared: &Shared, hint: Hint) {
    let triggers = &shared.triggers;
    match hint {
        Hint::Branch => triggers.fetch.notify_one(),
        Hint::Target => triggers.target.notify_one(),
        Hint::Decision => {
            triggers.rollout.notify_one();
            triggers.status.notify_one();
        }
        Hint::Rollout => triggers.status.notify_one(),
        Hint::Devices => triggers.rollout.notify_one(),
        // Another instance got the webhook; which account it is about was not passed on.
        Hint::Billing => {
            shared.billing.want_changes();
            triggers.billing.notify_one();
        }
    }
}

/// The branch is left out: a fetch for each lost connection would be a burden on the forge.
fn start_all(shared: &Shared) {
    for hint in [Hint::Target, Hint::Decision] {
        start(shared, hint);
    }
}
