//! Tests that SNMP and the CLI agree: lines built from the tables equal those of the running-config.

use std::collections::BTreeMap;

use gamctl::model::{GamModel, VlanId, VlanSet};
use gamctl::simulator::commands::running_config;
use gamctl::simulator::gam::Gam;
use gamctl::simulator::mib::Mib;
use gamctl::simulator::snmp::{Value, View};
use proptest::prelude::*;

use super::configuration::lines;
use super::typing::{NOW, configure, gam};
use crate::properties::tried;

const CONFIGURATION: [u32; 11] = [1, 3, 6, 1, 4, 1, 20095, 2001, 143, 1, 2];

/// Rows of a table by index, with values by column.
type Rows = BTreeMap<u32, BTreeMap<u32, Value>>;

/// Walks one table of the agent's configuration.
fn table(gam: &Gam, number: u32) -> Rows {
    let mut gam = gam.clone();
    let view = Mib {
        gam: &mut gam,
        now: NOW,
    };
    let entry = [CONFIGURATION.as_slice(), &[number, 1]].concat();
    let mut rows = Rows::new();
    let mut at = entry.clone();
    while let Some((oid, value)) = view.next(&at) {
        let Some([column, index]) = oid.arcs().strip_prefix(entry.as_slice()) else {
            break;
        };
        rows.entry(*index).or_default().insert(*column, value);
        at = oid.arcs().to_vec();
    }
    rows
}

fn text(row: &BTreeMap<u32, Value>, column: u32) -> String {
    match &row[&column] {
        Value::OctetString(octets) => String::from_utf8(octets.clone()).unwrap(),
        other => panic!("column {column}: {other:?}"),
    }
}

fn number(row: &BTreeMap<u32, Value>, column: u32) -> u32 {
    match row[&column] {
        Value::Integer(number) => number.try_into().unwrap(),
        Value::Gauge32(number) => number,
        ref other => panic!("column {column}: {other:?}"),
    }
}

fn described(row: &BTreeMap<u32, Value>) -> String {
    match text(row, 40).as_str() {
        "" => String::new(),
        description => format!(" description \"{description}\""),
    }
}

fn option(word: &str, value: u32) -> String {
    match value {
        0 => String::new(),
        value => format!(" {word} {value}"),
    }
}

/// Reads the four quarters of a VLAN list: within an octet the lowest bit is the lowest VLAN.
fn vlans(row: &BTreeMap<u32, Value>, first: u32) -> VlanSet {
    let mut set = Vec::new();
    for quarter in 0..4 {
        let Value::OctetString(octets) = &row[&(first + 10 * quarter)] else {
            panic!("no octets");
        };
        assert_eq!(octets.len(), 128);
        for (position, octet) in octets.iter().enumerate() {
            for bit in 0..8 {
                if octet & (1 << bit) != 0 {
                    let vlan = 1024 * quarter as usize + 8 * position + bit;
                    set.push(VlanId::new(u16::try_from(vlan).unwrap()).unwrap());
                }
            }
        }
    }
    set.into_iter().collect()
}

fn shown_by_snmp(gam: &Gam) -> Vec<String> {
    let mut lines = Vec::new();
    for (id, row) in table(gam, 30) {
        let (down, up) = (number(&row, 50), number(&row, 60));
        lines.push(format!(
            "ghn bw-profile {id} name \"{}\"{} rate-downstream {down} rate-upstream {up}",
            text(&row, 30),
            described(&row)
        ));
    }
    for (id, row) in table(gam, 20) {
        let Value::OctetString(mac) = &row[&20] else {
            panic!("no address");
        };
        let mac: Vec<String> = mac.iter().map(|octet| format!("{octet:02x}")).collect();
        let port = match (number(&row, 55), number(&row, 50)) {
            (1, _) => " port auto".to_owned(),
            (_, 0) => String::new(),
            (_, if_index) => format!(" port {}", if_index - 1_000_000),
        };
        let access = match number(&row, 60) {
            1 => " allow-management-access",
            _ => "",
        };
        lines.push(format!(
            "ghn endpoint {id} name \"{}\" mac-address {}{}{port}{access}",
            text(&row, 30),
            mac.join(":"),
            described(&row)
        ));
    }
    for (id, row) in table(gam, 40) {
        let profile = match number(&row, 70) {
            0 => "unthrottled".to_owned(),
            id => id.to_string(),
        };
        let allowed = vlans(&row, 130);
        let allowed = if allowed.is_empty() {
            String::new()
        } else {
            format!(" allowed-vlan {allowed}")
        };
        lines.push(format!(
            "ghn subscriber {id} name \"{}\"{} vid {}{}{}{} bw-profile {profile}{allowed}{} poe {}",
            text(&row, 30),
            described(&row),
            number(&row, 90),
            if number(&row, 100) == 1 {
                " tagged"
            } else {
                ""
            },
            option("endpoint", number(&row, 50)),
            option("remapped-vid", number(&row, 110)),
            option("port2-vid", number(&row, 120)),
            ["disable", "enable", "force"][number(&row, 220) as usize],
        ));
    }
    lines
}

fn read_from_the_command_line(gam: &Gam) -> Vec<String> {
    running_config(gam)
        .lines()
        .filter(|line| line.starts_with("ghn ") && !line.starts_with("ghn port"))
        .map(|line| match line.split_once(" service-limit-level") {
            // The one field that no table has.
            Some((before, _)) => before.to_owned(),
            None => line.to_owned(),
        })
        .collect()
}

proptest! {
    #![proptest_config(tried(64))]

    #[test]
    fn snmp_and_the_command_line_show_the_same_configuration(
        coax in any::<bool>(),
        lines in lines(60),
    ) {
        let model = if coax { GamModel::Gam24C } else { GamModel::Gam12M };
        let mut gam = gam(model, None);
        configure(&mut gam, &lines);
        prop_assert_eq!(shown_by_snmp(&gam), read_from_the_command_line(&gam));
        for (id, row) in table(&gam, 10) {
            let port = &gam.running().ports[&u8::try_from(id - 1_000_000).unwrap()];
            prop_assert_eq!(text(&row, 30), port.name.as_str());
            prop_assert_eq!(number(&row, 50), port.mode as u32 + 1 - 3 * u32::from(coax));
        }
    }
}
