//! Saves devices that run as intended but were never saved, such as those of an instance that ended before it came to it.

use std::sync::Arc;

use super::known_status::KnownStatuses;
use crate::reconcile::AutoApproval;
use crate::reconcile::rollout::condition::ConditionFacts;
use crate::reconcile::run::{Preparation, RunRequest, Verb, Watcher};
use crate::service::instance_state::{ServedTarget, Shared};
use crate::service::task::TaskError;

/// Saves what is due. A device that differs from the target is left to its rollout, which saves at its end.
pub(super) async fn save(
    shared: &Arc<Shared>,
    target: &ServedTarget,
    statuses: &KnownStatuses,
) -> Result<(), TaskError> {
    let unsaved = target.devices.iter().filter(|device| {
        let facts = statuses.facts(&device.name);
        device.state.is_written()
            && facts.is_some_and(|facts| is_to_save(facts, &target.target.commit))
    });
    let unsaved = unsaved.map(|device| device.name.clone()).collect();
    let due = shared.save_attempts().due(&unsaved, shared.seconds());
    if due.is_empty() {
        return Ok(());
    }
    let request = RunRequest {
        revision: Some(target.target.commit.clone()),
        only: Some(due),
        auto_approval: AutoApproval::Everything,
        ..RunRequest::of(Verb::Save, &shared.instance.who)
    };
    let watcher = Watcher::silent();
    let prepared = shared.reconciler.prepare(request, &watcher).await?;
    if let Preparation::Ready(run) = prepared {
        let options = (shared.settings.run_options)(shared.stop.clone());
        let confirmed = run.confirm(true);
        let report = shared
            .reconciler
            .execute(confirmed, options, &watcher)
            .await?;
        for outcome in &report.outcomes {
            let (device, ended) = (&outcome.device, outcome.ended.word());
            tracing::info!(%device, ended, "tried to save a device that was never saved");
        }
        shared.triggers.status.notify_one();
    }
    Ok(())
}

/// Returns whether a device can be saved now: it matches the target, and only the copy is left to do.
fn is_to_save(facts: &ConditionFacts, commit: &str) -> bool {
    let is_matched = facts
        .matched
        .as_ref()
        .is_some_and(|matched| matched.commit == commit);
    facts.unsaved.is_some()
        && is_matched
        && facts.stuck.is_none()
        && facts.identity.is_none()
        && facts.applying.is_none()
        && facts.unreachable.is_none()
        && facts.freezes.is_empty()
}
