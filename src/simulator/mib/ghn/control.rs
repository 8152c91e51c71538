//! Runs actions of SETs on endpoints and ports: restart, upgrade, reset of counters, power cycle.

use super::table;
use crate::model::MacAddress;
use crate::simulator::gam::{Gam, Interface};
use crate::simulator::mib::endpoint_rows::{MACS, endpoint_at};
use crate::simulator::mib::rows::{ENDPOINTS, GHN_PORTS, ghn_port};
use crate::simulator::mib::table::{Column, Object, Table, column, is_true};
use crate::simulator::moment::Moment;
use crate::simulator::snmp::{ErrorStatus, Value};

static TABLES: [Table; 7] = [
    table(&[4, 10, 20, 1], &GHN_PORTS, PORT_STATISTICS),
    table(&[4, 20, 10, 1], &ENDPOINTS, SYSTEM),
    table(&[4, 20, 20, 1], &ENDPOINTS, STATISTICS),
    table(&[4, 20, 30, 1], &ENDPOINTS, POWER),
    table(&[4, 30, 10, 1], &MACS, SYSTEM),
    table(&[4, 30, 20, 1], &MACS, STATISTICS),
    table(&[4, 30, 30, 1], &MACS, POWER),
];

const PORT_STATISTICS: &[Column] = &[column(10, always_false).trigger(|gam, index, value, now| {
    if is_true(value) {
        let port = ghn_port(gam, index).ok_or(ErrorStatus::GenErr)?;
        gam.clear_interface_statistics(Interface::Ghn(port), now);
    }
    Ok(())
})];

const SYSTEM: &[Column] = &[
    column(10, always_false)
        .trigger(|gam, index, value, now| tell(gam, index, value, now, Gam::reboot_endpoint)),
    column(20, always_false)
        .trigger(|gam, index, value, now| tell(gam, index, value, now, Gam::upgrade_endpoint)),
];

/// The twin has one counter: frames and packets are reset together.
const STATISTICS: &[Column] = &[
    column(10, always_false).trigger(|gam, index, value, now| {
        tell(gam, index, value, now, Gam::clear_endpoint_statistics)
    }),
    column(20, always_false).trigger(|gam, index, value, now| {
        tell(gam, index, value, now, Gam::clear_endpoint_statistics)
    }),
];

/// The twin models nothing that depends on the power of an endpoint.
const POWER: &[Column] = &[column(10, always_false)
    .trigger(|gam, index, value, now| tell(gam, index, value, now, |_, _, _| {}))];

pub(super) fn objects() -> Vec<Object> {
    TABLES.iter().flat_map(Table::objects).collect()
}

fn always_false(_: &Gam, _: &[u32], _: Moment) -> Value {
    Value::truth(false)
}

/// Runs an action on an endpoint; an absent one cannot be reached (assumed: inconsistentValue).
fn tell(
    gam: &mut Gam,
    index: &[u32],
    value: &Value,
    now: Moment,
    what: fn(&mut Gam, MacAddress, Moment),
) -> Result<(), ErrorStatus> {
    if !is_true(value) {
        return Ok(());
    }
    let one = endpoint_at(gam, index).ok_or(ErrorStatus::GenErr)?;
    if one.plugged.is_none() {
        return Err(ErrorStatus::InconsistentValue);
    }
    let mac = one.mac;
    what(gam, mac, now);
    Ok(())
}
