//! Defines the state in which recovery found a device of a dead process.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::HeldBy;
use super::cause::FoundByRecovery;
use crate::model::DeviceName;

/// The state of one device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recovered {
    pub device: DeviceName,
    pub run: Uuid,
    pub found: RecoveryResult,
}

/// The progress of the dead process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "found", rename_all = "kebab-case")]
pub enum RecoveryResult {
    /// Everything is there; it may not be saved.
    Whole,
    /// This many of the steps took effect.
    Partial { steps: usize, of: usize },
    /// Nothing had an effect, or all of it was rolled back.
    Untouched,
    /// Matches no point of the plan: another user changed the device, or it restarted.
    Other,
    /// Another process still holds the lease, until this time unless it is renewed, in seconds since 1970.
    Held {
        until: u64,
        /// Left out: an earlier gamctl holds it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<Box<HeldBy>>,
    },
    /// It could not be looked at, or the result not recorded; the next run tries again.
    NotSeen { error: String },
}

impl RecoveryResult {
    /// Returns the state, if the device could be looked at.
    pub fn known(&self) -> Option<FoundByRecovery> {
        match self {
            Self::Whole => Some(FoundByRecovery::Everything),
            Self::Partial { steps, of } => Some(FoundByRecovery::Steps {
                steps: *steps,
                of: *of,
            }),
            Self::Untouched => Some(FoundByRecovery::Nothing),
            Self::Other => Some(FoundByRecovery::SomethingElse),
            Self::Held { .. } | Self::NotSeen { .. } => None,
        }
    }
}
