//! Decodes the health of the device and its lines; an invalid value is reported and affects no other.

use std::collections::BTreeMap;

use super::cell::{bytes, choice, number, signed, text, truth};
use super::grid::{Grid, Row};
use super::interface::Uplinks;
use super::switch::physical;
use crate::model::{
    ActiveAlarm, EndpointHealth, EndpointState, EthernetPort, Fan, GamModel, LinkHealth,
    MacAddress, PortNumber, Temperature, UplinkNumber,
};
use crate::observe::mib::{Object, alarm, ghn, port, sysutil};
use crate::observe::rows::Known;
use crate::transport::snmp::Value;

/// `GAMGhnAgentEndpointState`.
const STATES: &[(u32, EndpointState)] = &[
    (0, EndpointState::NotDetected),
    (1, EndpointState::Fine),
    (2, EndpointState::WrongPort),
    (3, EndpointState::Unknown),
];

/// `GAMPortStatusSpeed` in Mbps; 0 is unknown.
const SPEEDS: &[(u32, Option<u64>)] = &[
    (0, None),
    (1, Some(10)),
    (2, Some(100)),
    (3, Some(1_000)),
    (4, Some(2_500)),
    (5, Some(5_000)),
    (6, Some(10_000)),
    (7, Some(12_000)),
];

/// `GAMAlarmSeverity`.
const SEVERITIES: &[(u32, &str)] = &[(0, "NR"), (1, "NA"), (2, "MN"), (3, "MJ"), (4, "CR")];

/// `GAMAlarmCondType`.
const CONDITIONS: &[(u32, &str)] = &[
    (0, "other"),
    (1, "hwflt"),
    (2, "swflt"),
    (3, "fanflt"),
    (4, "hightemp"),
    (5, "thermalshutdown"),
    (6, "restart"),
    (7, "clkchange"),
    (8, "linkdown"),
    (9, "sfprmvd"),
    (10, "sfpmismatch"),
    (11, "outage"),
    (12, "lowsnr"),
    (13, "los"),
    (14, "portmismatch"),
    (15, "hwmismatch"),
    (16, "swrevmismat"),
    (17, "swdl"),
    (18, "fwupg"),
    (19, "lockoutconsole"),
    (20, "lockouthost"),
    (21, "lockoutglobal"),
    (22, "lpbkfacility"),
    (23, "lpbkterm"),
];

/// `GAMSysutilTemperatureMonitorSensorType`.
const MONITORS: [&str; 2] = ["board", "junction"];

/// Collects invalid values, once for each column: a faulty column has hundreds of cells.
#[derive(Default)]
struct Notes(BTreeMap<&'static str, String>);

impl Notes {
    fn take<T>(&mut self, object: &Object, value: Known<T>) -> Option<T> {
        value
            .map_err(|reason| self.0.entry(object.name).or_insert(reason))
            .ok()
    }

    fn add_to(self, grids: &[&Grid], unread: &mut Vec<String>) {
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

fn mac_of(index: &[u32]) -> Option<MacAddress> {
    let octets: Option<Vec<u8>> = index.iter().map(|arc| u8::try_from(*arc).ok()).collect();
    MacAddress::new(octets?.try_into().ok()?).ok()
}

fn port_of(interface: u32, model: GamModel) -> Option<PortNumber> {
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
    let ports = rows.into_iter().map(|(number, row)| {
        let is_valid = truth(row, &ghn::ETHERNET_VALID).unwrap_or(false);
        let link = truth(row, &ghn::ETHERNET_LINK).ok();
        let duplex = truth(row, &ghn::ETHERNET_DUPLEX).ok();
        let speed = choice(row, &ghn::ETHERNET_SPEED, SPEEDS).ok().flatten();
        // A port without link has the values of an earlier one.
        let is_up = link.filter(|_| is_valid);
        EthernetPort {
            number,
            is_up,
            is_full_duplex: duplex.filter(|_| is_up == Some(true)),
            mbps: speed.filter(|_| is_up == Some(true)),
        }
    });
    ports.collect()
}

pub(in crate::observe) fn alarms(grid: &Grid, unread: &mut Vec<String>) -> Vec<ActiveAlarm> {
    let mut notes = Notes::default();
    let alarms = grid.rows.values().map(|row| {
        let affects = truth(row, &alarm::SERVICE_AFFECTING);
        let condition = choice(row, &alarm::CONDITION, CONDITIONS);
        let word = |word: Option<&str>| word.unwrap_or_default().to_owned();
        ActiveAlarm {
            severity: word(notes.take(&alarm::SEVERITY, choice(row, &alarm::SEVERITY, SEVERITIES))),
            is_service_affecting: notes
                .take(&alarm::SERVICE_AFFECTING, affects)
                .unwrap_or(false),
            entity: notes
                .take(&alarm::ENTITY, text(row, &alarm::ENTITY))
                .unwrap_or_default(),
            condition: word(notes.take(&alarm::CONDITION, condition)),
            since: notes
                .take(&alarm::OCCURRED, date_and_time(row, &alarm::OCCURRED))
                .unwrap_or_default(),
            // The MIB has none.
            description: String::new(),
        }
    });
    let alarms = alarms.collect();
    notes.add_to(&[grid], unread);
    alarms
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

/// Returns the gravest severity among cells of the active alarms.
pub(in crate::observe) fn worst_severity<'v>(
    cells: impl Iterator<Item = &'v Value>,
) -> Option<String> {
    let known = cells.filter_map(|value| {
        let number = match value {
            Value::Integer(number) => u32::try_from(*number).ok()?,
            Value::Unsigned32(number) => *number,
            _ => return None,
        };
        SEVERITIES.iter().find(|(known, _)| *known == number)
    });
    let worst = known.max_by_key(|(number, _)| *number)?;
    Some(worst.1.to_owned())
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

/// Returns a `DateAndTime` as `2026-11-20T09:32:24-05:00`; one of 8 octets has no offset.
fn date_and_time(row: &Row, object: &Object) -> Known<String> {
    let octets = bytes(row, object)?;
    let (date, offset) = match octets {
        [date @ .., _tenths] if date.len() == 7 => (date, String::new()),
        [date @ .., _tenths, sign @ (b'+' | b'-'), hours, minutes] if date.len() == 7 => (
            date,
            format!("{}{hours:02}:{minutes:02}", char::from(*sign)),
        ),
        _ => {
            let length = octets.len();
            return Err(format!(
                "{} has {length} octets, which is not a time",
                object.name
            ));
        }
    };
    let [high, low, month, day, hour, minute, second] = date else {
        return Err(format!("{} is not a time", object.name));
    };
    let year = u16::from_be_bytes([*high, *low]);
    Ok(format!(
        "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{offset}"
    ))
}
