//! Decodes the tables of the G.hn agent: profiles, endpoints, subscribers.

use super::cell::{choice, mac, number, reference, text, truth, vlans};
use super::grid::{Grid, Row};
use crate::model::Poe;
use crate::observe::mib::{FIRST_PHYSICAL, ghn};
use crate::observe::rows::{EndpointRow, ExpectedPort, Known, ProfileRow, SubscriberRow, Table};

/// `GAMGhnAgentPoeModeCtrl`.
const POE: &[(u32, Poe)] = &[(0, Poe::Disable), (1, Poe::Enable), (2, Poe::Force)];

pub(in crate::observe) fn profiles(grid: &Grid) -> Table<ProfileRow> {
    table(grid, "there is a profile", |row| ProfileRow {
        name: text(row, &ghn::PROFILE_NAME),
        description: text(row, &ghn::PROFILE_DESCRIPTION),
        down: number(row, &ghn::PROFILE_DOWN),
        up: number(row, &ghn::PROFILE_UP),
        unheld: Vec::new(),
    })
}

pub(in crate::observe) fn endpoints(grid: &Grid) -> Table<EndpointRow> {
    table(grid, "there is an endpoint", |row| EndpointRow {
        name: text(row, &ghn::ENDPOINT_NAME),
        mac: mac(row, &ghn::ENDPOINT_MAC),
        port: expected_port(row),
        unheld: Vec::new(),
    })
}

/// Returns the subscribers. On a device that binds them to ports, our types cannot hold any of them.
pub(in crate::observe) fn subscribers(
    grid: &Grid,
    subscriber_model: &Known<u32>,
) -> Table<SubscriberRow> {
    table(grid, "there is a subscriber", |row| SubscriberRow {
        name: text(row, &ghn::USER_NAME),
        description: text(row, &ghn::USER_DESCRIPTION),
        endpoint: reference(row, &ghn::USER_ENDPOINT),
        profile: reference(row, &ghn::USER_PROFILE),
        vlan: number(row, &ghn::USER_VLAN),
        tagged: truth(row, &ghn::USER_TAGGED),
        remapped_vlan: reference(row, &ghn::USER_REMAPPED),
        allowed_vlans: vlans(row, ghn::USER_QUARTERS),
        port2_vlan: reference(row, &ghn::USER_PORT_2),
        poe: choice(row, &ghn::USER_POE, POE),
        unheld: unheld(row, subscriber_model),
    })
}

fn table<R>(grid: &Grid, what: &str, read: impl Fn(&Row) -> R) -> Table<R> {
    let (rows, lost) = grid.numbered(what);
    let rows = rows.into_iter().map(|(number, row)| (number, read(row)));
    Table {
        rows: rows.collect(),
        lost,
    }
}

/// Returns the expected port of an endpoint: `auto` counts only for one without a port.
fn expected_port(row: &Row) -> Known<ExpectedPort> {
    match number(row, &ghn::ENDPOINT_PORT)? {
        0 => Ok(match truth(row, &ghn::ENDPOINT_AUTO)? {
            true => ExpectedPort::Auto,
            false => ExpectedPort::Unassigned,
        }),
        interface => match interface.checked_sub(FIRST_PHYSICAL) {
            Some(port) => Ok(ExpectedPort::Port(port)),
            None => Err(format!(
                "{} is {interface}, which is not the interface of a port",
                ghn::ENDPOINT_PORT.name
            )),
        },
    }
}

/// Returns the settings of a subscriber that the inventory cannot express. An unreadable one counts as present, because
/// a change could reset it.
fn unheld(row: &Row, subscriber_model: &Known<u32>) -> Vec<String> {
    let mut reasons = Vec::new();
    match subscriber_model {
        Ok(ghn::PORT_AWARE) => {
            reasons.push("the device binds subscribers to ports (port-aware)".to_owned());
        }
        Ok(_) => {}
        Err(reason) => reasons.push(format!("the subscriber model is unknown: {reason}")),
    }
    match reference(row, &ghn::USER_PORT) {
        Ok(None) => {}
        Ok(Some(interface)) => reasons.push(format!("it is bound to interface {interface}")),
        Err(reason) => reasons.push(format!("its binding to a port is unknown: {reason}")),
    }
    let switches = [
        (&ghn::USER_TRUNK, "it uses trunk mode"),
        (&ghn::USER_DOUBLE_TAGS, "it uses double tags"),
    ];
    for (object, says) in switches {
        match truth(row, object) {
            Ok(false) => {}
            Ok(true) => reasons.push(says.to_owned()),
            Err(reason) => reasons.push(format!("unknown whether {says}: {reason}")),
        }
    }
    reasons
}
