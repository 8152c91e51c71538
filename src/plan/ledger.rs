//! What is ours on a device: the objects that gamctl created or was told to adopt, as they were when last verified.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::model::{DeviceConfig, MacAddress, ProfileName, SubscriberName};

/// What gamctl owns on one device.
///
/// An empty ledger owns nothing, so a lost one leads to no removal.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Ledger {
    /// What was last applied and verified, objects that are ours only; no slots.
    pub verified: DeviceConfig,
    /// Subscribers that must not be removed in this step, whatever the inventory says.
    pub protected: BTreeSet<SubscriberName>,
}

impl Ledger {
    /// Returns a ledger that owns all objects of a configuration, as after applying it.
    pub fn of(verified: DeviceConfig) -> Self {
        Self {
            verified,
            protected: BTreeSet::new(),
        }
    }

    pub fn owns_profile(&self, name: &ProfileName) -> bool {
        self.verified.profiles.contains_key(name)
    }

    pub fn owns_endpoint(&self, mac: MacAddress) -> bool {
        self.verified.endpoints.contains_key(&mac)
    }

    pub fn owns_subscriber(&self, name: &SubscriberName) -> bool {
        self.verified.subscribers.contains_key(name)
    }
}
