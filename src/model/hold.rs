//! Defines which keys of a subscriber billing may change, and a hold that keeps them as they are.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::device::words;
use super::{Day, PlainText};

words! {
    /// A key of an existing subscriber that the billing sync may change.
    SyncedKey {
        ServicePlan = "service_plan",
        State = "state",
        External = "external",
        Endpoint = "endpoint",
        Device = "device",
        Port = "port",
    }
}

/// Keys of a subscriber that keep their values until a day, whatever billing has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Hold {
    pub keys: BTreeSet<SyncedKey>,
    pub why: PlainText,
    /// The last day of the hold.
    pub until: Day,
}

impl Hold {
    /// Returns whether the last day of the hold has passed.
    pub fn is_over(&self, today: Day) -> bool {
        self.until < today
    }

    /// Returns whether billing must not change a key today.
    pub fn keeps(&self, key: SyncedKey, today: Day) -> bool {
        !self.is_over(today) && self.keys.contains(&key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hold_keeps_its_keys_through_its_last_day() {
        let day = |text: &str| text.parse::<Day>().unwrap();
        let hold = Hold {
            keys: BTreeSet::from([SyncedKey::State]),
            why: PlainText::new("trial").unwrap(),
            until: day("2027-03-01"),
        };
        assert!(hold.keeps(SyncedKey::State, day("2027-03-01")));
        assert!(!hold.keeps(SyncedKey::ServicePlan, day("2027-03-01")));
        assert!(!hold.is_over(day("2027-03-01")));
        assert!(hold.is_over(day("2027-03-02")));
        assert!(!hold.keeps(SyncedKey::State, day("2027-03-02")));
    }
}
