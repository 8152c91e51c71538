//! Converts stored values from and to JSON, by the scalar of their column.

use std::cmp::Ordering;

use compact_str::CompactString;
use serde_json::{Value, json};

use crate::simulator::moment::Moment;

/// One stored value. Datetimes are seconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum Cell {
    #[default]
    Null,
    Number(i64),
    Bool(bool),
    Text(CompactString),
}

impl Cell {
    pub(crate) fn text(text: impl AsRef<str>) -> Self {
        Self::Text(CompactString::new(text))
    }

    /// Returns a reference to a row.
    pub(crate) fn id(id: u64) -> Self {
        i64::try_from(id).map_or(Self::Null, Self::Number)
    }

    pub(crate) fn time(seconds: u64) -> Self {
        Self::id(seconds)
    }

    pub(crate) fn as_number(&self) -> Option<i64> {
        match self {
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }

    pub(crate) fn as_id(&self) -> Option<u64> {
        self.as_number()
            .and_then(|number| u64::try_from(number).ok())
    }

    pub(crate) fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(is) => Some(*is),
            _ => None,
        }
    }

    /// Returns the value as the scalar has it in an answer.
    pub(crate) fn to_json(&self, scalar: &str, ids_as_numbers: bool) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(is) => json!(is),
            Self::Text(text) => json!(text.as_str()),
            Self::Number(number) => match scalar {
                "Int64Bit" if !ids_as_numbers => json!(number.to_string()),
                "Datetime" => json!(datetime_text(u64::try_from(*number).unwrap_or(0))),
                _ => json!(number),
            },
        }
    }

    /// Returns the stored form of a value that was accepted for this scalar.
    pub(crate) fn from_json(value: &Value, scalar: &str) -> Option<Self> {
        Some(match (value, scalar) {
            (Value::Null, _) => Self::Null,
            (Value::Bool(is), "Boolean") => Self::Bool(*is),
            (Value::Number(number), "Int64Bit" | "Int" | "Datetime") => {
                Self::Number(number.as_i64()?)
            }
            (Value::String(text), "Int64Bit") => Self::Number(text.parse().ok()?),
            (Value::String(text), "Datetime") => Self::time(datetime_of(text)?),
            (Value::String(text), "Date") => Self::text(date_of(text)?),
            (Value::String(text), "MacAddress") => Self::text(mac_of(text)?),
            (Value::String(_), "Boolean" | "Int") => return None,
            (Value::String(text), _) => Self::text(text),
            _ => return None,
        })
    }

    /// Orders two values of one column: nothing first, numbers as numbers.
    pub(crate) fn order(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Number(own), Self::Number(other)) => own.cmp(other),
            (Self::Bool(own), Self::Bool(other)) => own.cmp(other),
            (Self::Text(own), Self::Text(other)) => own.cmp(other),
            _ => self.rank().cmp(&other.rank()),
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Null => 0,
            Self::Bool(_) => 1,
            Self::Number(_) => 2,
            Self::Text(_) => 3,
        }
    }
}

/// Formats seconds since 1970 as `2026-11-20T14:03:09+00:00`.
pub(crate) fn datetime_text(seconds: u64) -> String {
    Moment::from_unix_millis(seconds.saturating_mul(1000)).iso()
}

/// Reads ISO 8601 with `Z` or an offset, or without one as UTC.
pub(crate) fn datetime_of(text: &str) -> Option<u64> {
    let (date, time) = text.split_once(['T', ' '])?;
    let days = days_since_1970(date)?;
    let (time, offset) = match time.find(['Z', '+', '-']) {
        Some(at) => time.split_at_checked(at)?,
        None => (time, ""),
    };
    let time = time.split_once('.').map_or(time, |(seconds, _)| seconds);
    let seconds = clock(time)?;
    let behind = match offset.split_at_checked(1) {
        None | Some(("Z", "")) => 0,
        Some(("+", hours)) => clock(hours)?,
        Some(("-", hours)) => -clock(hours)?,
        Some(_) => return None,
    };
    u64::try_from(days * 86_400 + seconds - behind).ok()
}

/// Reads `2026-11-20`; anything else is not a date.
pub(crate) fn date_of(text: &str) -> Option<&str> {
    days_since_1970(text).map(|_| text)
}

/// Reads a MAC address in any notation and writes it in upper case with colons.
pub(crate) fn mac_of(text: &str) -> Option<String> {
    let digits: String = text
        .chars()
        .filter(|sign| !":-. ".contains(*sign))
        .collect();
    let is_mac = digits.len() == 12 && digits.bytes().all(|sign| sign.is_ascii_hexdigit());
    let pairs = digits.to_ascii_uppercase();
    let pairs: Vec<&str> = (0..6)
        .filter_map(|at| pairs.get(at * 2..at * 2 + 2))
        .collect();
    is_mac.then(|| pairs.join(":"))
}

/// Reads `hours:minutes` or `hours:minutes:seconds` as seconds.
fn clock(text: &str) -> Option<i64> {
    let parts: Option<Vec<i64>> = text.split(':').map(two_digits).collect();
    let (hours, minutes, seconds) = match *parts?.as_slice() {
        [hours, minutes] => (hours, minutes, 0),
        [hours, minutes, seconds] => (hours, minutes, seconds),
        _ => return None,
    };
    let is_time = hours < 24 && minutes < 60 && seconds < 61;
    is_time.then_some(hours * 3600 + minutes * 60 + seconds)
}

fn two_digits(text: &str) -> Option<i64> {
    let is_two = text.len() == 2 && text.bytes().all(|sign| sign.is_ascii_digit());
    is_two.then(|| text.parse().ok())?
}

fn days_since_1970(text: &str) -> Option<i64> {
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || year.len() != 4 {
        return None;
    }
    let (year, month, day): (i64, i64, i64) =
        (year.parse().ok()?, two_digits(month)?, two_digits(day)?);
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=length).contains(&day) || year < 1970 {
        return None;
    }
    // Years begin in March here, so that the leap day is the last one.
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    Some(year * 365 + year / 4 - year / 100 + year / 400 + day_of_year - 719_468)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_datetime_is_read_with_any_offset() {
        let at = 1_795_183_389;
        assert_eq!(datetime_text(at), "2026-11-20T14:03:09+00:00");
        for text in [
            "2026-11-20T14:03:09+00:00",
            "2026-11-20T14:03:09Z",
            "2026-11-20 14:03:09",
            "2026-11-20T08:03:09-06:00",
            "2026-11-20T15:33:09.123+01:30",
        ] {
            assert_eq!(datetime_of(text), Some(at), "{text}");
        }
        for text in [
            "2026-11-20",
            "2026-02-29T00:00:00Z",
            "2026-11-20T25:00:00Z",
            "now",
            "2026-11-20T14:03:09+",
            "1795183389",
        ] {
            assert_eq!(datetime_of(text), None, "{text}");
        }
        assert_eq!(datetime_of("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(datetime_of("2000-02-29T00:00:00Z"), Some(951_782_400));
    }

    #[test]
    fn an_id_is_a_string_and_an_int_is_a_number() {
        assert_eq!(Cell::id(1042).to_json("Int64Bit", false), json!("1042"));
        assert_eq!(Cell::id(1042).to_json("Int64Bit", true), json!(1042));
        assert_eq!(Cell::id(500_000).to_json("Int", false), json!(500_000));
        let both = [json!("1042"), json!(1042)];
        assert!(
            both.iter()
                .all(|id| Cell::from_json(id, "Int64Bit") == Some(Cell::id(1042)))
        );
        assert_eq!(Cell::from_json(&json!("7"), "Int"), None);
    }

    #[test]
    fn a_mac_address_is_read_in_any_notation() {
        for text in [
            "000ed81c9508",
            "00-0E-D8-1C-95-08",
            "000e.d81c.9508",
            "00:0e:d8:1c:95:08",
        ] {
            assert_eq!(mac_of(text).as_deref(), Some("00:0E:D8:1C:95:08"), "{text}");
        }
        for text in ["", "000ed81c950", "000ed81c950g", "000ed81c9508aa"] {
            assert_eq!(mac_of(text), None, "{text}");
        }
    }

    #[test]
    fn numbers_are_ordered_as_numbers() {
        assert_eq!(Cell::id(9).order(&Cell::id(10)), Ordering::Less);
        assert_eq!(Cell::Null.order(&Cell::id(0)), Ordering::Less);
        assert_eq!(Cell::text("a").order(&Cell::text("b")), Ordering::Less);
    }
}
