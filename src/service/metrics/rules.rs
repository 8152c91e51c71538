//! Lists the alert rules for Prometheus and writes them as docs/deploy/prometheus/rules.yaml.

use std::fmt::Write as _;

/// An alert rule for Prometheus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AlertRule {
    /// The id, in kebab-case.
    pub id: &'static str,
    /// The expression, in PromQL. Fleet-wide numbers come from every instance, so they are joined with `max by (job)`.
    pub when: &'static str,
    /// The time for which it must be true, as Prometheus writes it.
    pub lasts: &'static str,
    /// `critical` or `warning`.
    pub severity: &'static str,
    /// The fact, with the labels and the value.
    pub summary: &'static str,
    /// The next step of a person, in the imperative.
    pub action: &'static str,
}

impl AlertRule {
    /// Returns the name of the alert: `GamctlFetchFailing` for `fetch-failing`.
    pub fn name(&self) -> String {
        let words = self.id.split('-').flat_map(|word| {
            let mut letters = word.chars();
            let first = letters.next().map(|first| first.to_ascii_uppercase());
            first.into_iter().chain(letters)
        });
        "Gamctl".chars().chain(words).collect()
    }
}

const fn critical(id: &'static str, when: &'static str, lasts: &'static str) -> AlertRule {
    AlertRule {
        id,
        when,
        lasts,
        severity: "critical",
        summary: "",
        action: "",
    }
}

const fn warning(id: &'static str, when: &'static str, lasts: &'static str) -> AlertRule {
    let rule = critical(id, when, lasts);
    AlertRule {
        severity: "warning",
        ..rule
    }
}

impl AlertRule {
    const fn text(self, summary: &'static str, action: &'static str) -> Self {
        Self {
            summary,
            action,
            ..self
        }
    }
}

/// Returns the expression for devices with a condition. Every instance exports the same number, so the largest counts.
macro_rules! device {
    ($condition:literal) => {
        concat!(
            "max by (job) (gamctl_devices{condition=\"",
            $condition,
            "\"}) > 0"
        )
    };
}

/// Every alert rule: first the service itself, then the target, the devices and the rollouts.
pub const ALERT_RULES: &[AlertRule] = &[
    critical("absent", r#"absent(up{job="gamctl"})"#, "5m").text(
        "Prometheus scrapes no gamctl.",
        "Add a scrape job named `gamctl` with the address of `[serve] metrics`, or correct its targets.",
    ),
    critical("instance-down", r#"up{job="gamctl"} == 0"#, "2m").text(
        "Instance {{ $labels.instance }} does not answer on its metrics address.",
        "Check the process with `systemctl status gamctl` and its log. Another instance looks at its devices meanwhile, if there is one.",
    ),
    critical("scheduler-stopped", "gamctl_scheduler_tick_age_seconds > 30", "1m").text(
        "The scheduler of {{ $labels.instance }} has not run for {{ $value | humanizeDuration }}, so no device is looked at.",
        "Restart the instance; keep its log and report it as a fault of gamctl.",
    ),
    warning("restarting", "changes(gamctl_start_time_seconds[1h]) >= 3", "").text(
        "Instance {{ $labels.instance }} started {{ $value }} times in an hour.",
        "Read the last lines of its log before each start: a crash, too little memory, or a failed health check.",
    ),
    warning(
        "task-failing",
        "gamctl_task_failures_in_a_row >= 3",
        "5m",
    )
    .text(
        "The task `{{ $labels.task }}` of {{ $labels.instance }} failed {{ $value }} times in a row.",
        "Look up the error of the task in the log. After ten failures the instance is not ready.",
    ),
    critical("no-leader", "sum by (job, task) (gamctl_leader) == 0", "2m").text(
        "No instance runs the task `{{ $labels.task }}`.",
        "Check that the store answers and that the clocks agree: an instance whose clock is more than 30 s off leads no task.",
    ),
    warning(
        "schedule-lag",
        // Three times the default interval of a look, which is 15 min.
        r#"max by (job) (gamctl_schedule_lag_seconds{kind="look"}) > 2700"#,
        "10m",
    )
    .text(
        "The most overdue look is {{ $value | humanizeDuration }} late.",
        "Check `gamctl_queue_devices` and the duration of looks. Raise `requests_per_second`, add an instance, or raise the intervals.",
    ),
    critical("store-down", "gamctl_store_up == 0", "2m").text(
        "Instance {{ $labels.instance }} does not reach the store, so it starts no device and accepts no approval.",
        "Check the database server, the network and the free space. Run `gamctl doctor` on the host of the instance.",
    ),
    warning(
        "store-slow",
        "histogram_quantile(0.95, sum by (job, instance, le) (rate(gamctl_store_duration_seconds_bucket[5m]))) > 1",
        "5m",
    )
    .text(
        "The store needs {{ $value | humanizeDuration }} for an operation of {{ $labels.instance }} (95th percentile).",
        "Check the load and the disk of the database server.",
    ),
    warning("journal-entries", "gamctl_journal_entries > 0", "10m").text(
        "Entries of {{ $labels.instance }} that are in the journal and not in the store: {{ $value }}.",
        "Make the store reachable. Keep the state directory: the entries exist nowhere else.",
    ),
    warning(
        "memory",
        // The budget of the service at 10 000 devices.
        "process_resident_memory_bytes > 400e6 and on (job, instance) gamctl_build_info",
        "30m",
    )
    .text(
        "Instance {{ $labels.instance }} uses {{ $value | humanize1024 }}B of memory, more than its budget of 400 MB.",
        "If memory keeps growing, keep the log, restart the instance and report it. A larger fleet needs a higher limit of the unit.",
    ),
    warning(
        "file-descriptors",
        "process_open_fds / process_max_fds > 0.8 and on (job, instance) gamctl_build_info",
        "15m",
    )
    .text(
        "Instance {{ $labels.instance }} uses {{ $value | humanizePercentage }} of its file descriptors.",
        "Raise `LimitNOFILE` of the unit, and check for clients that leave connections open.",
    ),
    warning(
        "http-errors",
        r#"sum by (job, instance, route) (rate(gamctl_http_requests_total{status="5xx"}[5m])) > 0"#,
        "10m",
    )
    .text(
        "{{ $labels.route }} of {{ $labels.instance }} answers with errors.",
        "Look up the request ids in the log of the instance.",
    ),
    critical("halted", "max by (job) (gamctl_halted) == 1", "").text(
        "The branch was rewritten: no new target is accepted.",
        "Find out who rewrote it. Restore the branch, or let an admin accept the new history by naming both commits.",
    ),
    critical(
        "inventory-invalid",
        "max by (job) (gamctl_candidate_refused) == 1",
        "",
    )
    .text(
        "The newest commit of the branch is not accepted as target; the last good one stays.",
        "Read its findings in the log or with `gamctl validate`, and fix the inventory with another commit.",
    ),
    critical("fetch-failing", "min by (job) (gamctl_fetch_age_seconds) > 900", "").text(
        "The last successful fetch was {{ $value | humanizeDuration }} ago; new commits are not seen.",
        "Check the git server, the host key and the credentials. Run `git ls-remote` with the URL of `[git]` on the host of the leader.",
    ),
    critical(
        "fleet-unreachable",
        "sum by (job) (max by (job, condition) (gamctl_devices{condition=\"unreachable\"})) >= 3\n\
         and sum by (job) (max by (job, condition) (gamctl_devices{condition=\"unreachable\"}))\n  \
         >= 0.5 * sum by (job) (max by (job, condition) (gamctl_devices))",
        "90s",
    )
    .text(
        "{{ $value }} devices, at least half of all, do not answer: gamctl itself may be cut off.",
        "Check the network of the host of gamctl before the devices.",
    ),
    critical("device-down", device!("unreachable"), "90s").text(
        "Devices that do not answer: {{ $value }}.",
        "List them with `gamctl status`, and check their power and uplinks.",
    ),
    critical("wrong-device", device!("wrong-device"), "").text(
        "Devices that are not the hardware that the inventory pins: {{ $value }}. Nothing is written to them.",
        "Check addresses and cabling. After a planned replacement, change the pins in the inventory.",
    ),
    critical("stuck", device!("stuck"), "").text(
        "Devices that match neither the intended nor the earlier configuration: {{ $value }}.",
        "Read the transcript with `gamctl history`, correct the device by hand, then look at it again.",
    ),
    critical("unsaved", device!("unsaved"), "").text(
        "Devices that run as intended but did not save: {{ $value }}. A reboot undoes the change.",
        "Find the reason with `gamctl history`, then apply again, which saves.",
    ),
    warning("contested", device!("contested"), "").text(
        "Devices that were changed back each time that gamctl restored them: {{ $value }}. gamctl stopped restoring.",
        "Find the person or program that changes them, or change the inventory.",
    ),
    warning("does-not-converge", device!("does-not-converge"), "").text(
        "Devices that still differ in the same way after two applies: {{ $value }}.",
        "Compare the plan with the device, and report it as a fault of gamctl.",
    ),
    warning("refused", device!("refused"), "5m").text(
        "Devices with changes that a rule refuses: {{ $value }}.",
        "Read the rule and its reason with `gamctl plan`, and correct the inventory.",
    ),
    warning(
        "oldest-unconverged",
        // A day: longer than a night between two windows.
        "max by (job) (gamctl_oldest_unconverged_seconds) > 86400",
        "15m",
    )
    .text(
        "A device has differed from the target for {{ $value | humanizeDuration }}.",
        "Find it and the reason with `gamctl status`: an approval, a window, a freeze, or a device that does not answer.",
    ),
    warning("rollout-paused", "max by (job) (gamctl_rollout_paused) == 1", "").text(
        "The current rollout is paused.",
        "Read the sentence of its gate, then resume it, abandon it or roll it back.",
    ),
    warning("approval-waiting", device!("waiting-for-approval"), "30m").text(
        "Devices that wait for an approval: {{ $value }}.",
        "Read the plan, and approve it or correct the inventory.",
    ),
    warning("lane-held", device!("waiting-for-lane"), "").text(
        "Devices with changes outside the lane of their author: {{ $value }}.",
        "Review the commit. Revert it, or let an author with that lane make it.",
    ),
    warning(
        "budget-used",
        "max by (job, lane, limit) (gamctl_budget_used) > 0\n\
         and max by (job, lane, limit) (gamctl_budget_used) >= max by (job, lane, limit) (gamctl_budget_limit)",
        "5m",
    )
    .text(
        "The limit `{{ $labels.limit }}` of {{ $labels.lane }} is used up ({{ $value }} in the last hour); its changes wait.",
        "Wait for the hour to pass, or approve the rest of the plan.",
    ),
    warning("billing-silent", "max by (job) (gamctl_billing_age_seconds) > 1800", "").text(
        "A billing system was last synced {{ $value | humanizeDuration }} ago; sales and suspensions wait.",
        "Run `gamctl status` for the error, then `gamctl sync check NAME`. A paused sync is resumed with `gamctl sync resume`.",
    ),
    warning("billing-held-back", "max by (job) (gamctl_billing_held_changes) > 0", "10m").text(
        "Changes from billing that are held back until a person approves: {{ $value }}.",
        "Run `gamctl sync NAME`, and approve what is right with its digest.",
    ),
];

/// Returns the file of rules for Prometheus.
pub fn alert_rules() -> String {
    let mut text = String::from(
        "# Alert rules of gamctl for Prometheus. Generated from src/service/metrics/rules.rs; do not edit.\n\
         # They expect a scrape job named `gamctl` with every instance. docs/metrics.md explains the metrics.\n\
         groups:\n  - name: gamctl\n    rules:\n",
    );
    for rule in ALERT_RULES {
        let _ = writeln!(text, "      - alert: {}", rule.name());
        let _ = writeln!(text, "        expr: |-");
        for line in rule.when.lines() {
            let _ = writeln!(text, "          {line}");
        }
        if !rule.lasts.is_empty() {
            let _ = writeln!(text, "        for: {}", rule.lasts);
        }
        let _ = writeln!(text, "        labels:");
        let _ = writeln!(text, "          severity: {}", rule.severity);
        let _ = writeln!(text, "          rule: {}", rule.id);
        let _ = writeln!(text, "        annotations:");
        let _ = writeln!(text, "          summary: {}", quoted(rule.summary));
        let _ = writeln!(text, "          action: {}", quoted(rule.action));
    }
    text
}

/// Quotes a text for YAML: in double quotes, every escape of JSON means the same there.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_rule_has_a_name_of_its_own_and_a_next_step() {
        let names: BTreeSet<String> = ALERT_RULES.iter().map(AlertRule::name).collect();
        assert_eq!(names.len(), ALERT_RULES.len());
        assert!(names.contains("GamctlDoesNotConverge"));
        for rule in ALERT_RULES {
            let texts = [rule.summary, rule.action];
            let are_sentences = texts.iter().all(|text| text.ends_with('.'));
            assert!(are_sentences, "{}", rule.id);
            assert!(
                rule.summary.len() <= 160 && rule.action.len() <= 160,
                "{}",
                rule.id
            );
        }
    }

    #[test]
    fn a_text_with_quotes_and_colons_is_one_value() {
        assert_eq!(quoted("a: \"b\" # c"), r#""a: \"b\" # c""#);
    }
}
