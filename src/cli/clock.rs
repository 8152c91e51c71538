//! Reads this host's clock; no other code of `cli` does.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::authoring::commit::CommitTime;
use crate::model::Day;

/// Returns the seconds since 1970.
pub(super) fn seconds() -> u64 {
    u64::try_from(commit_time().seconds).unwrap_or_default()
}

/// Returns the day in UTC; nothing if the clock is beyond the calendar.
pub(super) fn today() -> Option<Day> {
    Day::of_seconds(seconds())
}

/// Returns the milliseconds since 1970.
pub(super) fn millis() -> u64 {
    u64::try_from(since_1970().as_millis()).unwrap_or_default()
}

/// Returns the nanoseconds since 1970.
pub(super) fn nanos() -> u64 {
    u64::try_from(since_1970().as_nanos()).unwrap_or(u64::MAX)
}

fn since_1970() -> Duration {
    #[allow(
        clippy::disallowed_methods,
        reason = "this is the file that reads the clock"
    )]
    let now = SystemTime::now();
    now.duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// Returns the time for a commit in UTC: the host's time zone may not be the engineer's.
pub(super) fn commit_time() -> CommitTime {
    CommitTime {
        seconds: i64::try_from(since_1970().as_secs()).unwrap_or(i64::MAX),
        offset_minutes: 0,
    }
}
