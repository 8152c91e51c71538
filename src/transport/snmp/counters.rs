//! What went over the network in one session, counted.

use std::sync::atomic::{AtomicU64, Ordering};

/// What went over the network so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// Different requests; one that is sent again is not counted again.
    pub requests: u64,
    /// Answers that were taken.
    pub answers: u64,
    /// Requests that were sent again.
    pub resent: u64,
    /// Answers to what nobody waits for any more: late or twice.
    pub stale: u64,
    /// Datagrams that nothing can be read from, or that prove to be somebody else's.
    pub undecodable: u64,
    /// Reports of an SNMP 3 agent.
    pub reports: u64,
    /// Times the system said that nobody listens there.
    pub refused: u64,
}

/// Counts while others count too.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) requests: Count,
    pub(super) answers: Count,
    pub(super) resent: Count,
    pub(super) stale: Count,
    pub(super) undecodable: Count,
    pub(super) reports: Count,
    pub(super) refused: Count,
}

#[derive(Debug, Default)]
pub(super) struct Count(AtomicU64);

impl Count {
    pub(super) fn up(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Tally {
    pub(super) fn read(&self) -> Counters {
        Counters {
            requests: self.requests.get(),
            answers: self.answers.get(),
            resent: self.resent.get(),
            stale: self.stale.get(),
            undecodable: self.undecodable.get(),
            reports: self.reports.get(),
            refused: self.refused.get(),
        }
    }
}
