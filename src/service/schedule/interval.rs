//! Computes how often a device is read: more often after an event, less often while it is quiet.

use std::fmt;

use crate::model::DeviceName;

use super::jitter::draw;
use super::{DueTimes, Outcome, PerKind, ReadKind, Stretch};

const SECOND: u64 = 1_000;
const MINUTE: u64 = 60 * SECOND;
const DAY: u64 = 24 * 60 * MINUTE;

/// The time for which an event shortens the intervals, from the design.
const EVENT_LASTS: u64 = 30 * MINUTE;

/// The wait after the first failed read. It doubles with each further failure: 15 s, 30 s, 1 min, …
const FIRST_BACKOFF: u64 = 15 * SECOND;
/// The longest wait after failed reads. It bounds how long a device that is back goes unnoticed.
const LONGEST_BACKOFF: u64 = 10 * MINUTE;

/// The share of an interval by which it is jittered at most, in both directions: one tenth.
const JITTER_DIVISOR: u64 = 10;

/// The least time between two overdue reads after a start: four looks a second at 530 requests each, which is what a
/// full device needs, use up the request budget of 2000 a second.
const RESUME_GAP: u64 = 250;

/// The interval of one kind of read, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IntervalBounds {
    pub default: u64,
    pub shortest: u64,
    pub longest: u64,
}

/// The intervals of all kinds.
pub type Intervals = PerKind<IntervalBounds>;

impl Default for Intervals {
    fn default() -> Self {
        Self {
            probe: IntervalBounds {
                default: MINUTE,
                shortest: 15 * SECOND,
                longest: 10 * MINUTE,
            },
            poll: IntervalBounds {
                default: 5 * MINUTE,
                shortest: MINUTE,
                longest: 30 * MINUTE,
            },
            look: IntervalBounds {
                default: 15 * MINUTE,
                shortest: 5 * MINUTE,
                longest: 60 * MINUTE,
            },
        }
    }
}

/// The events of a device that change its intervals: changes, restarts, failed applies, flapping lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Activity {
    /// The time of the last event, or since when the device is known.
    pub last_event: u64,
    /// The events so far, each at most 30 min after the one before.
    pub events: u32,
}

impl Activity {
    /// Returns the activity of a device that is known since a time, without any event.
    pub fn quiet_since(time: u64) -> Self {
        Self {
            last_event: time,
            events: 0,
        }
    }

    /// Adds an event.
    #[must_use]
    pub fn with_event(self, at: u64) -> Self {
        Self {
            last_event: at,
            events: self.recent_events(at).saturating_add(1),
        }
    }

    /// Returns the events that shorten the intervals now. The distance counts, not the order: the clock may be set back.
    fn recent_events(self, now: u64) -> u32 {
        match now.abs_diff(self.last_event) < EVENT_LASTS {
            true => self.events,
            false => 0,
        }
    }

    fn quiet_days(self, now: u64) -> u64 {
        now.saturating_sub(self.last_event) / DAY
    }
}

/// An interval with its reason, for pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interval {
    /// In milliseconds.
    pub length: u64,
    pub reason: IntervalReason,
}

/// The reason for the length of an interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IntervalReason {
    Default,
    /// Shortened after this many events in a row.
    Events(u32),
    /// Lengthened after this many days without an event.
    QuietDays(u64),
    /// Retried after this many failed reads in a row.
    Failures(u32),
}

impl fmt::Display for IntervalReason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => formatter.write_str("default interval"),
            Self::Events(1) => formatter.write_str("shortened after an event"),
            Self::Events(events) => write!(formatter, "shortened after {events} events"),
            Self::QuietDays(1) => formatter.write_str("lengthened after a quiet day"),
            Self::QuietDays(days) => write!(formatter, "lengthened after {days} quiet days"),
            Self::Failures(1) => formatter.write_str("retry after a failed read"),
            Self::Failures(failures) => write!(formatter, "retry after {failures} failed reads"),
        }
    }
}

impl IntervalBounds {
    /// Returns the interval for this activity: half for each recent event, one and a half times for each quiet day.
    pub fn adapted(&self, activity: Activity, now: u64) -> Interval {
        let events = activity.recent_events(now);
        if events > 0 {
            let halved = self.default.checked_shr(events).unwrap_or(0);
            return Interval {
                length: halved.max(self.shortest),
                reason: IntervalReason::Events(events),
            };
        }
        let days = activity.quiet_days(now);
        if days == 0 {
            return Interval {
                length: self.default,
                reason: IntervalReason::Default,
            };
        }
        let mut length = self.default;
        for _ in 0..days {
            if length >= self.longest {
                break;
            }
            // At least one more, so that the loop ends for every setting.
            length = length.saturating_add((length / 2).max(1));
        }
        Interval {
            length: length.min(self.longest.max(self.default)),
            reason: IntervalReason::QuietDays(days),
        }
    }
}

/// The last attempt of one kind of read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LastRead {
    /// The time of the attempt. Absent: never tried.
    pub at: Option<u64>,
    /// The attempts that failed since the last one that completed.
    pub failures: u32,
}

/// The last attempts of all kinds of read of one device.
pub type LastReads = PerKind<LastRead>;

impl LastReads {
    /// Records a read. It counts for all kinds that it fulfils.
    pub fn record(&mut self, kind: ReadKind, outcome: Outcome, at: u64) {
        for fulfilled in ReadKind::ALL.into_iter().filter(|one| kind.fulfils(*one)) {
            let last = self.get_mut(fulfilled);
            last.at = Some(at);
            last.failures = match outcome {
                Outcome::Completed => 0,
                Outcome::Failed => last.failures.saturating_add(1),
            };
        }
    }
}

/// Returns the wait after this many failed reads in a row: 15 s, 30 s, … 10 min.
pub fn backoff(failures: u32) -> u64 {
    let doublings = failures.saturating_sub(1).min(16);
    (FIRST_BACKOFF << doublings).min(LONGEST_BACKOFF)
}

/// Computes the schedule of one device.
#[derive(Debug, Clone, Copy)]
pub struct Pace<'a> {
    pub intervals: &'a Intervals,
    pub activity: Activity,
    /// The factor by which all intervals grow while the request budget is exceeded.
    pub stretch: Stretch,
}

impl Pace<'_> {
    /// Returns the interval after the last read of this kind, before jitter.
    pub fn interval(&self, kind: ReadKind, last: LastRead, now: u64) -> Interval {
        if last.failures > 0 {
            return Interval {
                length: backoff(last.failures),
                reason: IntervalReason::Failures(last.failures),
            };
        }
        let adapted = self.intervals.get(kind).adapted(self.activity, now);
        Interval {
            length: self.stretch.of(adapted.length),
            ..adapted
        }
    }

    /// Returns the next due time of each kind: the last read and the interval. A kind that was never read is due now.
    pub fn due(&self, device: &DeviceName, last: &LastReads, now: u64) -> DueTimes {
        PerKind::of(|kind| {
            let last = *last.get(kind);
            // A clock that was set back leaves reads in the future; the interval counts from now then.
            let Some(at) = last.at.map(|at| at.min(now)) else {
                return Some(now);
            };
            let interval = self.interval(kind, last, now);
            Some(at.saturating_add(jittered(interval.length, device, at)))
        })
    }
}

/// Returns an interval that is up to a tenth shorter or longer, so that devices that were read together spread out.
/// The same device and time always give the same length, so the due time can be computed again.
fn jittered(interval: u64, device: &DeviceName, last: u64) -> u64 {
    let most = interval / JITTER_DIVISOR;
    let drawn = draw(device, last) % most.saturating_mul(2).saturating_add(1);
    (interval - most).saturating_add(drawn)
}

/// Spreads the overdue reads of many devices after a start or a takeover, so that they do not start at once.
///
/// The oldest go first; devices that are equally late are mixed by hash. The reads of each kind have equal gaps, and all
/// of them are due within one default interval of their kind. Reads that are not overdue keep their time.
pub fn spread_overdue(devices: &mut [(DeviceName, DueTimes)], intervals: &Intervals, now: u64) {
    for kind in ReadKind::ALL {
        let mut overdue: Vec<(u64, u64, &mut u64)> = Vec::new();
        for (device, times) in devices.iter_mut() {
            if let Some(at) = times.get_mut(kind).as_mut().filter(|at| **at <= now) {
                overdue.push((*at, draw(device, now), at));
            }
        }
        overdue.sort_unstable_by_key(|(at, hash, _)| (*at, *hash));
        let interval = intervals.get(kind).default;
        let count = u64::try_from(overdue.len()).unwrap_or(u64::MAX).max(1);
        let window = interval.min(count.saturating_mul(RESUME_GAP));
        for (index, (_, _, at)) in (0..).zip(overdue) {
            *at = now.saturating_add(window.saturating_mul(index) / count);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{Demand, RequestRates};
    use super::*;

    const NOW: u64 = 1_700_000_000_000;

    fn device(name: &str) -> DeviceName {
        DeviceName::new(name).unwrap()
    }

    fn look(activity: Activity, now: u64) -> u64 {
        Intervals::default().look.adapted(activity, now).length
    }

    fn pace(intervals: &Intervals) -> Pace<'_> {
        Pace {
            intervals,
            activity: Activity::quiet_since(NOW),
            stretch: Stretch::NONE,
        }
    }

    #[test]
    fn each_event_halves_the_interval_down_to_the_shortest_for_half_an_hour() {
        let mut activity = Activity::quiet_since(NOW);
        let lengths: Vec<u64> = (0..3)
            .map(|_| {
                activity = activity.with_event(NOW);
                look(activity, NOW + EVENT_LASTS - 1)
            })
            .collect();
        assert_eq!(lengths, [450 * SECOND, 5 * MINUTE, 5 * MINUTE]);
        assert_eq!(look(activity, NOW + EVENT_LASTS), 15 * MINUTE);
        let next = activity.with_event(NOW + EVENT_LASTS);
        assert_eq!(next.events, 1);
    }

    #[test]
    fn each_quiet_day_lengthens_the_interval_up_to_the_longest() {
        let quiet = Activity::quiet_since(NOW);
        let days = |days: u64| look(quiet, NOW + days * DAY);
        assert_eq!(days(0), 15 * MINUTE);
        assert_eq!(days(1), 1_350 * SECOND);
        assert_eq!(days(2), 2_025 * SECOND);
        assert_eq!(days(4), 60 * MINUTE);
        assert_eq!(days(100_000), 60 * MINUTE);
    }

    #[test]
    fn failed_reads_are_retried_after_15_seconds_and_at_last_every_10_minutes() {
        let waits: Vec<u64> = (1..=8).map(|failures| backoff(failures) / SECOND).collect();
        assert_eq!(waits, [15, 30, 60, 120, 240, 480, 600, 600]);
        assert_eq!(backoff(u32::MAX), LONGEST_BACKOFF);
    }

    #[test]
    fn a_failed_look_backs_off_although_probes_complete() {
        let mut last = LastReads::default();
        last.record(ReadKind::Look, Outcome::Failed, NOW);
        last.record(ReadKind::Look, Outcome::Failed, NOW);
        last.record(ReadKind::Probe, Outcome::Completed, NOW);
        assert_eq!(last.look.failures, 2);
        assert_eq!(last.probe.failures, 0);
        let intervals = Intervals::default();
        let interval = pace(&intervals).interval(ReadKind::Look, last.look, NOW);
        assert_eq!(interval.length, 30 * SECOND);
        assert_eq!(interval.reason.to_string(), "retry after 2 failed reads");
    }

    #[test]
    fn an_exceeded_budget_lengthens_intervals_beyond_the_longest_but_no_backoff() {
        let intervals = Intervals::default();
        let mut demand = Demand::default();
        demand.add(None, 9_000, SECOND);
        let pace = Pace {
            stretch: demand.stretch(None, RequestRates::share(2_000, 1)),
            ..pace(&intervals)
        };
        let mut last = LastRead {
            at: Some(NOW),
            failures: 0,
        };
        let length = |last| pace.interval(ReadKind::Look, last, NOW + 30 * DAY).length;
        assert_eq!(length(last), 300 * MINUTE);
        last.failures = 1;
        assert_eq!(length(last), FIRST_BACKOFF);
    }

    #[test]
    fn a_start_continues_the_schedule() {
        let intervals = Intervals::default();
        let mut last = LastReads::default();
        last.record(ReadKind::Look, Outcome::Completed, NOW - 5 * MINUTE);
        let before = pace(&intervals).due(&device("maple-a"), &last, NOW - 4 * MINUTE);
        let after = pace(&intervals).due(&device("maple-a"), &last, NOW);
        assert_eq!(before, after);
        let due = after.look.unwrap();
        assert!(due.abs_diff(NOW + 10 * MINUTE) <= 90 * SECOND, "{due}");
    }

    #[test]
    fn a_device_that_was_never_read_is_due_now() {
        let intervals = Intervals::default();
        let due = pace(&intervals).due(&device("maple-a"), &LastReads::default(), NOW);
        assert_eq!(due, PerKind::of(|_| Some(NOW)));
    }

    #[test]
    fn a_read_in_the_future_counts_as_now() {
        let intervals = Intervals::default();
        let mut last = LastReads::default();
        last.record(ReadKind::Look, Outcome::Completed, NOW + 3 * DAY);
        let due = pace(&intervals).due(&device("maple-a"), &last, NOW);
        assert!(due.look.unwrap() <= NOW + 17 * MINUTE);
    }

    #[test]
    fn devices_that_were_read_together_spread_out() {
        let intervals = Intervals::default();
        let mut last = LastReads::default();
        last.record(ReadKind::Look, Outcome::Completed, NOW);
        let mut dues: Vec<u64> = (0..1_000)
            .map(|number| device(&format!("gam-{number}")))
            .filter_map(|device| pace(&intervals).due(&device, &last, NOW).look)
            .collect();
        dues.sort_unstable();
        // 3 min wide, so 1000 devices are 180 ms apart; no ten seconds of it are crowded.
        let most = dues.iter().map(|from| {
            let until = from + 10 * SECOND;
            dues.iter()
                .filter(|due| (*from..until).contains(due))
                .count()
        });
        assert!(most.max().unwrap() < 100);
        assert!(dues.last().unwrap() - dues.first().unwrap() > 2 * MINUTE);
    }

    #[test]
    fn overdue_reads_of_a_large_fleet_fill_one_interval_and_those_of_a_small_one_start_soon() {
        let intervals = Intervals::default();
        for (count, window) in [(10_000, 15 * MINUTE), (40, 10 * SECOND)] {
            let mut fleet: Vec<_> = (0..count)
                .map(|number| (device(&format!("gam-{number}")), DueTimes::default()))
                .collect();
            for (_, times) in &mut fleet {
                times.look = Some(NOW - DAY);
            }
            spread_overdue(&mut fleet, &intervals, NOW);
            let mut dues: Vec<u64> = fleet.iter().filter_map(|(_, times)| times.look).collect();
            dues.sort_unstable();
            assert_eq!(dues.first(), Some(&NOW));
            let gap = window / count;
            assert_eq!(dues.last(), Some(&(NOW + window - gap)));
            assert!(dues.windows(2).all(|two| two[1] - two[0] == gap));
        }
    }

    proptest! {
        #[test]
        fn an_interval_is_within_its_bounds(event in 0..2 * NOW, events in any::<u32>(), now in 0..2 * NOW) {
            let activity = Activity { last_event: event, events };
            for kind in ReadKind::ALL {
                let bounds = *Intervals::default().get(kind);
                let length = bounds.adapted(activity, now).length;
                prop_assert!((bounds.shortest..=bounds.longest).contains(&length));
            }
        }

        #[test]
        fn jitter_is_at_most_a_tenth(name in "[a-z0-9]{1,12}", last in any::<u64>(), interval in 0..u64::MAX / 2) {
            let jittered = jittered(interval, &device(&name), last);
            prop_assert!(jittered.abs_diff(interval) <= interval / 10);
        }

        #[test]
        fn the_more_overdue_read_goes_first_and_the_others_keep_their_time(
            dues in proptest::collection::vec(NOW - DAY..NOW + DAY, 0..60),
        ) {
            let intervals = Intervals::default();
            let mut fleet: Vec<_> = (0..)
                .zip(&dues)
                .map(|(number, due): (usize, &u64)| {
                    let times = DueTimes { probe: Some(*due), ..DueTimes::default() };
                    (device(&format!("gam-{number}")), times)
                })
                .collect();
            spread_overdue(&mut fleet, &intervals, NOW);
            let after: Vec<u64> = fleet.iter().filter_map(|(_, times)| times.probe).collect();
            for (one, before) in after.iter().zip(&dues) {
                prop_assert!(*one == *before || *before <= NOW);
                prop_assert!(*one >= NOW);
                prop_assert!(*before > NOW || *one < NOW + MINUTE);
                for (other, other_before) in after.iter().zip(&dues) {
                    let is_earlier = before < other_before && *other_before <= NOW;
                    prop_assert!(!is_earlier || one < other);
                }
            }
        }
    }
}
