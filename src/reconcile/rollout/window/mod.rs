//! Decides when the windows of `policy.toml` allow writes to the devices of a site.
//!
//! Without any window, writes are always allowed. With one or more, a site is closed unless a window for it is open, so a site
//! without a window of its own is always closed.
//!
//! A window belongs to the day on which it opens. A time of day means the first moment at which the clock of the zone shows
//! it:
//! - A time that exists twice, because the clock is set back, counts the first time, for opening and for closing.
//! - A time that does not exist, because the clock is set forward, counts as the moment of that change.
//!
//! With one rule for both ends, a window never closes before it opens. Its length can differ by the change of the clock on that
//! day, and a window that lies completely in a skipped hour does not open. `irregular_times` finds these days for `validate`.

mod irregular;
#[cfg(test)]
mod tests;

pub use irregular::{IrregularTime, Irregularity, WindowEnd, irregular_times};

use chrono::{
    DateTime, Datelike, LocalResult, NaiveDate, NaiveDateTime, TimeDelta, TimeZone, WeekdaySet,
};
use chrono_tz::Tz;
use globset::GlobMatcher;

use crate::inventory::{ScopeError, pattern};

/// Minutes of a day, and the last value of `to`.
const DAY: u16 = 24 * 60;

/// Days before today on which a window that is open now may have opened: yesterday, and one more because zones have skipped a
/// whole day of the calendar.
const DAYS_BACK: u64 = 2;

/// Days that are searched for the next opening or closing. Each weekday occurs twice, so a skipped hour does not hide the answer.
const DAYS_AHEAD: u64 = 15;

const DAY_SECONDS: i64 = 24 * 60 * 60;

/// The reason that a window is invalid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WindowError {
    #[error("the window has no days")]
    NoDays,
    #[error("the window has no sites; write `sites = [\"*\"]` for all of them")]
    NoSites,
    #[error("a window opens between 00:00 and 23:59 and closes between 00:01 and 24:00")]
    NotATime,
    #[error(
        "the window opens and closes at the same time; write `00:00` to `24:00` for a whole day"
    )]
    Empty,
    #[error(transparent)]
    Site(#[from] ScopeError),
}

/// A time of the week in which writes are allowed.
#[derive(Debug, Clone)]
pub struct Window {
    sites: Vec<GlobMatcher>,
    days: WeekdaySet,
    from: u16,
    to: u16,
    zone: Tz,
}

impl Window {
    /// Makes a window from patterns for sites, the days on which it opens, and its times in minutes of the day. It closes on the
    /// next day if `to` is before `from`.
    ///
    /// # Errors
    ///
    /// `WindowError` if it can never open, a time is not a time of day, or a pattern is invalid.
    pub fn new(
        sites: &[String],
        days: WeekdaySet,
        from: u16,
        to: u16,
        zone: Tz,
    ) -> Result<Self, WindowError> {
        if days.is_empty() {
            return Err(WindowError::NoDays);
        }
        if sites.is_empty() {
            return Err(WindowError::NoSites);
        }
        if from >= DAY || to == 0 || to > DAY {
            return Err(WindowError::NotATime);
        }
        if from == to {
            return Err(WindowError::Empty);
        }
        let sites = sites.iter().map(|site| pattern(site));
        Ok(Self {
            sites: sites.collect::<Result<_, _>>()?,
            days,
            from,
            to,
            zone,
        })
    }

    /// Returns whether the window is for a site; a device without a site has the site ``, as in a scope.
    fn is_for(&self, site: Option<&str>) -> bool {
        let site = site.unwrap_or_default();
        self.sites.iter().any(|pattern| pattern.is_match(site))
    }

    /// Returns the local times of the opening that belongs to a day.
    fn local_times(&self, date: NaiveDate) -> Option<[NaiveDateTime; 2]> {
        if !self.days.contains(date.weekday()) {
            return None;
        }
        let closes_on = match self.to < self.from {
            true => date.succ_opt()?,
            false => date,
        };
        Some([at_minute(date, self.from)?, at_minute(closes_on, self.to)?])
    }

    /// Returns the first opening that ends after a moment, as its two moments.
    fn opening_after(&self, now: i64) -> Option<Opening> {
        let today = local_time(self.zone, now)?.date();
        let first = today.checked_sub_days(chrono::Days::new(DAYS_BACK))?;
        let days = first.iter_days().take(days_to_search());
        let mut openings = days.filter_map(|date| {
            let [opens, closes] = self.local_times(date)?;
            Some(Opening {
                opens: first_moment(self.zone, opens)?,
                closes: first_moment(self.zone, closes)?,
            })
        });
        openings.find(|opening| opening.opens < opening.closes && now < opening.closes)
    }
}

fn days_to_search() -> usize {
    usize::try_from(DAYS_BACK + DAYS_AHEAD + 1).unwrap_or(usize::MAX)
}

/// One opening of a window, in seconds since 1970: from the first moment until just before the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Opening {
    opens: i64,
    closes: i64,
}

fn at_minute(date: NaiveDate, minute: u16) -> Option<NaiveDateTime> {
    date.and_hms_opt(0, 0, 0)?
        .checked_add_signed(TimeDelta::minutes(i64::from(minute)))
}

fn local_time(zone: Tz, moment: i64) -> Option<NaiveDateTime> {
    let utc = DateTime::from_timestamp(moment, 0)?;
    Some(utc.with_timezone(&zone).naive_local())
}

/// Returns the first moment at which the clock of a zone shows a local time, or, if it skips it, a later one.
fn first_moment(zone: Tz, local: NaiveDateTime) -> Option<i64> {
    match zone.from_local_datetime(&local) {
        LocalResult::Single(moment) | LocalResult::Ambiguous(moment, _) => {
            return Some(moment.timestamp());
        }
        LocalResult::None => {}
    }
    // No zone is a whole day from UTC, and none changes its clock twice in two days.
    let near = local.and_utc().timestamp();
    let (mut earlier, mut later) = (near - 2 * DAY_SECONDS, near + 2 * DAY_SECONDS);
    while later - earlier > 1 {
        let middle = earlier.midpoint(later);
        match local_time(zone, middle)? < local {
            true => earlier = middle,
            false => later = middle,
        }
    }
    Some(later)
}

/// The answer of the windows for one site at one moment. Times are in seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WindowState {
    /// Writes are allowed; without an end in the next two weeks, `until` is left out.
    Open { until: Option<u64> },
    /// Writes are denied; without an opening in the next two weeks, `opens` is left out.
    Closed { opens: Option<u64> },
}

/// All windows of a policy.
#[derive(Debug, Clone, Default)]
pub struct Windows(Vec<Window>);

impl Windows {
    pub fn new(windows: Vec<Window>) -> Self {
        Self(windows)
    }

    /// Returns whether writes to the devices of a site are allowed at `now`, and until when. Windows that overlap or follow
    /// each other without a gap count as one.
    pub fn state(&self, site: Option<&str>, now: u64) -> WindowState {
        if self.0.is_empty() {
            return WindowState::Open { until: None };
        }
        let Ok(now) = i64::try_from(now) else {
            return WindowState::Closed { opens: None };
        };
        let windows = self.0.iter().filter(|window| window.is_for(site));
        let windows: Vec<&Window> = windows.collect();
        let is_open = |opening: &Opening| opening.opens <= now;
        let next = windows
            .iter()
            .filter_map(|window| window.opening_after(now));
        match next.min_by_key(|opening| opening.opens) {
            Some(opening) if is_open(&opening) => WindowState::Open {
                until: last_closing(&windows, now),
            },
            next => WindowState::Closed {
                opens: next.and_then(|opening| u64::try_from(opening.opens).ok()),
            },
        }
    }

    /// Returns whether work on a site that starts now and needs so many seconds ends while writes are still allowed. The
    /// leader does not start a wave otherwise; a device in progress is finished even after the window closed.
    pub fn would_end_inside(&self, site: Option<&str>, now: u64, expected_seconds: u64) -> bool {
        match self.state(site, now) {
            WindowState::Open { until } => {
                until.is_none_or(|until| now.saturating_add(expected_seconds) <= until)
            }
            WindowState::Closed { .. } => false,
        }
    }
}

/// Returns the moment at which none of the windows is open any more; `None` if there is none within the searched days.
fn last_closing(windows: &[&Window], now: i64) -> Option<u64> {
    let horizon = now + DAY_SECONDS * i64::try_from(DAYS_AHEAD).ok()?;
    let mut until = now;
    while until <= horizon {
        let next = windows
            .iter()
            .filter_map(|window| window.opening_after(until));
        let open = next.filter(|opening| opening.opens <= until);
        match open.map(|opening| opening.closes).max() {
            Some(closes) => until = closes,
            None => return u64::try_from(until).ok(),
        }
    }
    None
}
