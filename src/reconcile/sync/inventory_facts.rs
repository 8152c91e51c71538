//! Adds holds, the VLANs of new subscribers and billing's device ids to the view that the sync has of an inventory.

use std::collections::BTreeSet;

use crate::inventory::text::HoldText;
use crate::inventory::{Inventory, device_externals};
use crate::model::billing::BillingName;
use crate::model::{SyncedKey, VlanSet};
use crate::sync::{Hold, SyncInventory, SyncKey};

/// Returns the part of an inventory that the sync of one billing system reads.
pub fn sync_inventory(inventory: &Inventory, system: &BillingName) -> SyncInventory {
    let defaults = inventory.defaults();
    let mut view = SyncInventory::of(inventory, &VlanSet::default());
    view.rest_days = defaults.rest_days;
    for object in inventory.devices() {
        if let Some(device) = view.devices.get_mut(&object.id) {
            device.new_vlan = defaults.new_vlan_on(&object.text);
        }
    }
    for (name, external) in device_externals(inventory) {
        if let Some(device) = view.devices.get_mut(&name)
            && external.system == *system
        {
            device.external = Some(external.device.as_str().into());
        }
    }
    for object in inventory.subscribers() {
        let Some(hold) = &object.text.hold else {
            continue;
        };
        if let Some(subscriber) = view.subscribers.get_mut(&object.id) {
            match held(hold) {
                Some(hold) => subscriber.hold = Some(Box::new(hold)),
                // A hold that cannot be read may hold anything.
                None => view.is_partial = true,
            }
        }
    }
    view
}

fn held(hold: &HoldText) -> Option<Hold> {
    let keys = hold.keys.as_ref()?.iter().flat_map(|key| keys(*key));
    Some(Hold {
        keys: keys.collect(),
        until: hold.until?.end()?,
    })
}

/// Returns the keys that the sync writes for a key that a hold names.
fn keys(key: SyncedKey) -> BTreeSet<SyncKey> {
    match key {
        SyncedKey::ServicePlan => [SyncKey::ServicePlan].into(),
        SyncedKey::State => [SyncKey::State].into(),
        SyncedKey::Endpoint => [SyncKey::Endpoint].into(),
        SyncedKey::Device => [SyncKey::Device].into(),
        SyncedKey::Port => [SyncKey::Port].into(),
        SyncedKey::External => [
            SyncKey::ExternalSystem,
            SyncKey::ExternalAccount,
            SyncKey::ExternalService,
        ]
        .into(),
    }
}
