//! Defines what the store knows of the planned devices beside ownership: work left open, and freezes.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::model::DeviceName;

/// The facts of the store that keep a plan from being the whole truth. Lists are sorted by device, times are seconds
/// since 1970.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredState {
    /// The store could not be asked, so nothing of this is known. One sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unavailable: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub half_written: Vec<HalfWritten>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unsaved: Vec<NotSaved>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub frozen: Vec<Frozen>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waiting: Vec<WaitingChanges>,
}

/// A device that a run was writing to, without a known end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HalfWritten {
    pub device: DeviceName,
    pub run: Uuid,
    /// The start of the run.
    pub since: u64,
    /// A process still has the lease: it may be writing now.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_leased: bool,
}

/// A device whose running-config is not in its startup-config.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NotSaved {
    pub device: DeviceName,
    pub run: Uuid,
    pub since: u64,
}

/// A device that a freeze keeps from being written to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Frozen {
    pub device: DeviceName,
    pub who: String,
    pub until: u64,
    pub reason: String,
    /// It has something to do, which the freeze delays.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub has_changes: bool,
}

/// Changes of the inventory since a device was last verified, while the device could not be observed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WaitingChanges {
    pub device: DeviceName,
    pub changes: usize,
    /// Its last stored look; left out: none is stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_reached: Option<u64>,
}

impl StoredState {
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    /// Returns whether a run has something to do that is not among the steps of the plans.
    pub fn has_open_work(&self) -> bool {
        !(self.half_written.is_empty() && self.unsaved.is_empty() && self.waiting.is_empty())
    }

    /// Returns the number of devices whose changes a freeze delays.
    pub fn delayed(&self) -> usize {
        self.frozen.iter().filter(|one| one.has_changes).count()
    }

    /// Returns the number of changes that wait for devices that could not be observed.
    pub fn waiting_changes(&self) -> usize {
        self.waiting.iter().map(|one| one.changes).sum()
    }
}
