//! Decides which request is next: a token bucket with priorities and a limit at once.
//!
//! Pure: the time is an argument, a duration since any fixed moment. `turns` waits by what it returns.

use std::collections::BTreeSet;
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);

/// The reason of a request; earlier ones go first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Priority {
    /// An account that a webhook or a person named.
    Hint,
    Delta,
    WriteBack,
    FullRead,
}

/// How fast a system may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestRate {
    /// The most requests in any minute.
    pub per_minute: u32,
    pub at_once: u32,
}

impl RequestRate {
    /// It is often a small virtual machine.
    pub const SPLYNX: Self = Self {
        per_minute: 120,
        at_once: 2,
    };
    /// Three quarters of what Sonar allows.
    pub const SONAR: Self = Self {
        per_minute: 300,
        at_once: 4,
    };
}

/// A request that waits for its turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket {
    priority: Priority,
    number: u64,
}

/// The answer to a waiting request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    Go,
    /// It is next, in this time.
    In(Duration),
    /// Another request is next, or too many are being answered; ask again when something changed.
    Behind,
}

/// A token bucket with a queue.
#[derive(Debug)]
pub struct Limiter {
    rate: RequestRate,
    /// Tokens, in shares of a token that arrive each nanosecond: exact without fractions.
    shares: u128,
    updated: Duration,
    /// No request before this: the system reported that its own limit is reached.
    paused_until: Duration,
    next_number: u64,
    waiting: BTreeSet<Ticket>,
    running: u32,
    running_full_reads: u32,
}

impl Limiter {
    pub fn new(rate: RequestRate, now: Duration) -> Self {
        let rate = RequestRate {
            per_minute: rate.per_minute.max(2),
            at_once: rate.at_once.max(1),
        };
        let mut limiter = Self {
            rate,
            shares: 0,
            updated: now,
            paused_until: Duration::ZERO,
            next_number: 0,
            waiting: BTreeSet::new(),
            running: 0,
            running_full_reads: 0,
        };
        limiter.shares = limiter.capacity();
        limiter
    }

    /// The requests that may go at once after a pause: a tenth of a minute's.
    fn burst(&self) -> u32 {
        (self.rate.per_minute / 10).max(1)
    }

    /// The tokens that arrive in a minute. With the burst they are a minute's, so no minute ever has more.
    fn refill(&self) -> u32 {
        self.rate.per_minute - self.burst()
    }

    fn capacity(&self) -> u128 {
        u128::from(self.burst()) * MINUTE.as_nanos()
    }

    fn refresh(&mut self, now: Duration) {
        let passed = now.saturating_sub(self.updated);
        let arrived = passed.as_nanos().saturating_mul(u128::from(self.refill()));
        self.shares = self.shares.saturating_add(arrived).min(self.capacity());
        self.updated = self.updated.max(now);
    }

    /// Queues a request.
    pub fn join(&mut self, priority: Priority) -> Ticket {
        let ticket = Ticket {
            priority,
            number: self.next_number,
        };
        self.next_number += 1;
        self.waiting.insert(ticket);
        ticket
    }

    /// Removes a request that no longer waits.
    pub fn leave(&mut self, ticket: Ticket) {
        self.waiting.remove(&ticket);
    }

    /// Returns whether a waiting request may be sent now; if so, it is running until `finish`.
    pub fn turn(&mut self, ticket: Ticket, now: Duration) -> Turn {
        self.refresh(now);
        let next = self.waiting.iter().find(|ticket| self.has_room(**ticket));
        if next != Some(&ticket) {
            return Turn::Behind;
        }
        let pause = self.paused_until.saturating_sub(now);
        let missing = MINUTE.as_nanos().saturating_sub(self.shares);
        let refill = missing.div_ceil(u128::from(self.refill()));
        let wait = pause.max(Duration::from_nanos(
            u64::try_from(refill).unwrap_or(u64::MAX),
        ));
        if !wait.is_zero() {
            return Turn::In(wait);
        }
        self.shares -= MINUTE.as_nanos();
        self.waiting.remove(&ticket);
        self.running += 1;
        if ticket.priority == Priority::FullRead {
            self.running_full_reads += 1;
        }
        Turn::Go
    }

    /// A full read leaves one request free: a list may take two minutes, and a hint must not wait for it.
    fn has_room(&self, ticket: Ticket) -> bool {
        let for_full_reads = (self.rate.at_once - 1).max(1);
        self.running < self.rate.at_once
            && (ticket.priority != Priority::FullRead || self.running_full_reads < for_full_reads)
    }

    /// Notes that a request was answered or given up.
    pub fn finish(&mut self, ticket: Ticket) {
        self.running = self.running.saturating_sub(1);
        if ticket.priority == Priority::FullRead {
            self.running_full_reads = self.running_full_reads.saturating_sub(1);
        }
    }

    /// Sends nothing for a time, because the system reported that its limit is reached.
    pub fn pause(&mut self, now: Duration, wait: Duration) {
        self.paused_until = self.paused_until.max(now.saturating_add(wait));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn limiter(per_minute: u32, at_once: u32) -> Limiter {
        let rate = RequestRate {
            per_minute,
            at_once,
        };
        Limiter::new(rate, Duration::ZERO)
    }

    #[test]
    fn hints_go_first_and_full_reads_last() {
        let mut limiter = limiter(60, 9);
        let full = limiter.join(Priority::FullRead);
        let write = limiter.join(Priority::WriteBack);
        let delta = limiter.join(Priority::Delta);
        let hint = limiter.join(Priority::Hint);
        let later = limiter.join(Priority::Hint);
        for (next, others) in [
            (hint, vec![full, write, delta, later]),
            (later, vec![full, write, delta]),
            (delta, vec![full, write]),
            (write, vec![full]),
            (full, vec![]),
        ] {
            for other in others {
                assert_eq!(limiter.turn(other, Duration::ZERO), Turn::Behind);
            }
            assert_eq!(limiter.turn(next, Duration::ZERO), Turn::Go);
        }
    }

    #[test]
    fn a_request_waits_for_its_token() {
        let mut limiter = limiter(10, 99);
        let (first, second) = (limiter.join(Priority::Delta), limiter.join(Priority::Delta));
        assert_eq!(limiter.turn(first, Duration::ZERO), Turn::Go);
        // One goes at once, nine a minute follow.
        let Turn::In(wait) = limiter.turn(second, Duration::ZERO) else {
            unreachable!("there is no token left")
        };
        assert_eq!(wait.as_millis(), 6666);
        assert_eq!(limiter.turn(second, wait), Turn::Go);
    }

    #[test]
    fn two_requests_at_once_and_never_two_full_reads() {
        let mut limiter = limiter(600, 2);
        let long = limiter.join(Priority::FullRead);
        let other = limiter.join(Priority::FullRead);
        assert_eq!(limiter.turn(long, Duration::ZERO), Turn::Go);
        assert_eq!(limiter.turn(other, Duration::ZERO), Turn::Behind);
        let hint = limiter.join(Priority::Hint);
        assert_eq!(limiter.turn(hint, Duration::ZERO), Turn::Go);
        let more = limiter.join(Priority::Hint);
        assert_eq!(limiter.turn(more, Duration::ZERO), Turn::Behind);
        limiter.finish(hint);
        assert_eq!(limiter.turn(more, Duration::ZERO), Turn::Go);
        limiter.finish(more);
        limiter.finish(long);
        assert_eq!(limiter.turn(other, Duration::ZERO), Turn::Go);
    }

    #[test]
    fn a_request_that_left_holds_up_no_other() {
        let mut limiter = limiter(60, 2);
        let gone = limiter.join(Priority::Hint);
        let delta = limiter.join(Priority::Delta);
        limiter.leave(gone);
        assert_eq!(limiter.turn(delta, Duration::ZERO), Turn::Go);
    }

    #[test]
    fn nothing_is_sent_while_the_system_reports_its_limit() {
        let mut limiter = limiter(60, 2);
        limiter.pause(Duration::ZERO, Duration::from_secs(30));
        let hint = limiter.join(Priority::Hint);
        let turn = limiter.turn(hint, Duration::from_secs(10));
        assert_eq!(turn, Turn::In(Duration::from_secs(20)));
        assert_eq!(limiter.turn(hint, Duration::from_secs(30)), Turn::Go);
    }

    proptest! {
        #[test]
        fn no_minute_has_more_requests_than_the_rate(
            per_minute in 2u32..400,
            pauses in prop::collection::vec(0u64..4_000, 1..300),
        ) {
            let mut limiter = limiter(per_minute, u32::MAX);
            let mut now = Duration::ZERO;
            let mut sent = Vec::new();
            for pause in pauses {
                now += Duration::from_millis(pause);
                let ticket = limiter.join(Priority::Delta);
                while let Turn::In(wait) = limiter.turn(ticket, now) {
                    now += wait;
                }
                sent.push(now);
            }
            for from in &sent {
                let minute = sent.iter().filter(|at| *at >= from && **at < *from + MINUTE);
                prop_assert!(minute.count() <= usize::try_from(per_minute).unwrap());
            }
        }
    }
}
