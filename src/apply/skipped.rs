//! Defines devices that a run did not start, each with the reason.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::model::{DeviceName, NotObserved};
use crate::plan::{Refusal, RolledBack};

/// The process that holds a lease.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct HeldBy {
    /// The user as `user@host`, or the name of a trigger.
    pub who: String,
    pub host: String,
    /// The process id on that host.
    pub process: u32,
    /// Left out: it looks at a device that an earlier run left unfinished.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<Uuid>,
    /// Seconds since 1970, by the store's clock.
    pub since: u64,
}

/// A device with something to do that was not started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skipped {
    pub device: DeviceName,
    pub reason: SkipReason,
}

/// The reason that a device was not started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "why", rename_all = "kebab-case")]
pub enum SkipReason {
    /// The device's plan is refused.
    Refused(Refusal),
    /// The inventory or the secrets lack its address or credentials.
    NoAccess(NotObserved),
    /// Writes to it are blocked until a time, in seconds since 1970.
    Frozen {
        who: String,
        until: u64,
        reason: String,
    },
    /// Another process or run holds the lease; it expires then, unless it is renewed.
    Held {
        until: u64,
        /// Left out: an earlier gamctl holds it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<Box<HeldBy>>,
    },
    /// The failure budget was used up before it.
    Budget { failures: usize },
    /// The run was asked to stop.
    Stopped,
    /// The store could not record what would be done.
    StoreAway { error: String },
    /// Subscribers would notice, and the plan was not confirmed.
    NotConfirmed,
    /// It would undo a rollback, which must be asked for by name.
    RolledBack {
        by: RolledBack,
        /// What would come back, such as `profile home-100`.
        objects: Vec<String>,
    },
    /// A dead process stopped while writing to it, and it could not be looked at.
    NotRecovered { error: String },
}

impl SkipReason {
    /// Returns the word that `--format json` publishes.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Refused(_) | Self::NoAccess(_) | Self::NotConfirmed | Self::RolledBack { .. } => {
                "refused"
            }
            Self::Frozen { .. } => "frozen",
            Self::Held { .. } => "held",
            Self::Budget { .. } => "budget",
            Self::Stopped => "stopped",
            Self::StoreAway { .. } => "store-away",
            Self::NotRecovered { .. } => "not-recovered",
        }
    }

    /// Returns whether a later run may start the device, with nothing changed in the inventory.
    pub fn retry_helps(&self) -> bool {
        match self {
            Self::Frozen { .. }
            | Self::Held { .. }
            | Self::Budget { .. }
            | Self::Stopped
            | Self::StoreAway { .. }
            | Self::NotConfirmed
            | Self::NotRecovered { .. } => true,
            Self::NoAccess(cause) => cause.retry_helps(),
            Self::Refused(_) | Self::RolledBack { .. } => false,
        }
    }
}
