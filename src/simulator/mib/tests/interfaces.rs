//! Tests interfaces and ports: values, consistent counters, shutdown.

use std::time::Duration;

use super::devices::{NOW, busy, factory, mac, older};
use super::{mib, walk};
use crate::simulator::gam::{Gam, Interface};
use crate::simulator::mib::Mib;
use crate::simulator::snmp::{ErrorStatus, Oid, SetRefused, Value, View};

const TABLE: [u32; 9] = [1, 3, 6, 1, 2, 1, 2, 2, 1];
const EXTENDED: [u32; 10] = [1, 3, 6, 1, 2, 1, 31, 1, 1, 1];
const BRIDGE: [u32; 7] = [1, 3, 6, 1, 2, 1, 17];
const PORT: [u32; 10] = [1, 3, 6, 1, 4, 1, 20095, 2001, 11, 1];

const UPLINK_OF_FOUR: u32 = 1_000_005;
const UPLINK_OF_24: u32 = 1_000_025;

fn name(parts: &[&[u32]]) -> Oid {
    Oid::new(&parts.concat())
}

fn later(gam: &mut Gam) -> Mib<'_> {
    Mib {
        gam,
        now: NOW.after(Duration::from_secs(5000)),
    }
}

fn interface(gam: &mut Gam, column: u32, index: u32) -> Value {
    mib(gam).get(name(&[&TABLE, &[column, index]]).arcs())
}

fn count(gam: &mut Gam, table: &[u32], column: u32, index: &[u32]) -> u64 {
    let oid = name(&[&PORT, table, &[column], index]);
    match later(gam).get(oid.arcs()) {
        Value::Counter64(count) => count,
        other => unreachable!("{oid}: {other:?}"),
    }
}

#[test]
fn a_small_device_has_thousands_of_rows_nearly_all_of_them_vlan_interfaces() {
    let mut gam = older();
    let column = [&TABLE[..], &[2]].concat();
    let rows = walk(&mib(&mut gam), &column);
    assert_eq!(rows.len(), 4095 + 6);
    assert_eq!(rows[99].1, Value::text("vlan 100"));
    assert_eq!(rows[4095].1, Value::text("G.hn 1/1"));
    assert_eq!(rows[4099].1, Value::text("10GigabitEthernet 1/1"));
    assert_eq!(rows[4100].1, Value::text("GigabitEthernet 1/1"));
    let number = mib(&mut gam).get(&[1, 3, 6, 1, 2, 1, 2, 1, 0]);
    assert_eq!(number, Value::Integer(4101));
}

#[test]
fn an_interface_reports_its_kind_speed_and_state() {
    let mut gam = busy();
    let cases = [
        (3, 4093, Value::Integer(135)),
        (3, 1_000_001, Value::Integer(6)),
        (5, 1_000_001, Value::Gauge32(1_000_000_000)),
        (5, UPLINK_OF_24, Value::Gauge32(u32::MAX)),
        // The management VLAN has an interface, the next has none.
        (7, 4093, Value::Integer(1)),
        (8, 4093, Value::Integer(1)),
        (7, 4094, Value::Integer(2)),
        (8, 1_000_001, Value::Integer(1)),
        (7, 1_000_024, Value::Integer(2)),
        (8, 1_000_024, Value::Integer(2)),
        (8, UPLINK_OF_24, Value::Integer(1)),
        // Nothing is in the second uplink.
        (7, UPLINK_OF_24 + 1, Value::Integer(1)),
        (8, UPLINK_OF_24 + 1, Value::Integer(2)),
        (8, 4096, Value::NoSuchInstance),
        (8, 0, Value::NoSuchInstance),
    ];
    for (column, index, expected) in cases {
        assert_eq!(
            interface(&mut gam, column, index),
            expected,
            "{column} {index}"
        );
    }
    let extended =
        |gam: &mut Gam, column, index| mib(gam).get(name(&[&EXTENDED, &[column, index]]).arcs());
    assert_eq!(extended(&mut gam, 15, UPLINK_OF_24), Value::Gauge32(10_000));
    let port = gam.running().ports[&3].name.clone();
    assert_eq!(extended(&mut gam, 18, 1_000_003), Value::text(&port));
    assert_eq!(extended(&mut gam, 18, UPLINK_OF_24), Value::text(""));
}

#[test]
fn a_counter_of_32_bits_is_the_lower_half_of_the_one_of_64() {
    let mut gam = busy();
    let mib = later(&mut gam);
    let mut wrapped = 0;
    for index in [1_000_001, UPLINK_OF_24] {
        for (narrow, wide) in [(10, 6), (11, 7), (16, 10), (17, 11)] {
            let short = mib.get(name(&[&TABLE, &[narrow, index]]).arcs());
            let long = mib.get(name(&[&EXTENDED, &[wide, index]]).arcs());
            let (Value::Counter32(short), Value::Counter64(long)) = (short, long) else {
                unreachable!()
            };
            assert_eq!(u64::from(short), long % (1 << 32));
            assert!(long > 0);
            wrapped += u32::from(long > u64::from(u32::MAX));
        }
    }
    assert!(wrapped > 0);
}

#[test]
fn the_counters_of_a_port_agree_with_each_other() {
    let mut gam = busy();
    for index in [1_000_001, UPLINK_OF_24] {
        let gam = &mut gam;
        let at = [index];
        let rmon = |gam: &mut Gam, column| count(gam, &[5, 1, 1], column, &at);
        let group = |gam: &mut Gam, column| count(gam, &[5, 2, 1], column, &at);
        for (octets, packets, broadcast, sizes) in [(3, 4, 5, 12..=18), (20, 21, 22, 24..=30)] {
            let all = rmon(gam, packets);
            assert!(all > 0);
            assert_eq!(sizes.map(|size| rmon(gam, size)).sum::<u64>(), all);
            // In the interface group, the received begin at 2 and the sent at 9.
            let first = if octets == 3 { 2 } else { 9 };
            assert_eq!(group(gam, first), rmon(gam, octets));
            let kinds: u64 = (1..=3).map(|kind| group(gam, first + kind)).sum();
            assert_eq!(kinds, all);
            assert_eq!(group(gam, first + 3), rmon(gam, broadcast));
            let others = group(gam, first + 2) + group(gam, first + 3);
            assert_eq!(group(gam, first + 4), others);
            let column = if octets == 3 { 3 } else { 4 };
            let queues = |gam: &mut Gam, column| -> u64 {
                (0..=3)
                    .map(|queue| count(gam, &[5, 4, 1], column, &[index, queue]))
                    .sum()
            };
            assert_eq!(queues(gam, column), all);
            assert_eq!(queues(gam, column + 2), rmon(gam, octets));
        }
    }
}

#[test]
fn a_manager_can_clear_what_one_port_counted() {
    let mut gam = busy();
    let clear = name(&[&PORT, &[4, 1, 1, 1, 2, 1_000_001]]);
    let octets = |gam: &mut Gam, index| count(gam, &[5, 1, 1], 3, &[index]);
    let other = octets(&mut gam, 1_000_002);
    later(&mut gam)
        .set(&[(clear.clone(), Value::truth(false))])
        .unwrap();
    assert!(octets(&mut gam, 1_000_001) > 0);
    later(&mut gam).set(&[(clear, Value::truth(true))]).unwrap();
    assert_eq!(octets(&mut gam, 1_000_001), 0);
    assert_eq!(octets(&mut gam, 1_000_002), other);
}

#[test]
fn a_port_is_shut_down_by_either_mib_and_opened_again() {
    let mut gam = older();
    gam.plug(mac(1), 1, NOW);
    let config = name(&[&PORT, &[2, 1, 1, 2, 1_000_001]]);
    let link = name(&[&PORT, &[3, 1, 1, 2, 1_000_001]]);
    let status = |index| name(&[&TABLE, &[7, index]]);
    assert_eq!(mib(&mut gam).get(link.arcs()), Value::truth(true));
    mib(&mut gam)
        .set(&[(config.clone(), Value::truth(true))])
        .unwrap();
    assert!(gam.running().ports[&1].shutdown);
    assert_eq!(interface(&mut gam, 7, 1_000_001), Value::Integer(2));
    assert_eq!(mib(&mut gam).get(link.arcs()), Value::truth(false));
    mib(&mut gam)
        .set(&[(status(1_000_001), Value::Integer(1))])
        .unwrap();
    assert!(!gam.running().ports[&1].shutdown);
    assert_eq!(mib(&mut gam).get(config.arcs()), Value::truth(false));
    mib(&mut gam)
        .set(&[(status(UPLINK_OF_FOUR), Value::Integer(2))])
        .unwrap();
    assert!(gam.is_shut_down(Interface::Uplink(1)));
    assert!(!gam.link(Interface::Uplink(1)));
}

#[test]
fn an_impossible_port_setting_is_refused() {
    let config = |column, index| name(&[&PORT, &[2, 1, 1, column, index]]);
    let status = |index| name(&[&TABLE, &[7, index]]);
    let number = Value::Integer;
    let cases = [
        (config(2, 1_000_001), number(3), ErrorStatus::WrongValue),
        (
            config(2, 1_000_001),
            Value::Gauge32(1),
            ErrorStatus::WrongType,
        ),
        (config(2, 1_000_006), number(1), ErrorStatus::NotWritable),
        (config(2, 1_000_099), number(1), ErrorStatus::NoCreation),
        (config(2, 7), number(1), ErrorStatus::NoCreation),
        (config(3, 1_000_001), number(5), ErrorStatus::NotWritable),
        (status(1_000_001), number(3), ErrorStatus::WrongValue),
        (status(100), number(1), ErrorStatus::NotWritable),
        (status(4096), number(1), ErrorStatus::NoCreation),
    ];
    for (oid, value, status) in cases {
        let mut gam = older();
        let good = (config(2, 1_000_002), Value::truth(true));
        let refused = mib(&mut gam).set(&[good, (oid.clone(), value)]);
        assert_eq!(refused, Err(SetRefused { index: 2, status }), "{oid}");
        assert_eq!(gam.running(), older().running(), "{oid}");
    }
}

#[test]
fn an_uplink_has_a_transceiver_and_a_port_without_link_no_speed() {
    let mut gam = factory();
    let status = |gam: &mut Gam, column, index| {
        mib(gam).get(name(&[&PORT, &[3, 1, 1, column, index]]).arcs())
    };
    assert_eq!(status(&mut gam, 5, UPLINK_OF_24), Value::Integer(6));
    assert_eq!(status(&mut gam, 6, UPLINK_OF_24), Value::Integer(14));
    assert_eq!(status(&mut gam, 4, UPLINK_OF_24), Value::truth(true));
    assert_eq!(status(&mut gam, 2, 1_000_001), Value::truth(false));
    assert_eq!(status(&mut gam, 5, 1_000_001), Value::Integer(0));
    assert_eq!(status(&mut gam, 6, 1_000_001), Value::Integer(0));
    assert_eq!(status(&mut gam, 7, 1_000_001), Value::text(""));
    gam.plug(mac(1), 1, NOW);
    assert_eq!(status(&mut gam, 5, 1_000_001), Value::Integer(3));
}

#[test]
fn the_bridge_has_learned_the_endpoints_and_the_gateway() {
    let mut gam = factory();
    gam.plug(mac(5), 3, NOW);
    let column = [&BRIDGE[..], &[4, 3, 1, 2]].concat();
    let learned = walk(&mib(&mut gam), &column);
    let gateway = name(&[&column, &[0, 0, 94, 0, 1, 1]]);
    let endpoint = name(&[&column, &[0, 14, 216, 64, 0, 5]]);
    let expected = [(gateway, Value::Integer(25)), (endpoint, Value::Integer(3))];
    assert_eq!(learned, expected);
    let port = name(&[&BRIDGE, &[1, 4, 1, 2, 25]]);
    let if_index = mib(&mut gam).get(port.arcs());
    assert_eq!(if_index, Value::Integer(1_000_025));
}
