//! A look together with its fingerprint, which is worked out when the look comes in and not while plans are made.

use std::collections::BTreeMap;

use crate::model::{DeviceName, Fingerprint, NotObserved, Observation};
use crate::plan::Observed;

/// What one device was seen to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighting {
    observation: Observation,
    fingerprint: Fingerprint,
}

/// What the devices in scope were seen to be; what could not be seen has its reason.
pub type Sightings = BTreeMap<DeviceName, Result<Sighting, NotObserved>>;

impl Sighting {
    pub fn of(observation: Observation) -> Self {
        Self {
            fingerprint: Fingerprint::of(&observation),
            observation,
        }
    }

    pub fn observation(&self) -> &Observation {
        &self.observation
    }

    pub fn fingerprint(&self) -> &Fingerprint {
        &self.fingerprint
    }

    /// Returns what a plan that was made from it says of it.
    pub(super) fn observed(&self) -> Observed {
        Observed {
            sequence: self.observation.sequence,
            fingerprint: self.fingerprint.clone(),
        }
    }
}
