//! Formats times as the server does: its own local time, without a zone.

use crate::simulator::moment::Moment;

const SECONDS_PER_DAY: u64 = 86_400;

/// The clock of an instance: its distance from UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct LocalClock {
    pub(super) minutes_ahead: i64,
}

impl LocalClock {
    fn local(self, now: u64) -> Moment {
        let seconds = now.saturating_add_signed(self.minutes_ahead.saturating_mul(60));
        Moment::from_unix_millis(seconds.saturating_mul(1000))
    }

    /// Formats the date as `2026-11-20`.
    pub(super) fn date(self, now: u64) -> String {
        let (year, month, day, ..) = self.local(now).civil();
        format!("{year:04}-{month:02}-{day:02}")
    }

    /// Formats the time of the day as `08:03:09`.
    pub(super) fn time(self, now: u64) -> String {
        let (_, _, _, hour, minute, second) = self.local(now).civil();
        format!("{hour:02}:{minute:02}:{second:02}")
    }

    /// Formats both as `2026-11-20 08:03:09`.
    pub(super) fn date_and_time(self, now: u64) -> String {
        format!("{} {}", self.date(now), self.time(now))
    }

    /// Returns the date some days later.
    pub(super) fn date_after(self, now: u64, days: u64) -> String {
        self.date(now.saturating_add(days.saturating_mul(SECONDS_PER_DAY)))
    }

    /// Returns the date some days earlier.
    pub(super) fn date_before(self, now: u64, days: u64) -> String {
        self.date(now.saturating_sub(days.saturating_mul(SECONDS_PER_DAY)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-20 14:03:09 UTC.
    const NOW: u64 = 1_795_183_389;

    #[test]
    fn a_time_is_local_and_has_no_zone() {
        let utc = LocalClock::default();
        assert_eq!(utc.date_and_time(NOW), "2026-11-20 14:03:09");
        let chicago = LocalClock {
            minutes_ahead: -360,
        };
        assert_eq!(chicago.date_and_time(NOW), "2026-11-20 08:03:09");
        let auckland = LocalClock { minutes_ahead: 780 };
        assert_eq!(auckland.date(NOW), "2026-11-21");
        assert_eq!(utc.date_after(NOW, 11), "2026-12-01");
        assert_eq!(utc.date_before(NOW, 20), "2026-10-31");
    }
}
