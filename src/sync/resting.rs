//! Computes the VLANs at rest after a run: those that were given up lately.

use std::collections::{BTreeMap, BTreeSet};

use super::context::SyncInputs;
use super::inventory_view::SyncInventory;
use super::settings::DAY;
use crate::model::{DeviceName, VlanId};

/// Returns the VLANs at rest: those that a subscriber of the base gave up, and earlier ones.
pub(super) fn next_resting(
    inputs: SyncInputs<'_>,
    after: &SyncInventory,
) -> BTreeMap<DeviceName, BTreeMap<VlanId, u64>> {
    let mut used: BTreeSet<(&DeviceName, VlanId)> = BTreeSet::new();
    for subscriber in after.subscribers.values() {
        used.insert((&subscriber.device, subscriber.vlan));
    }
    let rest = u64::from(inputs.inventory.rest_days).saturating_mul(DAY);
    let mut resting = inputs.base.resting.clone();
    for vlans in resting.values_mut() {
        vlans.retain(|_, since| inputs.now.saturating_sub(*since) < rest);
    }
    let mut give_up = |device: &DeviceName, vlan: VlanId| {
        if !used.contains(&(device, vlan)) {
            let vlans = resting.entry(device.clone()).or_default();
            vlans.entry(vlan).or_insert(inputs.now);
        }
    };
    for base in inputs.base.services.values() {
        if let Some((device, vlan)) = &base.vlan {
            give_up(device, *vlan);
        }
    }
    for subscriber in inputs.inventory.subscribers.values() {
        give_up(&subscriber.device, subscriber.vlan);
    }
    for (device, vlans) in &mut resting {
        vlans.retain(|vlan, _| !used.contains(&(device, *vlan)));
    }
    resting.retain(|_, vlans| !vlans.is_empty());
    resting
}
