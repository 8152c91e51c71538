//! Renders looks at devices: a fleet as a table, one device in full.

mod device;
mod fleet;
mod line;
mod module;
mod poll;
mod probe;
mod published;
mod subscriber;
mod unread;
mod watch;

pub use device::observed_device;
pub use fleet::observed_fleet;
pub use line::{HeardElsewhere, LineBefore, LineFacts, LineReport};
pub use poll::{PollLine, polled_device, polled_fleet};
pub use probe::probed;
pub use published::{PublishedLook, PublishedPoll};
pub use subscriber::observed_subscriber;
pub use watch::{WatchView, fitted_watch, watched};

use super::counted;
use crate::model::Observation;

/// Renders the uptime of a device in its two largest units.
fn uptime(seconds: u64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours) {
        (0, 0) => format!("{minutes}m"),
        (0, hours) => format!("{hours}h {minutes}m"),
        (days, hours) => format!("{days}d {hours}h"),
    }
}

/// Names the unread parts of a device in a word or two, if there are any.
fn gaps(observation: &Observation) -> Option<String> {
    let mut parts = Vec::new();
    if !observation.unread.is_empty() {
        parts.push(format!("{} unread", observation.unread.len()));
    }
    if !observation.unclear.is_empty() {
        parts.push(format!("{} unclear", observation.unclear.len()));
    }
    if !observation.health.unread.is_empty() {
        parts.push(counted(observation.health.unread.len(), "health gap"));
    }
    (!parts.is_empty()).then(|| parts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::uptime;

    #[test]
    fn an_uptime_has_two_units_at_most() {
        assert_eq!(uptime(59), "0m");
        assert_eq!(uptime(3_700), "1h 1m");
        assert_eq!(uptime(18 * 86_400 + 6 * 3600 + 1), "18d 6h");
    }
}
