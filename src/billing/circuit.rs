//! Spares a failing system: pauses between tries, and none at all for a minute after five failures.
//!
//! Pure: the time is an argument, a duration since any fixed moment.

use std::time::Duration;

/// The failures in a row after which no request is sent for a while.
const FAILURES: u32 = 5;

/// The time without requests.
const OPEN: Duration = Duration::from_secs(60);

/// The longest pause between two tries.
const MOST_PAUSE: Duration = Duration::from_secs(60);

/// A circuit breaker.
#[derive(Debug, Clone, Default)]
pub struct Circuit {
    failures: u32,
    /// No request is sent before this.
    open_until: Option<Duration>,
    failing_since: Option<Duration>,
}

impl Circuit {
    /// Returns how long no request is admitted.
    pub fn wait(&self, now: Duration) -> Option<Duration> {
        let wait = self.open_until?.checked_sub(now)?;
        Some(wait).filter(|wait| !wait.is_zero())
    }

    /// Admits a request, or returns how long none is admitted.
    ///
    /// After the pause one request is admitted as a trial; the next waits for its result.
    pub fn admit(&mut self, now: Duration) -> Result<(), Duration> {
        if let Some(wait) = self.wait(now) {
            return Err(wait);
        }
        if let Some(until) = &mut self.open_until {
            *until = now + OPEN;
        }
        Ok(())
    }

    /// Notes that the system answered.
    pub fn succeed(&mut self) {
        *self = Self::default();
    }

    /// Notes that the system failed.
    pub fn fail(&mut self, now: Duration) {
        self.failures = self.failures.saturating_add(1);
        self.failing_since.get_or_insert(now);
        if self.failures >= FAILURES {
            self.open_until = Some(now + OPEN);
        }
    }

    /// Returns since when every request has failed.
    pub fn failing_since(&self) -> Option<Duration> {
        self.failing_since
    }
}

/// Returns the pause after a number of failures in a row: with a first one of a second 1, 2, 4 … 60 s, each up to a fifth
/// shorter or longer.
pub fn retry_pause(first: Duration, failures: u32, random: u64) -> Duration {
    let doublings = failures.saturating_sub(1).min(6);
    let pause = (first * (1 << doublings)).min(MOST_PAUSE);
    let percent = 80 + u32::try_from(random % 41).unwrap_or(20);
    (pause * percent / 100).min(MOST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn five_failures_in_a_row_stop_requests_for_a_minute() {
        let mut circuit = Circuit::default();
        for second in 0..4 {
            circuit.fail(at(second));
            assert_eq!(circuit.admit(at(second)), Ok(()));
        }
        circuit.fail(at(4));
        assert_eq!(circuit.admit(at(4)), Err(at(60)));
        assert_eq!(circuit.admit(at(63)), Err(at(1)));
        assert_eq!(circuit.failing_since(), Some(at(0)));
    }

    #[test]
    fn one_request_tries_whether_the_system_is_back() {
        let mut circuit = Circuit::default();
        (0..5).for_each(|_| circuit.fail(at(0)));
        assert_eq!(circuit.admit(at(60)), Ok(()));
        assert_eq!(circuit.admit(at(60)), Err(at(60)));
        circuit.fail(at(70));
        assert_eq!(circuit.admit(at(71)), Err(at(59)));
        assert_eq!(circuit.admit(at(130)), Ok(()));
        circuit.succeed();
        assert_eq!(circuit.admit(at(130)), Ok(()));
        assert_eq!(circuit.admit(at(130)), Ok(()));
        assert_eq!(circuit.failing_since(), None);
    }

    #[test]
    fn a_success_forgets_earlier_failures() {
        let mut circuit = Circuit::default();
        for _ in 0..20 {
            (0..4).for_each(|_| circuit.fail(at(1)));
            circuit.succeed();
        }
        assert_eq!(circuit.admit(at(1)), Ok(()));
    }

    #[test]
    fn pauses_double_up_to_a_minute_and_are_jittered() {
        let middle = |failures| retry_pause(at(1), failures, 20);
        let pauses: Vec<_> = (1..=8).map(|failures| middle(failures).as_secs()).collect();
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60, 60]);
        for random in 0..100 {
            let pause = retry_pause(at(1), 3, random);
            assert!(Duration::from_millis(3200) <= pause && pause <= Duration::from_millis(4800));
            assert!(retry_pause(at(1), u32::MAX, random) <= MOST_PAUSE);
        }
    }
}
