//! Reads the parts of a poll side by side; which ones depends on its scope.

use std::collections::BTreeSet;

use super::PollScope;
use super::read::{COUNTER, SHORT, cells, settled, steady, walk};
use crate::model::{GamModel, MacAddress, PollDepth, PortNumber};
use crate::observe::decode::{
    BY_MAC, BY_SLOT, Grid, LineGrids, LineObjects, PollGrids, heard_list, other_interfaces,
};
use crate::observe::look::alarms;
use crate::observe::look::ask::Asker;
use crate::observe::look::health::{MONITORS, SENSORS};
use crate::observe::look::table::ended;
use crate::observe::mib::{FIRST_PHYSICAL, Object, ghn, module, port, sysutil};
use crate::observe::rows::Known;
use crate::transport::snmp::SnmpError;

/// The most lines of a port that are polled by their addresses: those of a full port, and as many that should be there.
const MOST_LINES: usize = 32;

const OUTAGES: [&Object; 2] = [&ghn::PORT_OUTAGE, &ghn::PORT_SERVICE_OUTAGE];

const PORT_COUNTERS: [&Object; 5] = [
    &ghn::PORT_RX_OCTETS,
    &ghn::PORT_TX_OCTETS,
    &ghn::PORT_RX_PACKETS,
    &ghn::PORT_TX_PACKETS,
    &ghn::PORT_RX_ERRORS,
];

const UPLINK_COUNTERS: [&Object; 6] = [
    &port::RX_OCTETS,
    &port::RX_DISCARDS,
    &port::RX_ERRORS,
    &port::TX_OCTETS,
    &port::TX_DISCARDS,
    &port::TX_ERRORS,
];

const READINGS: [&Object; 6] = [
    &module::MEASURES,
    &module::HEAT,
    &module::VOLTAGE,
    &module::BIAS,
    &module::SENT,
    &module::RECEIVED,
];

const HEARD: [&Object; 3] = [&ghn::HEARD_ENDPOINT, &ghn::HEARD_PORT, &ghn::HEARD_STATE];

/// Octets of a full list of addresses in an answer, name included.
const LIST: usize = 320;

/// The parts of a poll.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parts {
    /// The endpoints heard on each port, and the rates of lines.
    lines: bool,
    /// Counters of uplinks and ports, and which ports are enabled.
    interfaces: bool,
    /// The list of endpoints that each port hears.
    heard_on_ports: bool,
    pub(super) modules: bool,
    sensors: bool,
    counters: bool,
    links: bool,
}

impl Parts {
    pub(super) fn of(scope: &PollScope) -> Self {
        let depth = match scope {
            PollScope::Depth(depth) => *depth,
            PollScope::Interfaces | PollScope::Port { .. } => PollDepth::Minute,
        };
        let is_watch = !matches!(scope, PollScope::Depth(_));
        Self {
            lines: depth >= PollDepth::FiveMinutes,
            interfaces: depth >= PollDepth::FiveMinutes || is_watch,
            heard_on_ports: is_watch,
            modules: depth >= PollDepth::FiveMinutes,
            sensors: depth >= PollDepth::FiveMinutes,
            counters: depth >= PollDepth::QuarterHour,
            links: depth >= PollDepth::Hour,
        }
    }
}

/// Reads all parts but the interfaces that may be uplinks.
pub(super) async fn read(
    asker: &Asker,
    model: GamModel,
    scope: &PollScope,
    parts: &Parts,
) -> Result<PollGrids, SnmpError> {
    let ports: Vec<Vec<u32>> = (1..=model.port_count())
        .map(|number| vec![FIRST_PHYSICAL + u32::from(number)])
        .collect();
    let uplinks: Vec<Vec<u32>> = other_interfaces(model)
        .into_iter()
        .map(|interface| vec![interface])
        .collect();
    if let PollScope::Port { port, expected } = scope {
        return one_port(asker, *port, expected).await;
    }
    // Counters first: the uptime that they are compared by was just read.
    let (
        port_counters,
        uplink_counters,
        heard_on,
        alarms,
        outages,
        enabled,
        readings,
        sensors,
        lines,
    ) = tokio::join!(
        when(
            parts.interfaces,
            cells(asker, &PORT_COUNTERS, &ports, COUNTER)
        ),
        when(
            parts.interfaces,
            cells(asker, &UPLINK_COUNTERS, &uplinks, COUNTER)
        ),
        when(
            parts.heard_on_ports,
            cells(asker, &[&ghn::PORT_HEARD], &ports, LIST)
        ),
        Box::pin(alarms::read(asker)),
        cells(asker, &OUTAGES, &ports, SHORT),
        when(
            parts.interfaces,
            cells(asker, &[&ghn::PORT_ENABLED], &ports, SHORT)
        ),
        when(parts.modules, cells(asker, &READINGS, &uplinks, COUNTER)),
        Box::pin(sensors(asker, parts.sensors)),
        Box::pin(lines(asker, parts)),
    );
    let [temperatures, monitors, fans, supplies] = sensors?;
    Ok(PollGrids {
        ports: ports
            .iter()
            .filter_map(|index| index.first().copied())
            .collect(),
        port_counters: port_counters?,
        uplink_counters: uplink_counters?,
        heard_on: heard_on?,
        alarms: settled(alarms)?,
        outages: outages?,
        enabled: enabled?,
        readings: readings?,
        temperatures,
        monitors,
        fans,
        supplies,
        lines: lines?,
        interfaces: None,
    })
}

/// Reads one port, in one request, and the lines that are heard on it or should be.
async fn one_port(
    asker: &Asker,
    port: PortNumber,
    expected: &[MacAddress],
) -> Result<PollGrids, SnmpError> {
    let objects: Vec<&Object> = PORT_COUNTERS
        .into_iter()
        .chain(OUTAGES)
        .chain([&ghn::PORT_ENABLED, &ghn::PORT_HEARD])
        .collect();
    let index = interface(port);
    let indices = [index.clone()];
    let (alarms, cells) = tokio::join!(
        alarms::read(asker),
        cells(asker, &objects, &indices, COUNTER),
    );
    let cells = cells?;
    let macs = lines_of_port(&cells, &index, expected);
    let mut lines = lines_by_mac(asker, &macs).await?;
    lines.macs = Some(macs);
    Ok(PollGrids {
        ports: index,
        port_counters: Some(cells.clone()),
        uplink_counters: None,
        heard_on: Some(cells.clone()),
        enabled: Some(cells.clone()),
        readings: None,
        outages: cells,
        alarms: settled(alarms)?,
        temperatures: None,
        monitors: None,
        fans: None,
        supplies: None,
        lines,
        interfaces: None,
    })
}

/// Runs a read if its part is wanted.
async fn when(
    is_wanted: bool,
    read: impl Future<Output = Result<Known<Grid>, SnmpError>>,
) -> Result<Option<Known<Grid>>, SnmpError> {
    match is_wanted {
        true => read.await.map(Some),
        false => Ok(None),
    }
}

async fn sensors(asker: &Asker, is_wanted: bool) -> Result<[Option<Known<Grid>>; 4], SnmpError> {
    let (temperatures, monitors, fans, supplies) = tokio::join!(
        when(is_wanted, there(asker, &SENSORS)),
        when(is_wanted, there(asker, &MONITORS)),
        when(is_wanted, there(asker, &[&sysutil::FAN_RPM])),
        when(is_wanted, there(asker, &[&sysutil::SUPPLY_STATE])),
    );
    Ok([temperatures?, monitors?, fans?, supplies?])
}

/// Walks columns; unread if the agent does not have the first of them.
async fn there(asker: &Asker, objects: &[&'static Object]) -> Result<Known<Grid>, SnmpError> {
    let read = walk(asker, objects).await?;
    let (Ok(grid), Some(first)) = (&read, objects.first()) else {
        return Ok(read);
    };
    if !grid.rows.is_empty() {
        return Ok(read);
    }
    match alarms::missing(asker, &[first]).await {
        Ok(Ok(missing)) if missing.is_empty() => Ok(read),
        Ok(Ok(_)) => Ok(Err(format!("the agent has no {}", first.name))),
        Ok(Err(reason)) => Ok(Err(reason)),
        Err(error) => settled(ended(error)),
    }
}

/// Reads the endpoints of the whole device.
async fn lines(asker: &Asker, parts: &Parts) -> Result<LineGrids, SnmpError> {
    let objects: &LineObjects = &BY_SLOT;
    let uptime = [objects.uptime];
    let (states, heard, rates, counters, errors, uptimes, links) = tokio::join!(
        there(asker, &[&ghn::ENDPOINT_STATE]),
        when(parts.lines, steady(asker, &HEARD)),
        when(parts.lines, walk(asker, &objects.rates)),
        when(parts.counters, walk(asker, &objects.counted)),
        when(parts.counters, walk(asker, &LINE_ERRORS)),
        when(parts.counters, walk(asker, &uptime)),
        when(parts.links, walk(asker, &LINKS)),
    );
    Ok(LineGrids {
        macs: None,
        states: Some(states?),
        heard: heard?,
        rates: rates?,
        counters: counters?,
        errors: errors?,
        uptimes: uptimes?,
        links: links?,
    })
}

const LINE_ERRORS: [&Object; 4] = [
    &ghn::UP_ERROR,
    &ghn::UP_ABORT,
    &ghn::DOWN_ERROR,
    &ghn::DOWN_ABORT,
];

const LINKS: [&Object; 4] = [
    &ghn::LINK_VALID,
    &ghn::LINK_UP,
    &ghn::LINK_DUPLEX,
    &ghn::LINK_SPEED,
];

/// Reads lines by their addresses, for a port.
async fn lines_by_mac(asker: &Asker, macs: &[MacAddress]) -> Result<LineGrids, SnmpError> {
    let objects: &LineObjects = &BY_MAC;
    let indices: Vec<Vec<u32>> = macs.iter().map(|mac| arcs(*mac)).collect();
    let ethernet: Vec<Vec<u32>> = indices
        .iter()
        .flat_map(|index| [1, 2].map(|port| [index.as_slice(), &[port]].concat()))
        .collect();
    let status: Vec<&Object> = HEARD
        .into_iter()
        .chain(objects.rates)
        .chain([objects.uptime])
        .collect();
    let (counters, status) = tokio::join!(
        cells(asker, &objects.counted, &ethernet, COUNTER),
        cells(asker, &status, &indices, COUNTER),
    );
    let status = status?;
    Ok(LineGrids {
        macs: None,
        states: None,
        heard: Some(status.clone()),
        rates: Some(status.clone()),
        uptimes: Some(status),
        counters: Some(counters?),
        errors: None,
        links: None,
    })
}

/// Returns the addresses that are heard on a port, and those that should be.
fn lines_of_port(cells: &Known<Grid>, index: &[u32], expected: &[MacAddress]) -> Vec<MacAddress> {
    let row = cells.as_ref().ok().and_then(|grid| grid.rows.get(index));
    // An unread list is reported with the port.
    let heard = row.and_then(|row| heard_list(row).ok()).unwrap_or_default();
    let all: BTreeSet<MacAddress> = heard.into_iter().chain(expected.iter().copied()).collect();
    all.into_iter().take(MOST_LINES).collect()
}

fn interface(port: PortNumber) -> Vec<u32> {
    vec![FIRST_PHYSICAL + u32::from(port.get())]
}

fn arcs(mac: MacAddress) -> Vec<u32> {
    mac.octets().map(u32::from).to_vec()
}
