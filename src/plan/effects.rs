//! Defines the effects of a step on the speed of subscribers, and the subscribers that are served again.

use serde::{Deserialize, Serialize};

use crate::model::{Mbps, SubscriberName};

/// The effects of a step besides an interruption. One step may slow many subscribers down, if they share a profile.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Effects {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub speeds: Vec<SpeedChange>,
    /// Subscribers without service before the plan that have it after this step. Of new subscribers, only those that the
    /// ledger has.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub restores: Vec<SubscriberName>,
    /// Subscribers that may be authenticated otherwise, because the device sends their names and numbers upstream.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub authentication: Vec<SubscriberName>,
}

/// The rate limit of some served subscribers before and after a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpeedChange {
    pub subscribers: Vec<SubscriberName>,
    pub from: Limiter,
    pub to: Limiter,
}

/// A rate limit in both directions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Limiter {
    Limited {
        down: Mbps,
        up: Mbps,
    },
    Unthrottled,
    /// That of a profile whose rates could not all be read.
    Unread,
}

impl Effects {
    pub fn is_empty(&self) -> bool {
        let Self {
            speeds,
            restores,
            authentication,
        } = self;
        speeds.is_empty() && restores.is_empty() && authentication.is_empty()
    }

    /// Returns the subscribers that get slower.
    pub fn slower(&self) -> impl Iterator<Item = &SubscriberName> {
        let slower = self.speeds.iter().filter(|speed| speed.is_slower());
        slower.flat_map(|speed| &speed.subscribers)
    }

    /// Returns the subscribers that get faster in one direction, and not slower in the other.
    pub fn faster(&self) -> impl Iterator<Item = &SubscriberName> {
        let faster = self.speeds.iter().filter(|speed| !speed.is_slower());
        faster.flat_map(|speed| &speed.subscribers)
    }
}

impl SpeedChange {
    /// Returns whether one direction gets slower, whatever the other does. With a limit that was not read it may.
    pub fn is_slower(&self) -> bool {
        match (self.from, self.to) {
            (_, Limiter::Unthrottled) => false,
            (Limiter::Unthrottled | Limiter::Unread, Limiter::Limited { .. })
            | (_, Limiter::Unread) => true,
            (
                Limiter::Limited { down, up },
                Limiter::Limited {
                    down: to_down,
                    up: to_up,
                },
            ) => to_down < down || to_up < up,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limited(down: u32, up: u32) -> Limiter {
        let [down, up] = [down, up].map(|speed| Mbps::new(speed).unwrap());
        Limiter::Limited { down, up }
    }

    fn is_slower(from: Limiter, to: Limiter) -> bool {
        let subscribers = Vec::new();
        SpeedChange {
            subscribers,
            from,
            to,
        }
        .is_slower()
    }

    #[test]
    fn one_slower_direction_is_slower_and_no_limit_is_the_fastest() {
        assert!(is_slower(limited(500, 500), limited(50, 500)));
        assert!(is_slower(limited(50, 50), limited(500, 49)));
        assert!(is_slower(Limiter::Unthrottled, limited(1999, 1999)));
        assert!(!is_slower(limited(10, 10), Limiter::Unthrottled));
        assert!(is_slower(Limiter::Unread, limited(1999, 1999)));
        assert!(is_slower(limited(10, 10), Limiter::Unread));
        assert!(!is_slower(Limiter::Unread, Limiter::Unthrottled));
        assert!(!is_slower(limited(50, 50), limited(50, 500)));
    }
}
