//! Finds the local times that a time zone skips or repeats when its clocks change.

use std::ops::RangeInclusive;

use chrono::{NaiveDate, NaiveDateTime, Offset, TimeDelta, TimeZone};
use chrono_tz::Tz;

/// The years that are searched. Equal inventories have equal findings, so this does not depend on the present day; rules of
/// zones that are further in the future change too often to be worth a warning.
const YEARS: RangeInclusive<i32> = 2026..=2035;

/// Local times that do not exist because clocks go forward, or exist twice because they go back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::inventory) struct ClockChange {
    /// The first of these times.
    pub start: NaiveDateTime,
    /// The first time behind them.
    pub end: NaiveDateTime,
    /// They exist twice; otherwise they do not exist.
    pub is_repeated: bool,
}

impl ClockChange {
    /// Returns the last year that is searched.
    pub(in crate::inventory) fn last_year() -> i32 {
        *YEARS.end()
    }

    pub(in crate::inventory) fn has(&self, local: NaiveDateTime) -> bool {
        (self.start..self.end).contains(&local)
    }
}

/// Returns the changes of a zone's clocks, in order of time.
pub(in crate::inventory) fn clock_changes(zone: Tz) -> Vec<ClockChange> {
    let midnight = |year| NaiveDate::from_ymd_opt(year, 1, 1)?.and_hms_opt(0, 0, 0);
    let (Some(mut before), Some(last)) = (midnight(*YEARS.start()), midnight(YEARS.end() + 1))
    else {
        return Vec::new();
    };
    let mut changes = Vec::new();
    // No zone changes its clocks twice within a day.
    let step = TimeDelta::days(1);
    while before < last {
        let after = before + step;
        let (old, new) = (offset(zone, before), offset(zone, after));
        if old != new {
            changes.push(change(zone, before, after));
        }
        before = after;
    }
    changes
}

/// Returns the difference between the local time and UTC, at a time in UTC.
fn offset(zone: Tz, at: NaiveDateTime) -> TimeDelta {
    let offset = zone.offset_from_utc_datetime(&at).fix();
    TimeDelta::seconds(offset.local_minus_utc().into())
}

/// Returns the change between two times in UTC with different offsets.
fn change(zone: Tz, mut before: NaiveDateTime, mut after: NaiveDateTime) -> ClockChange {
    let (old, new) = (offset(zone, before), offset(zone, after));
    while after - before > TimeDelta::seconds(1) {
        let middle = before + TimeDelta::seconds((after - before).num_seconds() / 2);
        if offset(zone, middle) == old {
            before = middle;
        } else {
            after = middle;
        }
    }
    let (ends, begins) = (after + old, after + new);
    ClockChange {
        start: ends.min(begins),
        end: ends.max(begins),
        is_repeated: begins < ends,
    }
}

#[cfg(test)]
mod tests {
    use chrono::Datelike;
    use chrono_tz::TZ_VARIANTS;

    use super::*;

    fn changes(zone: &str) -> Vec<String> {
        let changes = clock_changes(zone.parse().unwrap());
        let shown = |change: &ClockChange| {
            let is_repeated = change.is_repeated;
            format!("{} {} {is_repeated}", change.start, change.end.time())
        };
        changes.iter().map(shown).collect()
    }

    #[test]
    fn an_hour_is_skipped_in_spring_and_repeated_in_autumn() {
        let found = changes("America/Montreal");
        assert_eq!(found.len(), 20);
        assert_eq!(found[0], "2026-03-08 02:00:00 03:00:00 false");
        assert_eq!(found[1], "2026-11-01 01:00:00 02:00:00 true");
        // South of the equator the year begins in summer, and here clocks change by half an hour.
        let found = changes("Australia/Lord_Howe");
        assert_eq!(found[0], "2026-04-05 01:30:00 02:00:00 true");
        assert_eq!(found[1], "2026-10-04 02:00:00 02:30:00 false");
    }

    #[test]
    fn a_zone_without_summer_time_has_no_changes() {
        for zone in ["UTC", "Asia/Kolkata", "America/Phoenix"] {
            assert_eq!(changes(zone), Vec::<String>::new(), "{zone}");
        }
    }

    #[test]
    fn the_library_agrees_about_the_times_of_every_change() {
        for zone in TZ_VARIANTS {
            for change in clock_changes(zone) {
                let middle = change.start + (change.end - change.start) / 2;
                assert!(YEARS.contains(&middle.year()), "{zone}");
                let inside = [change.start, middle];
                let outside = [change.start - TimeDelta::seconds(1), change.end];
                for local in inside {
                    let found = zone.offset_from_local_datetime(&local);
                    let is_repeated = matches!(found, chrono::MappedLocalTime::Ambiguous(_, _));
                    assert!(
                        change.has(local) && found.single().is_none(),
                        "{zone} {local}"
                    );
                    assert_eq!(is_repeated, change.is_repeated, "{zone} {local}");
                }
                for local in outside {
                    let found = zone.offset_from_local_datetime(&local);
                    assert!(
                        !change.has(local) && found.single().is_some(),
                        "{zone} {local}"
                    );
                }
            }
        }
    }
}
