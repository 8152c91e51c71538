//! Defines the result of adopting: the number of objects that became owned on each device.

use serde::Serialize;
use uuid::Uuid;

use super::RunResult;
use crate::model::DeviceName;
use crate::plan::Unobservable;

/// The result of adopting, by device.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct AdoptReport {
    /// Left out if nothing was adopted, so that nothing is stored under it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<Uuid>,
    /// The number of adopted objects of each device that was looked at.
    pub adopted: Vec<Adopted>,
    pub unobservable: Vec<Unobservable>,
}

/// The number of objects of a device that became owned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Adopted {
    pub device: DeviceName,
    pub objects: usize,
}

impl AdoptReport {
    pub fn result(&self) -> RunResult {
        RunResult::of_looks(self.adopted.len(), self.unobservable.len())
    }
}
