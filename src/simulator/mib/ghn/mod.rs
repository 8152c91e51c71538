//! GAM-GHN-AGENT-MIB: configuration, status, control and counters of ports, endpoints, subscribers.

mod config;
mod control;
mod endpoint;
mod endpoint_detail;
mod endpoint_ports;
mod port;
mod port_config;
mod statistics;
mod subscriber;

use super::rows::Rows;
use super::table::{Column, Object, Table};
use crate::model::{MacAddress, PortMode};
use crate::simulator::gam::{Gam, Interface};
use crate::simulator::moment::Moment;
use crate::simulator::snmp::Value;

const GHN: [u32; 10] = [1, 3, 6, 1, 4, 1, 20095, 2001, 143, 1];

/// The longest texts that the MIB allows; the device's own texts may be longer.
const NAME: usize = 31;
const DESCRIPTION: usize = 127;

/// Returns a table that is present in all firmware.
const fn table(entry: &'static [u32], rows: &'static Rows, columns: &'static [Column]) -> Table {
    Table {
        base: &GHN,
        entry,
        rows,
        columns,
        needs: None,
    }
}

pub(super) fn objects() -> Vec<Object> {
    [
        config::objects(),
        port_config::objects(),
        subscriber::objects(),
        port::objects(),
        endpoint::objects(),
        endpoint_detail::objects(),
        endpoint_ports::objects(),
        control::objects(),
        statistics::objects(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Returns the value of a row editor's action column: no row is being edited.
///
/// The configuration tables are read-write in the MIB, and rows are created through row editors. Here every such SET
/// answers notWritable. gamctl configures over the CLI, and the answers of a real device are unknown (assumed).
fn action(_: &Gam, _: &[u32], _: Moment) -> Value {
    Value::Gauge32(0)
}

fn mac(mac: MacAddress) -> Value {
    Value::OctetString(mac.octets().to_vec())
}

/// Returns the interface number of a G.hn port; 0 without a port.
fn port_number(gam: &Gam, port: Option<u8>) -> Value {
    let number = port.map_or(0, |port| gam.hardware().if_index(Interface::Ghn(port)));
    Value::Integer(i32::try_from(number).unwrap_or(0))
}

/// `GAMGhnAgentPortMode`.
fn mode_number(mode: Option<PortMode>) -> Value {
    Value::Integer(match mode {
        Some(PortMode::Coax) => 0,
        Some(PortMode::Mimo) => 1,
        Some(PortMode::Siso) => 2,
        None => 255,
    })
}
