//! Declares `[[window]]` of `policy.toml`: the hours in which the service may write.

use std::fmt;

use chrono::Weekday;
use chrono_tz::{TZ_VARIANTS, Tz};

use crate::inventory::record::{
    BAD_TIME, FieldType, FileFindings, Shape, TextProblem, UNKNOWN_WORD, UNKNOWN_ZONE, read_text,
    record,
};
use crate::inventory::suggest;
use crate::inventory::tree::Item;
use crate::model::{PlainText, Rule};

record! {
    /// Hours in which the service may write to the devices of some sites.
    WindowText {
        /// Patterns of the sites: `*` is anything, `?` one character, `[a-c]` a range. `*` has devices without a site as well.
        "sites" => sites: Vec<SitePattern>, default "[\"*\"]";
        /// Days on which the window opens: one, a range, or a list of days.
        "days" => days: Weekdays, default "mon-sun";
        /// Local time at which the window opens.
        "from" => from: TimeOfDay, required;
        /// Local time at which the window closes, `24:00` at the latest; a time before `from` is on the next day.
        "to" => to: TimeOfDay, required;
        /// Time zone by its IANA name; the window follows its clock changes.
        "zone" => zone: Zone, required;
    }
}

/// A pattern of site names, compiled where it is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SitePattern(pub PlainText);

impl SitePattern {
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl FieldType for SitePattern {
    fn shape() -> Shape {
        Shape::Text {
            what: "pattern of a site name",
            pattern: None,
            max_length: Some(PlainText::MAX),
            example: "maple-*",
        }
    }

    fn read(item: Item<'_, '_>, findings: &mut FileFindings) -> Option<Self> {
        PlainText::read(item, findings).map(Self)
    }
}

/// A time of day in minutes since midnight, up to `24:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeOfDay(u16);

impl TimeOfDay {
    /// The end of the day. A window may end then, but not begin.
    pub const END_OF_DAY: Self = Self(24 * 60);

    /// Returns the time `minutes` after midnight, up to `24:00`.
    pub fn new(minutes: u16) -> Option<Self> {
        (minutes <= Self::END_OF_DAY.0).then_some(Self(minutes))
    }

    /// Returns the minutes since midnight.
    pub fn minutes(self) -> u16 {
        self.0
    }

    fn parse(text: &str) -> Option<Self> {
        let two = |digits: &str| -> Option<u16> {
            let is_two = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
            is_two.then(|| digits.parse().ok()).flatten()
        };
        let (hours, minutes) = text.split_once(':')?;
        let (hours, minutes) = (two(hours)?, two(minutes)?);
        (minutes < 60)
            .then(|| Self::new(hours * 60 + minutes))
            .flatten()
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

/// Why a text is not a time of day or not a time zone.
#[derive(Debug, thiserror::Error)]
enum ClockError {
    #[error("it is not a time from 00:00 to 24:00")]
    Time,
    #[error("no time zone has this name")]
    Zone,
}

impl TextProblem for ClockError {
    fn rule(&self) -> &'static Rule {
        match self {
            Self::Time => &BAD_TIME,
            Self::Zone => &UNKNOWN_ZONE,
        }
    }

    fn hint(&self, text: &str) -> Option<String> {
        match self {
            Self::Time => Some("write hours and minutes, such as `09:00`".to_owned()),
            Self::Zone => Some(zone_hint(text)),
        }
    }
}

fn zone_hint(text: &str) -> String {
    let names = || TZ_VARIANTS.iter().map(|zone| zone.name());
    let city = text.replace(' ', "_");
    let by_city = || {
        names().find(|name| {
            name.rsplit('/')
                .next()
                .is_some_and(|last| last.eq_ignore_ascii_case(&city))
        })
    };
    match suggest::nearest(text, names()).or_else(by_city) {
        Some(name) => format!("did you mean `{name}`?"),
        None => "write its IANA name, such as `America/Montreal`".to_owned(),
    }
}

impl FieldType for TimeOfDay {
    fn shape() -> Shape {
        Shape::Text {
            what: "time of day",
            pattern: Some("^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$"),
            max_length: None,
            example: "09:00",
        }
    }

    fn read(item: Item<'_, '_>, findings: &mut FileFindings) -> Option<Self> {
        let make = |text: &str| Self::parse(text).ok_or(ClockError::Time);
        read_text(item, make, findings)
    }
}

/// A time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Zone(pub Tz);

impl FieldType for Zone {
    fn shape() -> Shape {
        Shape::Text {
            what: "IANA time zone",
            pattern: None,
            max_length: None,
            example: "America/Montreal",
        }
    }

    fn read(item: Item<'_, '_>, findings: &mut FileFindings) -> Option<Self> {
        let make = |text: &str| text.parse().map(Self).map_err(|_| ClockError::Zone);
        read_text(item, make, findings)
    }
}

/// Days of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Weekdays {
    /// A bit for each day, Monday the lowest.
    bits: u8,
}

/// The words of the days, from Monday.
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

impl Weekdays {
    pub const EVERY: Self = Self { bits: 0b0111_1111 };
    pub const NONE: Self = Self { bits: 0 };

    pub fn contains(self, day: Weekday) -> bool {
        self.bits & (1 << day.num_days_from_monday()) != 0
    }

    pub fn is_empty(self) -> bool {
        self == Self::NONE
    }

    /// Returns one day or a range, which may pass the end of the week: `fri-mon`.
    fn parse(text: &str) -> Option<Self> {
        let number = |word: &str| DAYS.iter().position(|day| *day == word);
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        let (first, last) = (number(first)?, number(last)?);
        let length = (last + DAYS.len() - first) % DAYS.len();
        let bits = (0..=length).fold(0, |bits, after| bits | 1 << ((first + after) % DAYS.len()));
        Some(Self { bits })
    }
}

impl FieldType for Weekdays {
    fn shape() -> Shape {
        Shape::Either(vec![
            Shape::Text {
                what: "a day or a range of days",
                pattern: Some("^(mon|tue|wed|thu|fri|sat|sun)(-(mon|tue|wed|thu|fri|sat|sun))?$"),
                max_length: None,
                example: "mon-fri",
            },
            Shape::List(Box::new(Shape::OneOf(DAYS.to_vec()))),
        ])
    }

    fn read(item: Item<'_, '_>, findings: &mut FileFindings) -> Option<Self> {
        if !item.is_list() {
            return read_text(item, Self::text, findings);
        }
        let days: Vec<Option<Self>> = item
            .children()
            .map(|day| read_text(day, Self::text, findings))
            .collect();
        days.into_iter().try_fold(Self::NONE, |all, day| {
            let bits = all.bits | day?.bits;
            Some(Self { bits })
        })
    }
}

/// A text that is not a day.
#[derive(Debug, thiserror::Error)]
#[error("it is not a day of the week")]
struct NotADay;

impl Weekdays {
    fn text(text: &str) -> Result<Self, NotADay> {
        Self::parse(text).ok_or(NotADay)
    }
}

impl TextProblem for NotADay {
    fn rule(&self) -> &'static Rule {
        &UNKNOWN_WORD
    }

    fn hint(&self, _text: &str) -> Option<String> {
        Some(format!(
            "days are `{}`; a range is written `mon-fri`",
            DAYS.join("`, `")
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(text: &str) -> Vec<u32> {
        let days = Weekdays::parse(text).unwrap();
        let all = std::iter::successors(Some(Weekday::Mon), |day| Some(day.succ())).take(7);
        all.filter(|day| days.contains(*day))
            .map(|day| day.number_from_monday())
            .collect()
    }

    #[test]
    fn a_range_of_days_may_pass_the_end_of_the_week() {
        assert_eq!(days("mon-fri"), [1, 2, 3, 4, 5]);
        assert_eq!(days("fri-mon"), [1, 5, 6, 7]);
        assert_eq!(days("sun"), [7]);
        assert_eq!(days("tue-tue"), [2]);
        assert_eq!(Weekdays::parse("mon-sun"), Some(Weekdays::EVERY));
        for text in [
            "",
            "monday",
            "mon-",
            "-fri",
            "Mon",
            "mon-fri-sun",
            "mon,tue",
        ] {
            assert_eq!(Weekdays::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_time_of_day_has_one_way_to_write_it() {
        let minutes = |text| TimeOfDay::parse(text).map(TimeOfDay::minutes);
        assert_eq!(minutes("00:00"), Some(0));
        assert_eq!(minutes("09:30"), Some(570));
        assert_eq!(minutes("24:00"), Some(1440));
        for text in [
            "9:00", "09:60", "24:01", "25:00", "0900", "09:00:00", "+9:00", " 9:00",
        ] {
            assert_eq!(minutes(text), None, "{text}");
        }
        assert_eq!(TimeOfDay(570).to_string(), "09:30");
    }

    #[test]
    fn a_mistyped_zone_and_a_city_alone_find_the_zone() {
        assert_eq!(
            zone_hint("America/Montrael"),
            "did you mean `America/Montreal`?"
        );
        assert_eq!(zone_hint("Montreal"), "did you mean `America/Montreal`?");
        assert_eq!(zone_hint("new york"), "did you mean `America/New_York`?");
        assert!(zone_hint("here").contains("IANA"));
    }
}
