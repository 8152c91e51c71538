//! Holds the intended configuration, ownership and limits of all devices.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use crate::inventory::text::{LimitText, LimitsText, UnmanagedAction};
use crate::inventory::{
    IntendedDevice, Inventory, SubscriberObject, complete_subscriber, resolve, resolve_device,
};
use crate::model::{
    DeviceConfig, DeviceName, DeviceState, SubscriberId, SubscriberIds, SubscriberName,
    SubscriberState,
};
use crate::plan::{
    InventoryFacts, InventoryVersion, Ledger, Limit, Limits, Planned, PolicyVersion, guard,
};

/// The inputs of all plans, except the observations.
#[derive(Debug)]
pub struct Fleet<'a> {
    pub inventory: &'a Inventory,
    pub version: InventoryVersion,
    /// By name.
    pub devices: Vec<IntendedDevice>,
    pub applied: Option<Applied<'a>>,
    /// The ledgers of the store, by device; without a store `applied` decides ownership.
    pub ledgers: Option<BTreeMap<DeviceName, Ledger>>,
    /// The devices whose ledger has only what was found as intended.
    pub only_found: BTreeSet<DeviceName>,
    pub policy: Policy,
    /// The operator allowed changes to management access.
    pub allows_management: bool,
}

/// The inventory as it was last applied: without a store it decides ownership.
#[derive(Debug)]
pub struct Applied<'a> {
    pub inventory: &'a Inventory,
    devices: BTreeMap<DeviceName, IntendedDevice>,
}

/// The limits for changes, and the action for unmanaged objects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    pub limits: Limits,
    pub removes_unmanaged: bool,
    pub version: PolicyVersion,
}

impl<'a> Fleet<'a> {
    /// Builds it from an inventory without errors.
    pub fn of(
        inventory: &'a Inventory,
        version: InventoryVersion,
        applied: Option<Applied<'a>>,
        policy: Policy,
    ) -> Self {
        Self {
            inventory,
            version,
            devices: resolve(inventory),
            applied,
            ledgers: None,
            only_found: BTreeSet::new(),
            policy,
            allows_management: false,
        }
    }

    /// Returns the ledger of a device, or `None` if its ownership is unknown.
    pub fn known(&self, device: &DeviceName) -> Option<Ledger> {
        if let Some(ledgers) = &self.ledgers {
            return ledgers.get(device).cloned();
        }
        let applied = self.applied.as_ref()?;
        let config = applied
            .devices
            .get(device)
            .map(|device| device.config.clone());
        Some(Ledger {
            protected: protected(applied.inventory, device),
            ..Ledger::of(config.unwrap_or_default())
        })
    }

    /// Returns the former names of a device's subscribers, by their present names, as given by `moved_from`.
    pub(super) fn renamed(&self, device: &DeviceName) -> BTreeMap<SubscriberName, SubscriberName> {
        let mut renamed = BTreeMap::new();
        for object in self.inventory.subscribers_of(device.as_str()) {
            let (Some(old), Some(now)) = (&object.text.moved_from, complete_subscriber(object))
            else {
                continue;
            };
            let known = self.applied.as_ref().and_then(|applied| {
                let mut subscribers = applied.inventory.subscribers_of(device.as_str());
                let old = subscribers.find(|subscriber| &subscriber.id == old)?;
                Some(complete_subscriber(old)?.name)
            });
            // Without a name of its own, a subscriber is named by its id.
            let old = known.or_else(|| SubscriberName::new(old.as_str()).ok());
            if let Some(old) = old.filter(|old| *old != now.name) {
                renamed.insert(now.name, old);
            }
        }
        renamed
    }

    /// Returns the ids of a device's subscribers that have another name there, also of those that the last applied inventory
    /// had.
    ///
    /// A name that passed from one subscriber to another has no id: a step may be about either of them.
    pub(super) fn subscriber_ids(&self, device: &DeviceName) -> SubscriberIds {
        let of_device = |inventory: &'a Inventory| inventory.subscribers_of(device.as_str());
        let before = self.applied.as_ref().map(|applied| applied.inventory);
        let before = || before.into_iter().flat_map(of_device);
        let mut ids = SubscriberIds::default();
        if !before()
            .chain(of_device(self.inventory))
            .any(|object| object.text.name.is_some())
        {
            return ids;
        }
        let earlier: BTreeMap<SubscriberName, &SubscriberId> = before()
            .filter_map(|object| Some((name_on_device(object)?, &object.id)))
            .collect();
        for (name, id) in &earlier {
            ids.set(name.clone(), (*id).clone());
        }
        for object in of_device(self.inventory) {
            let Some(name) = name_on_device(object) else {
                continue;
            };
            let is_same = earlier.get(&name).is_none_or(|earlier| {
                **earlier == object.id || object.text.moved_from.as_ref() == Some(*earlier)
            });
            match is_same {
                true => ids.set(name, object.id.clone()),
                false => ids.forget(&name),
            }
        }
        ids
    }

    /// Returns whether a device's inventory changed since it was last applied.
    pub(super) fn is_pending(&self, device: &IntendedDevice) -> bool {
        if let Some(ledgers) = &self.ledgers {
            let verified = ledgers.get(&device.name).map(|ledger| &ledger.verified);
            return device.state.is_written() && verified != Some(&device.config);
        }
        let applied = self.applied.as_ref();
        applied.is_some_and(|applied| applied.devices.get(&device.name) != Some(device))
    }

    /// Returns the installed devices of the last applied inventory that the present one does not have.
    ///
    /// A device that was retired first has been cleared, and is not reported.
    pub(super) fn dropped(&self) -> Vec<DeviceName> {
        let now: BTreeSet<&DeviceName> = self.devices.iter().map(|device| &device.name).collect();
        let before = self.applied.iter().flat_map(|applied| &applied.devices);
        let mut dropped: BTreeSet<DeviceName> = before
            .filter(|(name, device)| {
                let was_installed = !matches!(
                    device.state,
                    DeviceState::Retired | DeviceState::Preprovision
                );
                was_installed && !now.contains(name)
            })
            .map(|(name, _)| name.clone())
            .collect();
        let ledgers = self.ledgers.iter().flatten();
        dropped.extend(
            ledgers
                .filter(|(name, ledger)| {
                    !now.contains(name) && ledger.verified != DeviceConfig::default()
                })
                .map(|(name, _)| name.clone()),
        );
        dropped.into_iter().collect()
    }

    /// Applies the limits to all plans together.
    pub fn judge(&self, planned: &mut Planned) {
        planned.refusals = guard(
            &mut planned.devices,
            &self.policy.limits,
            &self.inventory_facts(),
        );
    }

    /// Returns the size of the inventory for limits in percent: the present or the last applied one, whichever is larger.
    /// A commit that removes most subscribers must not lower the number that its own limit is computed from.
    pub(super) fn inventory_facts(&self) -> InventoryFacts {
        let count = |inventory: &Inventory| inventory.subscribers().count();
        let applied = self.applied.as_ref();
        let applied = applied.map_or(0, |applied| count(applied.inventory));
        let names = || self.devices.iter().map(|device| &device.name);
        let suspended = |device: &DeviceName| {
            let subscribers = self.inventory.subscribers_of(device.as_str());
            let subscribers = subscribers.filter_map(complete_subscriber);
            let suspended = subscribers.filter(|one| one.state == SubscriberState::Suspended);
            suspended.map(|one| one.name).collect()
        };
        InventoryFacts {
            subscribers: count(self.inventory).max(applied),
            devices: self.installed().count(),
            suspended: names()
                .map(|device| (device.clone(), suspended(device)))
                .collect(),
            renamed: names()
                .map(|device| (device.clone(), self.renamed(device)))
                .collect(),
        }
    }

    /// Returns the devices that can be looked at: all that are installed.
    pub fn installed(&self) -> impl Iterator<Item = &IntendedDevice> {
        self.devices
            .iter()
            .filter(|device| device.state != DeviceState::Preprovision)
    }
}

impl<'a> Applied<'a> {
    pub fn of(inventory: &'a Inventory) -> Self {
        let devices = resolve(inventory).into_iter();
        Self {
            inventory,
            devices: devices
                .map(|device| (device.name.clone(), device))
                .collect(),
        }
    }

    /// Builds it for one device, if no more is needed.
    pub fn of_device(inventory: &'a Inventory, device: &str) -> Self {
        let devices = resolve_device(inventory, device).into_iter();
        Self {
            inventory,
            devices: devices
                .map(|device| (device.name.clone(), device))
                .collect(),
        }
    }

    pub fn commit(&self) -> Option<String> {
        self.inventory.commit().map(str::to_owned)
    }

    /// Returns the intended configuration of a device.
    pub fn device(&self, device: &DeviceName) -> Option<&IntendedDevice> {
        self.devices.get(device)
    }
}

/// Returns the subscribers of a device that an inventory protects.
pub(super) fn protected(inventory: &Inventory, device: &DeviceName) -> BTreeSet<SubscriberName> {
    let subscribers = inventory.subscribers_of(device.as_str());
    subscribers
        .filter_map(complete_subscriber)
        .filter(|subscriber| subscriber.protected)
        .map(|subscriber| subscriber.name)
        .collect()
}

impl Policy {
    /// Takes the limits of `judging`, the inventory of the commit before, and the action for unmanaged objects of the
    /// inventory.
    pub fn of(judging: &Inventory, inventory: &Inventory) -> Self {
        let limits = judging.policy().and_then(|policy| policy.limits.as_ref());
        let limit = |of: fn(&LimitsText) -> Option<&LimitText>, count, percent| match limits
            .and_then(|limits| of(limits))
        {
            Some(text) => Limit {
                count: text.count,
                percent: text.percent.as_ref().map(|percent| percent.0),
            },
            None => Limit { count, percent },
        };
        // The defaults of src/inventory/text/policy.rs.
        let limits = Limits {
            removals_per_device: limit(|all| all.removals_per_device.as_ref(), Some(5), Some(20)),
            removals: limit(|all| all.removals.as_ref(), Some(20), Some(2)),
            interruptions: limit(|all| all.interruptions.as_ref(), Some(100), Some(10)),
            slower: limit(|all| all.slower.as_ref(), Some(100), Some(10)),
            suspensions: limit(|all| all.suspensions.as_ref(), Some(20), Some(10)),
            reassignments: limit(|all| all.reassignments.as_ref(), Some(20), Some(10)),
            devices: limit(|all| all.devices.as_ref(), Some(25), None),
        };
        let action = |inventory: &Inventory| {
            let unmanaged = inventory.policy()?.unmanaged.as_ref()?;
            unmanaged.action
        };
        // Both commits must agree: the removal of unmanaged objects must have been approved before.
        let removes_unmanaged = action(judging) == Some(UnmanagedAction::Remove)
            && action(inventory) == Some(UnmanagedAction::Remove);
        let text = format!("{limits:?} {removes_unmanaged}");
        Self {
            limits,
            removes_unmanaged,
            version: PolicyVersion {
                commit: judging.commit().map(str::to_owned),
                digest: hex(&Sha256::digest(text.as_bytes())),
            },
        }
    }
}

/// Returns a digest over the paths and texts of all files of an inventory.
pub fn inventory_digest(inventory: &Inventory) -> String {
    let mut digest = Sha256::new();
    for (path, text) in inventory.texts() {
        for part in [path.as_bytes(), text.as_bytes()] {
            // Include the lengths, so that no text can be read as the next path.
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part);
        }
    }
    hex(&digest.finalize())
}

fn hex(octets: &[u8]) -> String {
    let mut text = String::with_capacity(octets.len() * 2);
    for octet in octets {
        let _written = write!(text, "{octet:02x}");
    }
    text
}

/// Returns a subscriber's name on the device: without one of its own, its id.
fn name_on_device(object: &SubscriberObject) -> Option<SubscriberName> {
    match &object.text.name {
        Some(name) => Some(name.clone()),
        None => SubscriberName::new(object.id.as_str()).ok(),
    }
}
