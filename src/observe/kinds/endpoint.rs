//! Reads endpoints: their columns of SNMP, their options in a running-config, and the row that both give.

use crate::model::MacAddress;
use crate::observe::decode::cell::{mac, number, text, truth};
use crate::observe::decode::{Grid, Row};
use crate::observe::known::{Known, Table};
use crate::observe::mib::{self, FIRST_PHYSICAL, Layout, Object, objects};
use crate::observe::running_config::options::{ObjectOptions, Occurs, OptionSpec, Shape, missing};
use crate::observe::running_config::words;

objects! { &[1, 3, 6, 1, 4, 1, 20095, 2001, 143, 1, 2, 20, 1] =>
    ID = 10, "gamGhnAgentConfigEndpointId";
    MAC = 20, "gamGhnAgentConfigEndpointMacAddress";
    NAME = 30, "gamGhnAgentConfigEndpointName";
    PORT = 50, "gamGhnAgentConfigEndpointPortIfIndex";
    AUTO = 55, "gamGhnAgentConfigEndpointAutoPort";
}

pub(in crate::observe) const LAYOUT: Layout = Layout {
    what: "endpoints",
    walked: &ID,
    compared: &AUTO,
    identity: (&MAC, mib::MAC),
    groups: &[&[(&NAME, mib::TEXT), mib::number(&PORT), mib::number(&AUTO)]],
};

/// Description and management access are not managed, as for a profile.
pub(in crate::observe) const OPTIONS: &[OptionSpec] = &[
    ("name", Shape::Value, Occurs::Elsewhere),
    ("mac-address", Shape::Value, Occurs::OnlyHere),
    ("port", Shape::Value, Occurs::Elsewhere),
    ("description", Shape::Value, Occurs::Elsewhere),
    ("allow-management-access", Shape::Alone, Occurs::Elsewhere),
];

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointRow {
    pub name: Known<String>,
    pub mac: Known<[u8; 6]>,
    pub port: Known<ExpectedPort>,
    /// Settings that our types cannot hold, as for a profile.
    pub unheld: Vec<String>,
}

/// The port on which the device expects an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExpectedPort {
    Auto,
    Unassigned,
    Port(u32),
}

pub(in crate::observe) fn from_cells(grid: &Grid) -> Table<EndpointRow> {
    super::table(grid, "there is an endpoint", |row| EndpointRow {
        name: text(row, &NAME),
        mac: mac(row, &MAC),
        port: expected_port(row),
        unheld: Vec::new(),
    })
}

/// Returns the expected port of an endpoint: `auto` counts only for one without a port.
fn expected_port(row: &Row) -> Known<ExpectedPort> {
    match number(row, &PORT)? {
        0 => Ok(match truth(row, &AUTO)? {
            true => ExpectedPort::Auto,
            false => ExpectedPort::Unassigned,
        }),
        interface => match interface.checked_sub(FIRST_PHYSICAL) {
            Some(port) => Ok(ExpectedPort::Port(port)),
            None => Err(format!(
                "{} is {interface}, which is not the interface of a port",
                PORT.name
            )),
        },
    }
}

pub(in crate::observe) fn from_options(given: ObjectOptions) -> EndpointRow {
    EndpointRow {
        name: given.text("name", missing("name")),
        mac: given.get("mac-address", missing("mac-address"), |text| {
            text.parse().ok().map(MacAddress::octets)
        }),
        port: given.get("port", Ok(ExpectedPort::Unassigned), |text| match text {
            "auto" => Some(ExpectedPort::Auto),
            "unassigned" => Some(ExpectedPort::Unassigned),
            text => words::number(text).map(ExpectedPort::Port),
        }),
        unheld: given.unknown,
    }
}
