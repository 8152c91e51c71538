//! Computes medians, percentiles and processor time, and draws numbers from a seed.

use std::time::Duration;

/// Linux counts processor time in this unit, whatever its own clock is.
const TICKS_PER_SECOND: f64 = 100.0;

pub(crate) fn seconds(time: Duration) -> f64 {
    time.as_secs_f64()
}

/// Returns the median in seconds.
pub(crate) fn middle(times: Vec<Duration>) -> f64 {
    percentile(times, 50)
}

/// Returns a percentile in seconds; 0 without times.
pub(crate) fn percentile(mut times: Vec<Duration>, percent: usize) -> f64 {
    times.sort();
    let last = times.len().saturating_sub(1);
    let at = (times.len() * percent / 100).min(last);
    times.get(at).copied().map_or(0.0, seconds)
}

/// Returns the processor time in seconds that this process has used.
pub(crate) fn processor_time() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let (_, fields) = stat.rsplit_once(')').unwrap();
    let times = fields.split_whitespace().skip(11).take(2);
    let ticks: f64 = times.map(|time| time.parse::<f64>().unwrap()).sum();
    ticks / TICKS_PER_SECOND
}

/// A small generator of numbers that are the same on every machine (xorshift64).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % limit
    }
}
