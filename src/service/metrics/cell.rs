//! Defines counters, gauges, ages and histograms as atomic numbers that any thread may change.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::snapshot::{Distribution, SeriesValue};

/// A gauge without a value, which is not exported. As a float it is a NaN that no computation returns.
const UNSET: u64 = u64::MAX;

/// A number that only grows.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    pub fn inc(&self) {
        self.add(1);
    }

    pub fn add(&self, count: u64) {
        self.0.fetch_add(count, Relaxed);
    }

    /// Takes over a number that is counted elsewhere; a smaller one changes nothing.
    pub fn rise_to(&self, count: u64) {
        self.0.fetch_max(count, Relaxed);
    }
}

/// A number that goes up and down; it is not exported before it is set.
#[derive(Debug)]
pub struct Gauge(AtomicU64);

impl Default for Gauge {
    fn default() -> Self {
        Self(AtomicU64::new(UNSET))
    }
}

impl Gauge {
    pub fn set(&self, value: f64) {
        let bits = if value.is_nan() { f64::NAN } else { value }.to_bits();
        self.0.store(bits, Relaxed);
    }

    pub fn set_count(&self, count: usize) {
        self.set(count as f64);
    }

    /// Sets 1 for true and 0 for false.
    pub fn set_flag(&self, is_true: bool) {
        self.set(f64::from(u8::from(is_true)));
    }

    /// Adds to the value; a gauge that is not set counts as 0.
    pub fn add(&self, value: f64) {
        let sum = |bits| Some((number(bits).unwrap_or_default() + value).to_bits());
        let _ = self.0.fetch_update(Relaxed, Relaxed, sum);
    }

    /// Stops exporting the gauge until it is set again.
    pub fn clear(&self) {
        self.0.store(UNSET, Relaxed);
    }

    pub(super) fn get(&self) -> Option<f64> {
        number(self.0.load(Relaxed))
    }
}

fn number(bits: u64) -> Option<f64> {
    (bits != UNSET).then(|| f64::from_bits(bits))
}

/// The seconds since something happened. It is computed when it is read, so that it grows while its task hangs.
#[derive(Debug)]
pub struct Age(AtomicU64);

/// Nothing is waiting, so the age is 0.
const NOTHING: u64 = u64::MAX - 1;

impl Default for Age {
    fn default() -> Self {
        Self(AtomicU64::new(UNSET))
    }
}

impl Age {
    /// Sets the time that the age counts from, in seconds since 1970.
    pub fn since(&self, seconds: u64) {
        self.0.store(seconds.min(NOTHING - 1), Relaxed);
    }

    /// Exports 0: there is nothing that has an age.
    pub fn nothing(&self) {
        self.0.store(NOTHING, Relaxed);
    }

    /// Stops exporting the age: another instance knows it, or none does.
    pub fn clear(&self) {
        self.0.store(UNSET, Relaxed);
    }

    /// Returns the age at a time in seconds since 1970. A clock that went back makes no negative age.
    pub(super) fn at(&self, now: u64) -> Option<f64> {
        match self.0.load(Relaxed) {
            UNSET => None,
            NOTHING => Some(0.0),
            since => Some(now.saturating_sub(since) as f64),
        }
    }
}

/// Values, counted by the fixed bounds that they are within.
#[derive(Debug)]
pub struct Histogram {
    bounds: &'static [f64],
    /// One per bound and one for everything above.
    counts: Box<[AtomicU64]>,
    sum: AtomicU64,
}

impl Histogram {
    pub(super) fn new(bounds: &'static [f64]) -> Self {
        let counts = std::iter::repeat_with(AtomicU64::default);
        Self {
            bounds,
            counts: counts.take(bounds.len() + 1).collect(),
            sum: AtomicU64::new(0.0_f64.to_bits()),
        }
    }

    /// Counts a value, in seconds. A clock that went back makes a negative one, which counts as 0; NaN is dropped.
    pub fn observe(&self, value: f64) {
        if value.is_nan() {
            return;
        }
        let value = value.max(0.0);
        let bucket = self.bounds.partition_point(|bound| *bound < value);
        if let Some(count) = self.counts.get(bucket) {
            count.fetch_add(1, Relaxed);
        }
        let sum = |bits| Some((f64::from_bits(bits) + value).to_bits());
        let _ = self.sum.fetch_update(Relaxed, Relaxed, sum);
    }
}

/// A cell of the registry, as it is exported.
pub(super) trait Cell {
    /// Returns the value at a time in seconds since 1970, or none if it is not exported.
    fn value(&self, now: u64) -> Option<SeriesValue>;
}

impl Cell for Counter {
    fn value(&self, _: u64) -> Option<SeriesValue> {
        Some(SeriesValue::Number(self.0.load(Relaxed) as f64))
    }
}

impl Cell for Gauge {
    fn value(&self, _: u64) -> Option<SeriesValue> {
        self.get().map(SeriesValue::Number)
    }
}

impl Cell for Age {
    fn value(&self, now: u64) -> Option<SeriesValue> {
        self.at(now).map(SeriesValue::Number)
    }
}

impl Cell for Histogram {
    /// The number of values is the sum of the buckets, so that both agree even while another thread counts.
    fn value(&self, _: u64) -> Option<SeriesValue> {
        let counts = self.counts.iter().map(|count| count.load(Relaxed));
        Some(SeriesValue::Distribution(Distribution {
            bounds: self.bounds,
            counts: counts.collect(),
            sum: f64::from_bits(self.sum.load(Relaxed)),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gauge_is_absent_until_it_is_set_and_after_it_is_cleared() {
        let gauge = Gauge::default();
        assert_eq!(gauge.get(), None);
        gauge.add(2.0);
        gauge.add(-0.5);
        assert_eq!(gauge.get(), Some(1.5));
        gauge.set_flag(true);
        assert_eq!(gauge.get(), Some(1.0));
        gauge.clear();
        assert_eq!(gauge.get(), None);
    }

    #[test]
    fn no_number_is_mistaken_for_an_unset_gauge() {
        let gauge = Gauge::default();
        gauge.set(f64::from_bits(UNSET));
        assert!(gauge.get().is_some_and(f64::is_nan));
    }

    #[test]
    fn an_age_grows_by_itself_and_is_never_negative() {
        let age = Age::default();
        assert_eq!(age.at(100), None);
        age.since(90);
        assert_eq!(age.at(100), Some(10.0));
        assert_eq!(age.at(160), Some(70.0));
        assert_eq!(age.at(80), Some(0.0));
        age.nothing();
        assert_eq!(age.at(100), Some(0.0));
        age.clear();
        assert_eq!(age.at(100), None);
    }

    #[test]
    fn a_value_on_a_bound_is_within_it() {
        let histogram = Histogram::new(&[1.0, 2.0]);
        for value in [0.5, 1.0, 1.5, 2.0, 2.5, -3.0, f64::NAN] {
            histogram.observe(value);
        }
        let expected = Distribution {
            bounds: &[1.0, 2.0],
            counts: vec![3, 2, 1],
            sum: 7.5,
        };
        assert_eq!(
            histogram.value(0),
            Some(SeriesValue::Distribution(expected))
        );
    }

    #[test]
    fn nothing_is_lost_between_threads() {
        let (counter, histogram) = (Counter::default(), Histogram::new(&[1.0]));
        let gauge = Gauge::default();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..1000 {
                        counter.inc();
                        gauge.add(1.0);
                        histogram.observe(0.5);
                    }
                });
            }
        });
        assert_eq!(counter.value(0), Some(SeriesValue::Number(4000.0)));
        assert_eq!(gauge.get(), Some(4000.0));
        let expected = Distribution {
            bounds: &[1.0],
            counts: vec![4000, 0],
            sum: 2000.0,
        };
        assert_eq!(
            histogram.value(0),
            Some(SeriesValue::Distribution(expected))
        );
    }
}
