//! Assigns VLANs to new subscribers: the lowest one that is free on the device, each only once.

use std::collections::{BTreeMap, BTreeSet};

use super::context::SyncInputs;
use super::inventory_view::SyncDevice;
use super::reason::Reason;
use super::settings::DAY;
use crate::inventory::text::NewVlan;
use crate::model::{DeviceName, VlanId};

/// The VLANs that are in use on each device, those assigned in this run included.
#[derive(Debug)]
pub(super) struct VlanPool<'a> {
    inputs: SyncInputs<'a>,
    used: BTreeMap<DeviceName, BTreeSet<VlanId>>,
    /// The last VLAN that was assigned on each device: none below it is free.
    assigned: BTreeMap<DeviceName, VlanId>,
}

impl<'a> VlanPool<'a> {
    pub(super) fn of(inputs: SyncInputs<'a>) -> Self {
        let mut used: BTreeMap<DeviceName, BTreeSet<VlanId>> = BTreeMap::new();
        for subscriber in inputs.inventory.subscribers.values() {
            let vlans = used.entry(subscriber.device.clone()).or_default();
            vlans.insert(subscriber.vlan);
            vlans.extend(subscriber.other_vlans.iter().flat_map(|vlans| vlans.iter()));
        }
        for (device, look) in &inputs.looks.devices {
            // Unmanaged subscribers use VLANs as well.
            used.entry(device.clone()).or_default().extend(&look.vlans);
        }
        let rest = u64::from(inputs.inventory.rest_days).saturating_mul(DAY);
        // A person may have removed the subscriber since the last run, or a run that ended before it stored the base: the VLAN
        // begins to rest in this run.
        let known = inputs.base.services.values();
        let known = known.filter_map(|known| known.vlan.as_ref());
        for (device, vlan) in known.filter(|_| rest > 0) {
            match used.get_mut(device) {
                Some(vlans) => drop(vlans.insert(*vlan)),
                None => drop(used.insert(device.clone(), BTreeSet::from([*vlan]))),
            }
        }
        for (device, resting) in &inputs.base.resting {
            let still = resting
                .iter()
                .filter(|(_, since)| inputs.now.saturating_sub(**since) < rest);
            let vlans = used.entry(device.clone()).or_default();
            vlans.extend(still.map(|(vlan, _)| *vlan));
        }
        Self {
            inputs,
            used,
            assigned: BTreeMap::new(),
        }
    }

    /// Assigns a VLAN on a device to a new subscriber.
    pub(super) fn assign(&mut self, device: &DeviceName) -> Result<VlanId, Reason> {
        let no_vlan = || Reason::NoVlanLeft {
            device: device.clone(),
        };
        let Some(known) = self.inputs.inventory.devices.get(device) else {
            return Err(no_vlan());
        };
        if let NewVlan::Shared(vlan) = known.new_vlan {
            return Ok(vlan);
        }
        let last = self.assigned.get(device).copied();
        let mut pool = self.inputs.inventory.pool.iter();
        let vlan = pool.find(|vlan| {
            last.is_none_or(|last| *vlan > last) && self.can_carry(device, known, *vlan)
        });
        let vlan = vlan.ok_or_else(no_vlan)?;
        self.use_up(device, vlan);
        self.assigned.insert(device.clone(), vlan);
        Ok(vlan)
    }

    /// Returns whether a subscriber can bring its VLAN to another device.
    pub(super) fn is_free(&self, device: &DeviceName, vlan: VlanId) -> bool {
        let known = self.inputs.inventory.devices.get(device);
        known.is_some_and(|known| match known.new_vlan {
            NewVlan::Shared(shared) => shared == vlan,
            NewVlan::LowestFree => self.can_carry(device, known, vlan),
        })
    }

    /// Keeps a VLAN from being assigned again in this run.
    pub(super) fn use_up(&mut self, device: &DeviceName, vlan: VlanId) {
        self.used.entry(device.clone()).or_default().insert(vlan);
    }

    fn can_carry(&self, name: &DeviceName, device: &SyncDevice, vlan: VlanId) -> bool {
        let look = self.inputs.looks.devices.get(name);
        let observed = look.and_then(|look| look.uplink_vlans.as_ref());
        // The inventory's list will be on the device; without one, the device keeps what it has.
        let uplinks = device.uplink_vlans.as_ref().or(observed);
        let passes = uplinks.is_none_or(|passing| passing.contains(vlan));
        let is_used = self.used.get(name).is_some_and(|used| used.contains(&vlan));
        passes && !is_used && vlan.check_data().is_ok() && vlan != device.management_vlan
    }
}
