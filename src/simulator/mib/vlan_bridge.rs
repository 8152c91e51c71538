//! Q-BRIDGE-MIB basics: the number of VLANs, their names and ports, and each port's native VLAN.

use super::bridge::BRIDGE;
use super::interface_rows::{BRIDGE_PORTS, bridge_port, bridge_port_number, physical_count};
use super::rows::{Rows, first_after};
use super::table::{Object, Scalars, Table, clipped, column};
use super::vlan::vlan_name;
use crate::simulator::gam::{Gam, Interface};
use crate::simulator::snmp::Value;

/// The highest VLAN of the standard; the device's own 4095 is left out.
const HIGHEST: u16 = 4094;
const LONGEST_NAME: usize = 32;

const DISABLED: i32 = 2;
/// `RowStatus`.
const ACTIVE: i32 = 1;
/// `dot1qPortAcceptableFrameTypes`.
const ADMIT_ALL: i32 = 1;

/// One row for each VLAN that the device has.
static VLANS_IN_USE: Rows = Rows {
    next: |gam, after| {
        let lowest = u16::try_from(first_after(after)?).ok()?;
        let vlan = gam.running().vlan_from(lowest)?;
        (vlan <= HIGHEST).then(|| vec![u32::from(vlan)])
    },
    has: |gam, index| vlan_at(index).is_some_and(|vlan| gam.running().has_vlan(vlan)),
};

static BASE: Scalars = Scalars {
    base: &BRIDGE,
    group: &[7, 1, 1],
    needs: None,
    scalars: &[
        column(1, |_, _, _| Value::Integer(1)),
        column(2, |_, _, _| Value::Integer(i32::from(HIGHEST))),
        column(3, |_, _, _| Value::Gauge32(u32::from(HIGHEST))),
        column(4, |gam, _, _| {
            let all = gam.running().vlans_in_use();
            let known = all.iter().filter(|vlan| vlan.get() <= HIGHEST).count();
            Value::Gauge32(u32::try_from(known).unwrap_or(0))
        }),
        column(5, |_, _, _| Value::Integer(DISABLED)),
    ],
};

static VLANS: Table = Table {
    base: &BRIDGE,
    entry: &[7, 1, 4, 3, 1],
    rows: &VLANS_IN_USE,
    needs: None,
    columns: &[
        column(1, |_, index, _| {
            clipped(
                &vlan_name(index.first().copied().unwrap_or(0)),
                LONGEST_NAME,
            )
        }),
        column(2, |gam, index, _| port_list(gam, index, |_, _| true)),
        column(3, |gam, index, _| port_list(gam, index, |_, _| false)),
        column(4, |gam, index, _| {
            port_list(gam, index, |port, vlan| {
                gam.running().native_vlan(port) == vlan
            })
        }),
        column(5, |_, _, _| Value::Integer(ACTIVE)),
    ],
};

static PORTS: Table = Table {
    base: &BRIDGE,
    entry: &[7, 1, 4, 5, 1],
    rows: &BRIDGE_PORTS,
    needs: None,
    columns: &[
        column(1, |gam, index, _| {
            bridge_port(gam, index).map_or(Value::NoSuchInstance, |port| {
                Value::Gauge32(u32::from(gam.running().native_vlan(port)))
            })
        }),
        column(2, |_, _, _| Value::Integer(ADMIT_ALL)),
        column(3, |_, _, _| Value::truth(true)),
        column(4, |_, _, _| Value::Integer(DISABLED)),
    ],
};

pub(super) fn objects() -> Vec<Object> {
    BASE.objects()
        .chain(VLANS.objects())
        .chain(PORTS.objects())
        .collect()
}

fn vlan_at(index: &[u32]) -> Option<u16> {
    let [vlan] = index else { return None };
    let vlan = u16::try_from(*vlan).ok()?;
    (1..=HIGHEST).contains(&vlan).then_some(vlan)
}

/// Encodes a port list of the standard: port 1 is the most significant bit of the first octet, with as many octets as
/// the ports need.
fn port_list(gam: &Gam, index: &[u32], include: impl Fn(Interface, u16) -> bool) -> Value {
    let Some(vlan) = vlan_at(index) else {
        return Value::NoSuchInstance;
    };
    let ports = gam.running().carriers(vlan, gam.hardware());
    let bits = ports
        .into_iter()
        .filter(|port| include(*port, vlan))
        .fold(0_u64, |bits, port| {
            bits | 1 << (64 - bridge_port_number(gam, port))
        });
    let octets = physical_count(gam).div_ceil(8);
    Value::OctetString(
        bits.to_be_bytes()
            .into_iter()
            .take(usize::try_from(octets).unwrap_or(0))
            .collect(),
    )
}
