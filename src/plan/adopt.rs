//! Extends a ledger without a write: adopts objects of device and inventory, or joins two ledgers.

use super::Ledger;
use crate::model::DeviceConfig;

impl Ledger {
    /// Returns the ledger with all objects that both the device and the inventory have, by name or MAC address. Adopted objects
    /// are recorded as they are on the device.
    #[must_use]
    pub fn adopting(&self, intended: &DeviceConfig, has: &DeviceConfig) -> Self {
        let mut ledger = self.clone();
        let owned = &mut ledger.verified;
        for (name, profile) in &has.profiles {
            if intended.profiles.contains_key(name) && !owned.profiles.contains_key(name) {
                let mut profile = profile.clone();
                profile.slot = None;
                owned.profiles.insert(name.clone(), profile);
            }
        }
        for (mac, endpoint) in &has.endpoints {
            if intended.endpoints.contains_key(mac) && !owned.endpoints.contains_key(mac) {
                let mut endpoint = endpoint.clone();
                endpoint.slot = None;
                owned.endpoints.insert(*mac, endpoint);
            }
        }
        for (name, subscriber) in &has.subscribers {
            if intended.subscribers.contains_key(name) && !owned.subscribers.contains_key(name) {
                let mut subscriber = subscriber.clone();
                subscriber.slot = None;
                owned.subscribers.insert(name.clone(), subscriber);
            }
        }
        ledger
    }

    /// Returns the objects of both ledgers. An object that both have is taken from this one.
    #[must_use]
    pub fn joined(mut self, other: &Self) -> Self {
        let owned = &mut self.verified;
        for (name, profile) in &other.verified.profiles {
            let entry = owned.profiles.entry(name.clone());
            entry.or_insert_with(|| profile.clone());
        }
        for (mac, endpoint) in &other.verified.endpoints {
            owned
                .endpoints
                .entry(*mac)
                .or_insert_with(|| endpoint.clone());
        }
        for (name, subscriber) in &other.verified.subscribers {
            let entry = owned.subscribers.entry(name.clone());
            entry.or_insert_with(|| subscriber.clone());
        }
        self.protected.extend(other.protected.iter().cloned());
        self
    }

    /// Returns the number of owned objects.
    pub fn objects(&self) -> usize {
        let owned = &self.verified;
        owned.profiles.len() + owned.endpoints.len() + owned.subscribers.len()
    }
}
