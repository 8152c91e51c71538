//! Determines what becomes owned without a write: what both device and inventory have, or two ledgers.

use super::Ledger;
use crate::model::DeviceConfig;

impl Ledger {
    /// Returns what is ours once everything is that a device and the inventory both have, by MAC or name, as it is now on the device.
    #[must_use]
    pub fn adopting(&self, intended: &DeviceConfig, has: &DeviceConfig) -> Self {
        let mut ledger = self.clone();
        let own = &mut ledger.verified;
        for (name, profile) in &has.profiles {
            if intended.profiles.contains_key(name) && !own.profiles.contains_key(name) {
                let mut profile = profile.clone();
                profile.slot = None;
                own.profiles.insert(name.clone(), profile);
            }
        }
        for (mac, endpoint) in &has.endpoints {
            if intended.endpoints.contains_key(mac) && !own.endpoints.contains_key(mac) {
                let mut endpoint = endpoint.clone();
                endpoint.slot = None;
                own.endpoints.insert(*mac, endpoint);
            }
        }
        for (name, subscriber) in &has.subscribers {
            if intended.subscribers.contains_key(name) && !own.subscribers.contains_key(name) {
                let mut subscriber = subscriber.clone();
                subscriber.slot = None;
                own.subscribers.insert(name.clone(), subscriber);
            }
        }
        ledger
    }

    /// Returns what is ours by either ledger; where both know an object, as this one knows it.
    #[must_use]
    pub fn joined(mut self, other: &Self) -> Self {
        let own = &mut self.verified;
        for (name, profile) in &other.verified.profiles {
            let entry = own.profiles.entry(name.clone());
            entry.or_insert_with(|| profile.clone());
        }
        for (mac, endpoint) in &other.verified.endpoints {
            own.endpoints
                .entry(*mac)
                .or_insert_with(|| endpoint.clone());
        }
        for (name, subscriber) in &other.verified.subscribers {
            let entry = own.subscribers.entry(name.clone());
            entry.or_insert_with(|| subscriber.clone());
        }
        self.protected.extend(other.protected.iter().cloned());
        self
    }

    /// Returns how many objects are ours.
    pub fn objects(&self) -> usize {
        let own = &self.verified;
        own.profiles.len() + own.endpoints.len() + own.subscribers.len()
    }
}
