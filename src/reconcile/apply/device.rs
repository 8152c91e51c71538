//! Carries out the task of one device: lease, freeze check, apply, new ledger.

use tracing::{Instrument as _, Span, debug_span};

use super::lease::{LeaseReply, lease};
use super::store_log::StoreLog;
use super::{DeviceTask, RunContext};
use crate::apply::cause::Refusal;
use crate::apply::{
    DeviceOutcome, Ended, Ending, Job, Progress, RunNotice, SkipReason, apply_device,
};
use crate::history::NewLedger;
use crate::model::{DeviceConfig, DeviceState, Observation};
use crate::observe::{CommandLine, Target};
use crate::plan::{DevicePlan, Ledger};
use crate::reconcile::DevicePlanInputs;
use crate::reconcile::run::frozen;
use crate::transport::ssh::Fence;

/// Leases a device, carries out its task and releases it.
#[tracing::instrument(name = "device", skip_all, fields(device = %task.wanted.intended.name, ended, failed))]
pub(super) async fn carry_out(
    task: &DeviceTask,
    context: &RunContext,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<(DeviceOutcome, Option<RunNotice>), SkipReason> {
    let device = &task.wanted.intended.name;
    let store_away = |error: String| SkipReason::StoreAway { error };
    if !context.store.is_back().await {
        let why = "the store is unreachable, so no device is started";
        return Err(store_away(why.to_owned()));
    }
    // The lease comes before the first look: a look of an unleased device may be outdated when the first line is sent.
    let waiting = || progress(Progress::WaitingForLease);
    let asked = lease(
        &context.store,
        device,
        context.lease,
        &context.wait,
        waiting,
    );
    let held = match asked.instrument(debug_span!("lease")).await {
        Ok(LeaseReply::Granted(held)) => held,
        Ok(LeaseReply::Held { until, by }) => return Err(SkipReason::Held { until, by }),
        Err(error) => {
            if error.is_away() {
                context.store.went_away();
            }
            return Err(store_away(error.to_string()));
        }
    };
    // Check right before the start: a freeze may have been set during the prompt, or while the device waited for a
    // permit.
    let freezes = context.store.store.freezes().await;
    let reason = match &freezes {
        Ok(freezes) => frozen(&task.facts, freezes),
        Err(error) => Some(store_away(error.to_string())),
    };
    if let Some(reason) = reason {
        held.release(&context.store).await;
        return Err(reason);
    }
    let log = StoreLog::new(&context.store, context.run, &held.lease, &held.fence, 1);
    let ending = apply(task, context, progress, &held.fence, &log).await;
    let ledger = ledger_after(task, context, &ending);
    let outcome = ending.outcome;
    let ended = outcome.ended.word();
    let is_reached = matches!(outcome.ended, Ended::Applied | Ended::Unchanged);
    Span::current()
        .record("ended", ended)
        .record("failed", !is_reached);
    tracing::info!(ended, millis = outcome.millis, "device ended");
    // Outcome and ledger are stored under the lease: after the release, another process could write a newer ledger
    // first.
    let finished = log.finish(outcome.clone(), ledger);
    let finished = finished.instrument(debug_span!("record")).await;
    let notice = finished.err().map(|error| RunNotice::OutcomeNotRecorded {
        device: device.clone(),
        error: error.to_string(),
    });
    let release = held.release(&context.store);
    release.instrument(debug_span!("release")).await;
    Ok((outcome, notice))
}

async fn apply(
    task: &DeviceTask,
    context: &RunContext,
    progress: &(dyn Fn(Progress) + Sync),
    fence: &Fence,
    log: &StoreLog<'_>,
) -> Ending {
    let device = &task.wanted.intended.name;
    let (login, patience) = match &task.access.command_line {
        CommandLine::Login(login, patience) => (login, *patience),
        CommandLine::None(why) => {
            return Ending {
                outcome: DeviceOutcome {
                    device: device.clone(),
                    ended: Ended::Refused {
                        refusal: Refusal::NoLogin { why: why.clone() },
                    },
                    steps: Vec::new(),
                    remarks: Vec::new(),
                    not_compared: Vec::new(),
                    subscriber_ids: crate::model::SubscriberIds::default(),
                    millis: 0,
                },
                seen: None,
            };
        }
    };
    let request = task.wanted.request();
    let replan = |seen: &Observation| {
        let span = debug_span!("plan");
        span.in_scope(|| replan(&task.wanted, seen))
    };
    let job = Job {
        target: Target {
            device,
            address: task.access.snmp,
            access: &task.access.access,
            snmp_options: context.snmp_options.with_silence(task.access.silence),
            turns: task.access.turns.clone(),
            command_line: task.access.command_line.clone(),
            clock: context.clock,
        },
        login,
        patience,
        fence,
        plan: &task.plan,
        request: &request,
        replan: &replan,
        then: task.planned_from.as_ref(),
        work: task.work,
        stop: match context.finishes_devices {
            // Nobody can ask it to stop.
            true => tokio::sync::watch::channel(false).1,
            false => context.stop.clone(),
        },
        timeouts: context.timeouts,
        progress,
    };
    apply_device(&job, log).await
}

fn replan(wanted: &DevicePlanInputs<'_>, seen: &Observation) -> Result<DevicePlan, String> {
    let (plan, lint_errors) = wanted.plan(seen);
    match lint_errors.first() {
        None => Ok(plan),
        Some(lint_error) => Err(lint_error.lint_error.to_string()),
    }
}

/// Returns the new ledger, or `None` if it did not change or is unknown.
fn ledger_after(task: &DeviceTask, context: &RunContext, ending: &Ending) -> Option<NewLedger> {
    match &ending.outcome.ended {
        Ended::Applied | Ended::Unchanged | Ended::Unsaved { .. } => {}
        Ended::RolledBack { .. }
        | Ended::Stuck { .. }
        | Ended::Refused { .. }
        | Ended::Stale { .. }
        | Ended::Unreachable { .. }
        | Ended::Interrupted { .. } => return None,
    }
    let seen = ending.seen.as_ref()?;
    Some(NewLedger {
        ledger: verified(&task.wanted, seen),
        commit: context.commit.clone(),
    })
}

/// Returns the ledger of a device that was observed to be as intended.
pub(in crate::reconcile) fn verified(wanted: &DevicePlanInputs<'_>, seen: &Observation) -> Ledger {
    let before = wanted.ledger.clone().unwrap_or_default();
    let intended = match wanted.intended.state {
        DeviceState::Retired => &DeviceConfig::default(),
        DeviceState::Managed
        | DeviceState::Observe
        | DeviceState::Locked
        | DeviceState::Preprovision => &wanted.intended.config,
    };
    let mut ledger = before.verified_by(intended, seen);
    ledger.protected = wanted.protected.clone();
    ledger
}
