//! Tests the G.hn agent's tables: configured and detected endpoints, and a device without the tables.

use std::collections::BTreeSet;
use std::time::Duration;

use super::devices::{NOW, busy, copper, edit, factory, mac, older};
use super::{mib, walk};
use crate::simulator::gam::{
    Assumptions, DeadRows, Edit, EndpointOptions, ExpectedPort, Gam, ShutPorts, SubscriberOptions,
};
use crate::simulator::mib::Mib;
use crate::simulator::snmp::{Value, View};

pub(super) const GHN: [u32; 10] = [1, 3, 6, 1, 4, 1, 20095, 2001, 143, 1];

pub(super) fn read(gam: &mut Gam, column: &[u32], index: &[u32]) -> Value {
    mib(gam).get(&[&GHN[..], column, index].concat())
}

pub(super) fn by_mac(number: u16) -> Vec<u32> {
    mac(number).octets().into_iter().map(u32::from).collect()
}

/// Returns the indices of one column's rows.
fn rows(gam: &mut Gam, column: &[u32]) -> Vec<Vec<u32>> {
    let name = [&GHN[..], column].concat();
    let found = walk(&mib(gam), &name).into_iter();
    found
        .map(|(oid, _)| oid.arcs()[name.len()..].to_vec())
        .collect()
}

#[test]
fn firmware_without_the_configuration_tables_still_has_the_status_tables() {
    let mut gam = older();
    let configuration: [&[u32]; 4] = [
        &[2, 5, 10],
        &[2, 10, 1, 30],
        &[2, 20, 1, 30],
        &[2, 40, 1, 30],
    ];
    for column in configuration {
        let index = if column.len() == 3 { 0 } else { 2 };
        assert_eq!(read(&mut gam, column, &[index]), Value::NoSuchObject);
        assert_eq!(rows(&mut gam, column), Vec::<Vec<u32>>::new());
    }
    assert_eq!(rows(&mut gam, &[3, 20, 10, 1, 90]).len(), 12);
    assert_eq!(read(&mut gam, &[3, 20, 10, 1, 90], &[2]), Value::Integer(1));
}

#[test]
fn an_unconfigured_endpoint_is_found_only_by_address() {
    let mut gam = busy();
    let index = by_mac(1000);
    let brief = |gam: &mut Gam, column| read(gam, &[3, 30, 10, 1, column], &index);
    assert_eq!(brief(&mut gam, 20), Value::Gauge32(0));
    assert_eq!(brief(&mut gam, 25), Value::text(""));
    assert_eq!(brief(&mut gam, 30), Value::Integer(0));
    assert_eq!(brief(&mut gam, 40), Value::Integer(1_000_002));
    assert_eq!(brief(&mut gam, 50), Value::Gauge32(0));
    assert_eq!(brief(&mut gam, 90), Value::Integer(3));
    let ids = rows(&mut gam, &[3, 20, 10, 1, 90]);
    assert_eq!(ids, (1..=384).map(|id| vec![id]).collect::<Vec<_>>());
    assert_eq!(rows(&mut gam, &[3, 30, 10, 1, 90]).len(), 386);
}

#[test]
fn an_unplugged_endpoint_reads_as_not_detected() {
    let mac = Value::OctetString(mac(3).octets().to_vec());
    for (dead_rows, tables, index) in [
        (DeadRows::Absent, 20, vec![3]),
        (DeadRows::Absent, 30, by_mac(3)),
        (DeadRows::Zeros, 20, vec![3]),
        (DeadRows::Zeros, 30, by_mac(3)),
    ] {
        let mut gam = busy();
        let answers = Assumptions {
            dead_rows,
            ..Assumptions::default()
        };
        gam.assume(answers, NOW);
        let absent_or = |zero| match dead_rows {
            DeadRows::Absent => Value::NoSuchInstance,
            DeadRows::Zeros => zero,
        };
        let cases = [
            (10, 10, mac.clone()),
            (10, 20, Value::Gauge32(3)),
            (10, 30, Value::Integer(1_000_001)),
            (10, 40, Value::Integer(0)),
            (10, 90, Value::Integer(0)),
            (10, 100, Value::Integer(255)),
            (10, 110, Value::text("")),
            (20, 10, mac.clone()),
            (20, 20, Value::truth(false)),
            (20, 50, absent_or(Value::text(""))),
            (20, 60, absent_or(Value::text(""))),
            (20, 90, absent_or(Value::Integer(255))),
            (20, 110, absent_or(Value::Gauge32(0))),
            (20, 170, absent_or(Value::Gauge32(0))),
        ];
        for (table, column, expected) in cases {
            let value = read(&mut gam, &[3, tables, table, 1, column], &index);
            assert_eq!(value, expected, "{tables} {table} {column}");
        }
        let alive = rows(&mut gam, &[3, tables, 20, 1, 20]);
        let serials = rows(&mut gam, &[3, tables, 20, 1, 50]);
        assert!(alive.contains(&index));
        assert_eq!(serials.contains(&index), dead_rows == DeadRows::Zeros);
        let ethernet = [&index[..], &[1]].concat();
        let value = read(&mut gam, &[3, tables, 30, 1, 20], &ethernet);
        assert_eq!(value, Value::NoSuchInstance);
    }
}

#[test]
fn an_endpoint_on_the_wrong_port_is_quarantined() {
    let mut gam = busy();
    assert_eq!(
        read(&mut gam, &[3, 20, 10, 1, 90], &[40]),
        Value::Integer(2)
    );
    let detected = read(&mut gam, &[3, 20, 10, 1, 40], &[40]);
    assert_eq!(detected, Value::Integer(1_000_009));
}

#[test]
fn an_endpoint_behind_a_shut_port_goes_on_unless_that_is_assumed_to_silence_it() {
    for (shut_ports, state) in [(ShutPorts::ServiceGoesOn, 1), (ShutPorts::Silent, 0)] {
        let mut gam = busy();
        let answers = Assumptions {
            shut_ports,
            ..Assumptions::default()
        };
        gam.assume(answers, NOW);
        assert_eq!(
            read(&mut gam, &[3, 20, 10, 1, 90], &[383]),
            Value::Integer(state),
            "{shut_ports:?}"
        );
        let port = [1_000_024];
        assert_eq!(
            read(&mut gam, &[3, 10, 10, 1, 20], &port),
            Value::truth(false)
        );
        let hears_nobody = read(&mut gam, &[3, 10, 10, 1, 40], &port) == Value::text("");
        assert_eq!(hears_nobody, shut_ports == ShutPorts::Silent);
    }
}

#[test]
fn a_port_lists_the_addresses_it_hears() {
    let mut gam = factory();
    gam.plug(mac(2), 5, NOW);
    gam.plug(mac(1), 5, NOW);
    let value = read(&mut gam, &[3, 10, 10, 1, 40], &[1_000_005]);
    let expected = "00:0e:d8:40:00:01,00:0e:d8:40:00:02";
    assert_eq!(value, Value::text(expected));
}

#[test]
fn a_subscriber_reads_its_endpoint_its_profile_and_its_vlans() {
    let mut gam = busy();
    let user = |gam: &mut Gam, column, id| read(gam, &[2, 40, 1, column], &[id]);
    assert_eq!(user(&mut gam, 50, 4), Value::Gauge32(4));
    assert_eq!(user(&mut gam, 70, 4), Value::Gauge32(6));
    assert_eq!(user(&mut gam, 90, 4), Value::Gauge32(104));
    assert_eq!(user(&mut gam, 110, 4), Value::Gauge32(0));
    // Every eleventh has no endpoint, every fifth no limit.
    assert_eq!(user(&mut gam, 50, 11), Value::Gauge32(0));
    assert_eq!(user(&mut gam, 55, 11), Value::text(""));
    assert_eq!(user(&mut gam, 70, 5), Value::Gauge32(0));
    assert_eq!(user(&mut gam, 75, 5), Value::text(""));
    let Value::OctetString(octets) = user(&mut gam, 130, 4) else {
        unreachable!()
    };
    assert_eq!(octets.first(), Some(&0b1111_1000));
    assert_eq!(octets.get(1), Some(&0b11));
    assert_eq!(octets.get(127), Some(&0b1100_0000));
}

#[test]
fn a_port_carries_the_device_s_vlans_and_those_of_its_subscribers() {
    let mut gam = factory();
    let options = EndpointOptions {
        name: Some("one".into()),
        mac: Some(mac(1)),
        port: Some(ExpectedPort::Port(4)),
        ..EndpointOptions::default()
    };
    edit(&mut gam, &Edit::Endpoint { id: 1, options });
    let options = SubscriberOptions {
        name: Some("one".into()),
        endpoint: Some(Some(1)),
        vlan: Some(100),
        ..SubscriberOptions::default()
    };
    edit(&mut gam, &Edit::Subscriber { id: 1, options });
    let bits = |set: &[(usize, u8)]| {
        let mut octets = vec![0; 128];
        for (place, octet) in set {
            octets[*place] = *octet;
        }
        Value::OctetString(octets)
    };
    let carried =
        |gam: &mut Gam, column: u32, port: u32| read(gam, &[2, 10, 1, column], &[1_000_000 + port]);
    assert_eq!(carried(&mut gam, 80, 4), bits(&[(0, 4), (12, 16)]));
    assert_eq!(carried(&mut gam, 80, 5), bits(&[(0, 4)]));
    assert_eq!(carried(&mut gam, 110, 4), bits(&[(127, 64)]));
    assert_eq!(carried(&mut gam, 120, 4), bits(&[]));
}

#[test]
fn an_endpoint_without_a_subscriber_has_the_built_in_profile() {
    let mut gam = busy();
    let brief = |gam: &mut Gam, column, id| read(gam, &[3, 20, 10, 1, column], &[id]);
    assert_eq!(brief(&mut gam, 50, 11), Value::Gauge32(0));
    assert_eq!(brief(&mut gam, 70, 11), Value::Gauge32(1));
    assert_eq!(brief(&mut gam, 75, 11), Value::text("Default BW Profile"));
    assert_eq!(brief(&mut gam, 50, 5), Value::Gauge32(5));
    assert_eq!(brief(&mut gam, 70, 5), Value::Gauge32(0));
}

#[test]
fn numbers_that_are_renumbered_differ_after_a_reboot() {
    let mut gam = busy();
    gam.save(0, NOW);
    let before = read(&mut gam, &[2, 40, 1, 20], &[7]);
    gam.boot(NOW);
    assert_ne!(read(&mut gam, &[2, 40, 1, 20], &[7]), before);
    assert_eq!(read(&mut gam, &[2, 40, 1, 10], &[7]), Value::Gauge32(7));
}

#[test]
fn copper_reports_wire_length_and_coax_does_not() {
    let (mut copper, mut coax) = (copper(), busy());
    let meters = copper.world().plugged[&mac(2)].wire.meters;
    let length = |gam: &mut Gam, column| read(gam, &[3, 20, 20, 1, column], &[2]);
    assert_eq!(length(&mut copper, 100), Value::Gauge32(meters));
    assert_eq!(length(&mut coax, 100), Value::Gauge32(0));
    let down = copper.world().plugged[&mac(2)].wire.down_phy;
    assert_eq!(length(&mut copper, 110), Value::Gauge32(down));
    assert_eq!(length(&mut copper, 90), Value::Integer(1));
    assert_eq!(length(&mut coax, 90), Value::Integer(0));
    assert_eq!(read(&mut copper, &[3, 40, 10], &[0]), Value::Integer(2));
    assert_eq!(read(&mut coax, &[3, 40, 10], &[0]), Value::Integer(0));
}

#[test]
fn every_ethernet_port_of_a_plugged_endpoint_has_a_row() {
    let mut gam = busy();
    let heard: Vec<_> = (1..=384)
        .filter_map(|id| gam.detected_by_id(id)?.plugged.map(|one| (id, one.family)))
        .collect();
    let expected: Vec<Vec<u32>> = heard
        .iter()
        .flat_map(|(id, family)| {
            (1..=family.ethernet_ports()).map(|port| vec![u32::from(*id), u32::from(port)])
        })
        .collect();
    let families: BTreeSet<_> = heard.iter().map(|(_, one)| one.model()).collect();
    assert_eq!(families.len(), 2);
    assert_eq!(rows(&mut gam, &[3, 20, 30, 1, 20]), expected);
    // By address there are two strangers more.
    let strangers: usize = [1000, 1001]
        .map(|number| gam.world().plugged[&mac(number)].family)
        .map(|family| usize::from(family.ethernet_ports()))
        .iter()
        .sum();
    let all = rows(&mut gam, &[3, 30, 30, 1, 20]).len();
    assert_eq!(all, expected.len() + strangers);
    let poe = rows(&mut gam, &[3, 20, 50, 1, 10]).len();
    assert_eq!(poe, heard.len());
    assert_eq!(rows(&mut gam, &[3, 30, 50, 1, 10]).len(), heard.len() + 2);
}

#[test]
fn an_endpoint_reports_its_traffic_and_uptime() {
    let mut gam = busy();
    let later = NOW.after(Duration::from_secs(2 * 86_400 + 3 * 3600 + 4 * 60 + 5));
    let mib = Mib {
        gam: &mut gam,
        now: later,
    };
    let read = |column: &[u32], index: &[u32]| mib.get(&[&GHN[..], column, index].concat());
    let uptime = read(&[3, 20, 20, 1, 60], &[2]);
    assert_eq!(uptime, Value::text("2 days, 3h 4m 5s"));
    let Value::Counter64(sent) = read(&[5, 20, 10, 1, 30], &[2, 1]) else {
        unreachable!()
    };
    assert!(sent > 0);
    assert_eq!(
        read(&[5, 30, 10, 1, 30], &[&by_mac(2)[..], &[1]].concat()),
        Value::Counter64(sent)
    );
}
