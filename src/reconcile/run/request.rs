//! Defines what a caller asks of a run: the command, the inventory revision, the devices, and what it may do.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::sync::watch;

use super::PlanFile;
use crate::apply::Pace;
use crate::model::{DeviceName, FreezeScope, Observation};
use crate::reconcile::{AutoApproval, ConcurrencyLimits};

/// The kinds of run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// Shows what would change; writes to no device and needs no store.
    Plan,
    Apply,
    /// Applies an earlier commit on purpose.
    Rollback,
    /// Records ownership of what device and inventory have in common; writes to no device.
    Adopt,
}

/// What a caller asks of a run.
#[derive(Debug)]
pub struct RunRequest {
    pub verb: Verb,
    /// Who asks, as `user@host` or the name of a trigger; for the record.
    pub who: String,
    /// Left out: the inventory as it is on disk, by its commit where it is committed as it is.
    pub revision: Option<String>,
    pub plan_file: Option<PlanFile>,
    pub scope: FreezeScope,
    /// Only these, whatever the scope; left out: all in scope.
    pub only: Option<BTreeSet<DeviceName>>,
    pub baseline: Baseline,
    pub looks: LookSource,
    pub allows: Allowances,
    /// What may be applied without a person's confirmation.
    pub auto_approval: AutoApproval,
}

/// What tells which objects are owned, and whose policy judges.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Baseline {
    /// The store's ledgers and its last applied commit.
    Store,
    /// The inventory at this revision counts as applied.
    Revision(String),
    /// Nothing is known to be owned: nothing is removed.
    Nothing,
}

/// Where the observed configuration comes from.
#[derive(Debug, Clone)]
pub enum LookSource {
    Devices,
    Recorded(Vec<Observation>),
    /// Every device is taken to be exactly as the baseline intends it; no device is asked.
    Baseline,
}

/// What a person allowed by name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Allowances {
    /// Apply an inventory that is not committed as it is.
    pub uncommitted: bool,
    /// Apply a commit that does not descend from the last applied one.
    pub rewritten_history: bool,
    /// Change what management access depends on.
    pub management: bool,
}

/// How a run is carried out.
#[derive(Debug, Clone)]
pub struct RunOptions {
    pub limits: ConcurrencyLimits,
    /// How long a plan file may be applied after it was made.
    pub plan_hours: u16,
    pub pace: Pace,
    /// Becomes true when the run must stop: no further device is started, started ones end in good order.
    pub stop: watch::Receiver<bool>,
}

/// How long a plan may be applied after it was made, where the settings do not say.
pub const PLAN_HOURS: u16 = 24;

/// Lease duration without renewal, where the settings do not say: most devices are done before the first renewal.
pub const LEASE: Duration = Duration::from_secs(120);

impl Verb {
    /// Returns the word in the store and in the audit.
    pub fn word(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::Apply => "apply",
            Self::Rollback => "rollback",
            Self::Adopt => "adopt",
        }
    }

    /// Returns whether runs of this kind write to devices.
    pub fn writes(self) -> bool {
        match self {
            Self::Apply | Self::Rollback => true,
            Self::Plan | Self::Adopt => false,
        }
    }
}

impl RunRequest {
    /// Returns a request about all devices, with nothing allowed by name.
    pub fn of(verb: Verb, who: &str) -> Self {
        Self {
            verb,
            who: who.to_owned(),
            revision: None,
            plan_file: None,
            scope: FreezeScope::default(),
            only: None,
            baseline: Baseline::Store,
            looks: LookSource::Devices,
            allows: Allowances::default(),
            auto_approval: AutoApproval::Nothing,
        }
    }
}

impl RunOptions {
    /// Returns the usual options.
    pub fn until(stop: watch::Receiver<bool>) -> Self {
        Self {
            limits: ConcurrencyLimits::default(),
            plan_hours: PLAN_HOURS,
            pace: Pace::default(),
            stop,
        }
    }
}
