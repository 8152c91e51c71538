//! Serves counters of G.hn ports, of endpoints' Ethernet ports, and of G.hn frames.

use super::endpoint::number;
use super::table;
use crate::simulator::gam::{Detected, FAIR_SNR, Gam, Interface, Traffic};
use crate::simulator::mib::endpoint_rows::{
    ENDPOINT_ETHERNET, MAC_ETHERNET, MACS, endpoint_at, ethernet_port,
};
use crate::simulator::mib::rows::{ENDPOINTS, GHN_PORTS, ghn_port};
use crate::simulator::mib::table::{Column, Object, Table, column};
use crate::simulator::moment::Moment;
use crate::simulator::snmp::Value;

static TABLES: [Table; 5] = [
    table(&[5, 10, 10, 1], &GHN_PORTS, ETHERNET),
    table(&[5, 20, 10, 1], &ENDPOINT_ETHERNET, ETHERNET),
    table(&[5, 20, 20, 1], &ENDPOINTS, FRAMES),
    table(&[5, 30, 10, 1], &MAC_ETHERNET, ETHERNET),
    table(&[5, 30, 20, 1], &MACS, FRAMES),
];

/// Columns of a G.hn port or of an endpoint's Ethernet port.
const ETHERNET: &[Column] = &[
    column(10, |_, _, _| Value::truth(true)),
    column(20, |gam, index, now| {
        Value::Counter64(traffic(gam, index, now).received_bytes)
    }),
    column(30, |gam, index, now| {
        Value::Counter64(traffic(gam, index, now).sent_bytes)
    }),
    column(40, |gam, index, now| {
        Value::Counter64(traffic(gam, index, now).received_packets)
    }),
    column(50, |gam, index, now| {
        Value::Counter64(traffic(gam, index, now).sent_packets)
    }),
    column(60, |gam, index, now| {
        Value::Counter64(traffic(gam, index, now).received_errors)
    }),
];

/// Upstream first, then downstream.
const FRAMES: &[Column] = &[
    column(10, |gam, index, now| {
        number(gam, index, |one| frames(up(gam, one, now)))
    }),
    column(20, |gam, index, now| {
        number(gam, index, |one| wrapped(up(gam, one, now)))
    }),
    column(30, |gam, index, _| number(gam, index, error_percent)),
    column(40, |gam, index, _| number(gam, index, |_| 0)),
    column(1010, |gam, index, now| {
        number(gam, index, |one| frames(down(gam, one, now)))
    }),
    column(1020, |gam, index, now| {
        number(gam, index, |one| wrapped(down(gam, one, now)))
    }),
    column(1030, |gam, index, _| number(gam, index, error_percent)),
    column(1040, |gam, index, _| number(gam, index, |_| 0)),
];

pub(super) fn objects() -> Vec<Object> {
    TABLES.iter().flat_map(Table::objects).collect()
}

fn traffic(gam: &Gam, index: &[u32], now: Moment) -> Traffic {
    match ethernet_port(index) {
        // All devices behind an endpoint are on its first port.
        Some(1) => endpoint_at(gam, index)
            .map(|one| gam.endpoint_traffic(one.mac, now))
            .unwrap_or_default(),
        Some(_) => Traffic::default(),
        None => ghn_port(gam, index)
            .map(|port| gam.interface_traffic(Interface::Ghn(port), now))
            .unwrap_or_default(),
    }
}

fn up(gam: &Gam, one: &Detected<'_>, now: Moment) -> u64 {
    gam.endpoint_traffic(one.mac, now).received_packets
}

fn down(gam: &Gam, one: &Detected<'_>, now: Moment) -> u64 {
    gam.endpoint_traffic(one.mac, now).sent_packets
}

/// Returns the frames of these packets: one frame carries four (assumed).
fn frames(packets: u64) -> u32 {
    wrapped(packets / 4)
}

/// Returns the counter modulo 2^32, as these counters wrap.
fn wrapped(count: u64) -> u32 {
    u32::try_from(count & u64::from(u32::MAX)).unwrap_or(0)
}

/// Returns the percentage of repeated frames: a poor line has some (assumed: 3 %).
fn error_percent(one: &Detected<'_>) -> u32 {
    let poor = one
        .plugged
        .is_some_and(|plugged| plugged.wire.snr_tenths < FAIR_SNR);
    if poor { 3 } else { 0 }
}
