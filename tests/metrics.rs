//! The metrics of the service: their text, their bounds, and that rules and dashboard use nothing but the table.

use std::collections::{BTreeMap, BTreeSet};

use gamctl::model::ConditionWord;
use gamctl::service::metrics::{
    ALERT_RULES, ApplyOutcome, BillingResult, BudgetLimit, BudgetUse, HookResult, LabelValue,
    LabelValues, LeaderTask, LookKind, LookPriority, LookResult, MAX_BYTES, MAX_LANES, MAX_ROUTES,
    MAX_SERIES, METRICS, Metric, MetricType, Metrics, ProcessReading, RolloutState, ServiceClass,
    StoreOperation, Task, dashboard, render,
};

use crate::golden::assert_golden;

/// 2026-11-21, 16:32:05 UTC.
const NOW: u64 = 1_795_278_725;

const PROCESS: ProcessReading = ProcessReading {
    cpu_seconds: Some(12.34),
    resident_bytes: Some(104_857_600.0),
    open_files: Some(42.0),
    max_files: Some(1024.0),
    start_time: Some(1_795_192_324.5),
};

/// Gives every metric a value.
fn fill(metrics: &Metrics, lanes: &[&str], routes: &[&str]) {
    metrics.scheduler_tick().since(NOW - 1);
    metrics.set_devices(|condition| match condition {
        ConditionWord::Converged => 47,
        ConditionWord::Unreachable => 2,
        _ => 0,
    });
    metrics.set_subscribers(|state| [9100, 60, 7][state.index()]);
    metrics
        .looks(LookKind::Probe, LookResult::Complete)
        .add(1440);
    metrics.looks(LookKind::Look, LookResult::Partial).inc();
    for seconds in [0.03, 0.05, 0.06, 4.0, 400.0] {
        metrics.look_duration(LookKind::Look).observe(seconds);
    }
    for kind in LookKind::ALL {
        metrics.schedule_lag(*kind).set(0.25);
    }
    metrics.set_queue(|priority| usize::from(priority == LookPriority::Failing));
    metrics.concurrency_slots_in_use().set_count(3);
    metrics.set_target(Some(NOW - 3600));
    metrics.fetch_age().since(NOW - 20);
    metrics.candidate_refused().set_flag(false);
    metrics.halted().set_flag(false);
    metrics.convergence_lag().observe(62.5);
    metrics.oldest_unconverged().nothing();
    metrics.set_rollout_devices(|state| usize::from(state == RolloutState::Applying));
    metrics.rollout_paused().set_flag(true);
    metrics.device_applies(ApplyOutcome::RolledBack).inc();
    metrics.cli_lines_sent().add(118);
    let mut budgets = Vec::new();
    for lane in lanes {
        budgets.extend(BudgetLimit::ALL.iter().map(|limit| BudgetUse {
            lane: (*lane).to_owned(),
            limit: *limit,
            used: 3,
            most: Some(20),
        }));
    }
    metrics.set_budgets(&budgets);
    metrics.store_duration(StoreOperation::Write).observe(0.004);
    metrics.store_up().set_flag(true);
    metrics.journal_entries().set_count(0);
    for task in LeaderTask::ALL {
        metrics.leader(*task).set_flag(true);
    }
    metrics.instances().set_count(2);
    for task in Task::ALL {
        metrics.task_succeeded(*task);
    }
    metrics.task_failed(Task::Fetch);
    metrics.billing_runs(BillingResult::Committed).inc();
    metrics.billing_age().since(NOW - 45);
    metrics.set_billing_services(|class| usize::from(class == ServiceClass::InSync) * 640);
    metrics.billing_held().set_count(0);
    metrics.billing_hooks(HookResult::Accepted).inc();
    metrics.billing_missed_by_hooks().inc();
    for route in routes {
        metrics.http_request(route, 200, 0.012);
        metrics.http_request(route, 503, 3.0);
    }
}

fn filled(lanes: &[&str], routes: &[&str]) -> Metrics {
    let metrics = Metrics::new("0.1.0", NOW - 86_400, routes);
    fill(&metrics, lanes, routes);
    metrics
}

/// Returns the names of metrics in the lines that begin with `# WORD`, as often as they are there.
fn commented(text: &str, word: &str) -> Vec<String> {
    let begin = format!("# {word} ");
    let names = text.lines().filter_map(|line| line.strip_prefix(&begin));
    names
        .map(|line| line.split(' ').next().unwrap().to_owned())
        .collect()
}

#[test]
fn the_text_is_as_it_was() {
    let metrics = filled(&["fleet"], &["/metrics"]);
    let text = render(&metrics.snapshot(NOW, &PROCESS));
    assert_golden("tests/outside/metrics.txt", &text);
}

#[test]
fn every_metric_of_the_table_is_shown_once_with_help_and_type() {
    let metrics = filled(&["fleet", "helpdesk"], &["/devices"]);
    let text = render(&metrics.snapshot(NOW, &PROCESS));
    let mut names: Vec<&str> = METRICS.iter().map(|metric| metric.name).collect();
    names.sort_unstable();
    assert_eq!(commented(&text, "HELP"), names);
    assert_eq!(commented(&text, "TYPE"), names);
}

#[test]
fn every_series_has_the_labels_of_the_table() {
    let metrics = filled(&["fleet"], &["/devices"]);
    for one in metrics.snapshot(NOW, &PROCESS).metrics {
        let mut seen = BTreeSet::new();
        assert!(!one.series.is_empty(), "{}", one.metric.name);
        for series in one.series {
            let names: Vec<&str> = series.labels.iter().map(|(name, _)| *name).collect();
            let expected: Vec<&str> = one.metric.labels.iter().map(|label| label.name).collect();
            assert_eq!(names, expected, "{}", one.metric.name);
            for ((_, value), label) in series.labels.iter().zip(one.metric.labels) {
                if let LabelValues::Closed(words) = label.values {
                    assert!(words.contains(&value.as_str()), "{}: {value}", label.name);
                }
            }
            assert!(seen.insert(series.labels), "{} twice", one.metric.name);
        }
    }
}

#[test]
fn neither_lanes_nor_routes_nor_requests_make_more_series_than_promised() {
    let lanes: Vec<String> = (0..50).map(|at| format!("{at:064}")).collect();
    let routes: Vec<String> = (0..200).map(|at| format!("/{at:0>63}")).collect();
    let lanes: Vec<&str> = lanes.iter().map(String::as_str).collect();
    let routes: Vec<&str> = routes.iter().map(String::as_str).collect();
    let metrics = filled(&lanes, &routes);
    for at in 0..10_000_u16 {
        metrics.http_request(&format!("/scan/{at}"), at, f64::from(at));
    }
    let snapshot = metrics.snapshot(NOW, &PROCESS);
    let values = |label: &str| -> BTreeSet<String> {
        let series = snapshot.metrics.iter().flat_map(|one| &one.series);
        let labels = series.flat_map(|one| &one.labels);
        let here = labels.filter(|(name, _)| *name == label);
        here.map(|(_, value)| value.clone()).collect()
    };
    assert_eq!(values("lane").len(), MAX_LANES);
    assert_eq!(values("route").len(), MAX_ROUTES);
    // Full, the registry has as many series as all labels of the table multiplied, so the table's own test is enough.
    let most: usize = METRICS.iter().map(Metric::most_series).sum();
    assert_eq!(snapshot.series(), most);
    assert!(most <= MAX_SERIES, "{most}");
    let text = render(&snapshot);
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    assert_eq!(lines.count(), most);
    assert!(text.len() <= MAX_BYTES, "{}", text.len());
}

#[test]
fn a_gauge_that_was_never_set_is_absent_and_a_counter_is_zero() {
    let metrics = Metrics::new("0.1.0", NOW, &[]);
    let text = render(&metrics.snapshot(NOW, &ProcessReading::default()));
    let shown: BTreeSet<String> = commented(&text, "TYPE").into_iter().collect();
    let always = ["gamctl_build_info", "gamctl_start_time_seconds"];
    for metric in METRICS {
        let is_gauge = metric.kind == MetricType::Gauge;
        let is_process = metric.name.starts_with("process_");
        let is_shown = always.contains(&metric.name) || !is_gauge && !is_process;
        assert_eq!(shown.contains(metric.name), is_shown, "{}", metric.name);
    }
    assert!(text.contains("gamctl_looks_total{kind=\"look\",result=\"failed\"} 0\n"));
}

#[test]
fn a_clone_counts_into_the_same_numbers() {
    let metrics = Metrics::new("0.1.0", NOW, &[]);
    let other = metrics.clone();
    std::thread::spawn(move || other.cli_lines_sent().add(7))
        .join()
        .unwrap();
    let text = render(&metrics.snapshot(NOW, &PROCESS));
    assert!(text.contains("\ngamctl_cli_lines_sent_total 7\n"), "{text}");
}

#[test]
fn a_lane_that_left_the_policy_is_no_longer_exported() {
    let metrics = filled(&["fleet", "helpdesk"], &[]);
    let of = |lane: &str| BudgetUse {
        lane: lane.to_owned(),
        limit: BudgetLimit::Devices,
        used: 2,
        most: None,
    };
    // The same limit twice would be the same series twice, which Prometheus refuses together with all others.
    metrics.set_budgets(&[of("fleet"), of("fleet")]);
    let text = render(&metrics.snapshot(NOW, &PROCESS));
    let shown: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("gamctl_budget_"))
        .collect();
    assert_eq!(
        shown,
        ["gamctl_budget_used{lane=\"fleet\",limit=\"devices\"} 2"]
    );
}

#[test]
fn failures_in_a_row_end_with_a_success() {
    let metrics = Metrics::new("0.1.0", NOW, &[]);
    let in_a_row = || {
        let text = render(&metrics.snapshot(NOW, &PROCESS));
        let begin = "gamctl_task_failures_in_a_row{task=\"target\"} ";
        let value = text.lines().find_map(|line| line.strip_prefix(begin));
        value.map(str::to_owned)
    };
    metrics.task_failed(Task::Target);
    metrics.task_failed(Task::Target);
    assert_eq!(in_a_row().as_deref(), Some("2"));
    metrics.task_succeeded(Task::Target);
    assert_eq!(in_a_row().as_deref(), Some("0"));
}

/// The metrics that an expression uses, with the values that it gives their labels.
fn uses(expression: &str) -> Vec<(String, Vec<(String, String)>)> {
    let is_name = |one: char| one.is_ascii_alphanumeric() || one == '_';
    let mut found: Vec<(String, Vec<(String, String)>)> = Vec::new();
    let mut rest = expression;
    while let Some(at) = rest.find(is_name) {
        let word: String = rest[at..].chars().take_while(|one| is_name(*one)).collect();
        rest = &rest[at + word.len()..];
        if let Some(selector) = rest.strip_prefix('{') {
            let (selector, after) = selector.split_once('}').unwrap();
            let pairs = selector.split("\",").map(|pair| {
                let (name, value) = pair.split_once('=').unwrap();
                let value = value.trim_matches(['~', '"']);
                (name.to_owned(), value.to_owned())
            });
            found.push((word, pairs.collect()));
            rest = after;
        } else if word.starts_with("gamctl_") || word.starts_with("process_") {
            found.push((word, Vec::new()));
        }
    }
    found
}

/// Returns the metric of a series, which has an ending of its own if the metric is a histogram.
fn metric_of(series: &str) -> Option<&'static Metric> {
    let parts = ["_bucket", "_sum", "_count"];
    METRICS.iter().find(|metric| match metric.kind {
        MetricType::Counter | MetricType::Gauge => series == metric.name,
        MetricType::Histogram => {
            let part = series.strip_prefix(metric.name);
            part.is_some_and(|part| parts.contains(&part))
        }
    })
}

/// Asserts that an expression uses metrics, labels and values of the table; returns the metrics.
fn check_expression(expression: &str) -> BTreeSet<&'static str> {
    let mut names = BTreeSet::new();
    for (series, labels) in uses(expression) {
        // Prometheus itself makes this one.
        if series == "up" {
            continue;
        }
        let metric = metric_of(&series);
        let metric = metric.unwrap_or_else(|| panic!("`{series}` in `{expression}`"));
        names.insert(metric.name);
        for (name, value) in labels {
            if name == "job" {
                continue;
            }
            let label = metric.labels.iter().find(|label| label.name == name);
            let label = label.unwrap_or_else(|| panic!("`{name}` in `{expression}`"));
            if let LabelValues::Closed(words) = label.values {
                let all_known = value.split('|').all(|value| words.contains(&value));
                assert!(all_known, "`{value}` in `{expression}`");
            }
        }
    }
    names
}

#[test]
fn rules_use_metrics_and_label_values_of_the_table() {
    for rule in ALERT_RULES {
        let used = check_expression(rule.when);
        assert!(!used.is_empty() || rule.when.contains("up{"), "{}", rule.id);
    }
}

#[test]
fn a_misspelt_metric_or_label_value_in_an_expression_is_noticed() {
    for wrong in [
        "gamctl_device > 0",
        "rate(gamctl_store_duration_seconds[5m])",
        r#"gamctl_devices{condition="lost"}"#,
        r#"gamctl_devices{job="x",state="stuck"}"#,
    ] {
        let checked = std::panic::catch_unwind(|| check_expression(wrong));
        assert!(checked.is_err(), "{wrong}");
    }
}

#[test]
fn the_dashboard_shows_every_metric_and_no_other() {
    let board: serde_json::Value = serde_json::from_str(&dashboard()).unwrap();
    let mut used = BTreeSet::new();
    for panel in board["panels"].as_array().unwrap() {
        for target in panel["targets"].as_array().into_iter().flatten() {
            used.extend(check_expression(target["expr"].as_str().unwrap()));
        }
    }
    let all: BTreeSet<&str> = METRICS.iter().map(|metric| metric.name).collect();
    assert_eq!(used, all);
}

#[test]
fn no_panel_of_the_dashboard_covers_another() {
    let board: serde_json::Value = serde_json::from_str(&dashboard()).unwrap();
    let mut taken = BTreeMap::new();
    for panel in board["panels"].as_array().unwrap() {
        let number = |key: &str| panel["gridPos"][key].as_u64().unwrap();
        assert!(number("x") + number("w") <= 24, "{panel}");
        for x in number("x")..number("x") + number("w") {
            for y in number("y")..number("y") + number("h") {
                let other = taken.insert((x, y), panel["title"].clone());
                assert_eq!(other, None, "{}", panel["title"]);
            }
        }
    }
}
