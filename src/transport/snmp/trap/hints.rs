//! Coalesces hints: one per device and interval, and none is lost; pure, with the time as an argument.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::model::DeviceName;

/// A point of time, counted from any start.
type At = Duration;

/// The hints that are not delivered yet. There are at most as many as devices.
#[derive(Debug)]
pub(super) struct Hints {
    quiet: Duration,
    /// When the last hint of a device was delivered.
    delivered: BTreeMap<DeviceName, At>,
    /// When the next one may be.
    due: BTreeMap<DeviceName, At>,
}

/// The next thing to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Next {
    Deliver(DeviceName),
    WaitUntil(At),
    Nothing,
}

impl Hints {
    /// `quiet` is the least time between two hints of a device.
    pub(super) fn new(quiet: Duration) -> Self {
        Self {
            quiet,
            delivered: BTreeMap::new(),
            due: BTreeMap::new(),
        }
    }

    /// Takes a trap of a device. Returns whether it is more than one that waits already.
    pub(super) fn take(&mut self, device: &DeviceName, now: At) -> bool {
        if self.due.contains_key(device) {
            return false;
        }
        let earliest = self.delivered.get(device).map(|last| *last + self.quiet);
        self.due
            .insert(device.clone(), earliest.unwrap_or(now).max(now));
        true
    }

    pub(super) fn next(&mut self, now: At) -> Next {
        let first = self.due.iter().min_by_key(|(_, at)| **at);
        match first.map(|(device, at)| (device.clone(), *at)) {
            None => Next::Nothing,
            Some((_, at)) if at > now => Next::WaitUntil(at),
            Some((device, _)) => {
                self.due.remove(&device);
                self.delivered.insert(device.clone(), now);
                Next::Deliver(device)
            }
        }
    }

    /// Forgets devices that are not known any more.
    pub(super) fn retain(&mut self, is_known: impl Fn(&DeviceName) -> bool) {
        self.delivered.retain(|device, _| is_known(device));
        self.due.retain(|device, _| is_known(device));
    }
}

/// Limits how many datagrams a second are looked at, so that a flood costs little.
#[derive(Debug)]
pub(super) struct Bucket {
    per_second: u32,
    left: u32,
    second: u64,
}

impl Bucket {
    pub(super) fn new(per_second: u32) -> Self {
        Self {
            per_second,
            left: per_second,
            second: 0,
        }
    }

    /// Returns whether one more may be looked at now.
    pub(super) fn take(&mut self, now: At) -> bool {
        if now.as_secs() != self.second {
            (self.second, self.left) = (now.as_secs(), self.per_second);
        }
        let has_room = self.left > 0;
        self.left = self.left.saturating_sub(1);
        has_room
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const QUIET: Duration = Duration::from_secs(10);

    fn device(number: u32) -> DeviceName {
        DeviceName::new(&format!("oak-{number}")).unwrap()
    }

    fn at(seconds: u64) -> At {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_storm_of_traps_is_one_hint_now_and_one_after_the_quiet_time() {
        let mut hints = Hints::new(QUIET);
        assert!(hints.take(&device(1), at(0)));
        assert_eq!(hints.next(at(0)), Next::Deliver(device(1)));
        for second in 1..9 {
            hints.take(&device(1), at(second));
            assert_eq!(hints.next(at(second)), Next::WaitUntil(at(10)));
        }
        assert_eq!(hints.next(at(10)), Next::Deliver(device(1)));
        assert_eq!(hints.next(at(11)), Next::Nothing);
        hints.take(&device(2), at(12));
        assert_eq!(
            hints.next(at(12)),
            Next::Deliver(device(2)),
            "another device does not wait"
        );
    }

    #[test]
    fn more_datagrams_a_second_than_allowed_are_dropped() {
        let mut bucket = Bucket::new(3);
        let taken = (0..10).filter(|_| bucket.take(at(5))).count();
        assert_eq!(taken, 3);
        assert!(bucket.take(at(6)));
    }

    proptest! {
        #[test]
        fn every_trap_is_followed_by_a_hint_within_the_quiet_time_and_hints_are_rare(
            traps in prop::collection::vec((0_u64..200, 0_u32..4), 1..80)
        ) {
            let mut traps = traps;
            traps.sort_unstable();
            let mut hints = Hints::new(QUIET);
            let mut delivered: Vec<(u64, DeviceName)> = Vec::new();
            for second in 0..300 {
                for (_, number) in traps.iter().filter(|(time, _)| *time == second) {
                    hints.take(&device(*number), at(second));
                }
                while let Next::Deliver(one) = hints.next(at(second)) {
                    delivered.push((second, one));
                }
            }
            for (time, number) in &traps {
                let is_told = delivered.iter().any(|(at, one)| {
                    *one == device(*number) && (*time..=*time + 10).contains(at)
                });
                prop_assert!(is_told, "{time} {number}");
            }
            for number in 0..4 {
                let times: Vec<u64> = delivered
                    .iter()
                    .filter(|(_, one)| *one == device(number))
                    .map(|(at, _)| *at)
                    .collect();
                prop_assert!(times.windows(2).all(|pair| pair[1] - pair[0] >= 10));
            }
        }
    }
}
