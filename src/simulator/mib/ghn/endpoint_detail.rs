//! Serves the detailed status of endpoints by id and by address: the device, its wire and its rates.

use super::endpoint::{number, of};
use super::{mac, mode_number, table};
use crate::simulator::gam::{Detected, Gam, Plugged, UsageColumns, Wire};
use crate::simulator::mib::endpoint_rows::{DETAILED_ENDPOINTS, DETAILED_MACS, MACS};
use crate::simulator::mib::rows::ENDPOINTS;
use crate::simulator::mib::table::{Column, Object, Table, clipped, column};
use crate::simulator::moment::days_and_clock;
use crate::simulator::snmp::Value;

static TABLES: [Table; 4] = [
    table(&[3, 20, 20, 1], &ENDPOINTS, ALWAYS),
    table(&[3, 30, 20, 1], &MACS, ALWAYS),
    table(&[3, 20, 20, 1], &DETAILED_ENDPOINTS, COLUMNS),
    table(&[3, 30, 20, 1], &DETAILED_MACS, COLUMNS),
];

/// The columns that every row has, also that of an endpoint that is not alive.
const ALWAYS: &[Column] = &[
    column(10, |gam, index, _| of(gam, index, |one| mac(one.mac))),
    column(20, |gam, index, _| {
        of(gam, index, |one| Value::truth(one.plugged.is_some()))
    }),
];

/// Received is downstream and sent is upstream, as in the MIB: from the endpoint's point of view.
const COLUMNS: &[Column] = &[
    column(30, |gam, index, _| {
        text_of(gam, index, 63, |plugged| plugged.family.model())
    }),
    column(40, |gam, index, _| {
        text_of(gam, index, 11, |plugged| plugged.family.model())
    }),
    column(50, |gam, index, _| {
        text_of(gam, index, 63, |plugged| &plugged.serial)
    }),
    column(60, |gam, index, now| {
        of(gam, index, |one| match one.plugged {
            Some(plugged) => clipped(&days_and_clock(now.since(plugged.since)), 39),
            None => clipped("", 39),
        })
    }),
    column(70, |gam, index, _| {
        text_of(gam, index, 99, |plugged| &plugged.firmware)
    }),
    column(80, |gam, index, _| {
        on_wire(gam, index, |wire| wire.up_phy.min(65_535))
    }),
    column(90, |gam, index, _| {
        of(gam, index, |one| {
            let port = one
                .plugged
                .and_then(|one| gam.running().ports.get(&one.port));
            mode_number(port.map(|port| port.mode))
        })
    }),
    column(100, |gam, index, _| {
        on_copper(gam, index, |wire| wire.meters)
    }),
    column(105, |gam, index, _| {
        on_copper(gam, index, |wire| feet(wire.meters))
    }),
    column(110, |gam, index, _| {
        on_wire(gam, index, |wire| wire.down_phy)
    }),
    column(120, |gam, index, _| on_wire(gam, index, |wire| wire.up_phy)),
    column(130, |gam, index, _| {
        on_copper(gam, index, |wire| bands(wire.down_phy))
    }),
    column(140, |gam, index, _| {
        on_copper(gam, index, |wire| bands(wire.up_phy))
    }),
    column(150, |gam, index, _| {
        on_wire(gam, index, |wire| Wire::most(wire.down_phy))
    }),
    column(160, |gam, index, _| {
        on_wire(gam, index, |wire| Wire::most(wire.up_phy))
    }),
    column(170, |gam, index, _| {
        number(gam, index, |one| usage(gam, one).0)
    }),
    column(180, |gam, index, _| {
        number(gam, index, |one| usage(gam, one).1)
    }),
];

pub(super) fn objects() -> Vec<Object> {
    TABLES.iter().flat_map(Table::objects).collect()
}

/// Returns a text of a detected endpoint; empty for any other.
fn text_of(gam: &Gam, index: &[u32], most: usize, read: impl FnOnce(&Plugged) -> &str) -> Value {
    of(gam, index, |one| {
        clipped(one.plugged.map_or("", |plugged| read(plugged)), most)
    })
}

/// Returns a number of a detected endpoint's wire; 0 for any other.
fn on_wire(gam: &Gam, index: &[u32], read: impl FnOnce(&Wire) -> u32) -> Value {
    number(gam, index, |one| {
        one.plugged.map_or(0, |plugged| read(&plugged.wire))
    })
}

/// Returns a number that the MIB defines only for copper; 0 on coax (assumed).
fn on_copper(gam: &Gam, index: &[u32], read: impl FnOnce(&Wire) -> u32) -> Value {
    if gam.hardware().is_coax() {
        Value::Gauge32(0)
    } else {
        on_wire(gam, index, read)
    }
}

/// Returns what the usage columns have, downstream and upstream: their names say usage, the MIB's text says the most that
/// can be allocated, and only on copper.
fn usage(gam: &Gam, one: &Detected<'_>) -> (u32, u32) {
    let Some(plugged) = one.plugged else {
        return (0, 0);
    };
    match gam.hardware().assumptions.usage {
        UsageColumns::Traffic => gam.usage(one.mac),
        UsageColumns::Allocatable if gam.hardware().is_coax() => (0, 0),
        UsageColumns::Allocatable => {
            let wire = plugged.wire;
            (Wire::most(wire.down_phy), Wire::most(wire.up_phy))
        }
    }
}

fn feet(meters: u32) -> u32 {
    // 3.2808 feet a meter, rounded.
    (meters.saturating_mul(32_808) + 5000) / 10_000
}

/// Returns the allocated bands of a rate, at 100 Mbps a band (assumed).
fn bands(phy: u32) -> u32 {
    phy.div_ceil(100)
}
