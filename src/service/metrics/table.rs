//! Lists every metric with its type, unit, labels and help, for the text format and the reference.

use super::label::{
    ApplyOutcome, BillingResult, BudgetLimit, HookResult, LabelValue, LeaderTask, LookKind,
    LookPriority, LookResult, RolloutState, ServiceClass, StatusClass, StoreOperation,
    SubscriberState, Task, TraceResult,
};
use crate::model::ConditionWord;

/// The most series of one instance, as docs/metrics.md promises.
pub const MAX_SERIES: usize = 2000;

/// The most bytes of one answer of `/metrics`.
pub const MAX_BYTES: usize = 200_000;

/// The most lanes with budgets of their own. A policy has a handful: one per team that may change something.
pub const MAX_LANES: usize = 16;

/// The most routes, `other` included. Each has 5 counters and a histogram of 10 series.
pub const MAX_ROUTES: usize = 40;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricType {
    Counter,
    Gauge,
    Histogram,
}

impl MetricType {
    /// Returns the word of the text format.
    pub fn word(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

/// A label of a metric.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Label {
    pub name: &'static str,
    pub values: LabelValues,
}

/// The values that a label can have.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum LabelValues {
    Closed(&'static [&'static str]),
    /// Names that are not known when the program is built, but never more than this.
    AtMost {
        most: usize,
        /// The kind of name, for the reference.
        of: &'static str,
    },
}

impl Label {
    const fn closed<L: LabelValue>() -> Self {
        Self {
            name: L::NAME,
            values: LabelValues::Closed(L::WORDS),
        }
    }

    const fn at_most(name: &'static str, most: usize, of: &'static str) -> Self {
        let values = LabelValues::AtMost { most, of };
        Self { name, values }
    }

    /// Returns the largest number of values.
    pub fn most(&self) -> usize {
        match self.values {
            LabelValues::Closed(words) => words.len(),
            LabelValues::AtMost { most, .. } => most,
        }
    }
}

/// One row of the table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Metric {
    pub name: &'static str,
    pub kind: MetricType,
    /// A plural noun, `seconds`, `bytes`, or `1` for a flag.
    pub unit: &'static str,
    pub labels: &'static [Label],
    /// The upper bounds of a histogram, ascending.
    pub bounds: &'static [f64],
    /// One or two sentences.
    pub help: &'static str,
}

impl Metric {
    const fn new(
        kind: MetricType,
        name: &'static str,
        unit: &'static str,
        help: &'static str,
    ) -> Self {
        Self {
            name,
            kind,
            unit,
            labels: &[],
            bounds: &[],
            help,
        }
    }

    const fn counter(name: &'static str, unit: &'static str, help: &'static str) -> Self {
        Self::new(MetricType::Counter, name, unit, help)
    }

    const fn gauge(name: &'static str, unit: &'static str, help: &'static str) -> Self {
        Self::new(MetricType::Gauge, name, unit, help)
    }

    const fn seconds(name: &'static str, bounds: &'static [f64], help: &'static str) -> Self {
        let metric = Self::new(MetricType::Histogram, name, "seconds", help);
        Self { bounds, ..metric }
    }

    const fn by(self, labels: &'static [Label]) -> Self {
        Self { labels, ..self }
    }

    /// Returns the largest number of series: all combinations of label values, and the parts of a histogram.
    pub fn most_series(&self) -> usize {
        let parts = match self.kind {
            MetricType::Counter | MetricType::Gauge => 1,
            MetricType::Histogram => self.bounds.len() + 3,
        };
        self.labels.iter().map(Label::most).product::<usize>() * parts
    }
}

/// From one request over a LAN to a look at a full device behind a slow link, which may last minutes.
const LOOK_BOUNDS: &[f64] = &[
    0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0,
];

/// 2 s and 75 s are the targets for the first byte after a push; a rollout in waves and windows lasts up to a week.
const CONVERGENCE_BOUNDS: &[f64] = &[
    2.0, 15.0, 75.0, 300.0, 900.0, 3600.0, 14_400.0, 86_400.0, 604_800.0,
];

/// From a row of a local file to the second that counts as a slow store, and on to the timeouts.
const STORE_BOUNDS: &[f64] = &[0.001, 0.005, 0.025, 0.1, 0.25, 1.0, 5.0, 30.0];

/// 0.15 s is the budget of a page. Few bounds, because there are many routes.
const HTTP_BOUNDS: &[f64] = &[0.005, 0.025, 0.05, 0.15, 0.5, 2.0, 10.0];

macro_rules! metrics {
    ($($name:ident = $metric:expr;)+) => {
        $(pub(super) const $name: Metric = $metric;)+

        /// Every metric that this version fills, in the order of the reference. Those of alerts, streams, logins and verdicts
        /// come with the code that fills them.
        pub const METRICS: &[Metric] = &[$($name),+];
    };
}

metrics! {
    BUILD_INFO = Metric::gauge("gamctl_build_info", "1", "Always 1; the label is the version of gamctl.")
        .by(&[Label::at_most("version", 1, "the version that runs")]);
    START_TIME = Metric::gauge("gamctl_start_time_seconds", "seconds", "Time of the start of the service, in seconds since 1970.");
    SCHEDULER_TICK_AGE = Metric::gauge("gamctl_scheduler_tick_age_seconds", "seconds",
        "Time since the scheduler last checked which devices are due. Above 30 the instance is stuck.");

    DEVICES = Metric::gauge("gamctl_devices", "devices", "Devices by their condition. Every instance exports the same numbers.")
        .by(&[Label::closed::<ConditionWord>()]);
    SUBSCRIBERS = Metric::gauge("gamctl_subscribers", "subscribers", "Subscribers of the inventory at the target, by state.")
        .by(&[Label::closed::<SubscriberState>()]);

    LOOKS = Metric::counter("gamctl_looks_total", "looks", "Probes, polls and looks that ended, by result.")
        .by(&[Label::closed::<LookKind>(), Label::closed::<LookResult>()]);
    LOOK_DURATION = Metric::seconds("gamctl_look_duration_seconds", LOOK_BOUNDS, "Duration of probes, polls and looks, failed ones included.")
        .by(&[Label::closed::<LookKind>()]);
    SCHEDULE_LAG = Metric::gauge("gamctl_schedule_lag_seconds", "seconds", "Time by which the most overdue device is late.")
        .by(&[Label::closed::<LookKind>()]);
    QUEUE_DEVICES = Metric::gauge("gamctl_queue_devices", "devices", "Devices that are due and wait for a concurrency slot, by priority.")
        .by(&[Label::closed::<LookPriority>()]);
    SLOTS_IN_USE = Metric::gauge("gamctl_concurrency_slots_in_use", "slots", "Devices that this instance works on now.");

    TARGET_INFO = Metric::gauge("gamctl_target_info", "1", "1 if there is a target, 0 before the first one was accepted.");
    TARGET_AGE = Metric::gauge("gamctl_target_age_seconds", "seconds", "Time since the present target was accepted.");
    FETCH_AGE = Metric::gauge("gamctl_fetch_age_seconds", "seconds",
        "Time since the last successful fetch of the branch. Only the leader of `fetch` exports it.");
    CANDIDATE_REFUSED = Metric::gauge("gamctl_candidate_refused", "1",
        "1 if the newest commit of the branch was not accepted as target, because of findings, signatures, lanes or policy.");
    HALTED = Metric::gauge("gamctl_halted", "1", "1 if the branch was rewritten, so that no target is accepted until an admin accepts the new history.");

    CONVERGENCE_LAG = Metric::seconds("gamctl_convergence_lag_seconds", CONVERGENCE_BOUNDS,
        "Time from the acceptance of a target to the verification of a device that it changes.");
    OLDEST_UNCONVERGED = Metric::gauge("gamctl_oldest_unconverged_seconds", "seconds",
        "Time for which the longest-waiting device has differed from the target; 0 if none does.");
    ROLLOUT_DEVICES = Metric::gauge("gamctl_rollout_devices", "devices", "Devices of the current rollout, by state; all 0 without a rollout.")
        .by(&[Label::closed::<RolloutState>()]);
    ROLLOUT_PAUSED = Metric::gauge("gamctl_rollout_paused", "1", "1 if the current rollout is paused by a gate or a person.");
    DEVICE_APPLIES = Metric::counter("gamctl_device_applies_total", "applies", "Applies on devices that ended, by outcome. `moved` means changed since the plan.")
        .by(&[Label::closed::<ApplyOutcome>()]);
    LINES_SENT = Metric::counter("gamctl_cli_lines_sent_total", "lines", "Lines of configuration that were sent to devices.");
    BUDGET_USED = Metric::gauge("gamctl_budget_used", "effects", "Effects of the last hour that count towards a limit of the policy. `removals_per_device` is that of the device nearest to its limit.")
        .by(BUDGET_LABELS);
    BUDGET_LIMIT = Metric::gauge("gamctl_budget_limit", "effects", "The limit of the policy for an hour. It is absent where the policy sets none.")
        .by(BUDGET_LABELS);

    STORE_DURATION = Metric::seconds("gamctl_store_duration_seconds", STORE_BOUNDS, "Duration of operations of the store, failed ones included.")
        .by(&[Label::closed::<StoreOperation>()]);
    STORE_UP = Metric::gauge("gamctl_store_up", "1", "1 if the last operation reached the store. Without the store no device is started.");
    JOURNAL_ENTRIES = Metric::gauge("gamctl_journal_entries", "entries", "Entries in the journal that wait for the store.");

    LEADER = Metric::gauge("gamctl_leader", "1", "1 if this instance is the leader of the task.")
        .by(&[Label::closed::<LeaderTask>()]);
    INSTANCES = Metric::gauge("gamctl_instances", "instances", "Instances with a recent heartbeat, as this one reads them.");
    TASK_FAILURES = Metric::counter("gamctl_task_failures_total", "failures", "Runs of a task that ended with an error or a panic.")
        .by(&[Label::closed::<Task>()]);
    TASK_FAILURES_IN_A_ROW = Metric::gauge("gamctl_task_failures_in_a_row", "failures", "Failed runs of a task since its last success.")
        .by(&[Label::closed::<Task>()]);

    HTTP_REQUESTS = Metric::counter("gamctl_http_requests_total", "requests", "Answered HTTP requests, by route and class of the status.")
        .by(&[ROUTE, Label::closed::<StatusClass>()]);
    HTTP_DURATION = Metric::seconds("gamctl_http_duration_seconds", HTTP_BOUNDS, "Time from the head of an HTTP request to the head of its answer.")
        .by(&[ROUTE]);

    TRACE_SPANS = Metric::counter("gamctl_trace_spans_total", "spans",
        "Ended spans of runs: exported to the collector of `[telemetry]`, or dropped because it is slow or does not answer.")
        .by(&[Label::closed::<TraceResult>()]);

    BILLING_RUNS = Metric::counter("gamctl_billing_runs_total", "runs",
        "Runs of the sync with billing systems, by result. Only the leader of `billing` counts.")
        .by(&[Label::closed::<BillingResult>()]);
    BILLING_AGE = Metric::gauge("gamctl_billing_age_seconds", "seconds",
        "Time since the last synced reading of the billing system that was not read for longest. Only the leader of `billing` exports it.");
    BILLING_SERVICES = Metric::gauge("gamctl_billing_services", "services", "Services of billing by class, of the last readings of everything.")
        .by(&[Label::closed::<ServiceClass>()]);
    BILLING_HELD = Metric::gauge("gamctl_billing_held_changes", "changes", "Changes from billing that wait until a person approves them.");
    BILLING_HOOKS = Metric::counter("gamctl_billing_hooks_total", "hooks", "Webhooks of billing systems, by answer.")
        .by(&[Label::closed::<HookResult>()]);
    BILLING_MISSED = Metric::counter("gamctl_billing_missed_by_hooks_total", "changes",
        "Changes of a system with webhooks that the reading of each minute found first, and no webhook announced.");

    PROCESS_CPU = Metric::counter("process_cpu_seconds_total", "seconds", "Processor time that the process used.");
    PROCESS_RESIDENT = Metric::gauge("process_resident_memory_bytes", "bytes", "Memory of the process that is in RAM.");
    PROCESS_OPEN_FDS = Metric::gauge("process_open_fds", "descriptors", "Open file descriptors, sockets included.");
    PROCESS_MAX_FDS = Metric::gauge("process_max_fds", "descriptors", "The most file descriptors that the process may open. It is absent without a limit.");
    PROCESS_START_TIME = Metric::gauge("process_start_time_seconds", "seconds", "Time of the start of the process, in seconds since 1970.");
}

const BUDGET_LABELS: &[Label] = &[
    Label::at_most("lane", MAX_LANES, "lanes of policy.toml, and `fleet`"),
    Label::closed::<BudgetLimit>(),
];

const ROUTE: Label = Label::at_most(
    "route",
    MAX_ROUTES,
    "routes as the service declares them, and `other`",
);

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_name_is_used_twice() {
        let names: BTreeSet<&str> = METRICS.iter().map(|one| one.name).collect();
        assert_eq!(names.len(), METRICS.len());
    }

    #[test]
    fn names_have_the_endings_that_prometheus_expects() {
        for metric in METRICS {
            let name = metric.name;
            assert!(
                name.starts_with("gamctl_") || name.starts_with("process_"),
                "{name}"
            );
            let is_counter = metric.kind == MetricType::Counter;
            assert_eq!(name.ends_with("_total"), is_counter, "{name}");
            let has_unit = ["seconds", "bytes"].contains(&metric.unit);
            let named = name.strip_suffix("_total").unwrap_or(name);
            assert_eq!(
                named.ends_with(&format!("_{}", metric.unit)),
                has_unit || named.ends_with(metric.unit),
                "{name}"
            );
            let is_letter = |one: char| one.is_ascii_lowercase() || one == '_';
            assert!(name.chars().all(is_letter), "{name}");
        }
    }

    #[test]
    fn help_is_made_of_sentences() {
        for metric in METRICS {
            let is_sentence = metric.help.ends_with('.') && metric.help.len() <= 140;
            assert!(is_sentence, "{}: {}", metric.name, metric.help);
        }
    }

    #[test]
    fn only_histograms_have_bounds_and_these_ascend() {
        for metric in METRICS {
            let is_histogram = metric.kind == MetricType::Histogram;
            assert_eq!(!metric.bounds.is_empty(), is_histogram, "{}", metric.name);
            assert!(metric.bounds.is_sorted_by(|a, b| a < b), "{}", metric.name);
        }
    }

    #[test]
    fn all_labels_multiplied_are_within_the_limit_of_series() {
        let most: usize = METRICS.iter().map(Metric::most_series).sum();
        assert!(most <= MAX_SERIES, "{most}");
    }
}
