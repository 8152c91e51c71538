//! Collects the settings of one instance, checked as a whole before anything starts.

use std::path::PathBuf;
use std::time::Duration;

use super::schedule::{Intervals, Limits};
use crate::config::{GitSettings, ServeSettings};
use crate::reconcile::run::RunOptions;
use crate::secrets::Secret;
use crate::telemetry::TraceCounts;

/// The settings of an instance.
#[derive(Debug, Clone)]
pub struct ServiceSettings {
    pub git: GitSettings,
    pub serve: ServeSettings,
    /// The folder of the mirror and the journal.
    pub state: PathBuf,
    /// Whether billing systems are synced.
    pub syncs: bool,
    /// The secret of the webhook, read at the start.
    pub webhook: Option<Secret>,
    /// The name under which it writes, as `user@host`.
    pub who: String,
    /// Returns milliseconds since 1970.
    pub clock: fn() -> u64,
    /// Returns seconds since 1970.
    pub seconds: fn() -> u64,
    pub queue_limits: Limits,
    pub intervals: Intervals,
    pub timing: Timing,
    /// Makes the options of a run that ends when this becomes true.
    pub run_options: fn(tokio::sync::watch::Receiver<bool>) -> RunOptions,
    /// The numbers of exported traces, if they are exported.
    pub traces: Option<TraceCounts>,
}

/// The intervals of the tasks. Tests shorten these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    pub fetch: Duration,
    pub heartbeat: Duration,
    /// How long a leader leads, and an instance counts as live, without another heartbeat.
    pub leads: Duration,
    pub target: Duration,
    pub status: Duration,
    pub rollout: Duration,
    pub recover: Duration,
    /// How often it is checked which billing systems are due.
    pub billing: Duration,
    /// How often a billing system is asked for its changes.
    pub billing_changes: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            fetch: seconds(60),
            heartbeat: seconds(5),
            // Four heartbeats: a busy machine misses one or two.
            leads: seconds(20),
            target: seconds(2),
            status: seconds(2),
            rollout: seconds(5),
            recover: seconds(30),
            billing: seconds(1),
            billing_changes: seconds(60),
        }
    }
}
