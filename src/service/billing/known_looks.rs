//! Keeps what the devices hear, and reads only the looks that were stored since.

use std::collections::BTreeSet;
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
    /// The endpoints that were reported as heard where something can follow.
    reported: BTreeSet<(MacAddress, DeviceName, Option<PortNumber>)>,
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
        for device in stored.iter().filter(|device| names.contains(device)) {
            let look = store.last_look_and_heard(device).await?;
            looks.devices.remove(device);
            looks.endpoints.retain(|heard| heard.device != *device);
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
