//! Fills the metrics that are read from the present state, right before they are rendered.

use std::collections::BTreeMap;

use super::instance_state::Shared;
use super::metrics::{BudgetLimit, BudgetUse as BudgetValue};
use super::metrics::{LabelValue, LeaderTask, LookKind, LookPriority, Task, TraceResult};
use super::metrics::{Metrics, read_process, render};
use super::schedule::{Priority, ReadKind};
use crate::model::ConditionWord;
use crate::reconcile::rollout::{BudgetScope, BudgetUse};

/// Returns all metrics in Prometheus' text format.
pub(super) fn text(shared: &Shared) -> String {
    devices(shared);
    queue(shared);
    budgets(shared);
    traces(shared);
    let metrics = &shared.metrics;
    let target = shared.served_target();
    metrics.set_target(target.map(|target| target.target.at));
    metrics
        .store_up()
        .set_flag(!shared.store.is_away() && shared.is_heard());
    for task in LeaderTask::ALL {
        metrics
            .leader(*task)
            .set_flag(shared.leader(task.word()).is_some());
    }
    metrics
        .journal_entries()
        .set_count(usize::from(!shared.store.journal.is_empty()));
    metrics
        .instances()
        .set_count(shared.devices().live_instances());
    render(&metrics.snapshot(shared.seconds(), &read_process()))
}

/// Counts the devices of the fleet that this instance looks at, by condition.
fn devices(shared: &Shared) {
    let mut counts: BTreeMap<&'static str, usize> = BTreeMap::new();
    let mut oldest: Option<u64> = None;
    for known in shared.devices().all() {
        *counts.entry(known.word.word()).or_default() += 1;
        let is_open = !matches!(
            known.word,
            ConditionWord::Converged | ConditionWord::Observe | ConditionWord::Locked
        );
        if is_open {
            oldest = Some(oldest.map_or(known.since, |oldest| oldest.min(known.since)));
        }
    }
    let metrics = &shared.metrics;
    metrics.set_devices(|condition: ConditionWord| {
        counts.get(condition.word()).copied().unwrap_or_default()
    });
    match oldest {
        Some(since) => metrics.oldest_unconverged().since(since),
        None => metrics.oldest_unconverged().nothing(),
    }
}

fn queue(shared: &Shared) {
    let counts = shared.queue().counts();
    let metrics = &shared.metrics;
    metrics
        .concurrency_slots_in_use()
        .set_count(counts.in_progress);
    let waiting = |priority: LookPriority| {
        let mut all = Priority::ALL.iter().zip(counts.waiting);
        let found = all.find(|(one, _)| one.word() == priority.word());
        found.map_or(0, |(_, count)| count)
    };
    metrics.set_queue(waiting);
    for (kind, label) in [
        (ReadKind::Probe, LookKind::Probe),
        (ReadKind::Poll, LookKind::Poll),
        (ReadKind::Look, LookKind::Look),
    ] {
        let millis = u32::try_from(*counts.lag.get(kind)).unwrap_or(u32::MAX);
        metrics.schedule_lag(label).set(f64::from(millis) / 1000.0);
    }
}

/// Takes over the numbers of the export of traces, which knows nothing of metrics.
fn traces(shared: &Shared) {
    if let Some(counts) = &shared.settings.traces {
        let spans = |result| shared.metrics.trace_spans(result);
        spans(TraceResult::Exported).rise_to(counts.exported());
        spans(TraceResult::Dropped).rise_to(counts.dropped());
    }
}

/// Sets the use of each limit of the policy by the last hour.
fn budgets(shared: &Shared) {
    let Some(target) = shared.served_target() else {
        return;
    };
    let past = shared.last_past().unwrap_or_default();
    let mut uses = past.hour.used(&target.hour, shared.seconds());
    uses.extend(shared.lane_hour().uses.iter().cloned());
    let mut values: Vec<BudgetValue> = uses.iter().filter_map(of_all_devices).collect();
    let per_device = target.hour.limits.fleet.removals_per_device;
    values.extend(nearest_device(&uses, per_device.count));
    shared.metrics.set_budgets(&values);
}

/// The lane under which limits for everyone are exported.
const FLEET: &str = "fleet";

fn of_all_devices(one: &BudgetUse) -> Option<BudgetValue> {
    let lane = match &one.scope {
        BudgetScope::Fleet => FLEET,
        BudgetScope::Lane(lane) => lane,
        BudgetScope::Device(_) => return None,
    };
    Some(BudgetValue {
        lane: lane.to_owned(),
        limit: BudgetLimit::from_word(one.effect.as_str())?,
        used: count(one.used),
        most: Some(count(one.limit)),
    })
}

/// Returns the use of the limit for each device, by the device that is nearest to it: a label never names a device.
fn nearest_device(uses: &[BudgetUse], most: Option<u32>) -> Option<BudgetValue> {
    let of_devices = uses
        .iter()
        .filter(|one| matches!(one.scope, BudgetScope::Device(_)));
    let share = |one: &BudgetUse| one.used.saturating_mul(1000) / one.limit.max(1);
    let (used, most) = match of_devices.max_by_key(|one| share(one)) {
        Some(nearest) => (count(nearest.used), count(nearest.limit)),
        // A limit in percent is another number for each device, so without one there is none.
        None => (0, most?),
    };
    Some(BudgetValue {
        lane: FLEET.to_owned(),
        limit: BudgetLimit::RemovalsPerDevice,
        used,
        most: Some(most),
    })
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// Counts the end of a task's run.
pub(super) fn task_ended(metrics: &Metrics, name: &str, failed: bool) {
    if let Some(task) = Task::from_word(name) {
        match failed {
            true => metrics.task_failed(task),
            false => metrics.task_succeeded(task),
        }
    }
}
