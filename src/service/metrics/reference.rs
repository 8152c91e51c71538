//! Writes docs/metrics.md: every metric with its labels, the alert rules, and the way to scrape them.

use std::fmt::Write as _;

use super::rules::ALERT_RULES;
use super::table::{Label, LabelValues, MAX_BYTES, MAX_SERIES, METRICS, Metric};

/// Returns the reference of metrics as Markdown.
pub fn metric_reference() -> String {
    let mut text = INTRODUCTION
        .replace("SERIES", &grouped(MAX_SERIES))
        .replace("BYTES", &grouped(MAX_BYTES / 1000));
    text.push_str("\n## Metrics\n\n| name | type | unit | labels | meaning |\n| --- | --- | --- | --- | --- |\n");
    for metric in METRICS {
        let labels = metric.labels.iter();
        let labels: Vec<String> = labels.map(|label| format!("`{}`", label.name)).collect();
        let _ = writeln!(
            text,
            "| `{}` | {} | {} | {} | {} |",
            metric.name,
            metric.kind.word(),
            metric.unit,
            labels.join(", "),
            metric.help
        );
    }
    text.push_str("\n## Labels\n\n| metric | label | values |\n| --- | --- | --- |\n");
    for metric in METRICS {
        for label in metric.labels {
            let (name, values) = (label.name, values(label));
            let _ = writeln!(text, "| `{}` | `{name}` | {values} |", metric.name);
        }
    }
    text.push_str("\n## Buckets\n\nUpper bounds of the histograms, in seconds; `+Inf` is always the last.\n\n");
    text.push_str("| metric | bounds |\n| --- | --- |\n");
    let histograms = METRICS.iter().filter(|metric| !metric.bounds.is_empty());
    for Metric { name, bounds, .. } in histograms {
        let bounds: Vec<String> = bounds.iter().map(f64::to_string).collect();
        let _ = writeln!(text, "| `{name}` | {} |", bounds.join(", "));
    }
    text.push_str(RULES);
    for rule in ALERT_RULES {
        let lasts = if rule.lasts.is_empty() {
            "at once"
        } else {
            rule.lasts
        };
        let expression = rule.when.replace('\n', " ").replace('|', "\\|");
        let _ = writeln!(
            text,
            "| `{}` | {} | {lasts} | `{expression}` | {} |",
            rule.name(),
            rule.severity,
            rule.action
        );
    }
    text
}

const INTRODUCTION: &str = "# Metrics

`gamctl serve` exports metrics in the text format of Prometheus, on the address `[serve] metrics` of `gamctl.toml`
(`127.0.0.1:9080` by default), path `/metrics`. This page is generated from the code.

```yaml
# prometheus.yml
rule_files: [gamctl/rules.yaml]
scrape_configs:
  - job_name: gamctl
    scrape_interval: 15s
    static_configs:
      - targets: [\"127.0.0.1:9080\"]
```

[`rules.yaml`](deploy/prometheus/rules.yaml) has the alert rules and [`gamctl.json`](deploy/grafana/gamctl.json) a dashboard
for Grafana. Both expect that the scrape job is named `gamctl` and has every instance as a target.

- Every instance exports the state of the whole fleet, since each has a copy. Use `max by (job)` for devices, subscribers,
  target, rollout and budgets, never `sum`. Counters, histograms, queue and slots are those of one instance: use `sum`.
- A gauge without a value is absent, not 0. Counters start at 0 when the service starts.
- One instance has at most SERIES series and one answer at most BYTES kB. Labels never contain a subscriber, a device, a commit or
  free text.
- Ages are computed when they are read, so they grow while the task behind them hangs.
";

const RULES: &str = "
## Alert rules

The action is also an annotation of the alert. There is no rule yet for certificates, disks and clocks: gamctl exports nothing
about them. The node exporter does.

| alert | severity | after | expression | action |
| --- | --- | --- | --- | --- |
";

fn values(label: &Label) -> String {
    match label.values {
        LabelValues::Closed(words) => {
            let words = words.iter().map(|word| format!("`{word}`"));
            words.collect::<Vec<_>>().join(", ")
        }
        LabelValues::AtMost { most: 1, of } => of.to_owned(),
        LabelValues::AtMost { most, of } => format!("at most {most}: {of}"),
    }
}

/// Writes a number with a blank before each three digits.
fn grouped(number: usize) -> String {
    match number / 1000 {
        0 => number.to_string(),
        thousands => format!("{} {:03}", grouped(thousands), number % 1000),
    }
}
