//! Parses times and durations: `2026-11-21`, `2026-11-21 18:00`, `90m`, `3d`, `500ms`. Times are UTC.

use anyhow::{Context, bail};
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime};

use crate::report::visible;

const DAY: u64 = 86_400;

/// The second that a whole day stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    /// Its first second.
    Beginning,
    /// Its last one: "until" a day includes that day.
    End,
}

/// Parses a duration in seconds: `90m`, `2h`, `3d`, `1w`, or several of them, such as `1d12h`.
pub(super) fn length(text: &str) -> anyhow::Result<u64> {
    let meant = || {
        format!(
            "invalid duration `{}`; write it as `90m`, `2h`, `3d`, `1w` or `1d12h`",
            visible(text)
        )
    };
    let millis = milliseconds(text).with_context(meant)?;
    Ok(millis.div_ceil(1000))
}

/// Parses a duration in milliseconds; every option that is a duration has these units.
pub(super) fn milliseconds(text: &str) -> Option<u64> {
    let mut rest = text.trim();
    let mut millis: u64 = 0;
    while !rest.is_empty() {
        let after_digits = rest.trim_start_matches(|letter: char| letter.is_ascii_digit());
        let number: u64 = rest.strip_suffix(after_digits)?.parse().ok()?;
        let after_unit = after_digits.trim_start_matches(|letter: char| letter.is_alphabetic());
        let unit = match after_digits.strip_suffix(after_unit)? {
            "ms" => 1,
            "s" => 1000,
            "m" => 60 * 1000,
            "h" => 3600 * 1000,
            "d" => DAY * 1000,
            "w" => 7 * DAY * 1000,
            _ => return None,
        };
        millis = millis.checked_add(number.checked_mul(unit)?)?;
        rest = after_unit;
    }
    (millis > 0).then_some(millis)
}

/// Parses a time: a day, a day with a time, or a duration before `now`.
pub(super) fn moment_of(text: &str, of: Of, now: u64) -> anyhow::Result<u64> {
    match absolute(text, of) {
        Some(moment) => Ok(moment),
        None => Ok(now.saturating_sub(length(text).map_err(|_| no_moment(text))?)),
    }
}

/// Parses a time that must be after `now`.
pub(super) fn moment_to_come(text: &str, now: u64) -> anyhow::Result<u64> {
    let moment = absolute(text, Of::End).with_context(|| no_moment(text).to_string())?;
    if moment <= now {
        bail!(
            "{} is in the past: it is {} now",
            crate::report::moment(moment),
            crate::report::moment(now)
        );
    }
    Ok(moment)
}

/// Parses a time that must not be after `now`; today ends now.
pub(super) fn moment_past(text: &str, now: u64) -> anyhow::Result<u64> {
    let moment = moment_of(text, Of::End, now)?;
    if moment_of(text, Of::Beginning, now)? > now {
        bail!(
            "{} is in the future: it is {} now",
            crate::report::moment(moment),
            crate::report::moment(now)
        );
    }
    Ok(moment.min(now))
}

fn no_moment(text: &str) -> anyhow::Error {
    anyhow::anyhow!(
        "invalid time `{}`; write it as `2026-11-21`, `2026-11-21 18:00` (UTC) or, for a time ago, `2h` or `3d`",
        visible(text)
    )
}

fn absolute(text: &str, of: Of) -> Option<u64> {
    let text = text.trim();
    if let Ok(exact) = DateTime::parse_from_rfc3339(text) {
        return u64::try_from(exact.timestamp()).ok();
    }
    let text = text.strip_suffix("UTC").unwrap_or(text).trim_end();
    let text = text.strip_suffix('Z').unwrap_or(text);
    for format in [
        "%Y-%m-%d %H:%M",
        "%Y-%m-%dT%H:%M",
        "%Y-%m-%d %H:%M:%S",
        "%Y-%m-%dT%H:%M:%S",
    ] {
        if let Ok(exact) = NaiveDateTime::parse_from_str(text, format) {
            return u64::try_from(exact.and_utc().timestamp()).ok();
        }
    }
    let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
    let begins = u64::try_from(day.and_time(NaiveTime::MIN).and_utc().timestamp()).ok()?;
    Some(match of {
        Of::Beginning => begins,
        Of::End => begins.checked_add(DAY - 1)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_numbers_with_units() {
        for (text, seconds) in [
            ("90m", 5400),
            ("2h", 7200),
            ("3d", 3 * DAY),
            ("1w", 7 * DAY),
            ("1d12h", 36 * 3600),
            (" 30s ", 30),
        ] {
            assert_eq!(length(text).unwrap(), seconds, "{text}");
        }
        for text in [
            "",
            "5",
            "h",
            "2 h",
            "-2h",
            "0h",
            "2y",
            "1.5h",
            "99999999999999999999w",
            "9999999999999999999w",
        ] {
            assert!(length(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_day_is_from_its_first_second_to_its_last() {
        let now = 1_795_278_720;
        let at = |text: &str, of: Of| moment_of(text, of, now).unwrap();
        assert_eq!(at("1970-01-02", Of::Beginning), DAY);
        assert_eq!(at("1970-01-02", Of::End), 2 * DAY - 1);
        for text in [
            "2026-11-21 16:32",
            "2026-11-21T16:32",
            "2026-11-21T16:32:00Z",
            "2026-11-21 16:32 UTC",
            "2026-11-21T17:32:00+01:00",
        ] {
            assert_eq!(at(text, Of::Beginning), now, "{text}");
        }
        assert_eq!(at("2h", Of::End), now - 7200);
        assert_eq!(at("9000w", Of::End), 0);
        for text in [
            "",
            "yesterday",
            "2026-13-01",
            "2026-02-30",
            "21.11.2026",
            "16:32",
            "1960-01-01",
        ] {
            assert!(moment_of(text, Of::End, now).is_err(), "{text}");
        }
    }

    #[test]
    fn a_past_time_is_not_in_the_future_and_today_ends_now() {
        let now = 1_795_278_720;
        assert_eq!(moment_past("2026-11-21", now).unwrap(), now);
        assert_eq!(moment_past("2026-11-20T10:00", now).unwrap(), 1_795_168_800);
        assert_eq!(moment_past("2026-11-20 10:00", now).unwrap(), 1_795_168_800);
        assert_eq!(moment_past("3d", now).unwrap(), now - 3 * DAY);
        assert_eq!(moment_past("2026-11-21 16:32", now).unwrap(), now);
        for text in ["2026-11-21 16:33", "2026-11-22", "2099-01-01T00:00"] {
            let said = moment_past(text, now).unwrap_err().to_string();
            assert!(said.contains("is in the future"), "{said}");
        }
        assert!(moment_past("tomorrow", now).is_err());
    }

    #[test]
    fn a_time_in_the_future_is_not_past() {
        let now = 1_795_278_720;
        let until = moment_to_come("2026-11-21", now).unwrap();
        assert_eq!(crate::report::moment(until), "2026-11-21 23:59 UTC");
        let over = moment_to_come("2026-11-20", now).unwrap_err().to_string();
        assert!(over.contains("is in the past"), "{over}");
        // A duration means "ago", and so never a time to come.
        assert!(moment_to_come("2h", now).is_err());
    }
}
