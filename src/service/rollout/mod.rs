//! Brings devices to the target: begins rollouts, waits for consent and windows, carries out waves, and decides gates.
//!
//! `begin` makes plans and rollouts · `drive` moves one rollout on · `carry` carries out one wave · `consent` checks approvals ·
//! `past` what earlier rollouts mean for a device · `hour` what they did within the last hour · `save` saves devices that were
//! never saved · `known_status` the statuses of all devices.

mod begin;
mod carry;
mod consent;
mod drive;
pub(super) mod hour;
pub(super) mod known_status;
pub(super) mod past;
mod save;
pub(super) mod save_attempts;

use std::collections::BTreeSet;
use std::sync::Arc;

use past::AppliedTo;

use super::instance_state::{Past, PastKey, PastRollouts, Shared};
use super::task::TaskError;
use super::task::heartbeat::ROLLOUT;
use crate::history::{
    Filter, Leader, NewRolloutStep, Rollout, RolloutState, RolloutStepContent, RunId, StoreError,
};

/// One round of the leader: every open rollout is moved on, and a new one begins where something is left to do.
pub(super) async fn round(shared: Arc<Shared>) -> Result<(), TaskError> {
    let Some(leader) = shared.leader(ROLLOUT) else {
        return Ok(());
    };
    let Some(target) = shared.served_target() else {
        return Ok(());
    };
    // This instance has not read the present target yet: an older one must not be applied.
    let present = shared.store.store.target().await?;
    if present.is_none_or(|present| present != target.target) {
        shared.triggers.target.notify_one();
        return Ok(());
    }
    let open = shared.store.store.open_rollouts().await?;
    measured(&shared, &open);
    for rollout in open {
        drive::drive(&shared, &leader, &target, rollout).await?;
        if shared.is_stopping() {
            return Ok(());
        }
    }
    begin::begin(&shared, &leader, &target).await
}

/// Sets the metrics of the open rollouts.
fn measured(shared: &Shared, open: &[Rollout]) {
    use crate::service::metrics::RolloutState as Progress;
    let count = |progress: Progress| {
        let waves = open.iter().flat_map(|rollout| {
            let current = usize::try_from(rollout.last.content.wave).unwrap_or(usize::MAX);
            let state = rollout.last.state;
            let waves = rollout.plan.waves.iter().enumerate();
            waves.map(move |(wave, devices)| {
                let progress = match wave.cmp(&current) {
                    std::cmp::Ordering::Less => Progress::Applied,
                    std::cmp::Ordering::Equal if state == RolloutState::Wave => Progress::Applying,
                    std::cmp::Ordering::Equal if state == RolloutState::Gate => Progress::Applied,
                    std::cmp::Ordering::Equal | std::cmp::Ordering::Greater => Progress::Waiting,
                };
                (progress, devices.len())
            })
        });
        let of_progress = waves.filter(|(one, _)| *one == progress);
        of_progress.map(|(_, devices)| devices).sum()
    };
    shared.metrics.set_rollout_devices(count);
    let mut paused = open.iter();
    let is_paused = paused.any(|rollout| rollout.last.state == RolloutState::Paused);
    shared.metrics.rollout_paused().set_flag(is_paused);
}

/// Returns the past of each device and the effects of the last hour; read again only when a rollout began or moved on.
pub(super) async fn past_of(shared: &Shared, commit: &str) -> Result<Past, StoreError> {
    let store = &shared.store.store;
    let newest = store.rollouts(1).await?;
    let open = store.open_rollouts().await?;
    let rollouts = newest.iter().chain(&open);
    let state = PastKey {
        commit: commit.to_owned(),
        last_steps: rollouts.map(|one| (one.id, one.last.number)).collect(),
    };
    if let Some(known) = shared.known_past(&state) {
        return Ok(known);
    }
    let rollouts = store.rollouts(past::MOST_ROLLOUTS).await?;
    let past = Arc::new(PastRollouts {
        devices: past::past(
            &rollouts,
            commit,
            &applied_to(shared, &rollouts, commit).await?,
        ),
        hour: hour::RecentEffects::of(&rollouts, store.clock().await?),
    });
    shared.keep_past(state, past.clone());
    Ok(past)
}

/// Returns the devices that were applied to, of rollouts that may show that a device does not converge.
async fn applied_to(
    shared: &Shared,
    rollouts: &[Rollout],
    commit: &str,
) -> Result<AppliedTo, StoreError> {
    let store = &shared.store.store;
    let mut applied = AppliedTo::new();
    for rollout in past::attempts(rollouts, commit) {
        let steps = store.rollout(rollout.id).await?.map(|(_, steps)| steps);
        let steps = steps.unwrap_or_default();
        let runs: BTreeSet<RunId> = steps.iter().filter_map(|step| step.content.run).collect();
        let devices = applied.entry(rollout.id).or_default();
        for run in runs {
            let filter = Filter {
                run: Some(run),
                most: u32::MAX,
                ..Filter::default()
            };
            let outcomes = store.outcomes(&filter).await?.into_iter();
            let outcomes = outcomes.map(|row| row.outcome);
            let carried_out = outcomes.filter(|outcome| outcome.ended.is_carried_out());
            devices.extend(carried_out.map(|outcome| outcome.device));
        }
    }
    Ok(applied)
}

/// Records the next step of a rollout; returns whether it is the one that counts.
async fn step(
    shared: &Shared,
    leader: &Leader,
    rollout: &mut Rollout,
    state: RolloutState,
    content: RolloutStepContent,
) -> Result<bool, StoreError> {
    if rollout.last.state == state && rollout.last.content == content {
        return Ok(true);
    }
    let next = NewRolloutStep {
        number: rollout.last.number.saturating_add(1),
        state,
        who: shared.instance.who.clone(),
        content,
    };
    let store = &shared.store.store;
    let counts = store.rollout_step(rollout.id, &next, Some(leader)).await?;
    if counts {
        tracing::info!(rollout = %rollout.id.0, state = state.word(), "rollout moved on");
        rollout.last.number = next.number;
        rollout.last.state = state;
        rollout.last.content = next.content;
        shared.triggers.status.notify_one();
    }
    Ok(counts)
}
