//! Models a slow SNMP agent, which computes one answer at a time and drops what its queue cannot hold.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// Requests that wait while another one is computed (assumed: the device's queue is unknown).
const LONGEST: usize = 16;

/// The times at which requests are answered, the earliest first. The first is the one that is computed now.
#[derive(Debug, Default)]
pub(super) struct AgentQueue {
    ends: VecDeque<Instant>,
}

impl AgentQueue {
    /// Adds a request that arrives now and needs this time; returns the time until its answer is ready. `None` means that
    /// the queue is full and the request is dropped.
    pub(super) fn enter(&mut self, now: Instant, needs: Duration) -> Option<Duration> {
        while self.ends.front().is_some_and(|end| *end <= now) {
            self.ends.pop_front();
        }
        if self.ends.len() > LONGEST {
            return None;
        }
        let start = self.ends.back().copied().unwrap_or(now);
        let end = start + needs;
        if !needs.is_zero() {
            self.ends.push_back(end);
        }
        Some(end - now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EACH: Duration = Duration::from_millis(30);

    #[test]
    fn requests_are_answered_one_after_the_other() {
        let (mut queue, now) = (AgentQueue::default(), Instant::now());
        for turn in 1..=5 {
            assert_eq!(queue.enter(now, EACH), Some(EACH * turn));
        }
        // Two of them are done by then, and half of the third.
        let later = now + EACH * 5 / 2;
        assert_eq!(queue.enter(later, EACH), Some(EACH * 7 / 2));
        assert_eq!(queue.enter(now + EACH * 9, EACH), Some(EACH));
    }

    #[test]
    fn a_request_is_dropped_if_sixteen_wait_already() {
        let (mut queue, now) = (AgentQueue::default(), Instant::now());
        for _ in 0..17 {
            assert!(queue.enter(now, EACH).is_some());
        }
        assert_eq!(queue.enter(now, EACH), None);
        assert_eq!(queue.enter(now + EACH / 2, EACH), None);
        assert_eq!(queue.enter(now + EACH, EACH), Some(EACH * 17));
    }

    #[test]
    fn an_agent_that_needs_no_time_drops_nothing() {
        let (mut queue, now) = (AgentQueue::default(), Instant::now());
        for _ in 0..1000 {
            assert_eq!(queue.enter(now, Duration::ZERO), Some(Duration::ZERO));
        }
    }
}
