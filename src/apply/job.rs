//! What an apply is told: one device, its approved plan, and how patient to be.

use std::time::Duration;

use tokio::sync::watch;

use crate::model::Observation;
use crate::observe::Target;
use crate::plan::{DevicePlan, Request};
use crate::transport::ssh::{Fence, Login, Patience};

use super::Purpose;

/// Plans a device from a fresh look with the same inventory and ledger, dressed and read by the lint; a complaint is an error.
pub type Replan<'a> = dyn Fn(&Observation) -> Result<DevicePlan, String> + Sync + 'a;

/// One device, and what is to be done to it.
pub struct Job<'a> {
    /// How it is looked at.
    pub target: Target<'a>,
    pub login: &'a Login,
    pub patience: Patience,
    /// Until when something may be written; whoever keeps the lease moves it on.
    pub fence: &'a Fence,
    /// What was approved; dressed.
    pub plan: &'a DevicePlan,
    /// What the plan was asked for. The pins, the model and what is intended are taken from it.
    pub request: &'a Request<'a>,
    pub replan: &'a Replan<'a>,
    /// The look that the plan was made from, where it is still known: what differs from it is told object by object.
    pub then: Option<&'a Observation>,
    pub work: Work,
    /// Becomes true when the program is told to stop.
    pub stop: watch::Receiver<bool>,
    pub pace: Pace,
    pub progress: &'a (dyn Fn(Progress) + Sync),
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// The steps of the plan; then save.
    Steps,
    /// It was written and verified before, and only not saved. The plan is not looked at; planning again must find nothing to do.
    SaveOnly,
}

/// How long things may take that a device does by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Until a look must find what was written.
    pub settle: Duration,
    /// Until a device that went away must be back.
    pub restart: Duration,
    /// Between one look and the next, where the first was not enough.
    pub pause: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            settle: Duration::from_secs(10),
            // A GAM is away for minutes when it restarts (docs/gam.md).
            restart: Duration::from_secs(420),
            pause: Duration::from_secs(1),
        }
    }
}

/// Where an apply is, for a live display.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    Looking,
    /// Counted from 1.
    Typing {
        purpose: Purpose,
        step: usize,
        of: usize,
    },
    Verifying,
    Saving,
    /// Something went wrong; finding out what is there now.
    LookingAgain,
    /// It does not answer; it may be restarting.
    Waiting,
}

/// How it ended, and the last look that there was.
#[derive(Debug)]
#[must_use = "an unread outcome hides whether the change was verified"]
pub struct Ending {
    pub outcome: super::DeviceOutcome,
    /// The last look that succeeded, to tell what is ours from here on.
    pub seen: Option<Observation>,
}
