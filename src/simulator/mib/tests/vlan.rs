//! Tests the VLAN MIBs, and that they agree with the running-config.

use super::devices::{NOW, busy, edit, factory, mac};
use super::mib;
use crate::simulator::commands::running_config;
use crate::simulator::gam::{
    Edit, EndpointOptions, ExpectedPort, Gam, SubscriberOptions, SwitchportMode, UplinkOptions,
    vlans,
};
use crate::simulator::snmp::{ErrorStatus, Oid, SetRefused, Value, View};

const VLAN: [u32; 10] = [1, 3, 6, 1, 4, 1, 20095, 2001, 13, 1];
const BRIDGED: [u32; 9] = [1, 3, 6, 1, 2, 1, 17, 7, 1];

fn read(gam: &mut Gam, base: &[u32], rest: &[u32]) -> Value {
    mib(gam).get(&[base, rest].concat())
}

/// Returns the VLANs of four columns in a row.
fn set(gam: &mut Gam, first: u32, index: u32) -> Vec<u16> {
    let mut found = Vec::new();
    for quarter in 0..4_u16 {
        let column = first + u32::from(quarter);
        let value = read(gam, &VLAN, &[2, 2, 1, 1, column, index]);
        let Value::OctetString(octets) = value else {
            unreachable!("{value:?}")
        };
        for bit in 0..1024_u16 {
            if octets[usize::from(bit / 8)] >> (bit % 8) & 1 == 1 {
                found.push(quarter * 1024 + bit);
            }
        }
    }
    found
}

fn with_one_subscriber() -> Gam {
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
        allowed_vlans: Some(vlans(&[(1023, 1025)])),
        ..SubscriberOptions::default()
    };
    edit(&mut gam, &Edit::Subscriber { id: 1, options });
    gam
}

#[test]
fn a_ghn_port_is_hybrid_with_the_members_that_the_running_config_prints() {
    let mut gam = with_one_subscriber();
    let port = |gam: &mut Gam, column| read(gam, &VLAN, &[2, 2, 1, 1, column, 1_000_004]);
    assert_eq!(port(&mut gam, 2), Value::Integer(2));
    assert_eq!(port(&mut gam, 10), Value::Gauge32(4095));
    let members = set(&mut gam, 15, 1_000_004);
    assert_eq!(members, [2, 100, 1023, 1024, 1025, 4094]);
    assert_eq!(set(&mut gam, 15, 1_000_003), [2, 4094]);
    assert!(set(&mut gam, 19, 1_000_004).is_empty());
    let text = running_config(&gam);
    assert!(text.contains(" switchport hybrid allowed vlan 2,100,1023-1025,4094\n"));
    assert!(text.contains(" switchport hybrid native vlan 4095\n"));
}

#[test]
fn the_running_config_and_the_mib_agree_about_every_port_of_a_busy_device() {
    let mut gam = busy();
    let text = running_config(&gam);
    let printed = text
        .lines()
        .filter_map(|line| line.strip_prefix(" switchport hybrid allowed vlan "));
    let mut ports = 0;
    for (port, list) in (1..).zip(printed) {
        let printed: crate::model::VlanSet = list.parse().unwrap();
        let printed: Vec<u16> = printed.iter().map(|vlan| vlan.get()).collect();
        assert_eq!(set(&mut gam, 15, 1_000_000 + port), printed, "{port}");
        ports += 1;
    }
    assert_eq!(ports, 24);
}

#[test]
fn an_uplink_reads_as_it_is_configured() {
    let mut gam = factory();
    let uplink = |gam: &mut Gam, column| read(gam, &VLAN, &[2, 2, 1, 1, column, 1_000_025]);
    let options = UplinkOptions {
        mode: Some(SwitchportMode::Trunk),
        allowed: Some(vlans(&[(100, 102), (4094, 4094)])),
        native: Some(100),
        ..UplinkOptions::default()
    };
    edit(&mut gam, &Edit::Uplink { uplink: 1, options });
    assert_eq!(uplink(&mut gam, 2), Value::Integer(1));
    assert_eq!(uplink(&mut gam, 4), Value::Gauge32(100));
    assert_eq!(uplink(&mut gam, 10), Value::Gauge32(1));
    assert_eq!(set(&mut gam, 6, 1_000_025), [100, 101, 102, 4094]);
    let status = read(&mut gam, &VLAN, &[3, 1, 1, 1, 3, 1_000_025, 0]);
    assert_eq!(status, Value::Gauge32(100));
    let options = UplinkOptions {
        mode: Some(SwitchportMode::Access),
        ..UplinkOptions::default()
    };
    edit(&mut gam, &Edit::Uplink { uplink: 1, options });
    assert_eq!(uplink(&mut gam, 2), Value::Integer(0));
    assert_eq!(uplink(&mut gam, 3), Value::Gauge32(100));
}

#[test]
fn a_vlan_lists_the_ports_that_carry_it_by_who_put_them_there() {
    let mut gam = with_one_subscriber();
    let ports = |gam: &mut Gam, vlan, user| {
        let value = read(gam, &VLAN, &[3, 2, 1, 1, 3, vlan, user]);
        let Value::OctetString(octets) = value else {
            return None;
        };
        Some(u64::from_le_bytes(octets.try_into().unwrap()))
    };
    // The uplinks are 25 and 26, the management port is 27.
    let switch = 0b11 << 25;
    assert_eq!(ports(&mut gam, 100, 0), Some(switch | 1 << 4));
    assert_eq!(ports(&mut gam, 100, 1), Some(switch));
    assert_eq!(ports(&mut gam, 100, 15), Some(1 << 4));
    assert_eq!(ports(&mut gam, 100, 3), None);
    assert_eq!(ports(&mut gam, 101, 0), None);
    // Only the management port carries the default VLAN.
    assert_eq!(ports(&mut gam, 1, 0), Some(1 << 27));
    assert_eq!(ports(&mut gam, 1, 15), None);
}

#[test]
fn the_standard_s_tables_name_the_vlans_that_there_are() {
    let mut gam = with_one_subscriber();
    let bridged = |gam: &mut Gam, rest: &[u32]| read(gam, &BRIDGED, rest);
    // 1, 2, 100, 1023 to 1025 and 4094.
    assert_eq!(bridged(&mut gam, &[1, 4, 0]), Value::Gauge32(7));
    let vlan = |gam: &mut Gam, column, vlan| bridged(gam, &[4, 3, 1, column, vlan]);
    assert_eq!(vlan(&mut gam, 1, 100), Value::text("VLAN0100"));
    assert_eq!(vlan(&mut gam, 1, 101), Value::NoSuchInstance);
    let egress = vec![0b0001_0000, 0, 0, 0b1100_0000];
    assert_eq!(vlan(&mut gam, 2, 100), Value::OctetString(egress));
    assert_eq!(bridged(&mut gam, &[4, 5, 1, 1, 4]), Value::Gauge32(4095));
    let name = |gam: &mut Gam, vlan| read(gam, &VLAN, &[2, 1, 2, 1, 2, vlan]);
    assert_eq!(name(&mut gam, 1), Value::text("default"));
    assert_eq!(name(&mut gam, 4095), Value::text("VLAN4095"));
    assert_eq!(name(&mut gam, 4096), Value::NoSuchInstance);
}

#[test]
fn vlans_are_not_set_over_snmp() {
    let mut gam = factory();
    let mode = Oid::new(&VLAN).with(&[2, 2, 1, 1, 2, 1_000_025]);
    let refused = super::Mib {
        gam: &mut gam,
        now: NOW,
    }
    .set(&[(mode, Value::Integer(1))]);
    let status = ErrorStatus::NotWritable;
    assert_eq!(refused, Err(SetRefused { index: 1, status }));
}
