//! Tests SETs to the G.hn agent: actions on endpoints run, the configuration is not writable.

use std::time::Duration;

use compact_str::CompactString;

use super::devices::{NOW, busy, mac};
use super::ghn::{GHN, by_mac, read};
use crate::simulator::gam::Gam;
use crate::simulator::mib::Mib;
use crate::simulator::snmp::{ErrorStatus, Oid, SetRefused, Value, View};

const HOUR: Duration = Duration::from_secs(3600);

fn set(gam: &mut Gam, column: &[u32], index: &[u32], value: Value) -> Result<(), SetRefused> {
    let now = NOW.after(HOUR);
    let name = Oid::new(&GHN).with(column).with(index);
    Mib { gam, now }.set(&[(name, value)])
}

fn refused(status: ErrorStatus) -> Result<(), SetRefused> {
    Err(SetRefused { index: 1, status })
}

#[test]
fn an_endpoint_can_be_restarted_by_id_and_by_address() {
    for (column, index) in [
        ([4, 20, 10, 1, 10], vec![2]),
        ([4, 30, 10, 1, 10], by_mac(2)),
    ] {
        let mut gam = busy();
        assert_eq!(set(&mut gam, &column, &index, Value::truth(false)), Ok(()));
        assert_eq!(gam.world().plugged[&mac(2)].since, NOW);
        assert_eq!(set(&mut gam, &column, &index, Value::truth(true)), Ok(()));
        assert_eq!(gam.world().plugged[&mac(2)].since, NOW.after(HOUR));
        assert_eq!(read(&mut gam, &column, &index), Value::truth(false));
    }
}

#[test]
fn an_endpoint_installs_the_firmware_that_the_device_carries() {
    let mut gam = busy();
    let old = |world: &mut crate::simulator::gam::World| {
        if let Some(plugged) = world.plugged.get_mut(&mac(2)) {
            plugged.firmware = CompactString::const_new("G1000_positron_18000");
        }
    };
    gam.change_world(old, NOW);
    let mismatch = [3, 20, 10, 1, 120];
    assert_eq!(read(&mut gam, &mismatch, &[2]), Value::truth(true));
    let start = set(&mut gam, &[4, 20, 10, 1, 20], &[2], Value::truth(true));
    assert_eq!(start, Ok(()));
    assert_eq!(read(&mut gam, &mismatch, &[2]), Value::truth(false));
}

#[test]
fn statistics_count_from_nothing_after_they_were_cleared() {
    let mut gam = busy();
    let now = NOW.after(HOUR);
    let sent = |gam: &mut Gam, column: &[u32], index: &[u32]| {
        let name = [&GHN[..], column, index].concat();
        Mib { gam, now }.get(&name)
    };
    let port = vec![1_000_003];
    let cases = [
        ([4, 20, 20, 1, 10], [5, 20, 10, 1, 30], vec![2], Some(1)),
        ([4, 30, 20, 1, 20], [5, 30, 20, 1, 1020], by_mac(4), None),
        ([4, 10, 20, 1, 10], [5, 10, 10, 1, 30], port, None),
    ];
    for (control, statistics, which, ethernet) in cases {
        let mut index = which.clone();
        index.extend(ethernet);
        let zero = |value: &Value| matches!(value, Value::Counter64(0) | Value::Gauge32(0));
        assert!(
            !zero(&sent(&mut gam, &statistics, &index)),
            "{statistics:?}"
        );
        assert_eq!(set(&mut gam, &control, &which, Value::truth(true)), Ok(()));
        assert!(zero(&sent(&mut gam, &statistics, &index)), "{statistics:?}");
    }
}

#[test]
fn an_absent_endpoint_refuses_actions_and_an_unknown_one_has_no_row() {
    let mut gam = busy();
    let restart = [4, 20, 10, 1, 10];
    let answer = set(&mut gam, &restart, &[3], Value::truth(true));
    assert_eq!(answer, refused(ErrorStatus::InconsistentValue));
    let answer = set(&mut gam, &restart, &[385], Value::truth(true));
    assert_eq!(answer, refused(ErrorStatus::NoCreation));
    let answer = set(&mut gam, &restart, &[2], Value::Integer(3));
    assert_eq!(answer, refused(ErrorStatus::WrongValue));
    let answer = set(&mut gam, &restart, &[2], Value::Gauge32(1));
    assert_eq!(answer, refused(ErrorStatus::WrongType));
}

#[test]
fn a_set_undoes_what_it_did_when_a_later_binding_is_refused() {
    let mut gam = busy();
    let before = gam.world().clone();
    let restart = Oid::new(&GHN).with(&[4, 20, 10, 1, 10]);
    let bindings = [
        (restart.clone().with(&[2]), Value::truth(true)),
        (restart.with(&[3]), Value::truth(true)),
    ];
    let now = NOW.after(HOUR);
    let answer = Mib { gam: &mut gam, now }.set(&bindings);
    let status = ErrorStatus::InconsistentValue;
    assert_eq!(answer, Err(SetRefused { index: 2, status }));
    assert_eq!(*gam.world(), before);
}

#[test]
fn configuration_tables_are_not_written_over_snmp() {
    let mut gam = busy();
    let name = set(&mut gam, &[2, 40, 1, 30], &[2], Value::text("x"));
    assert_eq!(name, refused(ErrorStatus::NotWritable));
    let action = set(&mut gam, &[2, 40, 1, 10_000], &[2], Value::Gauge32(1));
    assert_eq!(action, refused(ErrorStatus::NotWritable));
}
