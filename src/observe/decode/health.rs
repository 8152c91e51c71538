//! Decodes the health of the device and its lines; an invalid value is reported and affects no other.

use std::collections::BTreeMap;

use super::cell::{choice, number, signed, text, truth};
use super::grid::{Grid, Row};
use super::interface::Uplinks;
use super::switch::physical;
use crate::model::{
    EndpointHealth, EndpointState, EthernetPort, Fan, GamModel, LinkHealth, MacAddress, PortNumber,
    Temperature, UplinkNumber,
};
use crate::observe::mib::{Object, ghn, port, sysutil};
use crate::observe::rows::Known;

/// `GAMGhnAgentEndpointState`.
pub(super) const STATES: &[(u32, EndpointState)] = &[
    (0, EndpointState::NotDetected),
    (1, EndpointState::Fine),
    (2, EndpointState::WrongPort),
    (3, EndpointState::Unknown),
];

/// `GAMPortStatusSpeed` in Mbps; 0 is unknown.
pub(super) const SPEEDS: &[(u32, Option<u64>)] = &[
    (0, None),
    (1, Some(10)),
    (2, Some(100)),
    (3, Some(1_000)),
    (4, Some(2_500)),
    (5, Some(5_000)),
    (6, Some(10_000)),
    (7, Some(12_000)),
];

/// `GAMSysutilTemperatureMonitorSensorType`.
const MONITORS: [&str; 2] = ["board", "junction"];

/// Collects invalid values, once for each column: a faulty column has hundreds of cells.
#[derive(Default)]
pub(super) struct Notes(BTreeMap<&'static str, String>);

impl Notes {
    pub(super) fn take<T>(&mut self, object: &Object, value: Known<T>) -> Option<T> {
        value
            .map_err(|reason| self.0.entry(object.name).or_insert(reason))
            .ok()
    }

    pub(super) fn add_to(self, grids: &[&Grid], unread: &mut Vec<String>) {
        unread.extend(grids.iter().flat_map(|grid| grid.lost.iter().cloned()));
        unread.extend(self.0.into_values());
    }
}

/// Returns every endpoint that is configured or heard.
pub(in crate::observe) fn endpoint_health(
    grid: &Grid,
    model: GamModel,
    unread: &mut Vec<String>,
) -> BTreeMap<MacAddress, EndpointHealth> {
    let mut notes = Notes::default();
    let mut endpoints = BTreeMap::new();
    for (index, row) in &grid.rows {
        let Some(mac) = mac_of(index) else {
            unread.push(format!("an endpoint with the invalid address {index:?}"));
            continue;
        };
        let mut rate = |object: &Object| {
            let rate = row.has(object).then(|| number(row, object))?;
            notes.take(object, rate).filter(|rate| *rate > 0)
        };
        let (down_rate, up_rate) = (rate(&ghn::LINE_DOWN_RATE), rate(&ghn::LINE_UP_RATE));
        let (down_most, up_most) = (rate(&ghn::LINE_DOWN_MOST), rate(&ghn::LINE_UP_MOST));
        let mut words = |object: &Object| {
            let words = row.has(object).then(|| text(row, object))?;
            notes.take(object, words).filter(|text| !text.is_empty())
        };
        let (named, firmware) = (words(&ghn::HEARD_MODEL), words(&ghn::LINE_FIRMWARE));
        let port = notes.take(&ghn::HEARD_PORT, number(row, &ghn::HEARD_PORT));
        let configured = number(row, &ghn::HEARD_ENDPOINT);
        let health = EndpointHealth {
            state: notes.take(&ghn::HEARD_STATE, choice(row, &ghn::HEARD_STATE, STATES)),
            port: port.and_then(|interface| port_of(interface, model)),
            is_configured: notes
                .take(&ghn::HEARD_ENDPOINT, configured)
                .is_some_and(|endpoint| endpoint != 0),
            model: named,
            firmware,
            down_rate,
            up_rate,
            down_most,
            up_most,
        };
        endpoints.insert(mac, health);
    }
    notes.add_to(&[grid], unread);
    endpoints
}

pub(super) fn mac_of(index: &[u32]) -> Option<MacAddress> {
    let octets: Option<Vec<u8>> = index.iter().map(|arc| u8::try_from(*arc).ok()).collect();
    MacAddress::new(octets?.try_into().ok()?).ok()
}

pub(super) fn port_of(interface: u32, model: GamModel) -> Option<PortNumber> {
    let port = PortNumber::new(u8::try_from(physical(interface)?).ok()?).ok()?;
    model.has_port(port).then_some(port)
}

/// Returns the link states of ports and uplinks.
pub(in crate::observe) fn links(
    grid: &Grid,
    model: GamModel,
    known: &Uplinks,
    unread: &mut Vec<String>,
) -> (
    BTreeMap<PortNumber, LinkHealth>,
    BTreeMap<UplinkNumber, LinkHealth>,
) {
    let mut notes = Notes::default();
    let mut ports = BTreeMap::new();
    let mut uplinks = BTreeMap::new();
    let (rows, lost) = grid.numbered("there is an interface");
    unread.extend(lost);
    for (interface, row) in rows {
        let health = LinkHealth {
            is_up: notes.take(&port::LINK, truth(row, &port::LINK)),
            mbps: notes
                .take(&port::SPEED, choice(row, &port::SPEED, SPEEDS))
                .flatten(),
        };
        if let Some(port) = port_of(interface, model) {
            ports.insert(port, health);
        } else if let Some(uplink) = known.get(&interface) {
            uplinks.insert(*uplink, health);
        }
    }
    notes.add_to(&[], unread);
    (ports, uplinks)
}

/// Returns the Ethernet ports of one endpoint; the rows are indexed by port.
pub(in crate::observe) fn ethernet_ports(grid: &Grid) -> Vec<EthernetPort> {
    let (rows, _) = grid.numbered("there is an Ethernet port");
    let columns = [
        &ghn::ETHERNET_VALID,
        &ghn::ETHERNET_LINK,
        &ghn::ETHERNET_DUPLEX,
        &ghn::ETHERNET_SPEED,
    ];
    let ports = rows.into_iter();
    ports
        .map(|(number, row)| ethernet_of(number, row, columns))
        .collect()
}

/// Returns one Ethernet port by its columns: whether they are valid, link, duplex and speed.
pub(super) fn ethernet_of(number: u32, row: &Row, columns: [&Object; 4]) -> EthernetPort {
    let [valid, link, duplex, speed] = columns;
    let is_valid = truth(row, valid).unwrap_or(false);
    let duplex = truth(row, duplex).ok();
    let speed = choice(row, speed, SPEEDS).ok().flatten();
    // A port without link has the values of an earlier one.
    let is_up = truth(row, link).ok().filter(|_| is_valid);
    EthernetPort {
        number,
        is_up,
        is_full_duplex: duplex.filter(|_| is_up == Some(true)),
        mbps: speed.filter(|_| is_up == Some(true)),
    }
}

/// Returns the sensors with their names, and the two temperatures that the device itself monitors.
pub(in crate::observe) fn temperatures(
    sensors: &Grid,
    monitors: &Grid,
    unread: &mut Vec<String>,
) -> Vec<Temperature> {
    let mut notes = Notes::default();
    let mut temperatures = Vec::new();
    for row in sensors.rows.values() {
        let name = notes.take(&sysutil::SENSOR_NAME, text(row, &sysutil::SENSOR_NAME));
        let tenths = signed(row, &sysutil::SENSOR_TENTHS);
        if let Some(tenths_celsius) = notes.take(&sysutil::SENSOR_TENTHS, tenths) {
            temperatures.push(Temperature {
                sensor: name.unwrap_or_default(),
                tenths_celsius,
                is_alarmed: false,
            });
        }
    }
    for (index, row) in &monitors.rows {
        let number = index
            .first()
            .and_then(|number| usize::try_from(*number).ok());
        let name = number.and_then(|number| MONITORS.get(number));
        let degrees = signed(row, &sysutil::MONITOR_TEMPERATURE);
        let degrees = notes.take(&sysutil::MONITOR_TEMPERATURE, degrees);
        let flags = [
            &sysutil::MONITOR_LOW,
            &sysutil::MONITOR_HIGH,
            &sysutil::MONITOR_CRITICAL,
        ];
        let is_alarmed = flags.map(|flag| notes.take(flag, truth(row, flag)));
        if let (Some(name), Some(degrees)) = (name, degrees) {
            temperatures.push(Temperature {
                sensor: (*name).to_owned(),
                tenths_celsius: degrees.saturating_mul(10),
                is_alarmed: is_alarmed.contains(&Some(true)),
            });
        }
    }
    notes.add_to(&[sensors, monitors], unread);
    temperatures
}

pub(in crate::observe) fn fans(grid: &Grid, unread: &mut Vec<String>) -> Vec<Fan> {
    let mut notes = Notes::default();
    let (rows, lost) = grid.numbered("there is a fan");
    unread.extend(lost);
    let fans = rows.into_iter().filter_map(|(number, row)| {
        let rpm = notes.take(
            &sysutil::FAN_RPM,
            super::cell::number(row, &sysutil::FAN_RPM),
        )?;
        Some(Fan { number, rpm })
    });
    let fans = fans.collect();
    notes.add_to(&[], unread);
    fans
}

/// Returns the words of the status LED.
pub(in crate::observe) fn led(row: &Row) -> Option<String> {
    let led = text(row, &sysutil::LED).ok()?;
    Some(led.trim().to_owned()).filter(|led| !led.is_empty())
}

/// Returns the CPU load over ten seconds.
pub(in crate::observe) fn cpu_percent(row: &Row, unread: &mut Vec<String>) -> Option<u32> {
    let percent = number(row, &sysutil::CPU_10_SECONDS);
    percent.map_err(|reason| unread.push(reason)).ok()
}
