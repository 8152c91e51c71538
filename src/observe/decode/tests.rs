//! Tests decoding with values of any type in any column: a reason for each wrong one, never a panic.

use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::*;
use crate::model::{GamModel, UplinkNumber, VlanSet};
use crate::observe::assemble;
use crate::observe::kinds::{endpoint, profile, subscriber};
use crate::observe::mib::{Object, alarm, ghn, port, sysutil, vlan};
use crate::observe::rows::Rows;
use crate::transport::snmp::{Cell, Column, Oid, Value};

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<i64>().prop_map(Value::Integer),
        (0..300i64).prop_map(Value::Integer),
        any::<u32>().prop_map(Value::Unsigned32),
        (0..5000u32).prop_map(Value::Unsigned32),
        prop::collection::vec(any::<u8>(), 0..140).prop_map(Value::Bytes),
        "[ -~]{0,40}".prop_map(|text| Value::Bytes(text.into_bytes())),
        any::<u32>().prop_map(Value::TimeTicks),
        any::<u64>().prop_map(Value::Counter64),
        Just(Value::Null),
        Just(Value::NoSuchObject),
        Just(Value::NoSuchInstance),
        Just(Value::IpAddress([10, 0, 0, 1])),
        Just(Value::Oid(Oid::new([1, 3]))),
    ]
}

fn index() -> impl Strategy<Value = Vec<u32>> {
    prop_oneof![
        6 => (0..12u32).prop_map(|one| vec![one]),
        2 => (1_000_000..1_000_030u32).prop_map(|one| vec![one]),
        1 => prop::collection::vec(0..256u32, 6..=6),
        1 => prop::collection::vec(any::<u32>(), 0..4),
    ]
}

fn columns(objects: &'static [&'static Object]) -> impl Strategy<Value = Grid> {
    let column = prop::collection::btree_map(index(), value(), 0..10);
    prop::collection::vec(column, objects.len()).prop_map(move |columns| {
        let columns: Vec<Column> = objects
            .iter()
            .zip(columns)
            .map(|(object, cells)| Column {
                oid: object.oid(),
                cells: cells
                    .into_iter()
                    .map(|(index, value)| Cell { index, value })
                    .collect(),
            })
            .collect();
        Grid::of(objects, &columns)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, rng_seed: RngSeed::Fixed(20_261_121), ..ProptestConfig::default() })]

    #[test]
    fn every_row_is_accounted_for_with_any_answers(
        profile in columns(&[&profile::NAME, &profile::DESCRIPTION, &profile::DOWN, &profile::UP]),
        endpoint in columns(&[&endpoint::NAME, &endpoint::MAC, &endpoint::PORT, &endpoint::AUTO]),
        user in columns(&[
            &subscriber::NAME, &subscriber::DESCRIPTION, &subscriber::ENDPOINT, &subscriber::PROFILE, &subscriber::VLAN,
            &subscriber::TAGGED, &subscriber::REMAPPED, &subscriber::PORT_2, &subscriber::QUARTER_1, &subscriber::QUARTER_2,
            &subscriber::QUARTER_3, &subscriber::QUARTER_4, &subscriber::TRUNK, &subscriber::PORT, &subscriber::DOUBLE_TAGS,
            &subscriber::POE,
        ]),
        on_port in columns(&[&ghn::PORT_NAME, &ghn::PORT_MODE]),
        shut in columns(&[&port::SHUTDOWN]),
        other in columns(&[&port::MEDIA, &port::FORCED_SPEED, &port::ISOLATION]),
        uplink in columns(&[&vlan::MODE, &vlan::ACCESS_VLAN, &vlan::TRUNK_NATIVE, &vlan::TRUNK_QUARTER_1]),
    ) {
        let model = GamModel::Gam24C;
        let _uplinks = uplinks_among(&other, model);
        let known = Uplinks::from([(1_000_025, UplinkNumber::new(1).unwrap())]);
        let rows = Rows {
            profiles: profile::from_cells(&profile),
            endpoints: endpoint::from_cells(&endpoint),
            subscribers: subscriber::from_cells(&user, &Ok(0)),
            ports: ports(&on_port, &shut, model),
            uplinks: uplinks(&uplink, &known),
            ..Rows::default()
        };
        let users = user.rows.keys().filter(|index| index.len() == 1).count();
        prop_assert_eq!(rows.subscribers.rows.len(), users);
        prop_assert_eq!(rows.subscribers.lost.len(), user.rows.len() - users);
        let _assembled = assemble(&rows, model);
        let _why = unconfirmed(&user, &endpoint, &user);
        let _why = contradiction(&endpoint, &user, &profile);
    }

    #[test]
    fn health_never_fails_on_any_value(
        heard in columns(&[&ghn::HEARD_ENDPOINT, &ghn::HEARD_PORT, &ghn::HEARD_STATE, &ghn::LINE_DOWN_RATE]),
        active in columns(&[&alarm::ENTITY, &alarm::CONDITION, &alarm::SEVERITY, &alarm::OCCURRED]),
        sensor in columns(&[&sysutil::SENSOR_NAME, &sysutil::SENSOR_TENTHS, &sysutil::MONITOR_TEMPERATURE]),
        link in columns(&[&port::LINK, &port::SPEED]),
    ) {
        let mut unread = Vec::new();
        let _health = endpoint_health(&heard, GamModel::Gam4Cx, &mut unread);
        let _alarms = alarms(&active, &mut unread);
        let _temperatures = temperatures(&sensor, &sensor, &mut unread);
        let _fans = fans(&link, &mut unread);
        let known = Uplinks::from([(1_000_005, UplinkNumber::new(1).unwrap())]);
        let _links = links(&link, GamModel::Gam4Cx, &known, &mut unread);
    }
}

fn quarter(ids: &[(usize, u8)], length: usize) -> Value {
    let mut octets = vec![0; length];
    for (place, bits) in ids {
        octets[*place] = *bits;
    }
    Value::Bytes(octets)
}

#[test]
fn the_lowest_bit_is_the_lowest_vlan_and_zeros_at_the_end_may_be_left_out() {
    let mut row = Row::default();
    row.set(
        &subscriber::QUARTER_1,
        Ok(quarter(&[(0, 0b0010_1001), (127, 0x80)], 128)),
    );
    row.set(&subscriber::QUARTER_2, Ok(quarter(&[(0, 1)], 1)));
    row.set(&subscriber::QUARTER_3, Ok(quarter(&[], 0)));
    row.set(
        &subscriber::QUARTER_4,
        Ok(quarter(&[(127, 0b0110_0000)], 128)),
    );
    let expected: VlanSet = "3,5,1023-1024,4093-4094".parse().unwrap();
    assert_eq!(cell::vlans(&row, subscriber::QUARTERS), Ok(expected));
    row.set(&subscriber::QUARTER_4, Ok(quarter(&[], 129)));
    let reason = cell::vlans(&row, subscriber::QUARTERS).unwrap_err();
    assert!(reason.contains("129 octets"), "{reason}");
}

#[test]
fn settings_that_our_types_cannot_hold_are_listed_for_a_subscriber() {
    let of = |object: &Object, value: Value| {
        let mut row = Row::default();
        row.set(&subscriber::TRUNK, Ok(Value::Integer(2)));
        row.set(&subscriber::DOUBLE_TAGS, Ok(Value::Integer(2)));
        row.set(&subscriber::PORT, Ok(Value::Integer(0)));
        row.set(object, Ok(value));
        let mut grid = Grid::default();
        grid.rows.insert(vec![1], row);
        subscriber::from_cells(&grid, &Ok(0)).rows[&1]
            .unheld
            .clone()
    };
    assert_eq!(of(&subscriber::NAME, Value::Bytes(Vec::new())), [""; 0]);
    assert_eq!(
        of(&subscriber::TRUNK, Value::Integer(1)),
        ["it uses trunk mode"]
    );
    assert_eq!(
        of(&subscriber::DOUBLE_TAGS, Value::Integer(1)),
        ["it uses double tags"]
    );
    assert_eq!(
        of(&subscriber::PORT, Value::Integer(1_000_003)),
        ["it is bound to interface 1000003"]
    );
    assert_eq!(of(&subscriber::TRUNK, Value::NoSuchInstance).len(), 1);
}

const ETHERNET: &[&Object] = &[
    &ghn::ETHERNET_VALID,
    &ghn::ETHERNET_LINK,
    &ghn::ETHERNET_DUPLEX,
    &ghn::ETHERNET_SPEED,
];

#[test]
fn an_ethernet_port_has_only_values_that_are_valid() {
    let rows = [
        [1, 1, 1, 3],
        [2, 1, 1, 3], // not valid
        [1, 2, 1, 3], // no link
        [1, 1, 2, 2],
        [1, 7, 7, 99], // none of these is a value of the MIB
    ];
    let columns: Vec<Column> = (0..4)
        .map(|column: usize| Column {
            oid: ETHERNET[column].oid(),
            cells: (1..)
                .zip(rows)
                .map(|(port, row): (u32, [i64; 4])| Cell {
                    index: vec![port],
                    value: Value::Integer(row[column]),
                })
                .collect(),
        })
        .collect();
    let ports = ethernet_ports(&Grid::of(ETHERNET, &columns));
    let ports: Vec<_> = ports
        .iter()
        .map(|port| (port.number, port.is_up, port.is_full_duplex, port.mbps))
        .collect();
    assert_eq!(
        ports,
        [
            (1, Some(true), Some(true), Some(1000)),
            (2, None, None, None),
            (3, Some(false), None, None),
            (4, Some(true), Some(false), Some(100)),
            (5, None, None, None),
        ]
    );
}

proptest! {
    #[test]
    fn any_ethernet_rows_give_ports_or_nothing(grid in columns(ETHERNET)) {
        let _ports = ethernet_ports(&grid);
    }
}
