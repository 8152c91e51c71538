//! Defines a day of the calendar, written `2027-03-01`.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, NaiveDate};
use serde::{Deserialize, Serialize};

/// A day of the calendar, in UTC where it comes from a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Day(NaiveDate);

/// A text that is not a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is not a day of the calendar such as `2027-03-01`")]
pub struct DayError;

impl Day {
    const FORM: &str = "%Y-%m-%d";

    /// Returns the day of a time in seconds since 1970, in UTC.
    pub fn of_seconds(seconds: u64) -> Option<Self> {
        let time = DateTime::from_timestamp(i64::try_from(seconds).ok()?, 0)?;
        Some(Self(time.date_naive()))
    }

    /// Returns the end of the day in UTC, in seconds since 1970; `None` for the last day of the calendar.
    pub fn end(self) -> Option<u64> {
        let midnight = self.0.succ_opt()?.and_hms_opt(0, 0, 0)?;
        u64::try_from(midnight.and_utc().timestamp()).ok()
    }
}

impl FromStr for Day {
    type Err = DayError;

    fn from_str(text: &str) -> Result<Self, DayError> {
        // The format also accepts `2027-3-1` and `+2027-03-01`: a day has one way to write it.
        let is_in_form = text.len() == 10
            && text.bytes().enumerate().all(|(at, byte)| match at {
                4 | 7 => byte == b'-',
                _ => byte.is_ascii_digit(),
            });
        let day = NaiveDate::parse_from_str(text, Self::FORM).ok();
        day.filter(|_| is_in_form).map(Self).ok_or(DayError)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.0.format(Self::FORM))
    }
}

impl TryFrom<String> for Day {
    type Error = DayError;

    fn try_from(text: String) -> Result<Self, DayError> {
        text.parse()
    }
}

impl From<Day> for String {
    fn from(day: Day) -> Self {
        day.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_has_one_way_to_write_it() {
        for text in ["2027-03-01", "2028-02-29", "0001-01-01"] {
            let day: Day = text.parse().unwrap();
            assert_eq!(day.to_string(), text);
        }
        for text in [
            "",
            "2027-3-1",
            "+027-03-01",
            "2027-02-29",
            "2027-13-01",
            "2027/03/01",
            "01-03-2027",
            " 2027-03-1",
            "2027-03-01 ",
            "20270301",
            "２027-03",
        ] {
            assert_eq!(text.parse::<Day>(), Err(DayError), "{text}");
        }
    }

    #[test]
    fn a_day_begins_at_midnight_of_utc() {
        let day = |seconds| Day::of_seconds(seconds).map(|day| day.to_string());
        assert_eq!(day(0).as_deref(), Some("1970-01-01"));
        assert_eq!(day(86_399).as_deref(), Some("1970-01-01"));
        assert_eq!(day(86_400).as_deref(), Some("1970-01-02"));
        assert_eq!(Day::of_seconds(u64::MAX), None);
        assert_eq!("1970-01-01".parse::<Day>().unwrap().end(), Some(86_400));
    }

    #[test]
    fn days_are_in_the_order_of_the_calendar() {
        let day = |text: &str| text.parse::<Day>().unwrap();
        assert!(day("2026-12-31") < day("2027-01-01"));
        assert!(day("2027-01-09") < day("2027-01-10"));
    }
}
