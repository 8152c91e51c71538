//! Keeps what the devices hear, and reads only the looks that were stored since.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::history::{Store, StoreError};
use crate::inventory::Inventory;
use crate::model::{DeviceName, MacAddress, PortNumber};
use crate::reconcile::sync::add_heard;
use crate::sync::Looks;

/// The store counts seconds, and a transaction may end after one that began later.
const OVERLAP: u64 = 10;

/// The latest looks at the devices of an inventory.
#[derive(Debug, Default)]
pub(in crate::service) struct KnownLooks {
    looks: Arc<Looks>,
    /// By the store's clock, in seconds since 1970; absent before the first reading.
    until: Option<u64>,
    read: ReadLooks,
    /// The endpoints that were reported as heard where something can follow.
    reported: BTreeSet<(MacAddress, DeviceName, Option<PortNumber>)>,
}

/// The times of the looks that were read.
#[derive(Debug, Default)]
struct ReadLooks(BTreeMap<DeviceName, u64>);

impl ReadLooks {
    fn has(&self, device: &DeviceName, at: u64) -> bool {
        self.0.get(device) == Some(&at)
    }

    /// Notes a look that was read at `now`. Within its second, another one may be stored with the same time.
    fn note(&mut self, device: &DeviceName, at: u64, now: u64) {
        if at < now {
            self.0.insert(device.clone(), at);
        }
    }
}

impl KnownLooks {
    pub(in crate::service) fn looks(&self) -> Arc<Looks> {
        self.looks.clone()
    }

    /// Reads the looks that were stored since, and returns the endpoints from which something can follow for the first time.
    pub(in crate::service) async fn refresh(
        &mut self,
        store: &Store,
        inventory: &Inventory,
    ) -> Result<BTreeSet<MacAddress>, StoreError> {
        let since = self.until.unwrap_or_default();
        let (stored, now) = store.looks_stored_since(since).await?;
        let names: BTreeSet<&DeviceName> = inventory.devices().map(|device| &device.id).collect();
        let looks = Arc::make_mut(&mut self.looks);
        looks.devices.retain(|device, _| names.contains(device));
        looks
            .endpoints
            .retain(|heard| names.contains(&heard.device));
        for (device, at) in &stored {
            if !names.contains(device) || self.read.has(device, *at) {
                continue;
            }
            let look = store.last_look_and_heard(device).await?;
            self.read.note(device, *at, now);
            if looks.devices.remove(device).is_some() {
                looks.endpoints.retain(|heard| heard.device != *device);
            }
            if let Some((look, heard)) = look {
                add_heard(looks, device, &look, &heard);
            }
        }
        self.until = Some(now.saturating_sub(OVERLAP));
        Ok(self.report())
    }

    fn report(&mut self) -> BTreeSet<MacAddress> {
        let settled = self.looks.settled_elsewhere();
        let key =
            |heard: &crate::sync::HeardEndpoint| (heard.mac, heard.device.clone(), heard.port);
        let now: BTreeSet<_> = settled.map(key).collect();
        let new = now
            .difference(&self.reported)
            .map(|(mac, ..)| *mac)
            .collect();
        self.reported = now;
        new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_is_read_once_unless_another_one_may_have_its_time() {
        let device = DeviceName::new("maple-a").unwrap();
        let mut read = ReadLooks::default();
        read.note(&device, 100, 100);
        assert!(!read.has(&device, 100), "its second is not over");
        read.note(&device, 100, 101);
        assert!(read.has(&device, 100));
        assert!(!read.has(&device, 102), "the device was looked at again");
    }
}
