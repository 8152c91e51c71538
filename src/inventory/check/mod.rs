//! Checks the rules that need more than one object.

mod billing;
mod device;
mod external;
mod identity;
mod lane;
mod new_vlan;
mod policy;
mod reference;
mod service_plan;
mod subscriber;
mod vlan;
mod window;

use super::assemble::{DeviceObject, Inventory, ObjectPosition, SubscriberObject};
use super::defaults::{KnownDefaults, NetworkDefaults};
use super::locate::Pending;
use super::parallel;
use super::record::Fields;
use crate::model::{DeviceState, GamModel, Rule, SubscriberState, VlanId};

/// Every set of rules of this folder.
pub(in crate::inventory) static RULE_SETS: &[&[&Rule]] = &[
    reference::RULES,
    identity::RULES,
    service_plan::RULES,
    device::RULES,
    subscriber::RULES,
    vlan::RULES,
    policy::RULES,
    lane::RULES,
    window::RULES,
    billing::RULES,
    external::RULES,
];

/// One device with its subscribers, as the rules see it.
struct CheckedDevice<'a> {
    inventory: &'a Inventory,
    defaults: &'a NetworkDefaults,
    known: KnownDefaults,
    position: ObjectPosition,
    device: &'a DeviceObject,
    /// Absent if it is not written, which another rule reports.
    model: Option<GamModel>,
    subscribers: Vec<Member<'a>>,
}

/// A subscriber of a checked.
#[derive(Clone, Copy)]
struct Member<'a> {
    position: ObjectPosition,
    object: &'a SubscriberObject,
}

impl Member<'_> {
    /// Returns whether the state is known; where it cannot be read, what it excuses must not be reported.
    fn knows_state(&self) -> bool {
        self.object.text.state.is_some() || self.object.text.is_absent("state")
    }

    /// Returns the state; the default where it cannot be read.
    fn state(&self) -> SubscriberState {
        self.object.text.state.unwrap_or(SubscriberState::Active)
    }
}

impl CheckedDevice<'_> {
    /// Returns whether the state is known; where it cannot be read, what it excuses must not be reported.
    fn knows_state(&self) -> bool {
        self.device.text.state.is_some() || self.device.text.is_absent("state")
    }

    /// Returns the VLAN that the device is managed through, unless that cannot be read.
    fn management_vlan(&self) -> Option<VlanId> {
        let text = &self.device.text;
        let default = self.defaults.management_vlan;
        let falls_back = text.is_absent("management_vlan") && self.known.management;
        text.management_vlan.or(falls_back.then_some(default))
    }

    fn state(&self) -> DeviceState {
        self.device.text.state.unwrap_or(DeviceState::Managed)
    }

    /// Points at the VLANs that pass the first uplink.
    fn point_at_uplink(&self) -> super::locate::Pointer {
        let uplinks = self.device.text.uplink.as_ref();
        let first = uplinks.and_then(|uplinks| uplinks.0.first());
        let number = first.map_or(1, |(number, _)| number.get());
        let device = self.inventory.point_at_device(self.position);
        device.key("uplink").key(number).value("allowed_vlans")
    }

    fn point_at(&self, member: &Member<'_>) -> super::locate::Pointer {
        self.inventory.point_at_subscriber(member.position)
    }
}

/// Returns what is wrong between the objects of an inventory.
pub(in crate::inventory) fn check(inventory: &Inventory) -> Vec<Pending> {
    let defaults = inventory.defaults();
    let known = inventory.known_defaults();
    let numbers: Vec<usize> = (0..inventory.devices.len()).collect();
    let (mut fleet, all_checked) = parallel::both(
        || {
            let mut pending = Vec::new();
            identity::check(inventory, &mut pending);
            reference::check(inventory, &mut pending);
            policy::check(inventory, &mut pending);
            lane::check(inventory, &mut pending);
            window::check(inventory, &mut pending);
            new_vlan::check_network(inventory, &mut pending);
            billing::check(inventory, &mut pending);
            external::check(inventory, &mut pending);
            pending
        },
        || {
            parallel::map_with(
                &numbers,
                || (),
                |(), number| {
                    let mut pending = Vec::new();
                    let mut uses = Vec::new();
                    if let Some(checked) = checked_device(inventory, &defaults, known, *number) {
                        device::check(&checked, &mut pending);
                        subscriber::check(&checked, &mut pending);
                        vlan::check(&checked, &mut pending);
                        new_vlan::check(&checked, &mut pending);
                        uses = service_plan::uses(&checked, &mut pending);
                    }
                    (pending, uses)
                },
            )
        },
    );
    let mut uses = service_plan::Uses::new();
    for (pending, of_device) in all_checked {
        fleet.extend(pending);
        for (plan, medium, subscriber) in of_device {
            uses.entry((plan, medium)).or_insert(subscriber);
        }
    }
    service_plan::check(inventory, &defaults, known, &uses, &mut fleet);
    fleet
}

fn checked_device<'a>(
    inventory: &'a Inventory,
    defaults: &'a NetworkDefaults,
    known: KnownDefaults,
    number: usize,
) -> Option<CheckedDevice<'a>> {
    let position = *inventory.devices.get(number)?;
    let device = inventory.device_at(position)?;
    let subscribers = inventory
        .member_positions(number)
        .iter()
        .filter_map(|position| {
            let object = inventory.subscriber_at(*position)?;
            Some(Member {
                position: *position,
                object,
            })
        })
        .collect();
    Some(CheckedDevice {
        inventory,
        defaults,
        known,
        position,
        device,
        model: device.text.model,
        subscribers,
    })
}

#[cfg(test)]
mod tests {
    use crate::inventory::source::Limits;
    use crate::inventory::{GOOD_INVENTORY, read_texts};

    fn rules_of(path: &str, text: &str) -> Vec<&'static str> {
        let mut texts: std::collections::BTreeMap<_, _> = GOOD_INVENTORY
            .iter()
            .map(|(path, text)| ((*path).into(), (*text).into()))
            .collect();
        texts.insert(path.into(), text.into());
        let reading = read_texts(&texts, &Limits::default());
        reading.findings.iter().map(|one| one.rule.id).collect()
    }

    #[test]
    fn a_mistyped_state_is_not_taken_for_the_default() {
        let device = "[device.maple-a]\nmodel = \"GAM-24-C\"\nstate = \"preprovisoin\"\n";
        assert_eq!(rules_of("devices/maple.toml", device), ["unknown-word"]);
        let subscriber = "[subscriber.a]\ndevice = \"maple-a\"\nport = 1\nservice_plan = \"home-100\"\nvlan = 101\nstate = \"pendign\"\n";
        let found = rules_of("subscribers/maple.toml", subscriber);
        assert_eq!(found, ["unknown-word"]);
    }
}
