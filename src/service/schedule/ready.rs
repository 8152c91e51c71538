//! Sorts due devices by priority and by age, and parks those whose site has no free slot.

use std::collections::BTreeSet;
use std::hash::Hash;

use foldhash::{HashMap, HashSet};

use super::Priority;

/// The devices of one site that share a concurrency limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Group {
    pub(super) site: u32,
    pub(super) is_failing: bool,
}

/// The position of a device among the due ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Position {
    pub(super) group: Group,
    pub(super) priority: Priority,
    /// The earliest due time among the reads of that priority.
    pub(super) at: u64,
    /// The earliest due time of all.
    pub(super) oldest: u64,
}

/// The due devices. Every operation needs a few steps in sorted sets, also while thousands of devices are parked.
#[derive(Debug, Default)]
pub(super) struct Ready {
    by_priority: Sorted<(Priority, u64, u32)>,
    by_age: Sorted<(u64, u32)>,
}

impl Ready {
    pub(super) fn insert(&mut self, device: u32, position: &Position) {
        let Position { group, .. } = *position;
        let key = (position.priority, position.at, device);
        self.by_priority.change(group, |keys| keys.insert(key));
        let key = (position.oldest, device);
        self.by_age.change(group, |keys| keys.insert(key));
    }

    pub(super) fn remove(&mut self, device: u32, position: &Position) {
        let Position { group, .. } = *position;
        let key = (position.priority, position.at, device);
        self.by_priority.change(group, |keys| keys.remove(&key));
        let key = (position.oldest, device);
        self.by_age.change(group, |keys| keys.remove(&key));
    }

    /// Parks a group, or makes its devices available again.
    pub(super) fn park(&mut self, group: Group, is_parked: bool) {
        self.by_priority.park(group, is_parked);
        self.by_age.park(group, is_parked);
    }

    /// Returns the device with the highest priority, of these the one with the earliest due time.
    pub(super) fn first(&self, with_failing: bool) -> Option<u32> {
        let (_, _, device) = self.by_priority.first(with_failing)?;
        Some(device)
    }

    /// Returns the device that has been due longest, and since when.
    pub(super) fn oldest(&self, with_failing: bool) -> Option<(u64, u32)> {
        self.by_age.first(with_failing)
    }
}

/// Keys in one order: a sorted set for each group, and the first key of each group that is not parked.
#[derive(Debug)]
struct Sorted<K> {
    groups: HashMap<Group, BTreeSet<K>>,
    parked: HashSet<Group>,
    healthy_heads: BTreeSet<K>,
    failing_heads: BTreeSet<K>,
}

impl<K> Default for Sorted<K> {
    fn default() -> Self {
        Self {
            groups: HashMap::default(),
            parked: HashSet::default(),
            healthy_heads: BTreeSet::new(),
            failing_heads: BTreeSet::new(),
        }
    }
}

impl<K: Copy + Ord> Sorted<K> {
    fn change(&mut self, group: Group, change: impl FnOnce(&mut BTreeSet<K>) -> bool) {
        let keys = self.groups.entry(group).or_default();
        let before = keys.first().copied();
        change(keys);
        let after = keys.first().copied();
        if after.is_none() {
            self.groups.remove(&group);
        }
        if before != after && !self.parked.contains(&group) {
            let heads = self.heads_mut(group.is_failing);
            if let Some(before) = before {
                heads.remove(&before);
            }
            heads.extend(after);
        }
    }

    fn park(&mut self, group: Group, is_parked: bool) {
        let has_changed = if is_parked {
            self.parked.insert(group)
        } else {
            self.parked.remove(&group)
        };
        let head = self.groups.get(&group).and_then(BTreeSet::first).copied();
        if let Some(head) = head.filter(|_| has_changed) {
            let heads = self.heads_mut(group.is_failing);
            if is_parked {
                heads.remove(&head);
            } else {
                heads.insert(head);
            }
        }
    }

    fn heads_mut(&mut self, is_failing: bool) -> &mut BTreeSet<K> {
        if is_failing {
            &mut self.failing_heads
        } else {
            &mut self.healthy_heads
        }
    }

    fn first(&self, with_failing: bool) -> Option<K> {
        let healthy = self.healthy_heads.first().copied();
        let failing = self.failing_heads.first().filter(|_| with_failing).copied();
        healthy.into_iter().chain(failing).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Group = Group {
        site: 1,
        is_failing: false,
    };
    const THERE: Group = Group {
        site: 2,
        is_failing: false,
    };

    fn position(group: Group, priority: Priority, at: u64) -> Position {
        Position {
            group,
            priority,
            at,
            oldest: at,
        }
    }

    #[test]
    fn a_parked_site_does_not_hide_the_next_one() {
        let mut ready = Ready::default();
        ready.insert(1, &position(HERE, Priority::Person, 5));
        ready.insert(2, &position(THERE, Priority::Scheduled, 7));
        ready.park(HERE, true);
        assert_eq!(ready.first(true), Some(2));
        assert_eq!(ready.oldest(true), Some((7, 2)));
        ready.insert(3, &position(HERE, Priority::Person, 1));
        assert_eq!(ready.first(true), Some(2));
        ready.park(HERE, false);
        assert_eq!(ready.first(true), Some(3));
        assert_eq!(ready.oldest(true), Some((1, 3)));
    }

    #[test]
    fn the_first_of_a_site_that_is_removed_is_followed_by_the_second() {
        let mut ready = Ready::default();
        ready.insert(1, &position(HERE, Priority::Person, 5));
        ready.insert(2, &position(HERE, Priority::Person, 6));
        ready.remove(1, &position(HERE, Priority::Person, 5));
        assert_eq!(ready.first(true), Some(2));
        ready.remove(2, &position(HERE, Priority::Person, 6));
        assert_eq!(ready.first(true), None);
        assert_eq!(ready.oldest(true), None);
    }

    #[test]
    fn failing_devices_are_left_out_on_request() {
        let mut ready = Ready::default();
        let failing = Group {
            is_failing: true,
            ..HERE
        };
        ready.insert(1, &position(failing, Priority::Person, 1));
        ready.insert(2, &position(HERE, Priority::Scheduled, 9));
        assert_eq!(ready.first(true), Some(1));
        assert_eq!(ready.first(false), Some(2));
        assert_eq!(ready.oldest(false), Some((9, 2)));
    }
}
