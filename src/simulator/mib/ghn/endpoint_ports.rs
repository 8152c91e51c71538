//! Serves the status of an endpoint's Ethernet ports, firmware upgrade and Power over Ethernet.

use super::endpoint::{of, subscriber};
use super::table;
use crate::model::Poe;
use crate::simulator::gam::{Detected, EndpointFamily, Gam};
use crate::simulator::mib::endpoint_rows::{
    ENDPOINT_ETHERNET, HEARD_ENDPOINTS, HEARD_MACS, MAC_ETHERNET, MACS, endpoint_at, ethernet_port,
};
use crate::simulator::mib::rows::ENDPOINTS;
use crate::simulator::mib::table::{Column, Object, Table, clipped, column};
use crate::simulator::snmp::Value;

static TABLES: [Table; 6] = [
    table(&[3, 20, 30, 1], &ENDPOINT_ETHERNET, LINK),
    table(&[3, 20, 40, 1], &ENDPOINTS, UPGRADE),
    table(&[3, 20, 50, 1], &HEARD_ENDPOINTS, POE),
    table(&[3, 30, 30, 1], &MAC_ETHERNET, LINK),
    table(&[3, 30, 40, 1], &MACS, UPGRADE),
    table(&[3, 30, 50, 1], &HEARD_MACS, POE),
];

const LINK: &[Column] = &[
    column(10, |_, _, _| Value::truth(true)),
    column(20, |gam, index, _| Value::truth(has_link(gam, index))),
    column(30, |gam, index, _| Value::truth(has_link(gam, index))),
    // A gigabit, or undefined.
    column(40, |gam, index, _| {
        Value::Integer(if has_link(gam, index) { 3 } else { 0 })
    }),
];

/// An upgrade on the twin is over at once, so none is ever in progress.
const UPGRADE: &[Column] = &[
    column(10, |_, _, _| clipped("", 199)),
    column(20, |_, _, _| Value::Integer(0)),
    column(30, |_, _, _| Value::Integer(0)),
];

/// `GAMGhnAgentPoeMode` and `GAMGhnAgentPoeInputSrcMode` share this number for "not applicable".
const NOT_APPLICABLE: i32 = 2;
const FEEDING_POWER: i32 = 1;
const NOT_FEEDING_POWER: i32 = 0;

const POE: &[Column] = &[
    // The port with power, 0 without one.
    column(10, |gam, index, _| {
        of(gam, index, |one| Value::Gauge32(poe(gam, one).port))
    }),
    column(15, |gam, index, _| {
        of(gam, index, |one| Value::truth(poe(gam, one).mode.is_some()))
    }),
    column(20, |gam, index, _| {
        of(gam, index, |one| {
            Value::Integer(poe(gam, one).mode.unwrap_or(NOT_APPLICABLE))
        })
    }),
    column(30, |_, _, _| Value::truth(false)),
    // The power supply of an endpoint is not modelled [assumed].
    column(40, |_, _, _| Value::Integer(NOT_APPLICABLE)),
    column(50, |_, _, _| Value::Integer(NOT_APPLICABLE)),
    column(60, |gam, index, _| {
        of(gam, index, |one| {
            let poe = poe(gam, one);
            Value::Integer(match (poe.port, poe.mode) {
                (0, _) => NOT_APPLICABLE,
                (_, None) => NOT_FEEDING_POWER,
                (_, Some(_)) => FEEDING_POWER,
            })
        })
    }),
];

pub(super) fn objects() -> Vec<Object> {
    TABLES.iter().flat_map(Table::objects).collect()
}

fn has_link(gam: &Gam, index: &[u32]) -> bool {
    let plugged = endpoint_at(gam, index).and_then(|one| one.plugged);
    let [first, second] = plugged.map_or([false; 2], |plugged| plugged.ethernet);
    match ethernet_port(index) {
        Some(1) => first,
        Some(2) => second,
        _ => false,
    }
}

/// The power that an endpoint delivers.
struct Power {
    port: u32,
    /// `GAMGhnAgentPoeMode`, while it delivers power.
    mode: Option<i32>,
}

/// Returns the power of an endpoint. Families with two Ethernet ports deliver on the first (assumed); `force` is the
/// stronger 802.3at.
fn poe(gam: &Gam, one: &Detected<'_>) -> Power {
    let can = one.plugged.is_some_and(|plugged| {
        matches!(
            plugged.family,
            EndpointFamily::G1002M | EndpointFamily::G1002C
        )
    });
    let wanted = subscriber(gam, one).map_or(Poe::Disable, |(_, subscriber)| subscriber.poe);
    let mode = match wanted {
        Poe::Disable => None,
        Poe::Enable => Some(0),
        Poe::Force => Some(1),
    };
    Power {
        port: u32::from(can),
        mode: mode.filter(|_| can),
    }
}
