//! BRIDGE-MIB: the device as a bridge, its ports, and the addresses learned on them.

use super::endpoint_rows::heard_from;
use super::interface_rows::{BRIDGE_PORTS, bridge_port, bridge_port_number, physical_count};
use super::interfaces::lower_half;
use super::rows::{Rows, arcs_of, lowest_after, mac_of};
use super::statistics::Statistics;
use super::table::{Object, Scalars, Table, column};
use crate::model::MacAddress;
use crate::simulator::gam::{Gam, Interface};
use crate::simulator::moment::Moment;
use crate::simulator::snmp::{Oid, Value};

pub(super) const BRIDGE: [u32; 7] = [1, 3, 6, 1, 2, 1, 17];

/// `dot1dBaseType`.
const TRANSPARENT_ONLY: i32 = 2;
/// `dot1dTpFdbStatus`.
const LEARNED: i32 = 3;
/// Seconds until an address expires, the standard's default.
const AGING_TIME: i32 = 300;
/// Octets of a frame's content.
const LONGEST_CONTENT: i32 = 1500;

static BASE: Scalars = Scalars {
    base: &BRIDGE,
    group: &[1],
    needs: None,
    scalars: &[
        column(1, |gam, _, _| address(gam.hardware().mac)),
        column(2, |gam, _, _| number(physical_count(gam))),
        column(3, |_, _, _| Value::Integer(TRANSPARENT_ONLY)),
    ],
};

static PORTS: Table = Table {
    base: &BRIDGE,
    entry: &[1, 4, 1],
    rows: &BRIDGE_PORTS,
    needs: None,
    columns: &[
        column(1, |_, index, _| first(index)),
        column(2, |gam, index, _| {
            let port = bridge_port(gam, index);
            port.map_or(Value::NoSuchInstance, |port| {
                number(gam.hardware().if_index(port))
            })
        }),
        column(3, |_, _, _| Value::ObjectId(Oid::new(&[0, 0]))),
        column(4, |_, _, _| Value::Counter32(0)),
        column(5, |_, _, _| Value::Counter32(0)),
    ],
};

static LEARNING: Scalars = Scalars {
    base: &BRIDGE,
    group: &[4],
    needs: None,
    scalars: &[
        column(1, |_, _, _| Value::Counter32(0)),
        column(2, |_, _, _| Value::Integer(AGING_TIME)),
    ],
};

/// One row for each address: the endpoints that are heard, and the gateway behind the uplink.
static ADDRESSES: Rows = Rows {
    next: |gam, after| {
        let lowest = lowest_after(after)?;
        let gateway = gateway(gam).filter(|gateway| *gateway >= lowest);
        let heard = heard_from(gam, lowest);
        heard.into_iter().chain(gateway).min().map(arcs_of)
    },
    has: |gam, index| mac_of(index).is_some_and(|mac| learned_on(gam, mac).is_some()),
};

static FORWARDING: Table = Table {
    base: &BRIDGE,
    entry: &[4, 3, 1],
    rows: &ADDRESSES,
    needs: None,
    columns: &[
        column(1, |_, index, _| {
            mac_of(index).map_or(Value::NoSuchInstance, address)
        }),
        column(2, |gam, index, _| {
            let port = mac_of(index).and_then(|mac| learned_on(gam, mac));
            port.map_or(Value::NoSuchInstance, |port| {
                number(bridge_port_number(gam, port))
            })
        }),
        column(3, |_, _, _| Value::Integer(LEARNED)),
    ],
};

static PORT_COUNTERS: Table = Table {
    base: &BRIDGE,
    entry: &[4, 4, 1],
    rows: &BRIDGE_PORTS,
    needs: None,
    columns: &[
        column(1, |_, index, _| first(index)),
        column(2, |_, _, _| Value::Integer(LONGEST_CONTENT)),
        column(3, |gam, index, now| {
            lower_half(counters(gam, index, now).received.packets)
        }),
        column(4, |gam, index, now| {
            lower_half(counters(gam, index, now).sent.packets)
        }),
        column(5, |_, _, _| Value::Counter32(0)),
    ],
};

pub(super) fn objects() -> Vec<Object> {
    BASE.objects()
        .chain(PORTS.objects())
        .chain(LEARNING.objects())
        .chain(FORWARDING.objects())
        .chain(PORT_COUNTERS.objects())
        .collect()
}

fn number(number: u32) -> Value {
    Value::Integer(i32::try_from(number).unwrap_or(i32::MAX))
}

fn first(index: &[u32]) -> Value {
    index
        .first()
        .map_or(Value::NoSuchInstance, |first| number(*first))
}

fn address(mac: MacAddress) -> Value {
    Value::OctetString(mac.octets().to_vec())
}

/// Returns the router behind the first uplink, while there is link: the address of a VRRP group.
fn gateway(gam: &Gam) -> Option<MacAddress> {
    let router = MacAddress::new([0x00, 0x00, 0x5e, 0x00, 0x01, 0x01]).ok()?;
    gam.link(Interface::Uplink(1)).then_some(router)
}

fn learned_on(gam: &Gam, mac: MacAddress) -> Option<Interface> {
    if let Some(plugged) = gam.heard(mac) {
        return Some(Interface::Ghn(plugged.port));
    }
    (gateway(gam)? == mac).then_some(Interface::Uplink(1))
}

fn counters(gam: &Gam, index: &[u32], now: Moment) -> Statistics {
    bridge_port(gam, index).map_or_else(Statistics::default, |port| {
        Statistics::of(gam, &[gam.hardware().if_index(port)], now)
    })
}
