//! Holds the due times, triggers and the read in progress of one device in the queue.

use crate::model::DeviceName;

use super::ready::{Group, Position};
use super::{DueTimes, PerKind, Priority, ReadKind};

/// A read that is due at a time, with a priority.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// In milliseconds since 1970.
    pub at: u64,
    pub priority: Priority,
}

impl Due {
    /// Makes one of two entries for the same read: the earlier time and the higher priority.
    fn merged(self, other: Self) -> Self {
        Self {
            at: self.at.min(other.at),
            priority: self.priority.higher(other.priority),
        }
    }
}

/// A read in progress. It keeps the group whose limit it counts for: the device may change its site meanwhile.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reading {
    pub(super) kind: ReadKind,
    pub(super) group: Group,
}

/// One device. All times are those of the queue.
#[derive(Debug)]
pub(super) struct QueuedDevice {
    pub(super) name: DeviceName,
    pub(super) group: Group,
    /// The device was removed during a read, which must end before the device is forgotten.
    pub(super) is_removed: bool,
    pub(super) scheduled: DueTimes,
    /// Triggers, apart from the schedule: a trigger outlives the end of a read that started before it.
    pub(super) pushed: PerKind<Option<Due>>,
    pub(super) reading: Option<Reading>,
    /// The position among the due devices, if it is due.
    pub(super) position: Option<Position>,
    /// The time at which another kind of read falls due.
    pub(super) timer: Option<u64>,
}

impl QueuedDevice {
    pub(super) fn new(name: DeviceName, group: Group) -> Self {
        Self {
            name,
            group,
            is_removed: false,
            scheduled: DueTimes::default(),
            pushed: PerKind::default(),
            reading: None,
            position: None,
            timer: None,
        }
    }

    /// Returns when a kind of read is due, by schedule or trigger.
    pub(super) fn due(&self, kind: ReadKind) -> Option<Due> {
        let priority = match self.group.is_failing {
            true => Priority::Failing,
            false => Priority::Scheduled,
        };
        let scheduled = self.scheduled.get(kind).map(|at| Due { at, priority });
        match (scheduled, *self.pushed.get(kind)) {
            (Some(scheduled), Some(pushed)) => Some(scheduled.merged(pushed)),
            (scheduled, pushed) => scheduled.or(pushed),
        }
    }

    pub(super) fn push(&mut self, kind: ReadKind, due: Due) {
        let pushed = self.pushed.get_mut(kind);
        *pushed = Some(pushed.map_or(due, |before| before.merged(due)));
    }

    /// Forgets the due entries that a read of this kind fulfils: its own, and those of narrower kinds.
    pub(super) fn fulfil(&mut self, kind: ReadKind, now: u64) {
        for narrower in ReadKind::ALL.into_iter().filter(|one| kind.fulfils(*one)) {
            let is_due = self.due(narrower).is_some_and(|due| due.at <= now);
            if is_due {
                *self.scheduled.get_mut(narrower) = None;
                *self.pushed.get_mut(narrower) = None;
            }
        }
    }

    /// Returns the widest kind that is due, with its time.
    pub(super) fn widest(&self, now: u64) -> Option<(ReadKind, Due)> {
        let widest_first = ReadKind::ALL.into_iter().rev();
        widest_first
            .filter_map(|kind| Some((kind, self.due(kind)?)))
            .find(|(_, due)| due.at <= now)
    }

    /// Returns the position among the due devices, from all kinds that are due.
    pub(super) fn due_position(&self, now: u64) -> Option<Position> {
        let kinds = ReadKind::ALL.into_iter();
        let dues = kinds.filter_map(|kind| self.due(kind).filter(|due| due.at <= now));
        dues.fold(None, |position, due| {
            let Some(position) = position else {
                return Some(Position {
                    group: self.group,
                    priority: due.priority,
                    at: due.at,
                    oldest: due.at,
                });
            };
            let first = (due.priority, due.at).min((position.priority, position.at));
            Some(Position {
                priority: first.0,
                at: first.1,
                oldest: due.at.min(position.oldest),
                ..position
            })
        })
    }

    /// Returns the next time at which a kind falls due that is not due yet.
    pub(super) fn next_timer(&self, now: u64) -> Option<u64> {
        let kinds = ReadKind::ALL.into_iter();
        let times = kinds.filter_map(|kind| Some(self.due(kind)?.at));
        times.filter(|at| *at > now).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device() -> QueuedDevice {
        let group = Group {
            site: 1,
            is_failing: false,
        };
        QueuedDevice::new(DeviceName::new("maple-a").unwrap(), group)
    }

    #[test]
    fn triggers_merge_to_the_earlier_time_and_the_higher_priority() {
        let mut device = device();
        device.scheduled.look = Some(50);
        let commit = Due {
            at: 80,
            priority: Priority::Commit,
        };
        let verify = Due {
            at: 60,
            priority: Priority::Verify,
        };
        device.push(ReadKind::Look, commit);
        device.push(ReadKind::Look, verify);
        let due = device.due(ReadKind::Look).unwrap();
        assert_eq!((due.at, due.priority), (50, Priority::Commit));
    }

    #[test]
    fn a_look_fulfils_what_is_due_and_leaves_later_triggers_of_narrower_kinds() {
        let mut device = device();
        device.scheduled = DueTimes {
            probe: Some(10),
            poll: Some(30),
            look: Some(20),
        };
        device.fulfil(ReadKind::Look, 20);
        assert_eq!(device.due(ReadKind::Probe), None);
        assert_eq!(device.due(ReadKind::Look), None);
        assert_eq!(device.due(ReadKind::Poll).map(|due| due.at), Some(30));
    }

    #[test]
    fn the_widest_due_kind_is_read_with_the_highest_priority_of_all_due_kinds() {
        let mut device = device();
        device.scheduled = DueTimes {
            probe: Some(10),
            poll: None,
            look: Some(20),
        };
        let person = Due {
            at: 25,
            priority: Priority::Person,
        };
        device.push(ReadKind::Probe, person);
        assert_eq!(
            device.widest(25).map(|(kind, _)| kind),
            Some(ReadKind::Look)
        );
        let position = device.due_position(25).unwrap();
        assert_eq!(position.priority, Priority::Person);
        assert_eq!((position.at, position.oldest), (10, 10));
        assert_eq!(device.due_position(9), None);
        assert_eq!(device.next_timer(10), Some(20));
    }
}
