//! Serves the configuration of the G.hn ports, with the VLANs that the device itself keeps on them.

use super::{GHN, NAME, action, mac, mode_number, port_number};
use crate::model::VlanSet;
use crate::simulator::gam::{Gam, Interface, Part};
use crate::simulator::mib::rows::{GHN_PORTS, ghn_port};
use crate::simulator::mib::table::{Object, Table, clipped, column};
use crate::simulator::mib::vlan_quarters::{Quarter, quarter};
use crate::simulator::snmp::Value;

static PORT: Table = Table {
    base: &GHN,
    entry: &[2, 10, 1],
    rows: &GHN_PORTS,
    needs: Some(Part::GhnConfigurationTables),
    columns: &[
        column(10, |gam, index, _| port_number(gam, ghn_port(gam, index))),
        column(30, |gam, index, _| {
            let port = ghn_port(gam, index).and_then(|port| gam.running().ports.get(&port));
            clipped(port.map_or("", |port| port.name.as_str()), NAME)
        }),
        column(40, |gam, index, _| {
            let port = ghn_port(gam, index).unwrap_or(0);
            mac(gam.hardware().interface_mac(Interface::Ghn(port)))
        }),
        column(50, |gam, index, _| {
            let port = ghn_port(gam, index).and_then(|port| gam.running().ports.get(&port));
            mode_number(port.map(|port| port.mode))
        }),
        // Domain master: the endpoints are on the other side of the wire.
        column(60, |_, _, _| Value::Integer(0)),
        // Isolated, so the community is meaningless [assumed].
        column(71, |_, _, _| Value::Integer(1)),
        column(72, |_, _, _| Value::Gauge32(1)),
        column(80, |gam, index, _| allowed(gam, index, Quarter::To1K)),
        column(90, |gam, index, _| allowed(gam, index, Quarter::To2K)),
        column(100, |gam, index, _| allowed(gam, index, Quarter::To3K)),
        column(110, |gam, index, _| allowed(gam, index, Quarter::To4K)),
        // No VLAN is forbidden: there is no command for it.
        column(120, |_, _, _| none(Quarter::To1K)),
        column(130, |_, _, _| none(Quarter::To2K)),
        column(140, |_, _, _| none(Quarter::To3K)),
        column(150, |_, _, _| none(Quarter::To4K)),
        column(10_000, action),
    ],
};

pub(super) fn objects() -> Vec<Object> {
    PORT.objects().collect()
}

fn none(which: Quarter) -> Value {
    quarter(&VlanSet::default(), which)
}

fn allowed(gam: &Gam, index: &[u32], which: Quarter) -> Value {
    let Some(port) = ghn_port(gam, index) else {
        return Value::NoSuchInstance;
    };
    quarter(&gam.running().vlans_on_port(port), which)
}
