//! Defines what recovery found on a device that a dead process was writing to.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::cause::FoundByRecovery;
use crate::model::DeviceName;

/// What was found on one device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recovered {
    pub device: DeviceName,
    pub run: Uuid,
    pub found: Found,
}

/// How far the dead process got.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "found", rename_all = "kebab-case")]
pub enum Found {
    /// Everything is there; it is not known to be saved.
    Whole,
    /// So many of so many steps had their effect.
    Partial { steps: usize, of: usize },
    /// Nothing had an effect, or all of it was rolled back.
    Untouched,
    /// Matches no point of the plan: another user changed the device, or it restarted.
    Other,
    /// Another process still holds the lease, until then at the latest, in seconds since 1970.
    Held { until: u64 },
    /// It could not be looked at, or the result not recorded; the next run tries again.
    NotSeen { error: String },
}

impl Found {
    /// Returns what is known of the device; nothing where it could not be looked at.
    pub fn known(&self) -> Option<FoundByRecovery> {
        match *self {
            Self::Whole => Some(FoundByRecovery::Everything),
            Self::Partial { steps, of } => Some(FoundByRecovery::Steps { steps, of }),
            Self::Untouched => Some(FoundByRecovery::Nothing),
            Self::Other => Some(FoundByRecovery::SomethingElse),
            Self::Held { .. } | Self::NotSeen { .. } => None,
        }
    }
}
