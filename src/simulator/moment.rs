//! Represents a point in time for the twin: milliseconds since 1970, always passed as an argument.

use std::time::Duration;

/// One point in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Moment(u64);

impl Moment {
    pub const fn from_unix_millis(millis: u64) -> Self {
        Self(millis)
    }

    pub fn unix_millis(self) -> u64 {
        self.0
    }

    pub fn unix_seconds(self) -> u64 {
        self.0 / 1000
    }

    /// Returns the time since then; zero if the clock went back.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }

    #[must_use]
    pub fn after(self, time: Duration) -> Self {
        Self(
            self.0
                .saturating_add(u64::try_from(time.as_millis()).unwrap_or(u64::MAX)),
        )
    }
}

impl Moment {
    /// Returns year, month, day, hour, minute and second in UTC, which is the time zone of every twin.
    pub fn civil(self) -> (u64, u64, u64, u64, u64, u64) {
        let seconds = self.unix_seconds();
        let (mut year, mut month) = (1970, 1);
        let mut days = seconds / 86_400;
        while days >= days_in_year(year) {
            days -= days_in_year(year);
            year += 1;
        }
        while days >= days_in_month(year, month) {
            days -= days_in_month(year, month);
            month += 1;
        }
        let (hour, minute) = (seconds / 3600 % 24, seconds / 60 % 60);
        (year, month, days + 1, hour, minute, seconds % 60)
    }

    /// Formats the time as `2026-11-20T09:32:24+00:00`.
    pub fn iso(self) -> String {
        let (year, month, day, hour, minute, second) = self.civil();
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}+00:00")
    }
}

/// Formats a duration as `show version` does: `18d 06:33:06`.
pub fn days_and_time(time: Duration) -> String {
    let seconds = time.as_secs();
    format!(
        "{}d {:02}:{:02}:{:02}",
        seconds / 86_400,
        seconds / 3600 % 24,
        seconds / 60 % 60,
        seconds % 60
    )
}

/// A time as a device says it: the calendar of its clock, and the offset from UTC if it says one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeviceTime {
    /// Year, month, day, hour, minute, second and tenths of a second.
    pub parts: [u64; 7],
    /// Hours behind UTC.
    pub behind: Option<u8>,
}

impl DeviceTime {
    /// Returns a time some hours behind UTC, which may be before 1970.
    pub fn behind(at: Moment, hours: u8) -> Self {
        const FOUR_YEARS: u64 = 1461 * 86_400_000;
        let shifted = at.0 + FOUR_YEARS - u64::from(hours) * 3_600_000;
        // 1966 to 1969 has the calendar of 1970 to 1973.
        let (is_before, shifted) = match shifted.checked_sub(FOUR_YEARS) {
            Some(shifted) => (false, Moment(shifted)),
            None => (true, Moment(shifted)),
        };
        let (year, month, day, hour, minute, second) = shifted.civil();
        let year = if is_before { year - 4 } else { year };
        let tenths = shifted.0 % 1000 / 100;
        Self {
            parts: [year, month, day, hour, minute, second, tenths],
            behind: Some(hours),
        }
    }

    /// Formats the time as `2026-11-20T09:32:24+00:00`, or without the offset.
    pub fn iso(self) -> String {
        let [year, month, day, hour, minute, second, _] = self.parts;
        let offset = match self.behind {
            None => String::new(),
            Some(0) => "+00:00".to_owned(),
            Some(hours) => format!("-{hours:02}:00"),
        };
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{offset}")
    }
}

/// Formats a duration as the G.hn agent does: `12 days, 2h 18m 33s`.
pub fn days_and_clock(time: Duration) -> String {
    let seconds = time.as_secs();
    format!(
        "{} days, {}h {}m {}s",
        seconds / 86_400,
        seconds / 3600 % 24,
        seconds / 60 % 60,
        seconds % 60
    )
}

fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

fn days_in_year(year: u64) -> u64 {
    if is_leap(year) { 366 } else { 365 }
}

fn days_in_month(year: u64, month: u64) -> u64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_behind_utc_may_be_before_1970() {
        let iso = |millis, hours| DeviceTime::behind(Moment(millis), hours).iso();
        assert_eq!(iso(180_000, 0), "1970-01-01T00:03:00+00:00");
        assert_eq!(iso(180_000, 5), "1969-12-31T19:03:00-05:00");
        assert_eq!(iso(5 * 3_600_000, 5), "1970-01-01T00:00:00-05:00");
        assert_eq!(iso(1_795_253_544_000, 5), "2026-11-21T04:32:24-05:00");
        let time = DeviceTime {
            behind: None,
            ..DeviceTime::behind(Moment(0), 0)
        };
        assert_eq!(time.iso(), "1970-01-01T00:00:00");
    }

    #[test]
    fn a_moment_is_written_as_the_calendar_has_it() {
        let at = |seconds: u64| Moment::from_unix_millis(seconds * 1000).iso();
        assert_eq!(at(0), "1970-01-01T00:00:00+00:00");
        assert_eq!(at(951_782_400), "2000-02-29T00:00:00+00:00");
        assert_eq!(at(1_795_253_544), "2026-11-21T09:32:24+00:00");
    }
}
