//! Models the queue with a list that is searched from its start for every question.

use super::super::{Limits, Next, Outcome, Priority, ReadKind};

/// The kinds by their number, as the model counts them.
const KINDS: [ReadKind; 3] = ReadKind::ALL;

#[derive(Debug, Clone, Default)]
struct Known {
    site: Option<usize>,
    is_failing: bool,
    scheduled: [Option<u64>; 3],
    pushed: [Option<(u64, Priority)>; 3],
}

#[derive(Debug, Clone, Copy)]
struct Running {
    device: usize,
    site: Option<usize>,
    is_failing: bool,
}

/// A due device that may start.
#[derive(Debug)]
struct Candidate {
    device: usize,
    kind: usize,
    late_by: u64,
    priority: Priority,
    at: u64,
    oldest: u64,
}

#[derive(Debug)]
pub(super) struct NaiveQueue {
    limits: Limits,
    /// By their number in names.
    known: Vec<Option<Known>>,
    running: Vec<Running>,
    clock: u64,
    set_back: u64,
    starts: u32,
}

impl NaiveQueue {
    pub(super) fn new(limits: Limits, devices: usize) -> Self {
        Self {
            limits,
            known: vec![None; devices],
            running: Vec::new(),
            clock: 0,
            set_back: 0,
            starts: 0,
        }
    }

    fn now(&self) -> u64 {
        self.clock + self.set_back
    }

    fn times(&self, times: [Option<u64>; 3]) -> [Option<u64>; 3] {
        times.map(|at| at.map(|at| at + self.set_back))
    }

    pub(super) fn insert(
        &mut self,
        device: usize,
        site: Option<usize>,
        last: Outcome,
        times: [Option<u64>; 3],
    ) {
        let scheduled = self.times(times);
        let known = self.known[device].get_or_insert_default();
        known.site = site;
        known.is_failing = last == Outcome::Failed;
        known.scheduled = scheduled;
    }

    pub(super) fn remove(&mut self, device: usize) {
        self.known[device] = None;
    }

    pub(super) fn push(&mut self, device: usize, kind: usize, priority: Priority, at: u64) -> bool {
        let at = (at + self.set_back).max(self.now());
        let Some(known) = &mut self.known[device] else {
            return false;
        };
        let (before_at, before) = known.pushed[kind].unwrap_or((u64::MAX, Priority::Failing));
        known.pushed[kind] = Some((at.min(before_at), priority.min(before)));
        true
    }

    pub(super) fn running(&self) -> Vec<usize> {
        self.running.iter().map(|one| one.device).collect()
    }

    pub(super) fn ended(&mut self, device: usize, outcome: Outcome, times: [Option<u64>; 3]) {
        let Some(at) = self.running.iter().position(|one| one.device == device) else {
            return;
        };
        self.running.remove(at);
        let scheduled = self.times(times);
        if let Some(known) = &mut self.known[device] {
            known.is_failing = outcome == Outcome::Failed;
            known.scheduled = scheduled;
        }
    }

    /// Checks an answer of the queue, and does the same.
    pub(super) fn check_next(&mut self, clock: u64, next: &Next, number: impl Fn(&str) -> usize) {
        self.set_back += self.clock.saturating_sub(clock);
        self.clock = clock;
        let candidates = self.candidates();
        let Next::Start {
            device,
            kind,
            priority,
            late_by,
        } = next
        else {
            assert!(
                candidates.is_empty(),
                "{next:?}, and may start: {candidates:?}"
            );
            assert_eq!(next, &self.wait());
            return;
        };
        let device = number(device.as_str());
        let started = candidates.iter().find(|one| one.device == device);
        let started = started.unwrap_or_else(|| panic!("{next:?} may not start: {candidates:?}"));
        assert_eq!(*kind, KINDS[started.kind]);
        assert_eq!(*priority, started.priority);
        assert_eq!(*late_by, started.late_by);

        let oldest = candidates.iter().map(|one| one.oldest).min().unwrap();
        if self.starts >= 19 && oldest + 60_000 <= self.now() {
            assert_eq!(started.oldest, oldest, "the oldest has its turn");
            self.starts = 0;
        } else {
            let rank = |one: &Candidate| (one.priority, one.at);
            let first = candidates.iter().map(rank).min().unwrap();
            assert_eq!(rank(started), first, "the highest priority is first");
            self.starts += 1;
        }
        self.start(device, started.kind);
    }

    fn start(&mut self, device: usize, kind: usize) {
        let now = self.now();
        let known = self.known[device].as_mut().unwrap();
        for narrower in 0..=kind {
            let is_due = due(known, narrower).is_some_and(|(at, _)| at <= now);
            if narrower == kind || is_due {
                known.scheduled[narrower] = None;
                known.pushed[narrower] = None;
            }
        }
        self.running.push(Running {
            device,
            site: known.site,
            is_failing: known.is_failing,
        });
        self.check_limits();
    }

    fn check_limits(&self) {
        let count = |is_counted: &dyn Fn(&Running) -> bool| {
            self.running.iter().filter(|one| is_counted(one)).count()
        };
        assert!(self.running.len() <= self.limits.slots);
        let failing = count(&|one| one.is_failing);
        assert!(failing <= 1.max(self.limits.slots / 10));
        for running in &self.running {
            assert_eq!(count(&|one| one.device == running.device), 1);
            let of_site = count(&|one| one.site == running.site);
            assert!(running.site.is_none() || of_site <= self.limits.slots_per_site);
        }
    }

    fn candidates(&self) -> Vec<Candidate> {
        if self.running.len() >= self.limits.slots {
            return Vec::new();
        }
        (0..self.known.len())
            .filter_map(|device| self.candidate(device))
            .collect()
    }

    fn candidate(&self, device: usize) -> Option<Candidate> {
        let known = self.known[device].as_ref()?;
        if self.running.iter().any(|one| one.device == device) {
            return None;
        }
        let share = |slots: usize| 1.max(slots / 10);
        let failing = self.running.iter().filter(|one| one.is_failing);
        if known.is_failing && failing.count() >= share(self.limits.slots) {
            return None;
        }
        if known.site.is_some() {
            let here = self.running.iter().filter(|one| one.site == known.site);
            let failing = here.clone().filter(|one| one.is_failing).count();
            let slots = self.limits.slots_per_site;
            if here.count() >= slots || known.is_failing && failing >= share(slots) {
                return None;
            }
        }
        let now = self.now();
        let dues: Vec<(usize, u64, Priority)> = (0..3)
            .filter_map(|kind| due(known, kind).map(|(at, priority)| (kind, at, priority)))
            .filter(|(_, at, _)| *at <= now)
            .collect();
        let (kind, late_at, _) = dues.last()?;
        let (priority, at) = dues
            .iter()
            .map(|(_, at, priority)| (*priority, *at))
            .min()?;
        Some(Candidate {
            device,
            kind: *kind,
            late_by: now - late_at,
            priority,
            at,
            oldest: dues.iter().map(|(_, at, _)| *at).min()?,
        })
    }

    fn wait(&self) -> Next {
        if self.running.len() >= self.limits.slots {
            return Next::Idle;
        }
        let waiting = self.known.iter().enumerate().filter_map(|(device, known)| {
            let is_running = self.running.iter().any(|one| one.device == device);
            known.as_ref().filter(|_| !is_running)
        });
        let times = waiting.flat_map(|known| (0..3).filter_map(|kind| due(known, kind)));
        let later = times.map(|(at, _)| at).filter(|at| *at > self.now());
        match later.min() {
            Some(at) => Next::WaitUntil(at - self.set_back),
            None => Next::Idle,
        }
    }
}

fn due(known: &Known, kind: usize) -> Option<(u64, Priority)> {
    let priority = match known.is_failing {
        true => Priority::Failing,
        false => Priority::Scheduled,
    };
    let scheduled = known.scheduled[kind].map(|at| (at, priority));
    let both = scheduled.into_iter().chain(known.pushed[kind]);
    both.reduce(|(at, priority), (other_at, other)| (at.min(other_at), priority.min(other)))
}
