//! Probes a device: one request and one answer say who it is and how it is in short, and no configuration.

use std::net::SocketAddr;

use crate::model::{AlarmCount, Probe};
use crate::observe::decode::{Row, cpu_percent, facts, led, worst_severity};
use crate::observe::mib::{Object, alarm, system, sysutil};
use crate::transport::snmp::{Access, Counters, Oid, Session, SnmpError, SnmpOptions, Value};

/// The single values. The LED is a column with one row. The last one shows whether the agent has a table of alarms at all:
/// an empty table and one that the agent lacks look alike.
const SINGLE: [&Object; 9] = [
    &system::OBJECT_ID,
    &system::UP_TIME,
    &system::NAME,
    &sysutil::BOARD_MAC,
    &sysutil::BOARD_SERIAL,
    &sysutil::CPU_10_SECONDS,
    &sysutil::UPTIME,
    &sysutil::LED,
    &alarm::CLEAR,
];

/// The most alarms that one answer counts: they fit into an Ethernet frame beside the single values.
const MOST_ALARMS: u32 = 32;

/// Probes the device at an address, which may not be a GAM; also counts the messages.
///
/// # Errors
///
/// Fails if there is no answer, or if it is not one of an agent.
pub async fn probe(
    address: SocketAddr,
    access: &Access,
    snmp_options: SnmpOptions,
) -> Result<(Probe, Counters), SnmpError> {
    let session = Session::open(address, access, snmp_options).await?;
    let names: Vec<Oid> = SINGLE.iter().map(|object| object.oid()).collect();
    let severity = alarm::SEVERITY.oid();
    let answer = session.first_rows(&names, &severity, MOST_ALARMS).await?;
    let mut row = Row::default();
    for (object, value) in SINGLE.iter().zip(answer.singles) {
        row.set(object, Ok(value.unwrap_or(Value::NoSuchInstance)));
    }
    let known = facts(&row, &[]);
    let identity = known.identity;
    let has_table = !matches!(row.value(&alarm::CLEAR), Ok(Value::NoSuchInstance) | Err(_));
    let is_answered = !answer.cells.is_empty() || (answer.is_whole && has_table);
    let alarms = is_answered.then(|| AlarmCount {
        count: u32::try_from(answer.cells.len()).unwrap_or(u32::MAX),
        is_all: answer.is_whole,
        worst: worst_severity(answer.cells.iter().map(|cell| &cell.value)),
    });
    let probe = Probe {
        object_id: known.object_id.map(|oid| oid.to_string()),
        model: identity.model,
        name: identity.name,
        serial: identity.serial,
        mac: identity.mac,
        uptime_seconds: identity.uptime_seconds,
        cpu_percent: cpu_percent(&row, &mut Vec::new()),
        led: led(&row),
        alarms,
    };
    Ok((probe, session.counters()))
}
