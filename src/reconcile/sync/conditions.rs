//! Reads the condition of the sync of every billing system from the store.

use std::collections::BTreeSet;

use crate::history::{Store, StoreError, SyncOutcome, SyncRun};
use crate::model::billing::BillingName;
use crate::report::sync::{
    LastOutcome, LastRun, PauseFacts, SyncCondition, SyncFacts, sync_condition,
};

/// Returns the condition of each system that was synced or paused, by name.
pub async fn sync_conditions(store: &Store) -> Result<Vec<SyncCondition>, StoreError> {
    let runs = store.last_sync_runs().await?;
    let mut pauses = store.sync_pauses().await?;
    let names: BTreeSet<BillingName> = runs.keys().chain(pauses.keys()).cloned().collect();
    let mut conditions = Vec::new();
    for name in names {
        let held = store.held_changes(&name).await?;
        let pause = pauses.remove(&name).map(|pause| PauseFacts {
            who: pause.who,
            reason: pause.reason,
            until: pause.until,
        });
        conditions.push(sync_condition(&SyncFacts {
            last: runs.get(&name).map(last_run),
            held: held.iter().map(|held| held.subscribers.len()).sum(),
            system: name.to_string(),
            pause,
        }));
    }
    Ok(conditions)
}

fn last_run(run: &SyncRun) -> LastRun {
    let failure = run.run.report.failure.as_ref();
    LastRun {
        outcome: match run.run.outcome {
            SyncOutcome::Failed => {
                LastOutcome::Failed(failure.map_or_else(String::new, ToString::to_string))
            }
            SyncOutcome::Incomplete => LastOutcome::Incomplete,
            SyncOutcome::Pushed | SyncOutcome::Nothing | SyncOutcome::HeldBack => {
                LastOutcome::Synced
            }
        },
        ended: run.ended,
        first_began: run.first_began,
        runs: run.runs,
    }
}
