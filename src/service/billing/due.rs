//! Decides when a billing system is read, and for what: webhooks first, then changes, then everything. Pure.

use std::time::Duration;

use crate::model::billing::AccountId;
use crate::reconcile::sync::BillingHint;

/// Webhooks about an account come in groups: it is read so long after the last one.
const HINT_SETTLES: u64 = 2_000;

/// With more webhooks than this, one delta replaces them.
const MOST_HINTS: usize = 100;

/// After so long without a successful reading, changes may have been missed: everything is read.
const GAP: u64 = 10 * 60_000;

/// A commit of an engineer may change what follows from billing. Everything is read for it, but not more often than this.
const BETWEEN_COMMITS: u64 = 15 * 60_000;

/// The longest pause after failures.
const MOST_BACKOFF: u64 = 60_000;

/// The reading of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::service) enum Work {
    Everything,
    /// The accounts that changed since the last reading.
    Changes,
    Hints(Vec<BillingHint>),
}

/// The intervals of a system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::service) struct DueIntervals {
    pub(super) changes: Duration,
    pub(super) everything: Duration,
}

/// When a system is read next. All times are in milliseconds since 1970.
#[derive(Debug, Clone, Default)]
pub(in crate::service) struct Due {
    /// Each with the time from which on it may be read.
    hints: Vec<(BillingHint, u64)>,
    /// More webhooks came than are worth reading one by one.
    has_too_many: bool,
    /// A delta is asked for from outside.
    changes_wanted: bool,
    /// A webhook asked for the changes, here or at another instance.
    is_announced: bool,
    /// The work that was taken last is due by the time alone.
    is_unannounced: bool,
    /// Everything has to be read as soon as possible.
    everything_wanted: bool,
    /// A commit of the inventory came since the last reading of everything.
    is_other_commit: bool,
    everything_read: Option<u64>,
    read: Option<u64>,
    failures: u32,
    not_before: u64,
}

impl Due {
    /// Takes a webhook.
    pub(in crate::service) fn add_hint(&mut self, hint: BillingHint, now: u64) {
        self.add(hint, now.saturating_add(HINT_SETTLES));
    }

    /// Asks for accounts whose endpoint was heard: nothing more is expected about them.
    pub(in crate::service) fn add_account(&mut self, account: AccountId, now: u64) {
        self.add(BillingHint::Account(account), now);
    }

    fn add(&mut self, hint: BillingHint, from: u64) {
        self.hints.retain(|(known, _)| *known != hint);
        if self.hints.len() >= MOST_HINTS {
            self.hints.clear();
            (self.has_too_many, self.is_announced) = (true, true);
        }
        if self.has_too_many {
            return;
        }
        self.hints.push((hint, from));
    }

    /// Asks for the accounts that changed.
    pub(in crate::service) fn want_changes(&mut self) {
        (self.changes_wanted, self.is_announced) = (true, true);
    }

    /// Asks for everything: a person approved changes that follow from all of it.
    pub(in crate::service) fn want_everything(&mut self) {
        self.everything_wanted = true;
    }

    /// Notes a commit that this sync did not make.
    pub(in crate::service) fn note_commit(&mut self) {
        self.is_other_commit = true;
    }

    /// Returns what to read now; hints are taken.
    pub(in crate::service) fn take(&mut self, intervals: DueIntervals, now: u64) -> Option<Work> {
        if now < self.not_before {
            return None;
        }
        self.is_unannounced = false;
        if self.is_everything_due(intervals, now) {
            // It finds what the hints are about.
            self.hints.clear();
            (self.has_too_many, self.changes_wanted) = (false, false);
            return Some(Work::Everything);
        }
        if self.has_too_many {
            (self.has_too_many, self.changes_wanted) = (false, false);
            return Some(Work::Changes);
        }
        let (ready, later): (Vec<_>, Vec<_>) = std::mem::take(&mut self.hints)
            .into_iter()
            .partition(|(_, from)| *from <= now);
        self.hints = later;
        if !ready.is_empty() {
            return Some(Work::Hints(
                ready.into_iter().map(|(hint, _)| hint).collect(),
            ));
        }
        let is_late = self
            .read
            .is_none_or(|at| now.saturating_sub(at) >= millis(intervals.changes));
        if self.changes_wanted || is_late {
            self.is_unannounced = !self.is_announced && self.hints.is_empty();
            self.changes_wanted = false;
            return Some(Work::Changes);
        }
        None
    }

    fn is_everything_due(&self, intervals: DueIntervals, now: u64) -> bool {
        let Some(at) = self.everything_read else {
            return true;
        };
        let age = now.saturating_sub(at);
        let has_gap = self.read.is_none_or(|read| now.saturating_sub(read) >= GAP);
        self.everything_wanted
            || age >= millis(intervals.everything)
            || has_gap
            || (self.is_other_commit && age >= BETWEEN_COMMITS)
    }

    /// Returns whether no webhook led to the work that was taken last, and none is waiting.
    pub(in crate::service) fn is_unannounced(&self) -> bool {
        self.is_unannounced
    }

    /// Returns the webhooks that wait for a reading.
    pub(super) fn hints(&self) -> impl Iterator<Item = &BillingHint> {
        self.hints.iter().map(|(hint, _)| hint)
    }

    /// Returns whether a delta is asked for, by more webhooks than are read one by one or by those at another instance.
    pub(super) fn is_asked_for(&self) -> bool {
        self.has_too_many || self.changes_wanted
    }

    /// Returns when the last synced reading began; single accounts do not count.
    pub(in crate::service) fn last_reading(&self) -> Option<u64> {
        self.read
    }

    /// Notes that a reading which began at `began` is synced.
    pub(in crate::service) fn succeeded(&mut self, work: &Work, began: u64) {
        (self.failures, self.not_before) = (0, 0);
        // Single accounts say nothing about the others.
        if !matches!(work, Work::Hints(_)) {
            self.read = Some(began);
            self.is_announced = false;
        }
        if *work == Work::Everything {
            self.everything_read = Some(began);
            (self.everything_wanted, self.is_other_commit) = (false, false);
        }
    }

    /// Notes that a run could not begin, through no fault of the billing system; it is tried again at `at`.
    pub(in crate::service) fn postponed(&mut self, work: Work, at: u64) {
        self.put_back(work);
        self.not_before = at;
    }

    /// Notes that a run failed; the next one waits 1, 2, 4 … 60 s.
    pub(in crate::service) fn failed(&mut self, work: Work, now: u64) {
        self.put_back(work);
        let pause = 1_000_u64.saturating_mul(1 << self.failures.min(6));
        self.failures = self.failures.saturating_add(1);
        self.not_before = now.saturating_add(pause.min(MOST_BACKOFF));
    }

    fn put_back(&mut self, work: Work) {
        match work {
            // Both are due until they succeed.
            Work::Everything => {}
            Work::Changes => self.changes_wanted = true,
            Work::Hints(hints) => {
                for hint in hints {
                    self.add(hint, 0);
                }
            }
        }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const INTERVALS: DueIntervals = DueIntervals {
        changes: Duration::from_secs(60),
        everything: Duration::from_secs(6 * 3600),
    };
    const START: u64 = 1_000_000_000;

    fn account(id: u64) -> BillingHint {
        BillingHint::Account(AccountId::new(&id.to_string()).unwrap())
    }

    /// A system of which everything was read at the start.
    fn read() -> Due {
        let mut due = Due::default();
        assert_eq!(due.take(INTERVALS, START), Some(Work::Everything));
        due.succeeded(&Work::Everything, START);
        due
    }

    #[test]
    fn everything_is_read_at_the_start_and_changes_each_minute() {
        let mut due = read();
        assert_eq!(due.take(INTERVALS, START + 59_999), None);
        assert_eq!(due.take(INTERVALS, START + 60_000), Some(Work::Changes));
        due.succeeded(&Work::Changes, START + 60_000);
        assert_eq!(due.take(INTERVALS, START + 100_000), None);
    }

    #[test]
    fn everything_is_read_again_after_its_interval_and_after_a_gap() {
        let mut due = read();
        let mut now = START;
        while now < START + 6 * 3_600_000 - 60_000 {
            now += 60_000;
            assert_eq!(due.take(INTERVALS, now), Some(Work::Changes), "{now}");
            due.succeeded(&Work::Changes, now);
        }
        now += 60_000;
        assert_eq!(due.take(INTERVALS, now), Some(Work::Everything));
        due.succeeded(&Work::Everything, now);
        assert_eq!(due.take(INTERVALS, now + GAP), Some(Work::Everything));
    }

    #[test]
    fn a_hint_is_read_two_seconds_after_the_last_one_about_it() {
        let mut due = read();
        due.add_hint(account(7), START + 1_000);
        due.add_hint(account(7), START + 2_000);
        assert_eq!(due.take(INTERVALS, START + 3_999), None);
        let waits = |due: &Due| due.hints().count();
        assert_eq!(waits(&due), 1, "what is written back gives way to it");
        let work = due.take(INTERVALS, START + 4_000);
        assert_eq!(work, Some(Work::Hints(vec![account(7)])));
        assert_eq!(waits(&due), 0);
        assert_eq!(due.take(INTERVALS, START + 5_000), None, "it is read once");
    }

    #[test]
    fn one_delta_replaces_more_than_a_hundred_hints() {
        let mut due = read();
        for id in 0..101 {
            assert!(!due.is_asked_for(), "{id}");
            due.add_hint(account(id), START);
        }
        assert!(due.is_asked_for());
        assert_eq!(due.take(INTERVALS, START + 2_000), Some(Work::Changes));
        assert_eq!(due.take(INTERVALS, START + 3_000), None);
    }

    #[test]
    fn changes_are_unannounced_if_they_are_due_by_the_time_alone() {
        let mut due = read();
        let mut now = START + 60_000;
        assert_eq!(due.take(INTERVALS, now), Some(Work::Changes));
        assert!(due.is_unannounced());
        due.failed(Work::Changes, now);
        now += 1_000;
        assert_eq!(due.take(INTERVALS, now), Some(Work::Changes));
        assert!(due.is_unannounced(), "nothing announced them meanwhile");
        due.succeeded(&Work::Changes, now);
        due.want_changes();
        assert_eq!(due.take(INTERVALS, now + 1), Some(Work::Changes));
        assert!(!due.is_unannounced());
        due.succeeded(&Work::Changes, now + 1);
        now += 60_001;
        due.add_hint(account(7), now - 1);
        assert_eq!(due.take(INTERVALS, now), Some(Work::Changes));
        assert!(!due.is_unannounced(), "its webhook waits for a second one");
    }

    #[test]
    fn a_failed_run_is_repeated_less_and_less_often_and_loses_no_hint() {
        let mut due = read();
        due.add_account(AccountId::new("7").unwrap(), START);
        let mut now = START;
        for pause in [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000] {
            let work = due.take(INTERVALS, now).unwrap();
            assert_eq!(work, Work::Hints(vec![account(7)]));
            due.failed(work, now);
            assert_eq!(due.take(INTERVALS, now + pause - 1), None);
            now += pause;
        }
        let work = due.take(INTERVALS, now).unwrap();
        due.succeeded(&work, now);
        assert_eq!(due.take(INTERVALS, now), Some(Work::Changes));
    }

    #[test]
    fn many_commits_of_engineers_cause_few_readings_of_everything() {
        let mut due = read();
        due.note_commit();
        assert_eq!(due.take(INTERVALS, START + 10_000), None);
        let mut now = START;
        while now < START + BETWEEN_COMMITS - 60_000 {
            now += 60_000;
            assert_eq!(due.take(INTERVALS, now), Some(Work::Changes));
            due.succeeded(&Work::Changes, now);
        }
        let work = due.take(INTERVALS, START + BETWEEN_COMMITS);
        assert_eq!(work, Some(Work::Everything));
    }

    #[test]
    fn an_approval_has_everything_read_at_once() {
        let mut due = read();
        due.want_everything();
        assert_eq!(due.take(INTERVALS, START + 1), Some(Work::Everything));
        due.failed(Work::Everything, START + 1);
        assert_eq!(due.take(INTERVALS, START + 1_001), Some(Work::Everything));
        due.succeeded(&Work::Everything, START + 1_001);
        assert_eq!(due.take(INTERVALS, START + 2_000), None);
    }

    #[test]
    fn what_is_postponed_is_no_failure() {
        let mut due = read();
        let now = START + 60_000;
        let work = due.take(INTERVALS, now).unwrap();
        due.postponed(work, now + 500);
        assert_eq!(due.take(INTERVALS, now + 499), None);
        assert_eq!(due.take(INTERVALS, now + 500), Some(Work::Changes));
        assert_eq!(due.failures, 0);
    }
}
