//! Checks one device: its address, ports, uplinks and management.

use super::CheckedDevice;
use super::vlan::RESERVED_VLAN;
use crate::inventory::locate::Pending;
use crate::inventory::record::{Fields, NO_TRANSPORT};
use crate::inventory::rules::rules;
use crate::model::{DeviceState, SubscriberModel, VlanId, VlanSet};

rules! {
    /// A device that is looked at needs an address; only one that is not installed yet may go without.
    NO_ADDRESS = "no-address", Error, "a device without an address",
    wrong: [("devices/maple.toml", "[device.maple-a]\nmodel = \"GAM-24-C\"\n")],
    right: [("devices/maple.toml", "[device.maple-a]\nmodel = \"GAM-24-C\"\nstate = \"preprovision\"\n")];

    /// Loopback, multicast and unspecified addresses, and other ports than 22 and 161, belong to twins and lab devices;
    /// in the field they are slips that would reach the wrong machine.
    LAB_ADDRESS = "lab-address", Error, "an address that only a lab device can have",
    wrong: [("devices/maple.toml", "[device.maple-a]\nmodel = \"GAM-24-C\"\naddress = \"127.0.0.1:2222/1161\"\n")],
    right: [("devices/maple.toml", "[device.maple-a]\nmodel = \"GAM-24-C\"\naddress = \"127.0.0.1:2222/1161\"\ntest_bed = true\n")];

    /// The model decides how many ports there are.
    NO_SUCH_PORT = "no-such-port", Error, "a port that the model does not have",
    wrong: [("devices/maple.toml", "[device.maple-a]\nmodel = \"GAM-4-CX\"\naddress = \"10.20.0.11\"\n[device.maple-a.port.5]\nname = \"riser-e\"\n")],
    right: [("devices/maple.toml", "[device.maple-a]\nmodel = \"GAM-4-CX\"\naddress = \"10.20.0.11\"\n[device.maple-a.port.4]\nname = \"riser-d\"\n")];

    /// M models have copper ports, `mimo` over two pairs or `siso` over one; C models have coax.
    WRONG_MODE = "wrong-mode", Error, "a mode that the model's ports cannot have",
    wrong: [("devices/maple.toml", "[device.maple-a]\nmodel = \"GAM-24-C\"\naddress = \"10.20.0.11\"\n[device.maple-a.port.7]\nmode = \"siso\"\n")],
    right: [("devices/maple.toml", "[device.maple-a]\nmodel = \"GAM-24-M\"\naddress = \"10.20.0.11\"\n[device.maple-a.port.7]\nmode = \"siso\"\n")];

    /// A device identifies ports by name if they have one.
    DUPLICATE_PORT_NAME = "duplicate-port-name", Error, "two ports of a device have the same name",
    wrong: [("devices/maple.toml", "[device.maple-a]\nmodel = \"GAM-24-C\"\naddress = \"10.20.0.11\"\nport.1.name = \"riser\"\nport.2.name = \"riser\"\n")],
    right: [("devices/maple.toml", "[device.maple-a]\nmodel = \"GAM-24-C\"\naddress = \"10.20.0.11\"\nport.1.name = \"riser-a\"\nport.2.name = \"riser-b\"\n")];

    /// The uplink must let the management VLAN pass: without it the device is out of reach, and only a person on site
    /// brings it back.
    MANAGEMENT_CUT_OFF = "management-cut-off", Error, "the uplink does not let the management VLAN pass",
    wrong: [("devices/maple.toml", "[device.maple-a]\nmodel = \"GAM-24-C\"\naddress = \"10.20.0.11\"\n[device.maple-a.uplink.1]\nallowed_vlans = \"100-200\"\n")],
    right: [("devices/maple.toml", "[device.maple-a]\nmodel = \"GAM-24-C\"\naddress = \"10.20.0.11\"\n[device.maple-a.uplink.1]\nallowed_vlans = \"100-200,4093\"\n")];

    /// All owned objects are removed from a retired device: its remaining subscribers would be cut off.
    SUBSCRIBER_ON_RETIRED_DEVICE = "subscriber-on-retired-device", Error, "a subscriber on a device that is being retired",
    wrong: [("devices/maple.toml", "[device.maple-a]\nmodel = \"GAM-24-C\"\naddress = \"10.20.0.11\"\nstate = \"retired\"\n")],
    right: [("devices/maple.toml", "[device.maple-a]\nmodel = \"GAM-24-C\"\naddress = \"10.20.0.11\"\nstate = \"observe\"\n")];
}

pub(super) fn check(checked: &CheckedDevice<'_>, pending: &mut Vec<Pending>) {
    address(checked, pending);
    ports(checked, pending);
    management(checked, pending);
    retirement(checked, pending);
    let text = &checked.device.text;
    if text.subscriber_model == Some(SubscriberModel::PortAware) {
        let at = checked
            .inventory
            .point_at_device(checked.position)
            .value("subscriber_model");
        pending.push(
            Pending::new(
                &NO_TRANSPORT,
                at,
                format!(
                    "no documented command makes `{}` port-aware",
                    checked.device.id
                ),
            )
            .hint("set it on the device by hand if you need it, and leave this out"),
        );
    }
}

fn address(checked: &CheckedDevice<'_>, pending: &mut Vec<Pending>) {
    let text = &checked.device.text;
    let at = checked.inventory.point_at_device(checked.position);
    let name = &checked.device.id;
    let Some(address) = text.address else {
        let is_installed = checked.knows_state() && checked.state() != DeviceState::Preprovision;
        let is_absent =
            text.is_absent("address") && !checked.inventory.is_partial_at(checked.position);
        if is_absent && is_installed {
            pending.push(
                Pending::new(&NO_ADDRESS, at, format!("device `{name}` has no address"))
                    .hint("add `address = \"…\"`, or `state = \"preprovision\"` while it is not installed"),
            );
        }
        return;
    };
    if text.test_bed == Some(true) {
        return;
    }
    let what = match address.unroutable() {
        Some(what) => what.to_owned(),
        None if !address.has_default_ports() => {
            format!("on other ports than 22 and 161 ({address})")
        }
        None => return,
    };
    pending.push(
        Pending::new(
            &LAB_ADDRESS,
            at.value("address"),
            format!("the address of `{name}` is {what}"),
        )
        .hint("if it is a twin or a lab device, add `test_bed = true`"),
    );
}

fn ports(checked: &CheckedDevice<'_>, pending: &mut Vec<Pending>) {
    let (Some(model), Some(ports)) = (checked.model, &checked.device.text.port) else {
        return;
    };
    let here = || {
        checked
            .inventory
            .point_at_device(checked.position)
            .key("port")
    };
    let mut names: Vec<(&str, u8)> = Vec::new();
    for (number, port) in &ports.0 {
        if !model.has_port(*number) {
            pending.push(
                Pending::new(
                    &NO_SUCH_PORT,
                    here().key(number),
                    format!(
                        "`{}` is a {model} and has no port {number}",
                        checked.device.id
                    ),
                )
                .hint(format!("its ports are 1 to {}", model.port_count())),
            );
        }
        if let Some(mode) = port.mode.filter(|mode| !model.medium().allows(*mode)) {
            let hint = match model.medium() {
                crate::model::Medium::Coax => "coax ports have no other mode: leave it out",
                crate::model::Medium::Copper => "copper ports are `mimo` or `siso`",
            };
            pending.push(
                Pending::new(
                    &WRONG_MODE,
                    here().key(number).value("mode"),
                    format!(
                        "`{}` is a {model}, whose {} ports cannot be `{mode}`",
                        checked.device.id,
                        model.medium()
                    ),
                )
                .hint(hint),
            );
        }
        if let Some(name) = &port.name {
            if let Some((_, first)) = names.iter().find(|(other, _)| *other == name.as_str()) {
                pending.push(
                    Pending::new(
                        &DUPLICATE_PORT_NAME,
                        here().key(number).value("name"),
                        format!(
                            "ports {first} and {number} of `{}` are both called `{name}`",
                            checked.device.id
                        ),
                    )
                    .hint("give one of the two another name")
                    .related(here().key(first).value("name"), "first given here"),
                );
            } else {
                names.push((name.as_str(), number.get()));
            }
        }
    }
}

/// Returns the VLANs that pass any uplink, if the inventory has them.
pub(super) fn uplink_vlans(checked: &CheckedDevice<'_>) -> Option<VlanSet> {
    let uplinks = checked.device.text.uplink.as_ref()?;
    let mut ranges = Vec::new();
    for (_, uplink) in &uplinks.0 {
        // An uplink without a list keeps what it has, and what that is only the device knows.
        ranges.extend_from_slice(uplink.allowed_vlans.as_ref()?.ranges());
    }
    (!ranges.is_empty()).then(|| VlanSet::from_ranges(ranges))
}

fn management(checked: &CheckedDevice<'_>, pending: &mut Vec<Pending>) {
    let text = &checked.device.text;
    if let Some(Err(problem)) = text.management_vlan.map(VlanId::check_management) {
        let at = checked
            .inventory
            .point_at_device(checked.position)
            .value("management_vlan");
        let message = format!(
            "`{}` cannot be managed through that VLAN: {problem}",
            checked.device.id
        );
        pending.push(Pending::new(&RESERVED_VLAN, at, message).hint("4093 is the default"));
    }
    let (Some(vlan), Some(passing)) = (checked.management_vlan(), uplink_vlans(checked)) else {
        return;
    };
    if passing.contains(vlan) {
        return;
    }
    pending.push(
        Pending::new(
            &MANAGEMENT_CUT_OFF,
            checked.point_at_uplink(),
            format!(
                "`{}` is managed through VLAN {vlan}, which does not pass its uplink",
                checked.device.id
            ),
        )
        .hint(format!(
            "add {vlan} to `allowed_vlans`, or correct `management_vlan`"
        )),
    );
}

fn retirement(checked: &CheckedDevice<'_>, pending: &mut Vec<Pending>) {
    if checked.state() != DeviceState::Retired {
        return;
    }
    for member in &checked.subscribers {
        pending.push(
            Pending::new(
                &SUBSCRIBER_ON_RETIRED_DEVICE,
                checked.point_at(member).value("device"),
                format!(
                    "subscriber `{}` is on `{}`, which is being retired",
                    member.object.id, checked.device.id
                ),
            )
            .hint("move the subscriber to another device first")
            .related(
                checked
                    .inventory
                    .point_at_device(checked.position)
                    .value("state"),
                "retired here",
            ),
        );
    }
}
