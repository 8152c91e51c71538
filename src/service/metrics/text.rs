//! Renders a snapshot in the text format 0.0.4 of Prometheus, sorted.

use std::fmt::Write as _;

use super::snapshot::{Distribution, MetricSeries, Series, SeriesValue, Snapshot};

/// The `Content-Type` of the answer.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Returns the text of all metrics that have a series: by name, then by label values.
pub fn render(snapshot: &Snapshot) -> String {
    let mut metrics: Vec<&MetricSeries> = snapshot.metrics.iter().collect();
    metrics.retain(|one| !one.series.is_empty());
    metrics.sort_by_key(|one| one.metric.name);
    let mut text = String::new();
    for MetricSeries { metric, series } in metrics {
        let (name, help) = (metric.name, escape_help(metric.help));
        let _ = writeln!(text, "# HELP {name} {help}");
        let _ = writeln!(text, "# TYPE {name} {}", metric.kind.word());
        let mut series: Vec<&Series> = series.iter().collect();
        series.sort_by(|a, b| a.labels.cmp(&b.labels));
        for one in series {
            let labels = labels(&one.labels);
            match &one.value {
                SeriesValue::Number(value) => line(&mut text, name, &labels, *value),
                SeriesValue::Distribution(value) => histogram(&mut text, name, &labels, value),
            }
        }
    }
    text
}

/// Appends the buckets, each with everything below it, then the sum and the count.
fn histogram(text: &mut String, name: &str, labels: &str, value: &Distribution) {
    let bounds = value.bounds.iter().copied().chain([f64::INFINITY]);
    let comma = if labels.is_empty() { "" } else { "," };
    let mut within: u64 = 0;
    for (bound, count) in bounds.zip(&value.counts) {
        within = within.saturating_add(*count);
        let labels = format!("{labels}{comma}le=\"{}\"", number(bound));
        line(text, &format!("{name}_bucket"), &labels, within as f64);
    }
    line(text, &format!("{name}_sum"), labels, value.sum);
    line(text, &format!("{name}_count"), labels, within as f64);
}

fn line(text: &mut String, name: &str, labels: &str, value: f64) {
    let value = number(value);
    let _ = match labels {
        "" => writeln!(text, "{name} {value}"),
        _ => writeln!(text, "{name}{{{labels}}} {value}"),
    };
}

fn labels(labels: &[(&'static str, String)]) -> String {
    let labels = labels.iter();
    let pairs = labels.map(|(name, value)| format!("{name}=\"{}\"", escape_label(value)));
    pairs.collect::<Vec<_>>().join(",")
}

/// Escapes what would end a line of help.
fn escape_help(help: &str) -> String {
    help.replace('\\', "\\\\").replace('\n', "\\n")
}

/// Escapes what would end a label's value.
fn escape_label(value: &str) -> String {
    escape_help(value).replace('"', "\\\"")
}

/// Returns a number as Go parses it, the shortest that gives the same value again.
fn number(value: f64) -> String {
    // Without an exponent the smallest numbers have 300 digits.
    let is_plain = value == 0.0 || (1e-6..1e21).contains(&value.abs());
    match value {
        _ if value.is_nan() => "NaN".to_owned(),
        f64::INFINITY => "+Inf".to_owned(),
        f64::NEG_INFINITY => "-Inf".to_owned(),
        _ if is_plain => value.to_string(),
        _ => format!("{value:e}"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::table::{BUILD_INFO, HALTED, HTTP_DURATION, Metric};
    use super::*;

    fn snapshot(metric: Metric, labels: &[(&'static str, &str)], value: SeriesValue) -> Snapshot {
        let labels = labels.iter();
        let labels = labels.map(|(name, value)| (*name, (*value).to_owned()));
        let series = vec![Series {
            labels: labels.collect(),
            value,
        }];
        Snapshot {
            metrics: vec![MetricSeries { metric, series }],
        }
    }

    #[test]
    fn numbers_that_are_not_finite_have_the_words_of_the_format() {
        let shown = |value| render(&snapshot(HALTED, &[], SeriesValue::Number(value)));
        for (value, word) in [
            (f64::NAN, "NaN"),
            (f64::INFINITY, "+Inf"),
            (f64::NEG_INFINITY, "-Inf"),
            (-0.5, "-0.5"),
            (1e300, "1e300"),
            (1_700_000_000.0, "1700000000"),
        ] {
            let text = shown(value);
            assert_eq!(
                text.lines().nth(2).unwrap(),
                format!("gamctl_halted {word}")
            );
        }
    }

    #[test]
    fn help_is_one_line() {
        let help = "a \\ and\na line";
        let metric = Metric { help, ..HALTED };
        let text = render(&snapshot(metric, &[], SeriesValue::Number(1.0)));
        assert_eq!(
            text,
            "# HELP gamctl_halted a \\\\ and\\na line\n# TYPE gamctl_halted gauge\ngamctl_halted 1\n"
        );
    }

    #[test]
    fn a_metric_without_series_is_not_shown() {
        let metrics = vec![MetricSeries {
            metric: HALTED,
            series: Vec::new(),
        }];
        assert_eq!(render(&Snapshot { metrics }), "");
    }

    /// Reads a label's value as Prometheus does: from its quote to the next that is not escaped.
    fn unescape(line: &str) -> Option<(String, String)> {
        let (_, rest) = line.split_once('"')?;
        let (mut value, mut rest) = (String::new(), rest.chars());
        loop {
            match rest.next()? {
                '"' => return Some((value, rest.collect())),
                '\\' => value.push(match rest.next()? {
                    'n' => '\n',
                    one @ ('\\' | '"') => one,
                    _ => return None,
                }),
                '\n' => return None,
                one => value.push(one),
            }
        }
    }

    proptest! {
        #[test]
        fn any_value_of_a_label_is_read_back_and_keeps_to_its_line(value in any::<String>()) {
            let labels = [("version", value.as_str())];
            let text = render(&snapshot(BUILD_INFO, &labels, SeriesValue::Number(1.0)));
            prop_assert_eq!(text.matches('\n').count(), 3);
            let line = text.split('\n').nth(2).unwrap();
            prop_assert_eq!(unescape(line), Some((value, "} 1".to_owned())));
        }

        #[test]
        fn any_number_is_read_back(value in any::<f64>()) {
            let read: f64 = number(value).parse().unwrap();
            prop_assert!(read == value || value.is_nan() && read.is_nan());
            prop_assert!(number(value).len() <= 25);
        }

        #[test]
        fn buckets_never_fall_and_the_last_is_the_count(
            counts in proptest::collection::vec(0_u64..1 << 40, HTTP_DURATION.bounds.len() + 1),
            sum in 0.0..1e9,
        ) {
            let total: u64 = counts.iter().sum();
            let value = Distribution { bounds: HTTP_DURATION.bounds, counts, sum };
            let labels = [("route", "/devices")];
            let text = render(&snapshot(HTTP_DURATION, &labels, SeriesValue::Distribution(value)));
            let name = HTTP_DURATION.name;
            let values = |part: &str| -> Vec<f64> {
                let begin = format!("{name}_{part}{{");
                let lines = text.lines().filter(|line| line.starts_with(&begin));
                lines.map(|line| line.rsplit(' ').next().unwrap().parse().unwrap()).collect()
            };
            let buckets = values("bucket");
            prop_assert_eq!(buckets.len(), HTTP_DURATION.bounds.len() + 1);
            prop_assert!(buckets.is_sorted());
            prop_assert_eq!(buckets.last().copied(), Some(total as f64));
            prop_assert_eq!(values("count"), vec![total as f64]);
            prop_assert_eq!(values("sum"), vec![sum]);
            prop_assert_eq!(text.matches("le=\"+Inf\"").count(), 1);
        }
    }
}
