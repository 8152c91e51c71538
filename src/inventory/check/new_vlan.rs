//! Checks the VLAN of new subscribers: one that a subscriber of the device can have.

use super::CheckedDevice;
use super::device::uplink_vlans;
use super::vlan::{
    DATA_VLANS, MANAGEMENT_HINT, MANAGEMENT_VLAN, OUTSIDE_POOL, RESERVED_VLAN, SHARED_VLAN,
    not_on_uplink,
};
use crate::inventory::assemble::Inventory;
use crate::inventory::locate::{Pending, Pointer};
use crate::inventory::text::NewVlan;
use crate::model::{VlanId, VlanMode};

const ONE_FOR_ALL: &str =
    "write `\"lowest-free\"`, or let subscribers share with `vlan_mode = \"shared\"`";

/// Checks `vlans.new` of `network.toml`.
pub(super) fn check_network(inventory: &Inventory, pending: &mut Vec<Pending>) {
    let defaults = inventory.defaults();
    let (Some(file), NewVlan::Shared(vlan)) = (inventory.networks.first(), defaults.new_vlan)
    else {
        return;
    };
    let at = Pointer::to_file(*file).key("vlans").value("new");
    let management = inventory
        .known_defaults()
        .management
        .then_some(defaults.management_vlan);
    if let Some(found) = unusable("the network", vlan, management, &at) {
        pending.push(found);
        return;
    }
    if defaults
        .pool
        .as_ref()
        .is_some_and(|pool| !pool.contains(vlan))
    {
        let message = format!("the VLAN of new subscribers is {vlan}, which is not in the pool");
        pending.push(
            Pending::new(&OUTSIDE_POOL, at.clone(), message)
                .hint("add it to `subscribers` in `[vlans]`, or choose one of them"),
        );
    }
    if defaults.vlan_mode == VlanMode::Unique {
        let message = format!("new subscribers all get VLAN {vlan}, and each must have its own");
        pending.push(Pending::new(&SHARED_VLAN, at, message).hint(ONE_FOR_ALL));
    }
}

/// Checks `new_vlan` of a device.
pub(super) fn check(checked: &CheckedDevice<'_>, pending: &mut Vec<Pending>) {
    let Some(NewVlan::Shared(vlan)) = checked.device.text.new_vlan else {
        return;
    };
    let name = &checked.device.id;
    let at = checked
        .inventory
        .point_at_device(checked.position)
        .value("new_vlan");
    let of = format!("`{name}`");
    if let Some(found) = unusable(&of, vlan, checked.management_vlan(), &at) {
        pending.push(found);
        return;
    }
    if uplink_vlans(checked).is_some_and(|passing| !passing.contains(vlan)) {
        let message =
            format!("new subscribers of `{name}` get VLAN {vlan}, which does not pass its uplink");
        not_on_uplink(checked, at.clone(), &message, pending);
    }
    let mode = checked
        .device
        .text
        .vlan_mode
        .unwrap_or(checked.defaults.vlan_mode);
    if mode == VlanMode::Unique {
        let message =
            format!("new subscribers of `{name}` all get VLAN {vlan}, and each must have its own");
        pending.push(Pending::new(&SHARED_VLAN, at, message).hint(ONE_FOR_ALL));
    }
}

/// Returns a finding if no subscriber can have the VLAN.
fn unusable(of: &str, vlan: VlanId, management: Option<VlanId>, at: &Pointer) -> Option<Pending> {
    if let Err(problem) = vlan.check_data() {
        let message = format!("the VLAN of new subscribers of {of} is {vlan}: {problem}");
        return Some(Pending::new(&RESERVED_VLAN, at.clone(), message).hint(DATA_VLANS));
    }
    (Some(vlan) == management).then(|| {
        let message = format!(
            "the VLAN of new subscribers of {of} is {vlan}, through which devices are managed"
        );
        Pending::new(&MANAGEMENT_VLAN, at.clone(), message).hint(MANAGEMENT_HINT)
    })
}

#[cfg(test)]
mod tests {
    use crate::inventory::source::Limits;
    use crate::inventory::text::NewVlan;
    use crate::inventory::{GOOD_INVENTORY, Reading, read_texts};
    use crate::model::VlanId;

    fn reading(path: &str, text: &str) -> Reading {
        let mut texts: std::collections::BTreeMap<_, _> = GOOD_INVENTORY
            .iter()
            .map(|(path, text)| ((*path).into(), (*text).into()))
            .collect();
        texts.insert(path.into(), text.into());
        read_texts(&texts, &Limits::default())
    }

    fn rules(path: &str, text: &str) -> Vec<&'static str> {
        let reading = reading(path, text);
        reading.findings.iter().map(|one| one.rule.id).collect()
    }

    fn of_network(keys: &str) -> Vec<&'static str> {
        rules("network.toml", &format!("schema = 1\n[vlans]\n{keys}"))
    }

    fn of_device(keys: &str) -> Vec<&'static str> {
        let device = "[device.maple-a]\nmodel = \"GAM-24-C\"\naddress = \"10.20.0.11\"\n";
        rules("devices/maple.toml", &format!("{device}{keys}"))
    }

    #[test]
    fn the_vlan_of_new_subscribers_is_one_that_a_subscriber_can_have() {
        for (keys, expected) in [
            ("new = \"lowest-free\"\nrest_days = 0\n", &[][..]),
            ("new = 110\n", &[]),
            ("new = 4094\n", &["reserved-vlan"]),
            ("new = 4093\n", &["management-vlan"]),
            (
                "new = 110\nsubscribers = \"101-109\"\n",
                &["vlan-outside-pool"],
            ),
            ("new = 110\nvlan_mode = \"unique\"\n", &["shared-vlan"]),
            ("new = \"lowest\"\n", &["wrong-type"]),
            ("new = 0\n", &["out-of-range"]),
            ("rest_days = 400\n", &["out-of-range"]),
        ] {
            assert_eq!(of_network(keys), expected, "{keys}");
        }
        for (keys, expected) in [
            ("new_vlan = 110\n", &[][..]),
            ("new_vlan = 3840\n", &["reserved-vlan"]),
            (
                "new_vlan = 77\nmanagement_vlan = 77\n",
                &["management-vlan"],
            ),
            ("new_vlan = 110\nvlan_mode = \"unique\"\n", &["shared-vlan"]),
            (
                "new_vlan = 110\n[device.maple-a.uplink.1]\nallowed_vlans = \"101,4093\"\n",
                &["not-on-uplink"],
            ),
        ] {
            assert_eq!(of_device(keys), expected, "{keys}");
        }
    }

    #[test]
    fn a_device_has_the_vlan_of_the_network_unless_it_has_its_own() {
        let network = reading("network.toml", "schema = 1\n[vlans]\nnew = 110\n").inventory;
        let device = network.device("maple-a").unwrap();
        let shared = |vlan| NewVlan::Shared(VlanId::new(vlan).unwrap());
        assert_eq!(network.defaults().new_vlan_on(&device.text), shared(110));
        let text =
            "[device.maple-a]\nmodel = \"GAM-24-C\"\naddress = \"10.20.0.11\"\nnew_vlan = 120\n";
        let own = reading("devices/maple.toml", text).inventory;
        let device = own.device("maple-a").unwrap();
        assert_eq!(own.defaults().new_vlan, NewVlan::LowestFree);
        assert_eq!(own.defaults().rest_days, 7);
        assert_eq!(own.defaults().new_vlan_on(&device.text), shared(120));
    }
}
