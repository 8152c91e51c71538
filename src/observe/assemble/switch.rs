//! Assembles the system settings, ports and uplinks of a device.

use super::{Assembled, vlan_of};
use crate::model::{
    GamModel, Part, PortConfig, PortNumber, UplinkConfig, UplinkFacts, UplinkNumber,
};
use crate::observe::rows::{PortRow, SystemRow, Table, UplinkRow};

/// The device itself, in place of an object's number.
const ITSELF: u16 = 0;

pub(super) fn add_system(row: &SystemRow, out: &mut Assembled) {
    let SystemRow {
        hostname,
        location,
        contact,
    } = row;
    let part = Part::System;
    out.config.system.hostname = out.text(part, ITSELF, "hostname", hostname);
    out.config.system.location = out.text(part, ITSELF, "location", location);
    out.config.system.contact = out.text(part, ITSELF, "contact", contact);
}

pub(super) fn add_uplinks(table: &Table<UplinkRow>, out: &mut Assembled) {
    let part = Part::Uplinks;
    out.lost(part, &table.lost);
    for (number, row) in &table.rows {
        let uplink = u8::try_from(*number).ok();
        let Some(uplink) = uplink.and_then(|number| UplinkNumber::new(number).ok()) else {
            let reason = format!("there is an uplink {number}, but a GAM has only 1 and 2");
            out.unread(part, None, None, reason);
            continue;
        };
        let UplinkRow {
            mode,
            native_vlan,
            allowed_vlans,
        } = row;
        let number = u16::from(uplink.get());
        let native = native_vlan.as_ref().map_err(Clone::clone);
        let native = native.and_then(|native| {
            vlan_of(*native).ok_or_else(|| format!("native VLAN {native} is not a VLAN"))
        });
        let facts = UplinkFacts {
            mode: out.known(part, number, "mode", mode),
            native_vlan: out.known(part, number, "native_vlan", &native),
        };
        let allowed_vlans = out.known(part, number, "allowed_vlans", allowed_vlans);
        out.uplink_facts.insert(uplink, facts);
        out.config
            .uplinks
            .insert(uplink, UplinkConfig { allowed_vlans });
    }
}

pub(super) fn add_ports(table: &Table<PortRow>, model: GamModel, out: &mut Assembled) {
    let part = Part::Ports;
    out.lost(part, &table.lost);
    for number in table
        .rows
        .keys()
        .filter(|number| port(**number, model).is_none())
    {
        let reason = format!(
            "there is a port {number}, but a {model} has {}",
            model.port_count()
        );
        out.unread(part, None, None, reason);
    }
    for number in 1..=model.port_count() {
        let Ok(port) = PortNumber::new(number) else {
            continue;
        };
        let place = u16::from(number);
        let Some(row) = table.rows.get(&u32::from(number)) else {
            // If the whole table is unread, that is reported already.
            if table.lost.is_empty() {
                let reason = "the device reports nothing about this port".to_owned();
                out.unread(part, Some(place), None, reason);
            }
            continue;
        };
        let PortRow {
            name,
            enabled,
            mode,
        } = row;
        let config = PortConfig {
            name: out.text(part, place, "name", name),
            enabled: out.known(part, place, "enabled", enabled),
            mode: out.known(part, place, "mode", mode),
        };
        out.config.ports.insert(port, config);
    }
}

fn port(number: u32, model: GamModel) -> Option<PortNumber> {
    let number = PortNumber::new(u8::try_from(number).ok()?).ok()?;
    model.has_port(number).then_some(number)
}
