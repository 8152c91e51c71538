//! Finds the local times of a window that do not exist or exist twice, for `gamctl validate`.

use std::fmt;

use chrono::{LocalResult, NaiveDateTime, TimeZone};
use chrono_tz::Tz;

use super::{Window, local_time};

/// A year, so that each change of the clock is found once.
const DAYS: usize = 366;

/// One end of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WindowEnd {
    Opens,
    Closes,
}

/// The reason that a local time is not exactly one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Irregularity {
    /// The clock is set forward past it.
    DoesNotExist,
    /// The clock is set back before it.
    ExistsTwice,
}

/// A local time of a window that is not exactly one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IrregularTime {
    pub local: NaiveDateTime,
    pub zone: Tz,
    pub end: WindowEnd,
    pub irregularity: Irregularity,
}

impl fmt::Display for IrregularTime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (time, date) = (self.local.format("%H:%M"), self.local.format("%Y-%m-%d"));
        let end = match self.end {
            WindowEnd::Opens => "opens",
            WindowEnd::Closes => "closes",
        };
        let zone = self.zone.name();
        match self.irregularity {
            Irregularity::DoesNotExist => write!(
                formatter,
                "the local time {time} does not exist on {date} in {zone}; the window {end} when the clock is set forward"
            ),
            Irregularity::ExistsTwice => write!(
                formatter,
                "the local time {time} exists twice on {date} in {zone}; the window {end} the first time"
            ),
        }
    }
}

/// Returns the irregular times of a window in the year from `now`, in the order of their days.
pub fn irregular_times(window: &Window, now: u64) -> Vec<IrregularTime> {
    let now = i64::try_from(now).ok();
    let Some(now) = now.and_then(|now| local_time(window.zone, now)) else {
        return Vec::new();
    };
    let days = now.date().iter_days().take(DAYS);
    let times = days.filter_map(|date| window.local_times(date));
    let times =
        times.flat_map(|[opens, closes]| [(opens, WindowEnd::Opens), (closes, WindowEnd::Closes)]);
    let irregular = times.filter_map(|(local, end)| {
        Some(IrregularTime {
            local,
            zone: window.zone,
            end,
            irregularity: irregularity(window.zone, local)?,
        })
    });
    irregular.collect()
}

fn irregularity(zone: Tz, local: NaiveDateTime) -> Option<Irregularity> {
    match zone.from_local_datetime(&local) {
        LocalResult::Single(_) => None,
        LocalResult::Ambiguous(..) => Some(Irregularity::ExistsTwice),
        LocalResult::None => Some(Irregularity::DoesNotExist),
    }
}
