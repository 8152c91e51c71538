//! Pairs an observation with its fingerprint, computed when the look comes in, not during planning.

use std::collections::BTreeMap;

use crate::model::{DeviceName, Fingerprint, NotObserved, Observation};
use crate::plan::Observed;

/// The observation of one device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FingerprintedObservation {
    observation: Observation,
    fingerprint: Fingerprint,
}

/// The observations of the devices in scope, or the reasons that there are none.
pub type LookResults = BTreeMap<DeviceName, Result<FingerprintedObservation, NotObserved>>;

impl FingerprintedObservation {
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

    /// Returns the reference to it in a plan.
    pub(super) fn observed(&self) -> Observed {
        Observed {
            sequence: self.observation.sequence,
            fingerprint: self.fingerprint.clone(),
        }
    }
}
