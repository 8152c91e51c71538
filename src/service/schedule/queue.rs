//! Decides which device is read next: the highest priority first, within the concurrency limits.

use std::collections::BTreeSet;

use foldhash::HashMap;

use crate::model::{DeviceName, SiteName};

use super::concurrency::{Concurrency, Limits};
use super::queued_device::{Due, QueuedDevice, Reading};
use super::ready::{Group, Ready};
use super::steady_time::SteadyTime;
use super::{DueTimes, Outcome, PerKind, Priority, ReadKind};

/// A device that is due for so long can be starved by higher priorities: one round of probes.
const STARVING_AFTER: u64 = 60_000;

/// One start out of this many goes to the device that has been due longest, if it is starving. 5 % of the starts are
/// too few to delay a person, and enough to notice that a failing device is back.
const OLDEST_EVERY: u32 = 20;

/// The answer of the queue to "what now?".
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Read this device now, and call [`Queue::ended`] afterwards.
    Start {
        device: DeviceName,
        kind: ReadKind,
        priority: Priority,
        /// The time since the read was due, in milliseconds.
        late_by: u64,
    },
    /// Nothing can start before this time, unless a read ends or a trigger comes.
    WaitUntil(u64),
    /// Nothing can start until a read ends or a trigger comes.
    Idle,
}

/// The state of the queue in numbers, for metrics.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct QueueCounts {
    pub devices: usize,
    pub in_progress: usize,
    pub failing_in_progress: usize,
    /// The due devices that wait for a slot, in the order of [`Priority::ALL`].
    pub waiting: [usize; Priority::ALL.len()],
    /// The longest time that a read has been due and not started, in milliseconds.
    pub lag: PerKind<u64>,
}

/// The reads of all devices of this instance, by due time and priority. A plain value: it has no clock and no task.
///
/// An entry only means "due". It is never an intent, so entries may be lost in a crash and are merged freely.
/// Inside, devices and sites have numbers, so that sorted keys are small.
#[derive(Debug)]
pub struct Queue {
    concurrency: Concurrency,
    time: SteadyTime,
    numbers: HashMap<DeviceName, u32>,
    devices: HashMap<u32, QueuedDevice>,
    last_number: u32,
    ready: Ready,
    timers: BTreeSet<(u64, u32)>,
    starts_since_oldest: u32,
}

impl Queue {
    pub fn new(limits: Limits) -> Self {
        Self {
            concurrency: Concurrency::new(limits),
            time: SteadyTime::default(),
            numbers: HashMap::default(),
            devices: HashMap::default(),
            last_number: 0,
            ready: Ready::default(),
            timers: BTreeSet::new(),
            starts_since_oldest: 0,
        }
    }

    /// Adds a device, or replaces the site, the last outcome and the schedule of a known one; its triggers stay.
    pub fn insert(
        &mut self,
        device: DeviceName,
        site: Option<SiteName>,
        last: Outcome,
        next: DueTimes,
    ) {
        // Before the former site is left, so that a site that stays keeps its number.
        let group = Group {
            site: self.concurrency.join(site),
            is_failing: last == Outcome::Failed,
        };
        let number = match self.numbers.get(&device) {
            Some(number) => *number,
            None => self.unused_number(),
        };
        self.lift(number);
        let before = self.devices.get(&number).map(|known| known.group.site);
        let entry = self.devices.entry(number).or_insert_with(|| {
            self.numbers.insert(device.clone(), number);
            QueuedDevice::new(device, group)
        });
        entry.group = group;
        entry.is_removed = false;
        entry.scheduled = PerKind::of(|kind| next.get(kind).map(|at| self.time.of_clock(at)));
        if let Some(before) = before {
            self.concurrency.leave(before);
        }
        self.place(number);
    }

    /// Forgets a device. A read in progress keeps its slot until it ends.
    pub fn remove(&mut self, device: &DeviceName) {
        let Some(&number) = self.numbers.get(device) else {
            return;
        };
        self.lift(number);
        let Some(entry) = self.devices.get_mut(&number) else {
            return;
        };
        entry.is_removed = true;
        entry.scheduled = DueTimes::default();
        entry.pushed = PerKind::default();
        if entry.reading.is_none() {
            self.forget(number);
        }
    }

    /// Makes a read due at a time. It is merged with what is due already: the earlier time, the higher priority.
    ///
    /// A trigger during a read of the device causes exactly one more read afterwards, because the read in progress may
    /// have passed the part that changed. Returns whether the device is in the queue.
    pub fn push(
        &mut self,
        device: &DeviceName,
        kind: ReadKind,
        priority: Priority,
        at: u64,
    ) -> bool {
        let Some(&number) = self.numbers.get(device) else {
            return false;
        };
        let due = Due {
            // A time before now would pass by triggers that came earlier.
            at: self.time.of_clock(at).max(self.time.now()),
            priority,
        };
        self.lift(number);
        let Some(entry) = self.devices.get_mut(&number).filter(|it| !it.is_removed) else {
            return false;
        };
        entry.push(kind, due);
        self.place(number);
        true
    }

    /// Returns the read to start now and marks its device as in progress, or returns how long to wait.
    pub fn next(&mut self, now: u64) -> Next {
        self.time.advance(now);
        self.fire_timers();
        if self.concurrency.is_full(false) {
            return Next::Idle;
        }
        let started = self.choose().and_then(|number| self.start(number));
        started.unwrap_or_else(|| match self.timers.first() {
            Some((at, _)) => Next::WaitUntil(self.time.to_clock(*at)),
            None => Next::Idle,
        })
    }

    /// Ends the read in progress of a device and replaces the schedule of all its kinds. Triggers that came during the
    /// read stay. Without a read in progress, this has no effect.
    pub fn ended(&mut self, device: &DeviceName, outcome: Outcome, next: DueTimes) {
        let Some(&number) = self.numbers.get(device) else {
            return;
        };
        let Some(entry) = self.devices.get_mut(&number) else {
            return;
        };
        let Some(reading) = entry.reading.take() else {
            return;
        };
        let is_removed = entry.is_removed;
        entry.group.is_failing = outcome == Outcome::Failed;
        entry.scheduled = PerKind::of(|kind| next.get(kind).map(|at| self.time.of_clock(at)));
        self.concurrency.ended(reading.group);
        self.park(reading.group.site);
        if is_removed {
            self.forget(number);
        } else {
            self.place(number);
        }
    }

    /// Returns when a kind of read of a device is due, for pages.
    pub fn due(&self, device: &DeviceName, kind: ReadKind) -> Option<Due> {
        let due = self.entry(device)?.due(kind)?;
        Some(Due {
            at: self.time.to_clock(due.at),
            ..due
        })
    }

    /// Returns the kind of read that is in progress on a device.
    pub fn in_progress(&self, device: &DeviceName) -> Option<ReadKind> {
        Some(self.entry(device)?.reading?.kind)
    }

    /// Returns whether no device is known and no read is in progress.
    pub fn is_empty(&self) -> bool {
        self.devices.is_empty() && self.concurrency.is_empty()
    }

    /// Counts for metrics, with one pass over all devices.
    pub fn counts(&self) -> QueueCounts {
        let mut counts = QueueCounts {
            in_progress: self.concurrency.in_progress(),
            failing_in_progress: self.concurrency.failing_in_progress(),
            ..QueueCounts::default()
        };
        let now = self.time.now();
        for device in self.devices.values().filter(|device| !device.is_removed) {
            counts.devices += 1;
            let Some(position) = &device.position else {
                continue;
            };
            let row = Priority::ALL.iter().zip(&mut counts.waiting);
            for (_, count) in row.filter(|(priority, _)| **priority == position.priority) {
                *count += 1;
            }
            for kind in ReadKind::ALL {
                let late = device.due(kind).map(|due| now.saturating_sub(due.at));
                let lag = counts.lag.get_mut(kind);
                *lag = (*lag).max(late.unwrap_or(0));
            }
        }
        counts
    }

    fn entry(&self, device: &DeviceName) -> Option<&QueuedDevice> {
        self.devices.get(self.numbers.get(device)?)
    }

    /// Sorts in the devices whose next kind of read has fallen due.
    fn fire_timers(&mut self) {
        while let Some(&(at, number)) = self.timers.first() {
            if at > self.time.now() {
                break;
            }
            self.timers.pop_first();
            self.lift(number);
            self.place(number);
        }
    }

    fn choose(&mut self) -> Option<u32> {
        let with_failing = !self.concurrency.is_full(true);
        let starving_since = self.time.now().checked_sub(STARVING_AFTER);
        let starving = self
            .ready
            .oldest(with_failing)
            .filter(|(since, _)| starving_since.is_some_and(|limit| *since <= limit))
            .filter(|_| self.starts_since_oldest + 1 >= OLDEST_EVERY);
        if let Some((_, number)) = starving {
            self.starts_since_oldest = 0;
            return Some(number);
        }
        let first = self.ready.first(with_failing)?;
        self.starts_since_oldest = OLDEST_EVERY.min(self.starts_since_oldest + 1);
        Some(first)
    }

    fn start(&mut self, number: u32) -> Option<Next> {
        let now = self.time.now();
        let priority = self.devices.get(&number)?.position.as_ref()?.priority;
        self.lift(number);
        let entry = self.devices.get_mut(&number)?;
        let (kind, due) = entry.widest(now)?;
        entry.fulfil(kind, now);
        let group = entry.group;
        entry.reading = Some(Reading { kind, group });
        let next = Next::Start {
            device: entry.name.clone(),
            kind,
            priority,
            late_by: now.saturating_sub(due.at),
        };
        self.concurrency.started(group);
        self.park(group.site);
        Some(next)
    }

    /// Removes a device from the sorted sets, before any of its entries changes.
    fn lift(&mut self, number: u32) {
        let Some(entry) = self.devices.get_mut(&number) else {
            return;
        };
        if let Some(position) = entry.position.take() {
            self.ready.remove(number, &position);
        }
        if let Some(at) = entry.timer.take() {
            self.timers.remove(&(at, number));
        }
    }

    /// Sorts a device in again, unless it is being read.
    fn place(&mut self, number: u32) {
        let now = self.time.now();
        let Some(entry) = self.devices.get_mut(&number) else {
            return;
        };
        if entry.reading.is_some() {
            return;
        }
        entry.position = entry.due_position(now);
        if let Some(position) = &entry.position {
            self.ready.insert(number, position);
        }
        entry.timer = entry.next_timer(now);
        self.timers.extend(entry.timer.map(|at| (at, number)));
    }

    fn forget(&mut self, number: u32) {
        if let Some(entry) = self.devices.remove(&number) {
            self.numbers.remove(&entry.name);
            self.concurrency.leave(entry.group.site);
        }
    }

    /// Parks the groups of a site whose limit is reached, and makes the others available.
    fn park(&mut self, site: u32) {
        for is_failing in [false, true] {
            let group = Group { site, is_failing };
            self.ready.park(group, self.concurrency.is_site_full(group));
        }
    }

    /// Returns a number for a new device. After four billion of them, numbers in use are passed over.
    fn unused_number(&mut self) -> u32 {
        loop {
            self.last_number = self.last_number.wrapping_add(1);
            if !self.devices.contains_key(&self.last_number) {
                return self.last_number;
            }
        }
    }
}
