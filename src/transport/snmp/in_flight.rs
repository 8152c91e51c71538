//! Decides how many requests are in flight to one device, from how long its answers take.

use std::time::Duration;

/// Requests in flight before anything is known about the device.
const START: u32 = 4;

/// The most requests in flight at the start of a session, whatever was learned before: the device may be slower now.
const CAREFUL: u32 = 16;

/// Up to this number each quick answer admits one request more; above, half a request. An agent that suddenly needs more
/// time per answer than the network must not get more requests than its queue holds, before the first slow answer shows it.
const DOUBLES_TO: u32 = 8;

/// The lowest limit after slow answers, and at the start of a session. One request on its way and one at the agent keep an agent busy that answers one at a time.
const SLOWEST: u32 = 2;

/// The deviation of round trips that says nothing: this host and the device do other things too.
const NOISE: Duration = Duration::from_millis(2);

/// Round trips after which they are known well enough to time requests by them.
const SAMPLES: u32 = 16;

/// The shortest time before a request is sent again, unless the options have a shorter one. A request that reads from
/// endpoints may take much longer than the others, and sending it again doubles the work of a slow device.
const SHORTEST_TIMEOUT: Duration = Duration::from_millis(300);

/// Parts of a request, in which the limit is counted.
const ONE: u32 = 256;

/// The limit of requests in flight to one device, and what it is derived from. All times are since any fixed moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct InFlight {
    /// In parts of a request.
    limit: u32,
    most: u32,
    is_fixed: bool,
    /// The limit up to which the number grows with each answer, and above it by one in a round trip.
    knee: Option<u32>,
    /// The last time that the limit was lowered. Requests sent before it say nothing about the present limit.
    lowered: Duration,
    /// The shortest round trip of this session: that of a request for which the agent was idle.
    shortest: Option<Duration>,
    round_trip: Option<RoundTrip>,
    /// Requests without an answer since the last measured round trip.
    timeouts: u32,
}

/// The smoothed round trip (RFC 6298).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct RoundTrip {
    mean: Duration,
    deviation: Duration,
    samples: u32,
}

impl InFlight {
    /// Returns the limit for a device about which nothing is known.
    pub(super) fn new() -> Self {
        Self {
            limit: START * ONE,
            most: START,
            is_fixed: false,
            knee: None,
            lowered: Duration::ZERO,
            shortest: None,
            round_trip: None,
            timeouts: 0,
        }
    }

    /// Returns a limit that is always the highest one.
    pub(super) fn fixed() -> Self {
        Self {
            is_fixed: true,
            ..Self::new()
        }
    }

    /// Begins a session with at most this many requests in flight. The limit is kept, the times are measured again.
    pub(super) fn begin(&mut self, most: u32) {
        self.most = most.max(1);
        self.knee = self.knee.map(|knee| knee.max(self.limit));
        self.limit = match self.is_fixed {
            true => self.most * ONE,
            false => {
                let limit = self.limit.max(SLOWEST * ONE);
                limit.min(self.most.min(CAREFUL) * ONE)
            }
        };
        self.shortest = None;
        self.round_trip = None;
        self.timeouts = 0;
    }

    /// Returns the number of requests that may be in flight.
    pub(super) fn limit(&self) -> u32 {
        (self.limit / ONE).max(1)
    }

    /// Counts an answer to a request that was sent once. `is_used` says whether as many requests were in flight as may be:
    /// otherwise the round trip proves nothing about more of them.
    pub(super) fn answered(&mut self, sent: Duration, now: Duration, is_used: bool) {
        let took = now.saturating_sub(sent);
        let shortest = self.shortest.map_or(took, |shortest| shortest.min(took));
        self.shortest = Some(shortest);
        self.round_trip = Some(RoundTrip::after(self.round_trip, took));
        self.timeouts = 0;
        if self.is_fixed || sent < self.lowered {
            return;
        }
        if took <= shortest * 5 / 4 + NOISE {
            if is_used {
                self.raise();
            }
        } else if took > shortest * 3 + NOISE {
            self.lower(SLOWEST, now);
        }
    }

    /// Counts an answer to a request that was sent several times, first at this time. Which of them it answers is unknown, so
    /// the time is the longest that the answer can have taken. It lengthens the wait: some requests may need that long.
    pub(super) fn answered_late(&mut self, first_sent: Duration, now: Duration) {
        let took = now.saturating_sub(first_sent);
        self.round_trip = Some(RoundTrip::after(self.round_trip, took));
    }

    /// Counts a request that got no answer in time.
    pub(super) fn lost(&mut self, sent: Duration, now: Duration) {
        self.timeouts = self.timeouts.saturating_add(1);
        if !self.is_fixed && sent >= self.lowered {
            self.lower(1, now);
        }
    }

    /// Returns the time after which a request is sent again for the first time, between limits around the time that the
    /// options have for an agent of which nothing is known.
    pub(super) fn timeout(&self, usual: Duration) -> Duration {
        let Some(known) = self.round_trip else {
            return usual;
        };
        // A round trip is at most doubled by the next step of the limit. Four times as long leaves room for one that is
        // slower than the others.
        let measured = (known.mean * 4).max(known.mean + known.deviation * 4);
        let time = match known.samples < SAMPLES {
            true => measured.max(usual),
            false => measured,
        };
        let doubled = time.saturating_mul(1 << self.timeouts.min(4));
        doubled.clamp(SHORTEST_TIMEOUT.min(usual), usual.saturating_mul(2))
    }

    fn raise(&mut self) {
        let is_sure = self.knee.is_none_or(|knee| self.limit < knee);
        let more = if !is_sure {
            ONE * ONE / self.limit.max(1)
        } else if self.limit < DOUBLES_TO * ONE {
            ONE
        } else {
            ONE / 2
        };
        self.limit = (self.limit + more).min(self.most * ONE);
    }

    fn lower(&mut self, least: u32, now: Duration) {
        let least = (least * ONE).min(self.limit);
        self.limit = (self.limit / 2).max(least);
        self.knee = Some(self.limit);
        self.lowered = now;
    }
}

impl RoundTrip {
    fn after(before: Option<Self>, took: Duration) -> Self {
        match before {
            None => Self {
                mean: took,
                deviation: took / 2,
                samples: 1,
            },
            Some(before) => Self {
                mean: (before.mean * 7 + took) / 8,
                deviation: (before.deviation * 3 + before.mean.abs_diff(took)) / 4,
                samples: before.samples.saturating_add(1),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BinaryHeap, VecDeque};

    use proptest::prelude::*;

    use super::*;

    fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    /// A device behind a network, for a client that always has a request to send.
    #[derive(Debug, Clone, Copy)]
    struct Device {
        /// There and back.
        network: Duration,
        /// For an answer; one at a time.
        cpu: Duration,
        /// Requests that wait at the agent; further ones are dropped.
        queue: usize,
    }

    #[derive(Debug, Default)]
    struct Course {
        took: Duration,
        drops: u32,
        most_waiting: usize,
        /// Requests that were given up although their answer was on its way.
        early_timeouts: u32,
    }

    /// What happens at a moment: the request arrives, or its answer.
    #[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
    enum Event {
        Arrives { sent: Duration },
        Answered { sent: Duration },
        Lost { sent: Duration },
    }

    const USUAL: Duration = Duration::from_secs(1);

    /// Runs a session: one request alone, then so many more as fast as the limit allows.
    fn run(limit: &mut InFlight, most: u32, device: Device, requests: u32) -> Course {
        let mut course = Course::default();
        let mut events = BinaryHeap::new();
        let mut ends: VecDeque<Duration> = VecDeque::new();
        let (mut now, mut in_flight, mut left) = (Duration::ZERO, 0, requests);
        limit.begin(most);
        let alone = device.network + device.cpu;
        limit.answered(Duration::ZERO, alone, false);
        now += alone;
        let send = |events: &mut BinaryHeap<_>, now: Duration| {
            let arrives = now + device.network / 2;
            events.push(std::cmp::Reverse((arrives, Event::Arrives { sent: now })));
        };
        loop {
            while left > 0 && in_flight < limit.limit() {
                send(&mut events, now);
                (in_flight, left) = (in_flight + 1, left - 1);
            }
            let Some(std::cmp::Reverse((at, event))) = events.pop() else {
                course.took = now;
                return course;
            };
            now = at;
            match event {
                Event::Arrives { sent } => {
                    while ends.front().is_some_and(|end| *end <= now) {
                        ends.pop_front();
                    }
                    if ends.len() > device.queue {
                        course.drops += 1;
                        let lost = sent + limit.timeout(USUAL);
                        events.push(std::cmp::Reverse((lost, Event::Lost { sent })));
                        continue;
                    }
                    course.most_waiting = course.most_waiting.max(ends.len());
                    let end = ends.back().copied().unwrap_or(now) + device.cpu;
                    ends.push_back(end);
                    let back = end + device.network / 2;
                    if back - sent > limit.timeout(USUAL) {
                        course.early_timeouts += 1;
                    }
                    events.push(std::cmp::Reverse((back, Event::Answered { sent })));
                }
                Event::Answered { sent } => {
                    limit.answered(sent, now, in_flight >= limit.limit());
                    in_flight -= 1;
                }
                Event::Lost { sent } => {
                    limit.lost(sent, now);
                    (in_flight, left) = (in_flight - 1, left + 1);
                }
            }
        }
    }

    const QUEUE: usize = 16;
    const MOST: u32 = 32;

    #[test]
    fn an_agent_that_answers_one_at_a_time_is_noticed_by_the_time_before_anything_is_lost() {
        let device = Device {
            network: Duration::ZERO,
            cpu: ms(30),
            queue: QUEUE,
        };
        let mut limit = InFlight::new();
        let course = run(&mut limit, MOST, device, 500);
        assert_eq!((course.drops, course.early_timeouts), (0, 0));
        assert!(course.most_waiting <= 4, "{course:?}");
        assert!(limit.limit() <= 2);
        // It is never idle all the same.
        assert!(course.took <= device.cpu * 502, "{course:?}");
    }

    #[test]
    fn a_fast_device_far_away_gets_the_most_requests_within_a_few_round_trips() {
        let device = Device {
            network: ms(20),
            cpu: Duration::from_micros(200),
            queue: QUEUE,
        };
        let mut limit = InFlight::new();
        run(&mut limit, MOST, device, 120);
        assert_eq!(limit.limit(), MOST);
        let course = run(&mut limit, MOST, device, 500);
        assert_eq!(course.drops, 0);
        assert!(course.took < ms(20) * (500 / MOST + 5), "{course:?}");
    }

    #[test]
    fn the_next_session_begins_with_what_was_learned_but_carefully() {
        let mut limit = InFlight::new();
        let far = Device {
            network: ms(20),
            cpu: Duration::ZERO,
            queue: QUEUE,
        };
        run(&mut limit, MOST, far, 200);
        limit.begin(MOST);
        assert_eq!(limit.limit(), CAREFUL);
        limit.begin(1);
        assert_eq!(limit.limit(), 1);
    }

    #[test]
    fn a_device_that_became_slow_since_the_last_session_loses_nothing() {
        let mut limit = InFlight::new();
        let mut device = Device {
            network: ms(20),
            cpu: Duration::ZERO,
            queue: QUEUE,
        };
        run(&mut limit, MOST, device, 200);
        device.cpu = ms(30);
        let course = run(&mut limit, MOST, device, 200);
        assert_eq!(course.drops, 0, "{course:?}");
        assert!(limit.limit() <= 4, "{limit:?}");
    }

    #[test]
    fn losses_halve_the_limit_once_for_all_requests_that_were_sent_together() {
        let mut limit = InFlight::new();
        limit.begin(8);
        limit.limit = 8 * ONE;
        for _ in 0..5 {
            limit.lost(ms(10), ms(1010));
        }
        assert_eq!(limit.limit(), 4);
        limit.lost(ms(1020), ms(3000));
        limit.lost(ms(3100), ms(5000));
        limit.lost(ms(5100), ms(7000));
        assert_eq!(limit.limit(), 1);
    }

    #[test]
    fn a_request_is_sent_again_after_the_usual_time_until_round_trips_are_known() {
        let mut limit = InFlight::new();
        limit.begin(MOST);
        assert_eq!(limit.timeout(USUAL), USUAL);
        for turn in 0..15 {
            limit.answered(ms(turn), ms(turn + 20), true);
        }
        assert_eq!(limit.timeout(USUAL), USUAL);
        limit.answered(ms(20), ms(40), true);
        assert_eq!(limit.timeout(USUAL), SHORTEST_TIMEOUT);
        assert_eq!(limit.timeout(ms(40)), ms(80), "four times the round trip");
    }

    #[test]
    fn a_slow_device_is_given_more_time_and_more_still_after_a_timeout() {
        let mut limit = InFlight::new();
        limit.begin(MOST);
        for turn in 0..50 {
            limit.answered(ms(turn), ms(turn + 300), true);
        }
        assert_eq!(limit.timeout(USUAL), ms(1200));
        limit.lost(ms(100), ms(1300));
        assert_eq!(limit.timeout(USUAL), USUAL * 2);
        limit.answered(ms(1400), ms(1700), true);
        assert_eq!(limit.timeout(USUAL), ms(1200));
    }

    #[test]
    fn requests_that_need_longer_than_others_are_soon_sent_only_once() {
        let mut limit = InFlight::new();
        limit.begin(MOST);
        let mut resent = 0;
        for turn in 0..80_u64 {
            let sent = ms(turn * 1000);
            // One in four reads from endpoints, and takes half a second.
            let took = ms(if turn % 4 == 3 { 500 } else { 20 });
            if took > limit.timeout(USUAL) {
                resent += 1;
                limit.lost(sent, sent + limit.timeout(USUAL));
                limit.answered_late(sent, sent + took);
            } else {
                limit.answered(sent, sent + took, true);
            }
        }
        assert!(resent <= 4, "{resent}");
    }

    #[test]
    fn a_fixed_limit_stays() {
        let mut limit = InFlight::fixed();
        limit.begin(24);
        limit.lost(ms(10), ms(1000));
        limit.answered(ms(2000), ms(9000), true);
        assert_eq!(limit.limit(), 24);
    }

    proptest! {
        /// Whatever the network and the agent are like, from a millisecond an answer on.
        #[test]
        fn no_agent_with_a_queue_of_sixteen_is_made_to_drop_a_request(
            network in 0u64..250,
            cpu in 1_000u64..250_000,
        ) {
            let device = Device { network: ms(network), cpu: Duration::from_micros(cpu), queue: QUEUE };
            let mut limit = InFlight::new();
            let course = run(&mut limit, MOST, device, 400);
            prop_assert_eq!(course.drops, 0);
            prop_assert!(limit.limit() <= MOST);
            // Not much longer than an agent that is never idle, or a limit that is always used.
            let busy = device.cpu * 400;
            let far = (device.network + device.cpu) * (400 / MOST);
            let ramp = (device.network + device.cpu) * 12;
            prop_assert!(course.took <= busy.max(far) * 5 / 3 + ramp, "{course:?}");
            let again = run(&mut limit, MOST, device, 400);
            prop_assert_eq!(again.drops, 0);
        }

        #[test]
        fn the_limit_is_never_below_one_and_never_above_the_most(
            most in 1u32..64,
            events in prop::collection::vec((any::<bool>(), 0u64..3_000, any::<bool>()), 0..300),
        ) {
            let mut limit = InFlight::new();
            limit.begin(most);
            let mut now = Duration::ZERO;
            for (is_lost, took, is_used) in events {
                let sent = now;
                now += ms(took);
                match is_lost {
                    true => limit.lost(sent, now),
                    false => limit.answered(sent, now, is_used),
                }
                prop_assert!((1..=most).contains(&limit.limit()));
                let timeout = limit.timeout(USUAL);
                prop_assert!(timeout >= SHORTEST_TIMEOUT && timeout <= USUAL * 2);
            }
        }
    }
}
