//! Defines the input of an apply: one device, its approved plan, and the timeouts.

use std::time::Duration;

use tokio::sync::watch;

use crate::model::Observation;
use crate::observe::Target;
use crate::plan::{DevicePlan, Request};
use crate::transport::ssh::{Fence, Login, SshTimeouts};

use super::Purpose;

/// Plans a device from a fresh look with the same inventory and ledger, rendered and linted; a lint error is an error.
pub type Replan<'a> = dyn Fn(&Observation) -> Result<DevicePlan, String> + Sync + 'a;

/// One device and the work to do on it.
pub struct Job<'a> {
    /// The address and credentials for looks.
    pub target: Target<'a>,
    pub login: &'a Login,
    pub patience: SshTimeouts,
    /// Closes when the lease expires; lease renewal extends it.
    pub fence: &'a Fence,
    /// The approved plan, rendered.
    pub plan: &'a DevicePlan,
    /// The request that the plan was made for: its pins, its model and the intended configuration.
    pub request: &'a Request<'a>,
    pub replan: &'a Replan<'a>,
    /// The look that the plan was made from, if the store still has it: differences from it are reported by object.
    pub then: Option<&'a Observation>,
    pub work: Work,
    /// Becomes true when the program is asked to stop.
    pub stop: watch::Receiver<bool>,
    pub timeouts: ApplyTimeouts,
    pub progress: &'a (dyn Fn(Progress) + Sync),
}

/// The kind of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// The steps of the plan; then save.
    Steps,
    /// Save only: it was written and verified before. The plan is not read; planning again must find nothing to do.
    SaveOnly,
}

/// Timeouts for what a device does by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ApplyTimeouts {
    /// Until a look must find the change.
    pub settle: Duration,
    /// Until a device that stopped answering must be back.
    pub restart: Duration,
    /// Between two looks, if the first was not enough.
    pub pause: Duration,
}

impl Default for ApplyTimeouts {
    fn default() -> Self {
        Self {
            settle: Duration::from_secs(10),
            // A restarting GAM does not answer for minutes (docs/gam.md).
            restart: Duration::from_secs(420),
            pause: Duration::from_secs(1),
        }
    }
}

/// The progress of an apply, for a live display.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    Looking,
    /// Counted from 1.
    Sending {
        purpose: Purpose,
        step: usize,
        of: usize,
    },
    Verifying,
    Saving,
    /// A step failed; looking at the device again.
    LookingAgain,
    /// It does not answer; it may be restarting.
    Waiting,
    /// Another run holds its lease.
    WaitingForLease,
}

/// The outcome, and the last look.
#[derive(Debug)]
#[must_use = "an unread outcome hides whether the change was verified"]
pub struct Ending {
    pub outcome: super::DeviceOutcome,
    /// The last look that succeeded: the new ledger is made from it.
    pub seen: Option<Observation>,
}
