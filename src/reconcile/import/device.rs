//! Drafts a device: pins, ports, uplinks, texts.

use std::collections::BTreeMap;

use super::FoundDevice;
use super::draft::{DeviceDraft, Keys, quoted};
use crate::authoring::new_id::{Ids, slug};
use crate::inventory::{Inventory, NetworkDefaults};
use crate::model::{DeviceName, HeldText, Medium, PortMode};

/// Returns a name for a device: its host name, else what its serial number makes.
pub(super) fn name(found: &FoundDevice, ids: &mut Ids) -> DeviceName {
    let identity = &found.observation.identity;
    let serial = identity.serial.as_ref().map(|serial| serial.as_str());
    let by_serial = format!("gam-{}", serial.unwrap_or("unnamed"));
    // The factory default is the model's name, which does not identify a device.
    let model = identity.model.map(|model| model.as_str());
    let host = identity.name.as_deref().filter(|name| Some(*name) != model);
    let mut wishes = vec![slug(host.unwrap_or(&by_serial), &by_serial)];
    if let (Some(host), Some(serial)) = (host, serial) {
        wishes.push(slug(&format!("{host}-{serial}"), &by_serial));
    }
    let otherwise = || found.observation.device.clone();
    DeviceName::new(&ids.free(&wishes)).unwrap_or_else(|_| otherwise())
}

/// Returns the device of the inventory that this one is, where it was not found by its name.
pub(super) fn already_there(found: &FoundDevice, inventory: &Inventory) -> Option<DeviceName> {
    if found.known.is_some() {
        return None;
    }
    let identity = &found.observation.identity;
    let is_same = |text: &crate::inventory::text::DeviceText| {
        (text.serial.is_some() && text.serial == identity.serial)
            || (text.mac.is_some() && text.mac == identity.mac)
            || (text.address.is_some() && text.address == found.address)
    };
    let mut devices = inventory.devices();
    devices
        .find(|device| is_same(&device.text))
        .map(|device| device.id.clone())
}

pub(super) fn draft(found: &FoundDevice, defaults: &NetworkDefaults) -> DeviceDraft {
    let observation = &found.observation;
    let (identity, config) = (&observation.identity, &observation.config);
    let mut keys: Keys = Vec::new();
    let mut key = |key, value: Option<String>| keys.extend(value.map(|value| (key, value)));
    let text = |value: Option<String>| value.map(|value| quoted(&value));
    key("model", text(identity.model.map(|model| model.to_string())));
    key(
        "address",
        text(found.address.map(|address| address.to_string())),
    );
    // Without an address it cannot be observed.
    key(
        "state",
        found.address.is_none().then(|| quoted("preprovision")),
    );
    key("site", text(found.site.as_ref().map(ToString::to_string)));
    let credentials = found.credentials.as_ref().map(ToString::to_string);
    key(
        "credentials",
        text(credentials.filter(|name| name != "default")),
    );
    key(
        "serial",
        text(identity.serial.as_ref().map(ToString::to_string)),
    );
    key("mac", text(identity.mac.map(|mac| mac.to_string())));
    key(
        "host_key",
        text(found.host_key.as_ref().map(ToString::to_string)),
    );
    let system = &config.system;
    let hostname = held(system.hostname.as_ref());
    // The factory default of the host name is the model.
    let model = identity.model.map(|model| model.to_string());
    key(
        "hostname",
        text(hostname.filter(|name| Some(name) != model.as_ref())),
    );
    key("location", text(held(system.location.as_ref())));
    key("contact", text(held(system.contact.as_ref())));
    let management = observation.management_vlan;
    let differs = management.filter(|vlan| *vlan != defaults.management_vlan);
    key("management_vlan", differs.map(|vlan| vlan.to_string()));
    let is_lab = found
        .address
        .is_some_and(|address| address.unroutable().is_some() || !address.has_default_ports());
    key("test_bed", is_lab.then(|| "true".to_owned()));
    DeviceDraft {
        keys,
        uplinks: uplinks(found),
        ports: ports(found),
    }
}

fn held(text: Option<&HeldText>) -> Option<String> {
    text.map(|text| text.as_str().to_owned())
}

fn uplinks(found: &FoundDevice) -> BTreeMap<u8, Keys> {
    let uplinks = found.observation.config.uplinks.iter();
    uplinks
        .filter_map(|(number, uplink)| {
            let allowed = uplink.allowed_vlans.as_ref()?;
            let keys = vec![("allowed_vlans", quoted(&allowed.to_string()))];
            (!allowed.is_empty()).then(|| (number.get(), keys))
        })
        .collect()
}

/// Returns the settings that differ from the factory defaults.
fn ports(found: &FoundDevice) -> BTreeMap<u8, Keys> {
    let medium = found.observation.identity.model.map(|model| model.medium());
    let mut ports = BTreeMap::new();
    for (number, port) in &found.observation.config.ports {
        let mut keys: Keys = Vec::new();
        keys.extend(
            port.name
                .as_ref()
                .map(|name| ("name", quoted(name.as_str()))),
        );
        if port.enabled == Some(false) {
            keys.push(("enabled", "false".to_owned()));
        }
        if port.mode == Some(PortMode::Siso) && medium == Some(Medium::Copper) {
            keys.push(("mode", quoted(PortMode::Siso.as_str())));
        }
        if !keys.is_empty() {
            ports.insert(number.get(), keys);
        }
    }
    ports
}
