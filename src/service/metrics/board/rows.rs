//! Lists the panels of the dashboard: titles, units, and expressions with their legends.

/// The kinds of panels that the dashboard has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// A large number.
    Number,
    /// Lines over time.
    Lines,
    /// Areas over time, one on the other.
    Stack,
}

/// A panel: title, kind, unit of Grafana, and expressions with their legends.
pub(super) struct Panel(
    pub(super) &'static str,
    pub(super) Shape,
    pub(super) &'static str,
    pub(super) &'static [(&'static str, &'static str)],
);

/// A row of panels.
pub(super) struct Row(pub(super) &'static str, pub(super) &'static [Panel]);

use Shape::{Lines, Number, Stack};

/// The rows from the top. Numbers of the whole fleet are joined with `max`, since every instance exports them.
pub(super) const ROWS: &[Row] = &[
    Row(
        "Needs attention",
        &[
            Panel(
                "Halted",
                Number,
                "bool_yes_no",
                &[(r#"max(gamctl_halted{job="$job"})"#, "")],
            ),
            Panel(
                "Newest commit refused",
                Number,
                "bool_yes_no",
                &[(r#"max(gamctl_candidate_refused{job="$job"})"#, "")],
            ),
            Panel(
                "Rollout paused",
                Number,
                "bool_yes_no",
                &[(r#"max(gamctl_rollout_paused{job="$job"})"#, "")],
            ),
            Panel(
                "Stuck, unsaved or wrong device",
                Number,
                "none",
                &[(
                    r#"sum(max by (condition) (gamctl_devices{job="$job",condition=~"stuck|unsaved|wrong-device"}))"#,
                    "",
                )],
            ),
            Panel(
                "Unreachable",
                Number,
                "none",
                &[(
                    r#"max(gamctl_devices{job="$job",condition="unreachable"})"#,
                    "",
                )],
            ),
            Panel(
                "Waiting for approval",
                Number,
                "none",
                &[(
                    r#"max(gamctl_devices{job="$job",condition="waiting-for-approval"})"#,
                    "",
                )],
            ),
            Panel(
                "Longest difference from the target",
                Number,
                "s",
                &[(r#"max(gamctl_oldest_unconverged_seconds{job="$job"})"#, "")],
            ),
            Panel(
                "Entries only in the journal",
                Number,
                "none",
                &[(r#"sum(gamctl_journal_entries{job="$job"})"#, "")],
            ),
        ],
    ),
    Row(
        "Fleet",
        &[
            Panel(
                "Devices by condition",
                Stack,
                "none",
                &[(
                    r#"max by (condition) (gamctl_devices{job="$job"}) > 0"#,
                    "{{condition}}",
                )],
            ),
            Panel(
                "Subscribers by state",
                Stack,
                "none",
                &[(
                    r#"max by (state) (gamctl_subscribers{job="$job"})"#,
                    "{{state}}",
                )],
            ),
        ],
    ),
    Row(
        "Target and rollout",
        &[
            Panel(
                "Age of target and fetch",
                Lines,
                "s",
                &[
                    (
                        r#"max(gamctl_target_age_seconds{job="$job"}) and max(gamctl_target_info{job="$job"}) > 0"#,
                        "target",
                    ),
                    (r#"min(gamctl_fetch_age_seconds{job="$job"})"#, "fetch"),
                ],
            ),
            Panel(
                "From target to verified",
                Lines,
                "s",
                &[
                    (
                        r#"histogram_quantile(0.5, sum by (le) (rate(gamctl_convergence_lag_seconds_bucket{job="$job"}[$__rate_interval])))"#,
                        "half",
                    ),
                    (
                        r#"histogram_quantile(0.95, sum by (le) (rate(gamctl_convergence_lag_seconds_bucket{job="$job"}[$__rate_interval])))"#,
                        "95 %",
                    ),
                ],
            ),
            Panel(
                "Devices of the rollout",
                Stack,
                "none",
                &[(
                    r#"max by (state) (gamctl_rollout_devices{job="$job"})"#,
                    "{{state}}",
                )],
            ),
            Panel(
                "Applies by outcome",
                Stack,
                "none",
                &[(
                    r#"sum by (outcome) (increase(gamctl_device_applies_total{job="$job"}[$__rate_interval])) > 0"#,
                    "{{outcome}}",
                )],
            ),
            Panel(
                "Lines sent",
                Lines,
                "none",
                &[(
                    r#"sum by (instance) (increase(gamctl_cli_lines_sent_total{job="$job"}[$__rate_interval]))"#,
                    "{{instance}}",
                )],
            ),
            Panel(
                "Budgets used",
                Lines,
                "percentunit",
                &[(
                    r#"max by (lane, limit) (gamctl_budget_used{job="$job"}) / (max by (lane, limit) (gamctl_budget_limit{job="$job"}) > 0)"#,
                    "{{lane}} {{limit}}",
                )],
            ),
        ],
    ),
    Row(
        "Looks",
        &[
            Panel(
                "Looks, polls and probes",
                Lines,
                "ops",
                &[(
                    r#"sum by (kind, result) (rate(gamctl_looks_total{job="$job"}[$__rate_interval])) > 0"#,
                    "{{kind}} {{result}}",
                )],
            ),
            Panel(
                "Duration, 95 %",
                Lines,
                "s",
                &[(
                    r#"histogram_quantile(0.95, sum by (kind, le) (rate(gamctl_look_duration_seconds_bucket{job="$job"}[$__rate_interval])))"#,
                    "{{kind}}",
                )],
            ),
            Panel(
                "Most overdue device",
                Lines,
                "s",
                &[(
                    r#"max by (kind) (gamctl_schedule_lag_seconds{job="$job"})"#,
                    "{{kind}}",
                )],
            ),
            Panel(
                "Waiting devices",
                Stack,
                "none",
                &[(
                    r#"sum by (priority) (gamctl_queue_devices{job="$job"})"#,
                    "{{priority}}",
                )],
            ),
            Panel(
                "Concurrency slots in use",
                Lines,
                "none",
                &[(
                    r#"gamctl_concurrency_slots_in_use{job="$job"}"#,
                    "{{instance}}",
                )],
            ),
        ],
    ),
    Row(
        "Store, tasks and instances",
        &[
            Panel(
                "Store reachable",
                Lines,
                "none",
                &[(r#"gamctl_store_up{job="$job"}"#, "{{instance}}")],
            ),
            Panel(
                "Duration of the store, 95 %",
                Lines,
                "s",
                &[(
                    r#"histogram_quantile(0.95, sum by (operation, le) (rate(gamctl_store_duration_seconds_bucket{job="$job"}[$__rate_interval])))"#,
                    "{{operation}}",
                )],
            ),
            Panel(
                "Failed tasks",
                Lines,
                "none",
                &[
                    (
                        r#"sum by (task) (increase(gamctl_task_failures_total{job="$job"}[$__rate_interval])) > 0"#,
                        "{{task}}",
                    ),
                    (
                        r#"max by (task) (gamctl_task_failures_in_a_row{job="$job"}) > 0"#,
                        "{{task}}, in a row",
                    ),
                ],
            ),
            Panel(
                "Leader of each task",
                Lines,
                "none",
                &[(r#"gamctl_leader{job="$job"} > 0"#, "{{task}}: {{instance}}")],
            ),
            Panel(
                "Instances",
                Lines,
                "none",
                &[
                    (r#"max(gamctl_instances{job="$job"})"#, "with a heartbeat"),
                    (
                        r#"count(gamctl_build_info{job="$job"}) by (version)"#,
                        "version {{version}}",
                    ),
                ],
            ),
            Panel(
                "Time since the last tick of the scheduler",
                Lines,
                "s",
                &[(
                    r#"gamctl_scheduler_tick_age_seconds{job="$job"}"#,
                    "{{instance}}",
                )],
            ),
        ],
    ),
    Row(
        "Process and HTTP",
        &[
            Panel(
                "Requests",
                Lines,
                "reqps",
                &[(
                    r#"sum by (status) (rate(gamctl_http_requests_total{job="$job"}[$__rate_interval]))"#,
                    "{{status}}",
                )],
            ),
            Panel(
                "Duration of requests, 95 %",
                Lines,
                "s",
                &[(
                    r#"histogram_quantile(0.95, sum by (route, le) (rate(gamctl_http_duration_seconds_bucket{job="$job"}[$__rate_interval])))"#,
                    "{{route}}",
                )],
            ),
            Panel(
                "Spans of traces",
                Lines,
                "cps",
                &[(
                    r#"sum by (result) (rate(gamctl_trace_spans_total{job="$job"}[$__rate_interval]))"#,
                    "{{result}}",
                )],
            ),
            Panel(
                "Processor",
                Lines,
                "percentunit",
                &[(
                    r#"rate(process_cpu_seconds_total{job="$job"}[$__rate_interval])"#,
                    "{{instance}}",
                )],
            ),
            Panel(
                "Memory",
                Lines,
                "bytes",
                &[(
                    r#"process_resident_memory_bytes{job="$job"}"#,
                    "{{instance}}",
                )],
            ),
            Panel(
                "File descriptors",
                Lines,
                "percentunit",
                &[(
                    r#"process_open_fds{job="$job"} / process_max_fds{job="$job"}"#,
                    "{{instance}}",
                )],
            ),
            Panel(
                "Time since the start",
                Lines,
                "s",
                &[
                    (
                        r#"time() - gamctl_start_time_seconds{job="$job"}"#,
                        "{{instance}} service",
                    ),
                    (
                        r#"time() - process_start_time_seconds{job="$job"}"#,
                        "{{instance}} process",
                    ),
                ],
            ),
        ],
    ),
    Row(
        "Billing",
        &[
            Panel(
                "Time since the last synced reading",
                Number,
                "s",
                &[(r#"max(gamctl_billing_age_seconds{job="$job"})"#, "")],
            ),
            Panel(
                "Changes held back",
                Number,
                "none",
                &[(r#"max(gamctl_billing_held_changes{job="$job"})"#, "")],
            ),
            Panel(
                "Services by class",
                Stack,
                "none",
                &[(
                    r#"max by (class) (gamctl_billing_services{job="$job"})"#,
                    "{{class}}",
                )],
            ),
            Panel(
                "Runs of the sync",
                Lines,
                "cps",
                &[(
                    r#"sum by (result) (rate(gamctl_billing_runs_total{job="$job"}[$__rate_interval]))"#,
                    "{{result}}",
                )],
            ),
            Panel(
                "Webhooks of billing",
                Lines,
                "cps",
                &[
                    (
                        r#"sum by (result) (rate(gamctl_billing_hooks_total{job="$job"}[$__rate_interval]))"#,
                        "{{result}}",
                    ),
                    (
                        r#"sum (rate(gamctl_billing_missed_by_hooks_total{job="$job"}[$__rate_interval]))"#,
                        "changes without a webhook",
                    ),
                ],
            ),
        ],
    ),
];
