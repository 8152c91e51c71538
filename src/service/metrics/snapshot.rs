//! Defines the values of all metrics at one moment, which the text format is rendered from.

use super::table::Metric;

/// Every metric that has a value at one moment.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Snapshot {
    pub metrics: Vec<MetricSeries>,
}

impl Snapshot {
    /// Returns the number of series, as Prometheus counts them: a histogram has one for each bucket, its sum and its count.
    pub fn series(&self) -> usize {
        let series = self.metrics.iter().flat_map(|one| &one.series);
        series.map(|one| one.value.series()).sum()
    }
}

/// One metric with all its series.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricSeries {
    pub metric: Metric,
    pub series: Vec<Series>,
}

/// One combination of label values, with its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    pub labels: Vec<(&'static str, String)>,
    pub value: SeriesValue,
}

#[derive(Debug, Clone, PartialEq)]
pub enum SeriesValue {
    Number(f64),
    Distribution(Distribution),
}

impl SeriesValue {
    fn series(&self) -> usize {
        match self {
            Self::Number(_) => 1,
            Self::Distribution(one) => one.counts.len() + 2,
        }
    }
}

/// The values of a histogram.
#[derive(Debug, Clone, PartialEq)]
pub struct Distribution {
    /// Upper bounds, ascending.
    pub bounds: &'static [f64],
    /// Values within each bound and above the one before, then those above the last. Not cumulative.
    pub counts: Vec<u64>,
    pub sum: f64,
}
