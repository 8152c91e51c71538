//! Serves the status of the G.hn ports, brief and detailed, and of the VectorBoost engine.

use super::{GHN, mac, mode_number, port_number};
use crate::model::{MacAddress, PortMode};
use crate::simulator::gam::{AlarmCondition, Gam, Interface};
use crate::simulator::mib::rows::{GHN_PORTS, ghn_port};
use crate::simulator::mib::table::{Column, Object, Scalars, Table, clipped, column};
use crate::simulator::moment::days_and_clock;
use crate::simulator::snmp::Value;

/// The longest list of addresses in octets: sixteen addresses and the commas between them.
const LONGEST_LIST: usize = 287;

static BRIEF: Table = Table {
    base: &GHN,
    entry: &[3, 10, 10, 1],
    rows: &GHN_PORTS,
    needs: None,
    columns: &[
        column(10, |gam, index, _| port_number(gam, ghn_port(gam, index))),
        column(20, |gam, index, _| Value::truth(is_open(gam, index))),
        column(30, |gam, index, _| mac(port_mac(gam, index))),
        column(40, |gam, index, _| {
            let heard = ghn_port(gam, index).map(|port| gam.heard_on(port));
            let macs: Vec<String> = heard
                .into_iter()
                .flatten()
                .map(|(mac, _)| mac.to_string())
                .collect();
            clipped(&macs.join(","), LONGEST_LIST)
        }),
        column(50, |gam, index, _| {
            Value::truth(has_outage(gam, index, false))
        }),
        column(60, |gam, index, _| {
            Value::truth(has_outage(gam, index, true))
        }),
        // A GAM's port is never powered by the other side.
        column(70, |_, _, _| Value::truth(false)),
    ],
};

/// Returns a column that the MIB defines only for endpoints: it reads 0 for a port.
const fn only_endpoints(number: u32) -> Column {
    column(number, |_, _, _| Value::Gauge32(0))
}

static DETAILED: Table = Table {
    base: &GHN,
    entry: &[3, 10, 20, 1],
    rows: &GHN_PORTS,
    needs: None,
    columns: &[
        column(10, |gam, index, _| mac(port_mac(gam, index))),
        // The modem of a port answers unless the port is shut down [assumed].
        column(20, |gam, index, _| Value::truth(is_open(gam, index))),
        column(30, |gam, _, _| clipped(gam.hardware().model.as_str(), 63)),
        column(40, |gam, _, _| {
            let coax = gam.hardware().is_coax();
            clipped(if coax { "GAM-Port-C" } else { "GAM-Port-M" }, 11)
        }),
        column(50, |gam, _, _| clipped(&gam.hardware().serial, 63)),
        column(60, |gam, _, now| {
            clipped(&days_and_clock(gam.uptime(now)), 39)
        }),
        // Ports and endpoints run the same G.hn firmware [assumed].
        column(70, |gam, _, _| {
            clipped(gam.hardware().endpoint_firmware(), 99)
        }),
        only_endpoints(80),
        column(90, |gam, index, _| {
            let port = ghn_port(gam, index).and_then(|port| gam.running().ports.get(&port));
            mode_number(port.map(|port| port.mode))
        }),
        only_endpoints(100),
        only_endpoints(105),
        only_endpoints(110),
        only_endpoints(120),
        only_endpoints(130),
        only_endpoints(140),
        only_endpoints(150),
        only_endpoints(160),
        only_endpoints(170),
        only_endpoints(180),
    ],
};

static VECTOR_BOOST: Scalars = Scalars {
    base: &GHN,
    group: &[3, 40],
    needs: None,
    scalars: &[column(10, |gam, _, _| {
        // Documented for mimo alone: unavailable elsewhere, ready where it is.
        let mut ports = gam.running().ports.values();
        let mimo = ports.any(|port| port.mode == PortMode::Mimo);
        Value::Integer(if mimo { 2 } else { 0 })
    })],
};

pub(super) fn objects() -> Vec<Object> {
    BRIEF
        .objects()
        .chain(DETAILED.objects())
        .chain(VECTOR_BOOST.objects())
        .collect()
}

fn port_mac(gam: &Gam, index: &[u32]) -> MacAddress {
    ghn_port(gam, index).map_or(gam.hardware().mac, |port| {
        gam.hardware().interface_mac(Interface::Ghn(port))
    })
}

fn is_open(gam: &Gam, index: &[u32]) -> bool {
    ghn_port(gam, index).is_some_and(|port| !gam.is_shut_down(Interface::Ghn(port)))
}

fn has_outage(gam: &Gam, index: &[u32], service_affecting: bool) -> bool {
    gam.alarms().active.values().any(|alarm| {
        alarm.condition == AlarmCondition::Outage
            && alarm.service_affecting == service_affecting
            && index == [alarm.entity.if_index]
    })
}
