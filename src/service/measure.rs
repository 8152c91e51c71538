//! Fills the metrics that are read from the present state, right before they are rendered.

use std::collections::BTreeMap;

use super::instance_state::Shared;
use super::metrics::{LabelValue, LeaderTask, LookKind, LookPriority, Task};
use super::metrics::{Metrics, read_process, render};
use super::schedule::{Priority, ReadKind};
use crate::model::ConditionWord;

/// Returns all metrics in Prometheus' text format.
pub(super) fn text(shared: &Shared) -> String {
    devices(shared);
    queue(shared);
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

/// Counts the end of a task's run.
pub(super) fn task_ended(metrics: &Metrics, name: &str, failed: bool) {
    if let Some(task) = Task::from_word(name) {
        match failed {
            true => metrics.task_failed(task),
            false => metrics.task_succeeded(task),
        }
    }
}
