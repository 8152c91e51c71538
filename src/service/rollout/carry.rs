//! Carries out one wave of a rollout, and ends early when a newer target comes or the service stops.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::step;
use crate::history::{Leader, Rollout, RolloutState, RolloutStepContent, RunId, Target};
use crate::model::DeviceName;
use crate::reconcile::run::{Allowances, PlanFile, PreflightRefusal, RunEvent, RunReport, Watcher};
use crate::reconcile::{Wave, before_wave};
use crate::report::{preflight, some_names};
use crate::service::instance_state::{ServedTarget, Shared};
use crate::service::metrics::{ApplyOutcome, LabelValue};
use crate::service::schedule::{Priority, ReadKind};
use crate::service::task::{self, TaskError};

/// Carries out a wave, and records its start and its end.
pub(super) async fn carry_out(
    shared: &Arc<Shared>,
    leader: &Leader,
    target: &ServedTarget,
    rollout: &mut Rollout,
    devices: BTreeSet<DeviceName>,
) -> Result<(), TaskError> {
    let wave = rollout.last.content.wave;
    let started = RolloutStepContent {
        wave,
        before: before_wave(&shared.store.store, &devices).await?,
        ..RolloutStepContent::default()
    };
    let before = started.before.clone();
    if !step(shared, leader, rollout, RolloutState::Wave, started).await? {
        return Ok(());
    }
    let plan = approved(shared, rollout).await?;
    let (stopping, stop) = watch::channel(false);
    let stopper = task::once(stop_early(
        shared.clone(),
        leader.clone(),
        target.target.clone(),
        stopping,
    ));
    let options = (shared.settings.run_options)(stop);
    let wave_of = Wave {
        approved: &plan,
        devices: &devices,
        who: &shared.instance.who,
        reapply: BTreeSet::new(),
        allows: Allowances::default(),
        rehearses: true,
    };
    let watcher = counting(shared);
    let report = shared
        .reconciler
        .carry_out_wave(wave_of, options, &watcher)
        .await;
    stopper.abort();
    look_again(shared, &devices);
    // What was applied changes the policy before, the ledgers and the names before.
    shared.triggers.target.notify_one();
    let ended = RolloutStepContent {
        wave,
        wave_ended: Some(shared.store.store.clock().await?),
        before,
        ..RolloutStepContent::default()
    };
    let (state, ended) = match report {
        Ok(report) => {
            count_lines(shared, &plan, &report);
            after(&report, ended)
        }
        Err(error) => (
            RolloutState::Paused,
            RolloutStepContent {
                because: Some(crate::model::chain(&error)),
                ..ended
            },
        ),
    };
    step(shared, leader, rollout, state, ended).await?;
    shared.triggers.rollout.notify_one();
    if state == RolloutState::Gate {
        look_when_settled(shared, Duration::from_secs(rollout.plan.settle));
    }
    Ok(())
}

/// Returns the state after a run: a run that was refused as a whole needs a person.
fn after(report: &RunReport, ended: RolloutStepContent) -> (RolloutState, RolloutStepContent) {
    let run = report.run.or(report.recorded_as).map(RunId);
    if let Some(refusal) = &report.refusal {
        let because = preflight(refusal).because;
        let content = RolloutStepContent {
            run,
            because: Some(because),
            ..ended
        };
        // The first wave brought the commit's own policy into force: the rest is planned and judged by it.
        let state = match refusal {
            PreflightRefusal::OtherPolicy => RolloutState::Superseded,
            _ => RolloutState::Paused,
        };
        return (state, content);
    }
    let skipped = report
        .skipped
        .iter()
        .map(|skipped| skipped.device.to_string().into());
    let because = (!report.skipped.is_empty()).then(|| {
        let skipped: Vec<std::borrow::Cow<'_, str>> = skipped.collect();
        format!("skipped {}", some_names(skipped.into_iter()))
    });
    let content = RolloutStepContent {
        run,
        because,
        ..ended
    };
    // A device that another leader changed before it ended differs from the plan: only a new plan fits. Nothing was written.
    match report.outcomes.is_empty() && !report.skipped.is_empty() {
        true => (RolloutState::Superseded, content),
        false => (RolloutState::Gate, content),
    }
}

/// Returns the approved plan of a rollout, as the store has it.
async fn approved(shared: &Shared, rollout: &Rollout) -> Result<PlanFile, TaskError> {
    let stored = shared.store.store.plan(&rollout.plan_id).await?;
    let text = stored
        .map(|(document, _)| document.to_string())
        .unwrap_or_default();
    Ok(PlanFile::read(text.into_bytes())?)
}

/// How often a wave asks whether its instance still leads.
const BETWEEN_CHECKS: Duration = Duration::from_millis(500);

/// Stops a run when the service stops, when another target is there, or when another instance may lead: devices in progress
/// are finished.
async fn stop_early(
    shared: Arc<Shared>,
    leader: Leader,
    of: Target,
    stopping: watch::Sender<bool>,
) {
    let (mut stop, mut target) = (shared.stop.clone(), shared.target.subscribe());
    loop {
        let is_other = target
            .borrow_and_update()
            .as_ref()
            .is_some_and(|target| target.target != of);
        let is_leader = shared.leader(&leader.task).as_ref() == Some(&leader);
        if is_other || !is_leader || *stop.borrow_and_update() {
            let _nobody_left = stopping.send(true);
            return;
        }
        tokio::select! {
            _ = stop.changed() => {}
            () = tokio::time::sleep(BETWEEN_CHECKS) => {}
            changed = target.changed() => if changed.is_err() { return },
        }
    }
}

/// Returns a watcher that counts the outcomes of devices.
fn counting(shared: &Arc<Shared>) -> Watcher {
    let metrics = shared.metrics.clone();
    Watcher::new(move |event| {
        if let RunEvent::Ended(outcome) = event
            && let Some(word) = ApplyOutcome::from_word(outcome.ended.word())
        {
            metrics.device_applies(word).inc();
        }
    })
}

/// Counts the lines of the steps that were sent.
fn count_lines(shared: &Shared, plan: &PlanFile, report: &RunReport) {
    let lines = report.outcomes.iter().map(|outcome| {
        let plans = plan.planned.devices.iter();
        let steps = plans
            .filter(|plan| plan.device == outcome.device)
            .flat_map(|plan| &plan.steps);
        let sent = steps.take(outcome.steps.len());
        sent.map(|step| step.lines.len()).sum::<usize>()
    });
    let lines: usize = lines.sum();
    let counter = shared.metrics.cli_lines_sent();
    counter.add(u64::try_from(lines).unwrap_or_default());
}

/// Has the devices of the wave looked at as soon as the settle time is over, not at the next turn of the timer.
fn look_when_settled(shared: &Arc<Shared>, settle: Duration) {
    let shared = shared.clone();
    task::once(async move {
        let mut stop = shared.stop.clone();
        tokio::select! {
            () = tokio::time::sleep(settle) => shared.triggers.status.notify_one(),
            _ = stop.wait_for(|is_stopping| *is_stopping) => {}
        }
    });
}

/// Looks at the devices of the wave as soon as there is a slot.
fn look_again(shared: &Shared, devices: &BTreeSet<DeviceName>) {
    let now = shared.now();
    let mut queue = shared.queue();
    for device in devices {
        queue.push(device, ReadKind::Look, Priority::Verify, now);
    }
    drop(queue);
    shared.triggers.queue.notify_one();
}
