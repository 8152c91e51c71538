//! Decodes a poll of a device: uplinks, ports, alarms and sensors; `line` decodes its endpoints.

use super::alarm::alarms;
use super::cell::{choice, counter, number, text, truth};
use super::grid::{Grid, Row};
use super::health::{SPEEDS, fans, port_of, temperatures};
use super::interface::uplinks_among;
use super::line::{LineGrids, endpoints, of_macs};
use super::module::readings;
use crate::model::{
    CounterClock, GamModel, Identity, InterfaceCounters, MacAddress, Poll, PollDepth, Polled,
    PolledPort, PolledSensors, PolledUplink, PortCounters, PowerSupply, Sfp,
};
use crate::observe::mib::{Object, ghn, port, sysutil};
use crate::observe::rows::Known;

/// `GAMSfpTransceiver`.
const MODULES: &[(u32, &str)] = &[
    (0, "none"),
    (1, "not supported"),
    (2, "100BASE-FX"),
    (7, "1000BASE-T"),
    (8, "1000BASE-CX"),
    (9, "1000BASE-SX"),
    (10, "1000BASE-LX"),
    (11, "1000BASE-X"),
    (12, "2.5G"),
    (13, "5G"),
    (14, "10G"),
];

/// `GAMSysutilPowerSupplyStateType`.
const SUPPLIES: &[(u32, &str)] = &[(0, "active"), (1, "standby"), (2, "not present")];

/// The answers of a poll. A part that was not requested is `None`, one that could not be read has its reason.
#[derive(Debug)]
pub(in crate::observe) struct PollGrids {
    /// The interfaces of the polled ports.
    pub(in crate::observe) ports: Vec<u32>,
    pub(in crate::observe) port_counters: Option<Known<Grid>>,
    pub(in crate::observe) uplink_counters: Option<Known<Grid>>,
    pub(in crate::observe) heard_on: Option<Known<Grid>>,
    pub(in crate::observe) enabled: Option<Known<Grid>>,
    pub(in crate::observe) readings: Option<Known<Grid>>,
    pub(in crate::observe) outages: Known<Grid>,
    pub(in crate::observe) alarms: Known<Grid>,
    pub(in crate::observe) temperatures: Option<Known<Grid>>,
    pub(in crate::observe) monitors: Option<Known<Grid>>,
    pub(in crate::observe) fans: Option<Known<Grid>>,
    pub(in crate::observe) supplies: Option<Known<Grid>>,
    pub(in crate::observe) interfaces: Option<Known<Grid>>,
    pub(in crate::observe) lines: LineGrids,
}

/// Returns the poll; the caller knows its depth and its time.
pub(in crate::observe) fn poll_of(
    grids: &PollGrids,
    opening: &Row,
    identity: Identity,
    model: GamModel,
) -> Poll {
    let mut unread = Vec::new();
    let alarms = grids.alarms.clone().map(|grid| alarms(&grid, &mut unread));
    let sensors = sensors(grids, &mut unread);
    let led = text(opening, &sysutil::LED).map(|led| led.trim().to_owned());
    let endpoints = match &grids.lines.macs {
        Some(macs) => Polled::Value(of_macs(macs, &grids.lines, model)),
        None => endpoints(&grids.lines, model),
    };
    let ports = grids.ports.iter();
    Poll {
        depth: PollDepth::Minute,
        port: None,
        identity,
        clock: CounterClock::default(),
        cpu_percent: number(opening, &sysutil::CPU_10_SECONDS).into(),
        led: led.into(),
        alarms: alarms.into(),
        uplinks: uplinks(grids, model).into(),
        ports: ports
            .filter_map(|interface| polled_port(grids, *interface, model))
            .collect(),
        endpoints,
        sensors,
        unread,
    }
}

/// Returns the value of a row; a row that is not there is unread.
pub(super) fn cell<T>(
    grid: &Known<Grid>,
    index: &[u32],
    read: impl Fn(&Row) -> Known<T>,
) -> Polled<T> {
    let known = grid.as_ref().map_err(Clone::clone);
    let none = Row::default();
    let known = known.and_then(|grid| read(grid.rows.get(index).unwrap_or(&none)));
    known.into()
}

fn uplinks(grids: &PollGrids, model: GamModel) -> Known<Vec<PolledUplink>> {
    let Some(interfaces) = &grids.interfaces else {
        return Err("the uplinks were not polled".to_owned());
    };
    let grid = interfaces.as_ref().map_err(Clone::clone)?;
    let uplinks = uplinks_among(grid, model)?;
    let uplinks = uplinks.into_iter().map(|(interface, number)| {
        let index = [interface];
        let row = grid.rows.get(index.as_slice());
        let is_asked = row.is_some_and(|row| row.has(&port::SFP_TYPE));
        let words = |object: &'static Object| cell(interfaces, &index, |row| text(row, object));
        let count = |counters: &Known<Grid>, object: &'static Object| {
            cell(counters, &index, |row| counter(row, object))
        };
        PolledUplink {
            number,
            is_up: cell(interfaces, &index, |row| truth(row, &port::LINK)),
            mbps: cell(interfaces, &index, |row| choice(row, &port::SPEED, SPEEDS)),
            sfp: is_asked.then(|| Sfp {
                kind: cell(interfaces, &index, |row| {
                    choice(row, &port::SFP_TYPE, MODULES)
                })
                .map(str::to_owned),
                vendor: words(&port::SFP_VENDOR),
                part: words(&port::SFP_PART),
                revision: words(&port::SFP_REVISION),
                serial: words(&port::SFP_SERIAL),
                readings: match &grids.readings {
                    Some(grid) => readings(grid, &index),
                    None => Polled::unread("it was not polled"),
                },
            }),
            counters: grids
                .uplink_counters
                .as_ref()
                .map(|counters| InterfaceCounters {
                    rx_octets: count(counters, &port::RX_OCTETS),
                    rx_discards: count(counters, &port::RX_DISCARDS),
                    rx_errors: count(counters, &port::RX_ERRORS),
                    tx_octets: count(counters, &port::TX_OCTETS),
                    tx_discards: count(counters, &port::TX_DISCARDS),
                    tx_errors: count(counters, &port::TX_ERRORS),
                }),
        }
    });
    Ok(uplinks.collect())
}

fn polled_port(grids: &PollGrids, interface: u32, model: GamModel) -> Option<PolledPort> {
    let index = [interface];
    let truth_of =
        |grid: &Known<Grid>, object: &'static Object| cell(grid, &index, |row| truth(row, object));
    let count = |counters: &Known<Grid>, object: &'static Object| {
        cell(counters, &index, |row| counter(row, object))
    };
    Some(PolledPort {
        number: port_of(interface, model)?,
        has_service_outage: truth_of(&grids.outages, &ghn::PORT_SERVICE_OUTAGE),
        has_outage: truth_of(&grids.outages, &ghn::PORT_OUTAGE),
        is_enabled: grids
            .enabled
            .as_ref()
            .map(|grid| truth_of(grid, &ghn::PORT_ENABLED)),
        heard: grids
            .heard_on
            .as_ref()
            .map(|grid| cell(grid, &index, heard_list)),
        counters: grids.port_counters.as_ref().map(|counters| PortCounters {
            rx_octets: count(counters, &ghn::PORT_RX_OCTETS),
            tx_octets: count(counters, &ghn::PORT_TX_OCTETS),
            rx_packets: count(counters, &ghn::PORT_RX_PACKETS),
            tx_packets: count(counters, &ghn::PORT_TX_PACKETS),
            rx_errors: count(counters, &ghn::PORT_RX_ERRORS),
        }),
    })
}

/// Returns the addresses heard on a port, from a text with commas.
pub(in crate::observe) fn heard_list(row: &Row) -> Known<Vec<MacAddress>> {
    let list = text(row, &ghn::PORT_HEARD)?;
    let macs = list.split(',').map(str::trim).filter(|mac| !mac.is_empty());
    macs.map(|mac| {
        mac.parse().map_err(|_| {
            let name = ghn::PORT_HEARD.name;
            format!("{name} has `{mac}`, which is not a MAC address")
        })
    })
    .collect()
}

fn sensors(grids: &PollGrids, unread: &mut Vec<String>) -> Option<PolledSensors> {
    let none = Grid::default();
    let (sensors, monitors) = (grids.temperatures.as_ref()?, grids.monitors.as_ref()?);
    let named = sensors
        .clone()
        .map(|grid| temperatures(&grid, &none, unread));
    let monitored = monitors
        .clone()
        .map(|grid| temperatures(&none, &grid, unread));
    let fans = grids.fans.clone()?.map(|grid| fans(&grid, unread));
    let supplies = grids.supplies.clone()?.map(|grid| {
        let rows = grid
            .rows
            .iter()
            .filter_map(|(index, row)| match index.as_slice() {
                [_, number] => Some(PowerSupply {
                    number: *number,
                    state: Polled::from(choice(row, &sysutil::SUPPLY_STATE, SUPPLIES))
                        .map(str::to_owned),
                }),
                _ => None,
            });
        rows.collect()
    });
    Some(PolledSensors {
        temperatures: named.into(),
        monitored: monitored.into(),
        fans: fans.into(),
        power_supplies: supplies.into(),
    })
}
