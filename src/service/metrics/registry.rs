//! Holds the metrics of a process, without a global: one method for each metric of the table.

use std::sync::{Arc, Mutex, PoisonError};

use super::cell::{Age, Cell, Counter, Gauge, Histogram};
use super::family::{Family, LabelSet, NamedFamily};
use super::label::{
    ApplyOutcome, BillingResult, BudgetLimit, HookResult, LabelValue, LeaderTask, LookKind,
    LookPriority, LookResult, RolloutState, ServiceClass, StatusClass, StoreOperation,
    SubscriberState, Task, TraceResult,
};
use super::process::ProcessReading;
use super::snapshot::{MetricSeries, Series, SeriesValue, Snapshot};
use super::table::{self, MAX_LANES, MAX_ROUTES, Metric};
use crate::model::ConditionWord;

/// The metrics of one process. A clone is another handle to the same numbers.
#[derive(Debug, Clone)]
pub struct Metrics(Arc<Cells>);

#[derive(Debug)]
struct Cells {
    version: String,
    start_time: Gauge,
    scheduler_tick: Family<(), Age>,
    devices: Family<ConditionWord, Gauge>,
    subscribers: Family<SubscriberState, Gauge>,
    looks: Family<(LookKind, LookResult), Counter>,
    look_duration: Family<LookKind, Histogram>,
    schedule_lag: Family<LookKind, Gauge>,
    queue: Family<LookPriority, Gauge>,
    slots: Family<(), Gauge>,
    target_info: Family<(), Gauge>,
    target_age: Family<(), Age>,
    fetch_age: Family<(), Age>,
    candidate_refused: Family<(), Gauge>,
    halted: Family<(), Gauge>,
    convergence_lag: Family<(), Histogram>,
    oldest_unconverged: Family<(), Age>,
    rollout_devices: Family<RolloutState, Gauge>,
    rollout_paused: Family<(), Gauge>,
    device_applies: Family<ApplyOutcome, Counter>,
    lines_sent: Family<(), Counter>,
    budgets: Mutex<Vec<BudgetUse>>,
    store_duration: Family<StoreOperation, Histogram>,
    store_up: Family<(), Gauge>,
    journal_entries: Family<(), Gauge>,
    leader: Family<LeaderTask, Gauge>,
    instances: Family<(), Gauge>,
    task_failures: Family<Task, Counter>,
    task_failures_in_a_row: Family<Task, Gauge>,
    http_requests: NamedFamily<StatusClass, Counter>,
    http_duration: NamedFamily<(), Histogram>,
    trace_spans: Family<TraceResult, Counter>,
    billing_runs: Family<BillingResult, Counter>,
    billing_age: Family<(), Age>,
    billing_services: Family<ServiceClass, Gauge>,
    billing_held: Family<(), Gauge>,
    billing_hooks: Family<HookResult, Counter>,
    billing_missed: Family<(), Counter>,
}

/// The use of one limit of a lane, or of all lanes under the name `fleet`.
#[derive(Debug, Clone, PartialEq)]
pub struct BudgetUse {
    pub lane: String,
    pub limit: BudgetLimit,
    pub used: u32,
    /// None: the policy sets no limit.
    pub most: Option<u32>,
}

impl Metrics {
    /// Makes metrics without values. `start` is in seconds since 1970. A request to a route that is not listed counts as
    /// `other`, so that no part of a URL becomes a label.
    pub fn new(version: &str, start: u64, routes: &[&str]) -> Self {
        let start_time = Gauge::default();
        start_time.set(start as f64);
        let seconds = |metric: Metric| move || Histogram::new(metric.bounds);
        Self(Arc::new(Cells {
            version: version.to_owned(),
            start_time,
            scheduler_tick: Family::new(Age::default),
            devices: Family::new(Gauge::default),
            subscribers: Family::new(Gauge::default),
            looks: Family::new(Counter::default),
            look_duration: Family::new(seconds(table::LOOK_DURATION)),
            schedule_lag: Family::new(Gauge::default),
            queue: Family::new(Gauge::default),
            slots: Family::new(Gauge::default),
            target_info: Family::new(Gauge::default),
            target_age: Family::new(Age::default),
            fetch_age: Family::new(Age::default),
            candidate_refused: Family::new(Gauge::default),
            halted: Family::new(Gauge::default),
            convergence_lag: Family::new(seconds(table::CONVERGENCE_LAG)),
            oldest_unconverged: Family::new(Age::default),
            rollout_devices: Family::new(Gauge::default),
            rollout_paused: Family::new(Gauge::default),
            device_applies: Family::new(Counter::default),
            lines_sent: Family::new(Counter::default),
            budgets: Mutex::default(),
            store_duration: Family::new(seconds(table::STORE_DURATION)),
            store_up: Family::new(Gauge::default),
            journal_entries: Family::new(Gauge::default),
            leader: Family::new(Gauge::default),
            instances: Family::new(Gauge::default),
            task_failures: Family::new(Counter::default),
            task_failures_in_a_row: Family::new(Gauge::default),
            http_requests: NamedFamily::new("route", routes, MAX_ROUTES, Counter::default),
            http_duration: NamedFamily::new(
                "route",
                routes,
                MAX_ROUTES,
                seconds(table::HTTP_DURATION),
            ),
            trace_spans: Family::new(Counter::default),
            billing_runs: Family::new(Counter::default),
            billing_age: Family::new(Age::default),
            billing_services: Family::new(Gauge::default),
            billing_held: Family::new(Gauge::default),
            billing_hooks: Family::new(Counter::default),
            billing_missed: Family::new(Counter::default),
        }))
    }

    /// The last check of the scheduler: which devices are due.
    pub fn scheduler_tick(&self) -> &Age {
        self.0.scheduler_tick.get(())
    }

    /// Sets the number of devices of every condition.
    pub fn set_devices(&self, count: impl Fn(ConditionWord) -> usize) {
        set_all(&self.0.devices, count);
    }

    /// Sets the number of subscribers of every state.
    pub fn set_subscribers(&self, count: impl Fn(SubscriberState) -> usize) {
        set_all(&self.0.subscribers, count);
    }

    pub fn looks(&self, kind: LookKind, result: LookResult) -> &Counter {
        self.0.looks.get((kind, result))
    }

    pub fn look_duration(&self, kind: LookKind) -> &Histogram {
        self.0.look_duration.get(kind)
    }

    pub fn schedule_lag(&self, kind: LookKind) -> &Gauge {
        self.0.schedule_lag.get(kind)
    }

    /// Sets the number of waiting devices of every priority.
    pub fn set_queue(&self, count: impl Fn(LookPriority) -> usize) {
        set_all(&self.0.queue, count);
    }

    pub fn concurrency_slots_in_use(&self) -> &Gauge {
        self.0.slots.get(())
    }

    /// Sets when the target was accepted, in seconds since 1970; none: there is no target yet.
    pub fn set_target(&self, accepted: Option<u64>) {
        self.0.target_info.get(()).set_flag(accepted.is_some());
        let age = self.0.target_age.get(());
        accepted.map_or_else(|| age.clear(), |at| age.since(at));
    }

    /// The last successful fetch. A new leader of `fetch` sets the last one that is known, or the time of its takeover, or a
    /// fetch that never succeeds would stay unseen. Clear it when this instance is no longer the leader.
    pub fn fetch_age(&self) -> &Age {
        self.0.fetch_age.get(())
    }

    pub fn candidate_refused(&self) -> &Gauge {
        self.0.candidate_refused.get(())
    }

    pub fn halted(&self) -> &Gauge {
        self.0.halted.get(())
    }

    /// From the acceptance of a target to the verification of one device.
    pub fn convergence_lag(&self) -> &Histogram {
        self.0.convergence_lag.get(())
    }

    /// The device that has differed from the target for the longest time.
    pub fn oldest_unconverged(&self) -> &Age {
        self.0.oldest_unconverged.get(())
    }

    /// Sets the number of devices of every state of the current rollout; all 0 without one.
    pub fn set_rollout_devices(&self, count: impl Fn(RolloutState) -> usize) {
        set_all(&self.0.rollout_devices, count);
    }

    pub fn rollout_paused(&self) -> &Gauge {
        self.0.rollout_paused.get(())
    }

    pub fn device_applies(&self, outcome: ApplyOutcome) -> &Counter {
        self.0.device_applies.get(outcome)
    }

    pub fn cli_lines_sent(&self) -> &Counter {
        self.0.lines_sent.get(())
    }

    /// Replaces all budgets. A policy with more lanes than `MAX_LANES` exports the first ones, as they are listed.
    pub fn set_budgets(&self, budgets: &[BudgetUse]) {
        let mut lanes: Vec<&str> = Vec::new();
        let mut kept: Vec<BudgetUse> = Vec::new();
        for one in budgets {
            if !lanes.contains(&one.lane.as_str()) {
                lanes.push(&one.lane);
            }
            let is_same = |other: &BudgetUse| other.lane == one.lane && other.limit == one.limit;
            // Two series with the same labels would make the whole answer invalid.
            if lanes.len() <= MAX_LANES && !kept.iter().any(is_same) {
                kept.push(one.clone());
            }
        }
        *self
            .0
            .budgets
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = kept;
    }

    pub fn store_duration(&self, operation: StoreOperation) -> &Histogram {
        self.0.store_duration.get(operation)
    }

    pub fn store_up(&self) -> &Gauge {
        self.0.store_up.get(())
    }

    pub fn journal_entries(&self) -> &Gauge {
        self.0.journal_entries.get(())
    }

    pub fn leader(&self, task: LeaderTask) -> &Gauge {
        self.0.leader.get(task)
    }

    pub fn instances(&self) -> &Gauge {
        self.0.instances.get(())
    }

    pub fn task_failed(&self, task: Task) {
        self.0.task_failures.get(task).inc();
        self.0.task_failures_in_a_row.get(task).add(1.0);
    }

    pub fn task_succeeded(&self, task: Task) {
        self.0.task_failures_in_a_row.get(task).set(0.0);
    }

    /// Counts an answered request. The route is as it was declared, never the path of the request.
    pub fn http_request(&self, route: &str, status: u16, seconds: f64) {
        let class = StatusClass::of(status);
        self.0.http_requests.get(route, class).inc();
        self.0.http_duration.get(route, ()).observe(seconds);
    }

    pub fn trace_spans(&self, result: TraceResult) -> &Counter {
        self.0.trace_spans.get(result)
    }

    pub fn billing_runs(&self, result: BillingResult) -> &Counter {
        self.0.billing_runs.get(result)
    }

    /// The last reading of the billing system that was not read for longest.
    pub fn billing_age(&self) -> &Age {
        self.0.billing_age.get(())
    }

    /// Sets the number of services of every class.
    pub fn set_billing_services(&self, count: impl Fn(ServiceClass) -> usize) {
        set_all(&self.0.billing_services, count);
    }

    pub fn billing_held(&self) -> &Gauge {
        self.0.billing_held.get(())
    }

    /// Stops exporting what the instance that syncs knows.
    pub fn clear_billing(&self) {
        self.0.billing_age.get(()).clear();
        self.0.billing_held.get(()).clear();
        for class in ServiceClass::ALL {
            self.0.billing_services.get(*class).clear();
        }
    }

    pub fn billing_hooks(&self, result: HookResult) -> &Counter {
        self.0.billing_hooks.get(result)
    }

    /// Changes that no webhook announced, although the system has webhooks.
    pub fn billing_missed_by_hooks(&self) -> &Counter {
        self.0.billing_missed.get(())
    }

    /// Returns all values at a time in seconds since 1970.
    pub fn snapshot(&self, now: u64, process: &ProcessReading) -> Snapshot {
        let mut metrics = self.of_service(now);
        metrics.extend(self.of_budgets());
        metrics.extend(of_process(process));
        Snapshot { metrics }
    }

    fn of_service(&self, now: u64) -> Vec<MetricSeries> {
        fn of<S: LabelSet, C: Cell>(
            metric: Metric,
            family: &Family<S, C>,
            now: u64,
        ) -> MetricSeries {
            let series = family.series(now);
            MetricSeries { metric, series }
        }
        let cells = &*self.0;
        let named = |metric: Metric, series| MetricSeries { metric, series };
        vec![
            number(
                table::BUILD_INFO,
                vec![("version", cells.version.clone())],
                Some(1.0),
            ),
            number(table::START_TIME, Vec::new(), cells.start_time.get()),
            of(table::SCHEDULER_TICK_AGE, &cells.scheduler_tick, now),
            of(table::DEVICES, &cells.devices, now),
            of(table::SUBSCRIBERS, &cells.subscribers, now),
            of(table::LOOKS, &cells.looks, now),
            of(table::LOOK_DURATION, &cells.look_duration, now),
            of(table::SCHEDULE_LAG, &cells.schedule_lag, now),
            of(table::QUEUE_DEVICES, &cells.queue, now),
            of(table::SLOTS_IN_USE, &cells.slots, now),
            of(table::TARGET_INFO, &cells.target_info, now),
            of(table::TARGET_AGE, &cells.target_age, now),
            of(table::FETCH_AGE, &cells.fetch_age, now),
            of(table::CANDIDATE_REFUSED, &cells.candidate_refused, now),
            of(table::HALTED, &cells.halted, now),
            of(table::CONVERGENCE_LAG, &cells.convergence_lag, now),
            of(table::OLDEST_UNCONVERGED, &cells.oldest_unconverged, now),
            of(table::ROLLOUT_DEVICES, &cells.rollout_devices, now),
            of(table::ROLLOUT_PAUSED, &cells.rollout_paused, now),
            of(table::DEVICE_APPLIES, &cells.device_applies, now),
            of(table::LINES_SENT, &cells.lines_sent, now),
            of(table::STORE_DURATION, &cells.store_duration, now),
            of(table::STORE_UP, &cells.store_up, now),
            of(table::JOURNAL_ENTRIES, &cells.journal_entries, now),
            of(table::LEADER, &cells.leader, now),
            of(table::INSTANCES, &cells.instances, now),
            of(table::TASK_FAILURES, &cells.task_failures, now),
            of(
                table::TASK_FAILURES_IN_A_ROW,
                &cells.task_failures_in_a_row,
                now,
            ),
            named(table::HTTP_REQUESTS, cells.http_requests.series(now)),
            named(table::HTTP_DURATION, cells.http_duration.series(now)),
            of(table::TRACE_SPANS, &cells.trace_spans, now),
            of(table::BILLING_RUNS, &cells.billing_runs, now),
            of(table::BILLING_AGE, &cells.billing_age, now),
            of(table::BILLING_SERVICES, &cells.billing_services, now),
            of(table::BILLING_HELD, &cells.billing_held, now),
            of(table::BILLING_HOOKS, &cells.billing_hooks, now),
            of(table::BILLING_MISSED, &cells.billing_missed, now),
        ]
    }

    fn of_budgets(&self) -> [MetricSeries; 2] {
        let budgets = self
            .0
            .budgets
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let series = |value: fn(&BudgetUse) -> Option<u32>| -> Vec<Series> {
            let valued = budgets.iter().filter_map(|one| Some((one, value(one)?)));
            let series = valued.map(|(one, value)| Series {
                labels: vec![
                    ("lane", one.lane.clone()),
                    (BudgetLimit::NAME, one.limit.word().to_owned()),
                ],
                value: SeriesValue::Number(f64::from(value)),
            });
            series.collect()
        };
        [
            MetricSeries {
                metric: table::BUDGET_USED,
                series: series(|one| Some(one.used)),
            },
            MetricSeries {
                metric: table::BUDGET_LIMIT,
                series: series(|one| one.most),
            },
        ]
    }
}

fn of_process(process: &ProcessReading) -> [MetricSeries; 5] {
    let of = |metric, value| number(metric, Vec::new(), value);
    [
        of(table::PROCESS_CPU, process.cpu_seconds),
        of(table::PROCESS_RESIDENT, process.resident_bytes),
        of(table::PROCESS_OPEN_FDS, process.open_files),
        of(table::PROCESS_MAX_FDS, process.max_files),
        of(table::PROCESS_START_TIME, process.start_time),
    ]
}

fn number(metric: Metric, labels: Vec<(&'static str, String)>, value: Option<f64>) -> MetricSeries {
    let series = value.map(|value| Series {
        labels,
        value: SeriesValue::Number(value),
    });
    MetricSeries {
        metric,
        series: series.into_iter().collect(),
    }
}

fn set_all<L: LabelValue>(family: &Family<L, Gauge>, count: impl Fn(L) -> usize) {
    for one in L::ALL {
        family.get(*one).set_count(count(*one));
    }
}
