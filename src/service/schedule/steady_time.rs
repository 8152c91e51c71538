//! Keeps the queue's time from running backwards when the clock of the host is set back.

/// The queue's time: the clock, plus all that it was set back while the queue watched it.
///
/// Without this, a clock that is set back by a day would leave every due time a day ahead, and no device would be read
/// until then. With it, a device that was due in a minute is still due in a minute. A clock that is set forward makes
/// devices due early, which the concurrency limits and the request budget bound.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct SteadyTime {
    now: u64,
    ahead: u64,
}

impl SteadyTime {
    pub(super) fn now(self) -> u64 {
        self.now
    }

    /// Reads the clock.
    pub(super) fn advance(&mut self, clock: u64) {
        let before = self.clock();
        if clock < before {
            self.ahead = self.ahead.saturating_add(before - clock);
        }
        self.now = self.of_clock(clock);
    }

    /// Returns the clock as it was read last.
    pub(super) fn clock(self) -> u64 {
        self.to_clock(self.now)
    }

    /// Converts a time of the clock.
    pub(super) fn of_clock(self, clock: u64) -> u64 {
        clock.saturating_add(self.ahead)
    }

    /// Converts a time back to one of the clock.
    pub(super) fn to_clock(self, time: u64) -> u64 {
        time.saturating_sub(self.ahead)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_set_back_moves_due_times_with_it() {
        let mut time = SteadyTime::default();
        time.advance(100_000);
        let due = time.of_clock(160_000);
        time.advance(40_000);
        assert_eq!(time.to_clock(due) - time.clock(), 60_000);
        time.advance(99_999);
        assert!(time.now() < due);
        time.advance(100_000);
        assert_eq!(time.now(), due);
    }

    #[test]
    fn time_goes_on_after_the_clock_was_at_its_end() {
        let mut time = SteadyTime::default();
        time.advance(u64::MAX);
        time.advance(5);
        time.advance(6);
        assert_eq!(time.now(), u64::MAX);
    }
}
