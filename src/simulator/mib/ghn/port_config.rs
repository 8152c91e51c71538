//! Configuration of the G.hn ports, with the VLANs that the device itself keeps on them.

use super::{GHN, NAME, action, mac, mode_number, port_number, text};
use crate::model::{VlanId, VlanRange, VlanSet};
use crate::simulator::gam::{Gam, Interface, Part, Place, Subscriber};
use crate::simulator::mib::rows::{GHN_PORTS, ghn_port};
use crate::simulator::mib::table::{Object, Table, column};
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
            text(port.map_or("", |port| port.name.as_str()), NAME)
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
        // Isolated, in the community that has no meaning then [assumed].
        column(71, |_, _, _| Value::Integer(1)),
        column(72, |_, _, _| Value::Gauge32(1)),
        column(80, |gam, index, _| allowed(gam, index, Quarter::To1K)),
        column(90, |gam, index, _| allowed(gam, index, Quarter::To2K)),
        column(100, |gam, index, _| allowed(gam, index, Quarter::To3K)),
        column(110, |gam, index, _| allowed(gam, index, Quarter::To4K)),
        // No VLAN is forbidden: no command forbids one.
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
    quarter(&vlans_on(gam, port), which)
}

/// Returns the VLANs the device keeps on a port: 2, 4094 and those of its subscribers (reference §3) [seen].
///
/// `show running-config` prints the same: a subscriber counts where its endpoint is meant to be, and with its remapped
/// VLAN [assumed].
pub(in crate::simulator::mib) fn vlans_on(gam: &Gam, port: u8) -> VlanSet {
    let here = gam
        .running()
        .subscribers
        .values()
        .filter(|subscriber| is_on(gam, subscriber, port));
    let theirs = here.flat_map(|subscriber| {
        let single = [
            Some(subscriber.vlan),
            subscriber.remapped_vlan,
            subscriber.port2_vlan,
        ];
        let allowed = subscriber.allowed_vlans.ranges().iter().copied();
        single.into_iter().flatten().filter_map(only).chain(allowed)
    });
    VlanSet::from_ranges([2, 4094].into_iter().filter_map(only).chain(theirs))
}

fn is_on(gam: &Gam, subscriber: &Subscriber, port: u8) -> bool {
    let endpoint = subscriber
        .endpoint
        .and_then(|id| gam.running().endpoints.get(&id));
    endpoint.is_some_and(|endpoint| endpoint.port == Place::Port(port))
}

fn only(vlan: u16) -> Option<VlanRange> {
    let vlan = VlanId::new(vlan).ok()?;
    Some(VlanRange {
        first: vlan,
        last: vlan,
    })
}
