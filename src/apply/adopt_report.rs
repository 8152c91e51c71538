//! Defines what adopting resulted in: how many objects became owned on which device.

use serde::Serialize;
use uuid::Uuid;

use super::RunResult;
use crate::model::DeviceName;
use crate::plan::Unobservable;

/// What adopting resulted in, by device.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct AdoptReport {
    /// Left out where nothing was adopted, so that nothing is stored under it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<Uuid>,
    /// How many objects were adopted on each device that was looked at.
    pub adopted: Vec<Adopted>,
    pub unobservable: Vec<Unobservable>,
}

/// How many objects of a device became owned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Adopted {
    pub device: DeviceName,
    pub objects: usize,
}

impl AdoptReport {
    pub fn result(&self) -> RunResult {
        match self.unobservable.is_empty() {
            true => RunResult::Done,
            false => RunResult::NotObserved,
        }
    }
}
