//! Counts the messages of one SNMP session for logs and tests.

use std::sync::atomic::{AtomicU64, Ordering};

/// Messages of one session so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// Different requests, without retries.
    pub requests: u64,
    /// Accepted answers.
    pub answers: u64,
    /// Retries.
    pub resent: u64,
    /// Answers without a waiting request: late or duplicate.
    pub stale: u64,
    /// Datagrams that cannot be read or that prove to be from another sender.
    pub undecodable: u64,
    /// Reports of an SNMP 3 agent.
    pub reports: u64,
    /// Errors from the system that the port is closed (ICMP port unreachable).
    pub refused: u64,
}

/// The counters, shared by all requests of a session.
#[derive(Debug, Default)]
pub(super) struct SharedCounters {
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

impl SharedCounters {
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
