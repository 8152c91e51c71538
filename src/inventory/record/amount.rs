//! Reads amounts with a unit: durations such as `2m`, and shares such as `5%`.

use std::time::Duration;

use super::field::{FieldType, Shape};
use super::finding::FileFindings;
use super::rules::{BAD_DURATION, BAD_SHARE};
use super::text::{TextProblem, read_text};
use crate::inventory::tree::Item;
use crate::model::Rule;

/// The longest duration: nothing in a policy waits for more than a day.
const LONGEST_HOURS: u64 = 24;

/// A share of all there are, in percent: 1 to 100.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share(u8);

impl Share {
    pub fn new(percent: u8) -> Option<Self> {
        (1..=100).contains(&percent).then_some(Self(percent))
    }

    pub fn percent(self) -> u8 {
        self.0
    }
}

/// Why a text is not an amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum AmountError {
    #[error("it is not a number of seconds, minutes or hours")]
    NotADuration,
    #[error("it is longer than {LONGEST_HOURS} hours")]
    TooLong,
    #[error("it is not a whole percentage from 1% to 100%")]
    NotAShare,
}

impl TextProblem for AmountError {
    fn rule(&self) -> &'static Rule {
        match self {
            Self::NotADuration | Self::TooLong => &BAD_DURATION,
            Self::NotAShare => &BAD_SHARE,
        }
    }

    fn hint(&self, _text: &str) -> Option<String> {
        Some(match self {
            Self::NotADuration => "write for example `30s`, `2m` or `1h`".to_owned(),
            Self::TooLong => format!("the longest duration is `{LONGEST_HOURS}h`"),
            Self::NotAShare => "write for example `\"5%\"`".to_owned(),
        })
    }
}

/// Returns the number before a unit; `+2` and `02` would be second ways to write it.
fn whole(digits: &str) -> Option<u64> {
    let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit())
        && (digits == "0" || !digits.starts_with('0'));
    is_plain.then(|| digits.parse().ok()).flatten()
}

fn duration(text: &str) -> Result<Duration, AmountError> {
    let units = [('s', 1), ('m', 60), ('h', 3600)];
    let (digits, seconds) = units
        .into_iter()
        .find_map(|(unit, seconds)| Some((text.strip_suffix(unit)?, seconds)))
        .ok_or(AmountError::NotADuration)?;
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    match whole(digits) {
        Some(number) => number
            .checked_mul(seconds)
            .filter(|seconds| *seconds <= LONGEST_HOURS * 3600)
            .map(Duration::from_secs)
            .ok_or(AmountError::TooLong),
        // More digits than a number has.
        None if is_number && !digits.starts_with('0') => Err(AmountError::TooLong),
        None => Err(AmountError::NotADuration),
    }
}

fn share(text: &str) -> Result<Share, AmountError> {
    text.strip_suffix('%')
        .and_then(whole)
        .and_then(|number| Share::new(u8::try_from(number).ok()?))
        .ok_or(AmountError::NotAShare)
}

impl FieldType for Duration {
    fn shape() -> Shape {
        Shape::Text {
            what: "duration in seconds, minutes or hours",
            pattern: Some("^(0|[1-9][0-9]*)[smh]$"),
            max_length: None,
            example: "2m",
        }
    }

    fn read(item: Item<'_, '_>, findings: &mut FileFindings) -> Option<Self> {
        read_text(item, duration, findings)
    }
}

impl FieldType for Share {
    fn shape() -> Shape {
        Shape::Text {
            what: "percentage from `1%` to `100%`",
            pattern: Some("^([1-9][0-9]?|100)%$"),
            max_length: None,
            example: "5%",
        }
    }

    fn read(item: Item<'_, '_>, findings: &mut FileFindings) -> Option<Self> {
        read_text(item, share, findings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_a_number_with_one_unit_and_at_most_a_day() {
        for (text, seconds) in [("0s", 0), ("30s", 30), ("2m", 120), ("24h", 86_400)] {
            assert_eq!(duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in [
            "", "m", "2", "2d", "02m", "+2m", "1h30m", "2 m", "1.5h", "-1s",
        ] {
            assert_eq!(duration(text), Err(AmountError::NotADuration), "{text}");
        }
        for text in [
            "25h",
            "86401s",
            "99999999999999999999h",
            "5124095576030432h",
        ] {
            assert_eq!(duration(text), Err(AmountError::TooLong), "{text}");
        }
    }

    #[test]
    fn a_share_is_a_whole_percentage_of_something_and_not_of_nothing() {
        assert_eq!(share("1%").map(Share::percent), Ok(1));
        assert_eq!(share("100%").map(Share::percent), Ok(100));
        for text in ["", "%", "0%", "101%", "5", "5 %", "05%", "2.5%", "300%"] {
            assert_eq!(share(text), Err(AmountError::NotAShare), "{text}");
        }
    }
}
