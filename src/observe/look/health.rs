//! Reads the health of the device; failures are recorded there and never affect the configuration.

use super::alarms as active_alarms;
use super::ask::Asker;
use super::table::{Read, ended};
use crate::model::{GamModel, Health};
use crate::observe::decode::{
    Grid, Row, Uplinks, alarms, cpu_percent, endpoint_health, fans, links, temperatures,
};
use crate::observe::mib::{Object, ghn, sysutil};
use crate::transport::snmp::Oid;

/// The columns of the endpoints' status that refer to the configuration.
pub(super) const CONFIRMING: [&Object; 2] = [&ghn::HEARD_ENDPOINT, &ghn::HEARD_USER];

const HEARD: [&Object; 5] = [
    &ghn::HEARD_ENDPOINT,
    &ghn::HEARD_USER,
    &ghn::HEARD_PORT,
    &ghn::HEARD_STATE,
    &ghn::HEARD_MODEL,
];

const LINES: [&Object; 5] = [
    &ghn::LINE_FIRMWARE,
    &ghn::LINE_DOWN_RATE,
    &ghn::LINE_UP_RATE,
    &ghn::LINE_DOWN_MOST,
    &ghn::LINE_UP_MOST,
];

pub(super) const SENSORS: [&Object; 2] = [&sysutil::SENSOR_NAME, &sysutil::SENSOR_TENTHS];

pub(super) const MONITORS: [&Object; 4] = [
    &sysutil::MONITOR_LOW,
    &sysutil::MONITOR_HIGH,
    &sysutil::MONITOR_CRITICAL,
    &sysutil::MONITOR_TEMPERATURE,
];

/// Reads all health tables; `single` has the values read with the identity. Also returns the status of endpoints, which
/// confirms the configuration.
pub(super) async fn read(asker: &Asker, single: &Row, model: GamModel) -> (Health, Read) {
    let (heard, lines, active, sensors, monitors, spinning) = tokio::join!(
        walk(asker, &HEARD),
        walk(asker, &LINES),
        active_alarms::read(asker),
        walk(asker, &SENSORS),
        walk(asker, &MONITORS),
        walk(asker, &[&sysutil::FAN_RPM]),
    );
    let mut health = Health::default();
    let unread = &mut health.unread;
    health.cpu_percent = cpu_percent(single, unread);
    let mut all = note(&heard, "endpoints", unread);
    let lines = note(&lines, "lines", unread);
    for (index, row) in lines.rows {
        all.rows.entry(index).or_default().merge(row);
    }
    health.endpoints = endpoint_health(&all, model, unread);
    health.alarms = alarms(&note(&active, "alarms", unread), unread);
    health.alarms_unread = active.reason();
    let sensors = note(&sensors, "temperatures", unread);
    let monitors = note(&monitors, "the temperature monitor", unread);
    health.temperatures = temperatures(&sensors, &monitors, unread);
    health.fans = fans(&note(&spinning, "fans", unread), unread);
    (health, heard)
}

/// Adds the link states, once it is known which interfaces are uplinks.
pub(super) fn add_links(health: &mut Health, linked: &Read, model: GamModel, known: &Uplinks) {
    let unread = &mut health.unread;
    let grid = note(linked, "links", unread);
    (health.ports, health.uplinks) = links(&grid, model, known, unread);
    unread.sort();
    unread.dedup();
}

/// Reads the columns that confirm the configuration again.
pub(super) async fn confirm(asker: &Asker) -> Read {
    walk(asker, &CONFIRMING).await
}

/// Walks columns of one table. Rows that appeared or disappeared meanwhile lack a cell, which decoding reports.
async fn walk(asker: &Asker, objects: &[&'static Object]) -> Read {
    let names: Vec<Oid> = objects.iter().map(|object| object.oid()).collect();
    match asker.columns(&names).await {
        Ok(columns) => Read::Whole(Grid::of(objects, &columns)),
        Err(error) => ended(error),
    }
}

fn note(read: &Read, what: &str, unread: &mut Vec<String>) -> Grid {
    if let Read::Whole(grid) = read {
        return grid.clone();
    }
    unread.extend(read.reason().map(|reason| format!("{what}: {reason}")));
    Grid::default()
}
