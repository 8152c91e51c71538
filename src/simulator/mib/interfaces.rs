//! IF-MIB: every interface with its state and counters, both ports and thousands of VLAN interfaces.

use compact_str::{CompactString, format_compact};

use super::interface_rows::{
    ALL_INTERFACES, AnyInterface, HIGHEST_VLAN, interface_at, physical_at, physical_count,
};
use super::port;
use super::statistics::Statistics;
use super::table::{Object, Scalars, Syntax, Table, clipped, column};
use crate::simulator::gam::{Gam, Interface};
use crate::simulator::moment::Moment;
use crate::simulator::snmp::{ErrorStatus, Oid, Value};

const INTERFACES: [u32; 7] = [1, 3, 6, 1, 2, 1, 2];
const IF_MIB: [u32; 8] = [1, 3, 6, 1, 2, 1, 31, 1];

/// `ifType`: every port is an Ethernet interface, G.hn or not (assumed).
const ETHERNET: i32 = 6;
const LAYER_2_VLAN: i32 = 135;

const UP: i32 = 1;
const DOWN: i32 = 2;

/// The longest frame of this family's ports (icli), and the longest packet of a VLAN interface.
const LONGEST_FRAME: i32 = 9600;
const LONGEST_PACKET: i32 = 1500;

/// `ifAlias` and names of interfaces.
const ALIAS: usize = 64;
const NAME: usize = 255;

/// Defines a counter of 32 bits: the lower half of the device's 64-bit counter.
macro_rules! narrow {
    ($number:literal, $($counter:tt)+) => {
        column($number, |gam, index, now| {
            lower_half(Statistics::of(gam, index, now).$($counter)+)
        })
    };
}

macro_rules! wide {
    ($number:literal, $($counter:tt)+) => {
        column($number, |gam, index, now| {
            Value::Counter64(Statistics::of(gam, index, now).$($counter)+)
        })
    };
}

static NUMBER: Scalars = Scalars {
    base: &INTERFACES,
    group: &[],
    needs: None,
    scalars: &[column(1, |gam, _, _| {
        let all = HIGHEST_VLAN + physical_count(gam);
        Value::Integer(i32::try_from(all).unwrap_or(i32::MAX))
    })],
};

static LAST_CHANGE: Scalars = Scalars {
    base: &IF_MIB,
    group: &[],
    needs: None,
    // Interfaces are never added or removed.
    scalars: &[column(5, |_, _, _| Value::TimeTicks(0))],
};

static TABLE: Table = Table {
    base: &INTERFACES,
    entry: &[2, 1],
    rows: &ALL_INTERFACES,
    needs: None,
    columns: &[
        column(1, |_, index, _| {
            let number = index.first().and_then(|number| i32::try_from(*number).ok());
            number.map_or(Value::NoSuchInstance, Value::Integer)
        }),
        column(2, |gam, index, _| clipped(&name(gam, index), NAME)),
        column(3, |gam, index, _| {
            let is_port = physical_at(gam, index).is_some();
            Value::Integer(if is_port { ETHERNET } else { LAYER_2_VLAN })
        }),
        column(4, |gam, index, _| {
            let is_port = physical_at(gam, index).is_some();
            Value::Integer(if is_port {
                LONGEST_FRAME
            } else {
                LONGEST_PACKET
            })
        }),
        column(5, |gam, index, _| {
            let bits = u64::from(megabits(gam, index)) * 1_000_000;
            // A speed beyond the object's range reads as its maximum.
            Value::Gauge32(u32::try_from(bits).unwrap_or(u32::MAX))
        }),
        column(6, |gam, index, _| {
            let hardware = gam.hardware();
            let port = physical_at(gam, index);
            let mac = port.map_or(hardware.mac, |port| hardware.interface_mac(port));
            Value::OctetString(mac.octets().to_vec())
        }),
        column(7, |gam, index, _| status(is_wanted(gam, index))).set(ADMIN_STATUS, set_status),
        column(8, |gam, index, _| status(is_up(gam, index))),
        // The time of link changes is not recorded.
        column(9, |_, _, _| Value::TimeTicks(0)),
        narrow!(10, received.octets),
        narrow!(11, received.unicast()),
        narrow!(12, received.non_unicast()),
        column(13, |_, _, _| Value::Counter32(0)),
        narrow!(14, errors),
        column(15, |_, _, _| Value::Counter32(0)),
        narrow!(16, sent.octets),
        narrow!(17, sent.unicast()),
        narrow!(18, sent.non_unicast()),
        column(19, |_, _, _| Value::Counter32(0)),
        column(20, |_, _, _| Value::Counter32(0)),
        column(21, |_, _, _| Value::Gauge32(0)),
        column(22, |_, _, _| Value::ObjectId(Oid::new(&[0, 0]))),
    ],
};

static EXTENDED: Table = Table {
    base: &IF_MIB,
    entry: &[1, 1],
    rows: &ALL_INTERFACES,
    needs: None,
    columns: &[
        column(1, |gam, index, _| clipped(&name(gam, index), NAME)),
        narrow!(2, received.multicast()),
        narrow!(3, received.broadcast()),
        narrow!(4, sent.multicast()),
        narrow!(5, sent.broadcast()),
        wide!(6, received.octets),
        wide!(7, received.unicast()),
        wide!(8, received.multicast()),
        wide!(9, received.broadcast()),
        wide!(10, sent.octets),
        wide!(11, sent.unicast()),
        wide!(12, sent.multicast()),
        wide!(13, sent.broadcast()),
        // Links of ports send traps, VLAN interfaces do not [assumed].
        column(14, |gam, index, _| {
            status(physical_at(gam, index).is_some())
        }),
        column(15, |gam, index, _| Value::Gauge32(megabits(gam, index))),
        column(16, |_, _, _| Value::truth(false)),
        column(17, |gam, index, _| {
            let port = physical_at(gam, index);
            Value::truth(port.is_some())
        }),
        column(18, |gam, index, _| clipped(alias(gam, index), ALIAS)),
        column(19, |_, _, _| Value::TimeTicks(0)),
    ],
};

/// Only up and down can be set; the third value, testing, is not supported.
const ADMIN_STATUS: Syntax = Syntax::OneOf(&[UP, DOWN]);

pub(super) fn objects() -> Vec<Object> {
    NUMBER
        .objects()
        .chain(LAST_CHANGE.objects())
        .chain(TABLE.objects())
        .chain(EXTENDED.objects())
        .collect()
}

/// Returns the lower 32 bits of a counter.
pub(super) fn lower_half(counter: u64) -> Value {
    Value::Counter32(u32::try_from(counter % (1 << 32)).unwrap_or(0))
}

fn status(up: bool) -> Value {
    Value::Integer(if up { UP } else { DOWN })
}

fn name(gam: &Gam, index: &[u32]) -> CompactString {
    match interface_at(gam, index) {
        Some(AnyInterface::Vlan(vlan)) => format_compact!("vlan {vlan}"),
        Some(AnyInterface::Physical(interface)) => interface.name(),
        None => CompactString::default(),
    }
}

/// Returns a G.hn port's name as its alias (assumed); other interfaces have none.
fn alias<'g>(gam: &'g Gam, index: &[u32]) -> &'g str {
    match physical_at(gam, index) {
        Some(Interface::Ghn(port)) => {
            let port = gam.running().ports.get(&port);
            port.map_or("", |port| port.name.as_str())
        }
        _ => "",
    }
}

/// Returns the speed: G.hn ports are gigabit ports for the switch (assumed), VLAN interfaces have none.
fn megabits(gam: &Gam, index: &[u32]) -> u32 {
    match physical_at(gam, index) {
        Some(Interface::Ghn(_) | Interface::Management) => 1000,
        Some(Interface::Uplink(_)) => 10_000,
        None => 0,
    }
}

/// Returns whether an interface is enabled; an unconfigured VLAN interface is present and down (assumed).
fn is_wanted(gam: &Gam, index: &[u32]) -> bool {
    match interface_at(gam, index) {
        Some(AnyInterface::Vlan(vlan)) => gam.running().vlan_interfaces.contains_key(&vlan),
        Some(AnyInterface::Physical(interface)) => !gam.is_shut_down(interface),
        None => false,
    }
}

fn is_up(gam: &Gam, index: &[u32]) -> bool {
    match physical_at(gam, index) {
        Some(interface) => gam.link(interface),
        None => is_wanted(gam, index),
    }
}

fn set_status(gam: &mut Gam, index: &[u32], to: &Value, now: Moment) -> Result<(), ErrorStatus> {
    port::shut_down(gam, index, *to == Value::Integer(DOWN), now)
}
