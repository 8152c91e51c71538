//! Reads the host's clock, the only place in the twin that does.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::simulator::moment::Moment;

/// Returns this host's time; a time before 1970 becomes 1970.
#[allow(
    clippy::disallowed_methods,
    reason = "a twin's uptime and alarms run in real time; everything below takes it as an argument"
)]
pub(super) fn now() -> Moment {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let millis = since.map_or(0, |since| since.as_millis());
    Moment::from_unix_millis(u64::try_from(millis).unwrap_or(u64::MAX))
}
