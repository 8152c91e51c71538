//! The one place where a twin reads the clock.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::simulator::moment::Moment;

/// Returns the time of this machine; before 1970 there is none.
#[allow(
    clippy::disallowed_methods,
    reason = "a twin's uptime and alarms run in real time; everything below takes it as an argument"
)]
pub(super) fn now() -> Moment {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let millis = since.map_or(0, |since| since.as_millis());
    Moment::from_unix_millis(u64::try_from(millis).unwrap_or(u64::MAX))
}
