//! GAM-PORT-MIB without counters: configuration and status of ports, and the reset of their counters.

use super::interface_rows::{physical, physical_at};
use super::rows::INTERFACES;
use super::system::edit;
use super::table::{Object, TRUTH, Table, clipped, column, is_true};
use crate::simulator::gam::{Edit, Gam, Interface, PortLayout, PortOptions, UplinkOptions};
use crate::simulator::moment::Moment;
use crate::simulator::snmp::{ErrorStatus, Value};

pub(super) const PORT: [u32; 10] = [1, 3, 6, 1, 4, 1, 20095, 2001, 11, 1];

/// `GAMPortSpeed`: the configured speed of a port.
const AUTOMATIC: i32 = 5;
const FORCED_2G5: i32 = 6;
const FORCED_10G: i32 = 8;
/// `GAMPortMedia`.
const COPPER: i32 = 0;
const SFP: i32 = 1;
/// `GAMPortStatusSpeed`: the present speed of a port.
const NO_SPEED: i32 = 0;
const AT_1G: i32 = 3;
const AT_10G: i32 = 6;
/// `GAMSfpTransceiver`.
const NO_SFP: i32 = 0;
const SFP_10G: i32 = 14;
/// `GAMRfc5517Mode`.
const UNDEFINED: i32 = 0;
const ISOLATED: i32 = 1;
const UPLINK: i32 = 3;
/// Octets; the maximum of this family's ports, and their default (icli).
const LONGEST_FRAME: u32 = 9600;
/// Longest text about a transceiver, and its longest revision.
const SFP_TEXT: usize = 19;
const SFP_REVISION: usize = 5;

static CONFIG: Table = Table {
    base: &PORT,
    entry: &[2, 1, 1],
    rows: &INTERFACES,
    needs: None,
    columns: &[
        column(2, |gam, index, _| {
            physical(gam, index, |port| Value::truth(gam.is_shut_down(port)))
        })
        .set(TRUTH, |gam, index, value, now| {
            shut_down(gam, index, is_true(value), now)
        }),
        column(3, |gam, index, _| {
            physical(gam, index, |port| Value::Integer(kind(gam, port).0))
        }),
        column(4, |_, _, _| Value::Gauge32(0)),
        column(5, |gam, index, _| {
            physical(gam, index, |port| Value::Integer(kind(gam, port).1))
        }),
        column(6, |_, _, _| Value::Integer(0)),
        column(7, |_, _, _| Value::Gauge32(LONGEST_FRAME)),
        column(8, |_, _, _| Value::truth(false)),
        column(9, |_, _, _| Value::Gauge32(0)),
        column(10, |_, _, _| Value::truth(false)),
        column(11, |gam, index, _| {
            physical(gam, index, |port| Value::Integer(kind(gam, port).2))
        }),
    ],
};

static STATUS: Table = Table {
    base: &PORT,
    entry: &[3, 1, 1],
    rows: &INTERFACES,
    needs: None,
    columns: &[
        column(2, |gam, index, _| {
            physical(gam, index, |port| Value::truth(gam.link(port)))
        }),
        column(3, |gam, index, _| {
            physical(gam, index, |port| Value::truth(gam.link(port)))
        }),
        column(4, |gam, index, _| Value::truth(is_uplink(gam, index))),
        column(5, |gam, index, _| {
            physical(gam, index, |port| Value::Integer(speed(gam, port)))
        }),
        column(6, |gam, index, _| {
            let has_sfp = is_uplink(gam, index);
            Value::Integer(if has_sfp { SFP_10G } else { NO_SFP })
        }),
        column(7, |gam, index, _| sfp(gam, index, "Twin Optics", SFP_TEXT)),
        column(8, |gam, index, _| sfp(gam, index, "SFP-10G-LR", SFP_TEXT)),
        column(9, |gam, index, _| sfp(gam, index, "A", SFP_REVISION)),
        column(10, |gam, index, _| {
            sfp(gam, index, &gam.hardware().serial, SFP_TEXT)
        }),
    ],
};

static CLEAR: Table = Table {
    base: &PORT,
    entry: &[4, 1, 1, 1],
    rows: &INTERFACES,
    needs: None,
    columns: &[
        column(2, |_, _, _| Value::truth(false)).trigger(|gam, index, value, now| {
            if is_true(value)
                && let Some(port) = physical_at(gam, index)
            {
                gam.clear_interface_statistics(port, now);
            }
            Ok(())
        }),
    ],
};

pub(super) fn objects() -> Vec<Object> {
    CONFIG
        .objects()
        .chain(STATUS.objects())
        .chain(CLEAR.objects())
        .collect()
}

/// Shuts a port down or enables it; the management port and VLAN interfaces cannot change [assumed].
pub(super) fn shut_down(
    gam: &mut Gam,
    index: &[u32],
    shutdown: bool,
    now: Moment,
) -> Result<(), ErrorStatus> {
    let change = match physical_at(gam, index) {
        Some(Interface::Ghn(port)) => Edit::Port {
            port,
            options: PortOptions {
                shutdown: Some(shutdown),
                ..PortOptions::default()
            },
        },
        Some(Interface::Uplink(uplink)) => Edit::Uplink {
            uplink,
            options: UplinkOptions {
                shutdown: Some(shutdown),
                ..UplinkOptions::default()
            },
        },
        Some(Interface::Management) | None => return Err(ErrorStatus::NotWritable),
    };
    edit(gam, &change, now)
}

/// Returns the configured speed, the media and the mode of an interface (seen on a GAM-4-CX).
fn kind(gam: &Gam, port: Interface) -> (i32, i32, i32) {
    match port {
        Interface::Ghn(_) => (FORCED_2G5, COPPER, UNDEFINED),
        Interface::Uplink(_) | Interface::Management
            if gam.hardware().layout == PortLayout::Alike =>
        {
            (AUTOMATIC, COPPER, UNDEFINED)
        }
        Interface::Uplink(_) => (FORCED_10G, SFP, UPLINK),
        Interface::Management => (AUTOMATIC, COPPER, ISOLATED),
    }
}

fn is_uplink(gam: &Gam, index: &[u32]) -> bool {
    matches!(physical_at(gam, index), Some(Interface::Uplink(_)))
}

fn speed(gam: &Gam, port: Interface) -> i32 {
    match port {
        _ if !gam.link(port) => NO_SPEED,
        Interface::Ghn(_) | Interface::Management => AT_1G,
        Interface::Uplink(_) => AT_10G,
    }
}

/// Returns a text about the transceiver; every uplink has one, even without fibre (assumed).
fn sfp(gam: &Gam, index: &[u32], text: &str, most: usize) -> Value {
    clipped(if is_uplink(gam, index) { text } else { "" }, most)
}
