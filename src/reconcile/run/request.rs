//! Defines a caller's request: the command, the revision, the devices, and the allowances.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::sync::watch;

use super::PlanFile;
use crate::apply::ApplyTimeouts;
use crate::history::RunId;
use crate::model::{DeviceName, FreezeScope, Observation};
use crate::reconcile::{AutoApproval, ConcurrencyLimits};

/// The kinds of run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// Shows pending changes; writes to no device and needs no store.
    Plan,
    Apply,
    /// Applies an earlier commit on purpose.
    Rollback,
    /// Saves devices that were verified and never saved; sends no step, and its commit does not count as applied.
    Save,
    /// Records ownership of objects that device and inventory have in common; writes to no device.
    Adopt,
}

/// A caller's request for a run.
#[derive(Debug)]
pub struct RunRequest {
    pub verb: Verb,
    /// The user as `user@host`, or the name of a trigger; for the record.
    pub who: String,
    /// Left out: the inventory from disk, by its commit if the work tree is clean.
    pub revision: Option<String>,
    pub plan_file: Option<PlanFile>,
    pub scope: FreezeScope,
    /// Only these devices of the scope; left out: all in scope.
    pub only: Option<BTreeSet<DeviceName>>,
    pub baseline: Baseline,
    pub looks: LookSource,
    pub allows: Allowances,
    /// Try every plan on a simulated device first; one that fails there is refused.
    pub rehearses: bool,
    /// The class of plans that need no confirmation.
    pub auto_approval: AutoApproval,
    /// The rollbacks whose result may be undone without asking a person, by run.
    pub reapply: BTreeSet<RunId>,
}

/// The source of ownership, and of the policy that applies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Baseline {
    /// The store's ledgers and its last applied commit.
    Store,
    /// The inventory at this revision counts as applied.
    Revision(String),
    /// No object is known to be owned: nothing is removed.
    Nothing,
}

/// The source of the observed configuration.
#[derive(Debug, Clone)]
pub enum LookSource {
    Devices,
    Recorded(Vec<Observation>),
    /// Every device is assumed to match the baseline; no device is contacted.
    Baseline,
}

/// The checks that the operator waived by option.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Allowances {
    /// Apply an inventory that is uncommitted or not in git.
    pub uncommitted: bool,
    /// Apply a commit that does not descend from the last applied one.
    pub rewritten_history: bool,
    /// Change objects that management access depends on.
    pub management: bool,
}

/// Options of a run.
#[derive(Debug, Clone)]
pub struct RunOptions {
    pub limits: ConcurrencyLimits,
    /// The time, in hours, in which a plan file may be applied.
    pub plan_hours: u16,
    pub timeouts: ApplyTimeouts,
    /// Becomes true when the run must stop: no further device is started, started ones end in good order.
    pub stop: watch::Receiver<bool>,
    /// A stop finishes the devices in progress; otherwise they end after the step in progress.
    pub finishes_devices: bool,
}

/// The default of `plan_hours`.
pub const PLAN_HOURS: u16 = 24;

/// The default lease duration without renewal: most devices are done before the first renewal.
pub const LEASE: Duration = Duration::from_secs(120);

impl Verb {
    /// Returns the word for the store and the audit log.
    pub fn word(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::Apply => "apply",
            Self::Rollback => "rollback",
            Self::Save => "save",
            Self::Adopt => "adopt",
        }
    }

    /// Returns whether runs of this kind write to devices.
    pub fn writes(self) -> bool {
        match self {
            Self::Apply | Self::Rollback | Self::Save => true,
            Self::Plan | Self::Adopt => false,
        }
    }
}

impl RunRequest {
    /// Returns a request for all devices, with no check waived.
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
            rehearses: false,
            auto_approval: AutoApproval::Nothing,
            reapply: BTreeSet::new(),
        }
    }
}

impl RunOptions {
    /// Returns the usual options.
    pub fn until(stop: watch::Receiver<bool>) -> Self {
        Self {
            limits: ConcurrencyLimits::default(),
            plan_hours: PLAN_HOURS,
            timeouts: ApplyTimeouts::default(),
            stop,
            finishes_devices: false,
        }
    }

    /// Returns the options of the service: a stop finishes the devices in progress, because nobody watches them.
    pub fn of_service(stop: watch::Receiver<bool>) -> Self {
        Self {
            finishes_devices: true,
            ..Self::until(stop)
        }
    }
}
