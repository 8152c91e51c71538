//! Holds the state of an agent's SNMP 3 engine: its id, its clock, our keys for it.

use std::sync::Arc;

use tokio::time::Instant;

use super::keys::Keys;
use super::privacy::Clock;

/// The highest age of an answer in seconds (RFC 3414 §2.2.3).
const WINDOW: i32 = 150;

/// The known state of an engine.
#[derive(Debug, Clone)]
pub(in super::super) struct Engine {
    pub(super) id: Vec<u8>,
    /// `None` for a user without authentication.
    pub(super) keys: Option<Arc<Keys>>,
    pub(super) clock: Clock,
    /// The time at which the clock had this value.
    pub(super) since: Instant,
    /// Whether the clock came in an authenticated message; until then it is a guess.
    pub(super) is_verified: bool,
}

impl Engine {
    /// Returns the present reading of the engine's clock.
    pub(super) fn now(&self) -> Clock {
        let passed = i32::try_from(self.since.elapsed().as_secs()).unwrap_or(i32::MAX);
        Clock {
            boots: self.clock.boots,
            time: self.clock.time.saturating_add(passed),
        }
    }

    /// Returns whether an answer with this time is within the time window (RFC 3414 §3.2, 7 b).
    pub(super) fn is_timely(&self, clock: Clock) -> bool {
        let now = self.now();
        // Without an authenticated clock there is no window to check; the request id still has to match.
        !self.is_verified
            || clock.boots > now.boots
            || (clock.boots == now.boots && clock.time.saturating_add(WINDOW) >= now.time)
    }

    /// Returns the engine with the clock of an authenticated message.
    pub(super) fn set(&self, clock: Clock) -> Self {
        Self {
            clock,
            since: Instant::now(),
            is_verified: true,
            ..self.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn engine(boots: i32, time: i32) -> Engine {
        let guess = Engine {
            id: b"engine".to_vec(),
            keys: None,
            clock: Clock { boots: 0, time: 0 },
            since: Instant::now(),
            is_verified: false,
        };
        guess.set(Clock { boots, time })
    }

    #[tokio::test(start_paused = true)]
    async fn the_clock_goes_on_by_itself_and_stops_at_the_highest_number() {
        let (young, old) = (engine(2, 100), engine(2, i32::MAX - 5));
        tokio::time::advance(std::time::Duration::from_secs(1000)).await;
        assert_eq!(
            young.now(),
            Clock {
                boots: 2,
                time: 1100
            }
        );
        assert_eq!(old.now().time, i32::MAX);
    }

    #[test]
    fn old_answers_are_rejected_unless_the_clock_is_unverified() {
        let engine = engine(2, 1000);
        let is_timely = |engine: &Engine, boots, time| engine.is_timely(Clock { boots, time });
        assert!(is_timely(&engine, 2, 850) && is_timely(&engine, 2, 5000));
        assert!(is_timely(&engine, 3, 0));
        assert!(!is_timely(&engine, 2, 849) && !is_timely(&engine, 1, 1000));
        let guess = Engine {
            is_verified: false,
            ..engine
        };
        assert!(is_timely(&guess, 0, 0));
    }
}
