//! Decodes ports, uplinks and system settings.

use std::collections::BTreeMap;

use super::cell::{choice, number, text, truth, vlans};
use super::grid::{Grid, Row};
use super::interface::Uplinks;
use crate::model::{GamModel, PortMode, UplinkMode, VlanId, VlanSet};
use crate::observe::mib::{FIRST_PHYSICAL, ghn, port, system as standard, vlan};
use crate::observe::rows::{Known, PortRow, SystemRow, Table, UplinkRow};

/// `GAMGhnAgentPortMode`; 255 is a port with an unknown mode.
const PORT_MODES: &[(u32, PortMode)] = &[
    (0, PortMode::Coax),
    (1, PortMode::Mimo),
    (2, PortMode::Siso),
];

/// `GAMVlanPortMode`.
const UPLINK_MODES: &[(u32, UplinkMode)] = &[
    (0, UplinkMode::Access),
    (1, UplinkMode::Trunk),
    (2, UplinkMode::Hybrid),
];

pub(in crate::observe) fn system(row: &Row) -> SystemRow {
    SystemRow {
        hostname: text(row, &standard::NAME),
        location: text(row, &standard::LOCATION),
        contact: text(row, &standard::CONTACT),
    }
}

/// Returns the G.hn ports: their settings in the G.hn agent, and their shutdown state in the switch.
pub(in crate::observe) fn ports(
    ghn_agent: &Grid,
    switch: &Grid,
    model: GamModel,
) -> Table<PortRow> {
    let (rows, mut lost) = ghn_agent.numbered("there is a port");
    lost.extend(switch.lost.iter().cloned());
    let mut ports = BTreeMap::new();
    for (interface, row) in rows {
        match physical(interface) {
            Some(number) if number > u32::from(model.port_count()) => {}
            Some(number) => {
                let enabled = match switch.rows.get([interface].as_slice()) {
                    Some(row) => truth(row, &port::SHUTDOWN).map(|shutdown| !shutdown),
                    None => Err(format!(
                        "{} has no value for this port",
                        port::SHUTDOWN.name
                    )),
                };
                ports.insert(
                    number,
                    PortRow {
                        name: text(row, &ghn::PORT_NAME),
                        enabled,
                        mode: choice(row, &ghn::PORT_MODE, PORT_MODES),
                    },
                );
            }
            None => lost.push(format!(
                "there is a port with the invalid interface {interface}"
            )),
        }
    }
    Table { rows: ports, lost }
}

/// Returns the VLANs of the uplinks. Each uplink of the switch must be in the table of VLANs too.
pub(in crate::observe) fn uplinks(grid: &Grid, known: &Uplinks) -> Table<UplinkRow> {
    let (rows, mut lost) = grid.numbered("there is an interface");
    let mut uplinks = BTreeMap::new();
    for (interface, uplink) in known {
        let Some(row) = rows.get(interface) else {
            lost.push(format!("the table of VLANs does not have uplink {uplink}"));
            continue;
        };
        let mode = choice(row, &vlan::MODE, UPLINK_MODES);
        let row = UplinkRow {
            native_vlan: native(&mode, row),
            allowed_vlans: allowed(&mode, row),
            mode,
        };
        uplinks.insert(u32::from(uplink.get()), row);
    }
    Table {
        rows: uplinks,
        lost,
    }
}

/// Returns the native VLAN of the active mode: each mode has its own.
fn native(mode: &Known<UplinkMode>, row: &Row) -> Known<u32> {
    match mode {
        Ok(UplinkMode::Access) => number(row, &vlan::ACCESS_VLAN),
        Ok(UplinkMode::Trunk) => number(row, &vlan::TRUNK_NATIVE),
        Ok(UplinkMode::Hybrid) => number(row, &vlan::HYBRID_NATIVE),
        Err(reason) => Err(depends(reason)),
    }
}

/// Returns the allowed VLANs of the active mode: its own list, or its only VLAN.
fn allowed(mode: &Known<UplinkMode>, row: &Row) -> Known<VlanSet> {
    match mode {
        Ok(UplinkMode::Access) => {
            let only = number(row, &vlan::ACCESS_VLAN)?;
            let only = u16::try_from(only).ok().and_then(|id| VlanId::new(id).ok());
            only.map(|vlan| [vlan].into_iter().collect())
                .ok_or_else(|| format!("{} is not a VLAN", vlan::ACCESS_VLAN.name))
        }
        Ok(UplinkMode::Trunk) => vlans(row, vlan::TRUNK_QUARTERS),
        Ok(UplinkMode::Hybrid) => vlans(row, vlan::HYBRID_QUARTERS),
        Err(reason) => Err(depends(reason)),
    }
}

fn depends(reason: &str) -> String {
    format!("it depends on the mode: {reason}")
}

/// Returns the number of a physical interface within unit 1; VLAN interfaces have none.
pub(super) fn physical(interface: u32) -> Option<u32> {
    interface
        .checked_sub(FIRST_PHYSICAL)
        .filter(|number| (1..=999).contains(number))
}
