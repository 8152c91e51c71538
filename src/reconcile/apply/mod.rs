//! Carries out device tasks: many devices at once, each with its own lease, every step recorded.
//!
//! `store_with_journal` destination of entries · `process_id` detects dead processes · `lease` renewal · `store_log` log of
//! one device · `concurrency` limits · `device` one device of a run · `recover` devices of a dead process.

mod concurrency;
mod device;
mod lease;
mod process_id;
mod recover;
mod store_log;
mod store_with_journal;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tracing::Instrument as _;

pub use concurrency::ConcurrencyLimits;
pub(super) use device::verified;
pub(super) use lease::{AliveRun, LeaseWait, release_dead};
pub use process_id::{host, is_known_dead, without_dead_holders};
pub(super) use recover::{RecoveryOptions, recover};
pub use store_with_journal::StoreWithJournal;

use super::run::{RunEvent, ScopeFacts, Watcher};
use super::{DeviceAccess, DevicePlanInputs};
use crate::apply::{ApplyTimeouts, DeviceOutcome, Ended, RunNotice, SkipReason, Skipped, Work};
use crate::history::RunId;
use crate::model::Observation;
use crate::plan::DevicePlan;
use crate::transport::snmp::SnmpOptions;
use concurrency::ConcurrencyLimiter;

/// The task for one device.
#[derive(Debug)]
pub(super) struct DeviceTask {
    pub(super) wanted: DevicePlanInputs<'static>,
    pub(super) access: DeviceAccess,
    /// The approved plan.
    pub(super) plan: DevicePlan,
    /// The look that the plan was made from, if known.
    pub(super) planned_from: Option<Observation>,
    pub(super) work: Work,
    /// The facts that freezes are matched against; the site also limits how many devices run at once.
    pub(super) facts: ScopeFacts,
}

/// The values that all devices of a run share.
#[derive(Debug, Clone)]
pub(super) struct RunContext {
    pub(super) store: StoreWithJournal,
    pub(super) run: RunId,
    /// The commit that is applied.
    pub(super) commit: Option<String>,
    /// Lease duration without renewal.
    pub(super) lease: Duration,
    /// The wait for leases that other runs hold.
    pub(super) wait: LeaseWait,
    pub(super) timeouts: ApplyTimeouts,
    pub(super) snmp_options: SnmpOptions,
    pub(super) clock: fn() -> u64,
    pub(super) stop: watch::Receiver<bool>,
    /// A stop finishes the devices in progress.
    pub(super) finishes_devices: bool,
}

/// The results of all tasks, by device.
#[derive(Debug, Default)]
pub(super) struct CarriedOut {
    pub(super) outcomes: Vec<DeviceOutcome>,
    pub(super) skipped: Vec<Skipped>,
    pub(super) notices: Vec<RunNotice>,
}

/// A report of a device task to the run.
enum TaskReport {
    Event(RunEvent),
    Notice(RunNotice),
}

/// Carries out tasks; the watcher gets every event as it happens.
pub(super) async fn carry_out(
    tasks: Vec<DeviceTask>,
    context: RunContext,
    limits: ConcurrencyLimits,
    watcher: &Watcher,
) -> CarriedOut {
    watcher.see(&RunEvent::Applying(tasks.len()));
    let sites = tasks.iter().filter_map(|task| task.facts.site.as_deref());
    let limiter = Arc::new(ConcurrencyLimiter::new(limits, sites, context.stop.clone()));
    let context = Arc::new(context);
    let (sender, mut receiver) = mpsc::unbounded_channel();
    let mut running = JoinSet::new();
    // With a limit of one, devices run in the order of names; otherwise the first to get a permit starts first.
    let queues: Vec<Vec<DeviceTask>> = match limits.at_once {
        0 | 1 => vec![tasks],
        _ => tasks.into_iter().map(|task| vec![task]).collect(),
    };
    for queue in queues {
        let (limiter, context) = (Arc::clone(&limiter), Arc::clone(&context));
        let sender = sender.clone();
        let work = async move {
            for task in &queue {
                started_or_skipped(task, &limiter, &context, &sender).await;
            }
        };
        running.spawn(work.in_current_span());
    }
    drop(sender);
    let mut done = CarriedOut::default();
    while let Some(report) = receiver.recv().await {
        let event = match report {
            TaskReport::Notice(notice) => {
                done.notices.push(notice);
                continue;
            }
            TaskReport::Event(event) => event,
        };
        watcher.see(&event);
        match event {
            RunEvent::Ended(outcome) => done.outcomes.push(outcome),
            RunEvent::Skipped(skipped) => done.skipped.push(skipped),
            _ => {}
        }
    }
    while running.join_next().await.is_some() {}
    done.outcomes
        .sort_by(|one, other| one.device.cmp(&other.device));
    done
}

async fn started_or_skipped(
    task: &DeviceTask,
    limiter: &ConcurrencyLimiter,
    context: &RunContext,
    sender: &mpsc::UnboundedSender<TaskReport>,
) {
    let device = &task.wanted.intended.name;
    // The receiver may be gone; the work goes on.
    let send = |report| {
        let _received = sender.send(report);
    };
    let skip = |reason: SkipReason| {
        send(TaskReport::Event(RunEvent::Skipped(Skipped {
            device: device.clone(),
            reason,
        })));
    };
    let permit = match limiter.enter(task.facts.site.as_deref()).await {
        Ok(permit) => permit,
        Err(reason) => return skip(reason),
    };
    let progress = |at| send(TaskReport::Event(RunEvent::At(device.clone(), at)));
    // On the heap, so that thousands of devices that wait for their turn need little.
    match Box::pin(device::carry_out(task, context, &progress)).await {
        Err(reason) => skip(reason),
        Ok((outcome, notice)) => {
            if is_failure(&outcome.ended) {
                limiter.failed();
            }
            if let Some(notice) = notice {
                send(TaskReport::Notice(notice));
            }
            send(TaskReport::Event(RunEvent::Ended(outcome)));
        }
    }
    drop(permit);
}

/// Returns whether a device counts against the failure budget: it was written to and is not as intended, or not reached.
fn is_failure(ended: &Ended) -> bool {
    match ended {
        Ended::Unsaved { .. }
        | Ended::RolledBack { .. }
        | Ended::Stuck { .. }
        | Ended::Unreachable { .. } => true,
        Ended::Unchanged
        | Ended::Applied
        | Ended::Refused { .. }
        | Ended::Stale { .. }
        | Ended::Interrupted { .. } => false,
    }
}
