//! Tests management objects: description, name, reboot, swap, copy, clearing.

use std::time::Duration;

use super::declared::declared;
use super::devices::{NOW, factory};
use super::{WALKED, Walked, mib};
use crate::simulator::commands::running_config;
use crate::simulator::gam::{CopyStatus, Gam, Request};
use crate::simulator::mib::Mib;
use crate::simulator::snmp::{ErrorStatus, Oid, SetRefused, Value, View};

const VENDOR: [u32; 8] = [1, 3, 6, 1, 4, 1, 20095, 2001];

fn name(rest: &[u32]) -> Oid {
    Oid::new(&VENDOR).with(rest)
}

fn read(gam: &mut Gam, rest: &[u32]) -> Value {
    mib(gam).get(name(rest).arcs())
}

fn set(gam: &mut Gam, bindings: &[(&[u32], Value)]) -> Result<(), SetRefused> {
    let bindings: Vec<_> = bindings
        .iter()
        .map(|(rest, value)| (name(rest), value.clone()))
        .collect();
    mib(gam).set(&bindings)
}

fn refused(index: usize, status: ErrorStatus) -> Result<(), SetRefused> {
    Err(SetRefused { index, status })
}

const COPY: &[u32] = &[101, 1, 4, 2, 1, 0];
const SOURCE: &[u32] = &[101, 1, 4, 2, 2, 0];
const SOURCE_FILE: &[u32] = &[101, 1, 4, 2, 3, 0];
const DESTINATION: &[u32] = &[101, 1, 4, 2, 4, 0];
const MERGE: &[u32] = &[101, 1, 4, 2, 6, 0];
const STATUS: &[u32] = &[101, 1, 3, 3, 1, 0];

/// Tables without rows on every twin: shared learning, and VLANs with two tags.
const EMPTY: [&[u32]; 3] = [
    &[13, 1, 2, 2, 2, 1, 2],
    &[13, 1, 2, 2, 2, 1, 100],
    &[13, 1, 3, 2, 2, 1, 4],
];

#[test]
fn a_busy_device_has_instances_of_everything_that_was_declared_except_of_two_tables() {
    let Walked { gam, found, .. } = &WALKED[0];
    let empty: Vec<_> = EMPTY.iter().map(|rest| name(rest)).collect();
    for declared in declared().keys() {
        let place = found.partition_point(|(oid, _)| oid.arcs() < declared.as_slice());
        let first = found.get(place).map(|(oid, _)| oid.arcs());
        let has = first.is_some_and(|oid| oid.starts_with(declared));
        let is_empty = empty.iter().any(|oid| oid.arcs() == declared.as_slice());
        assert_eq!(has, !is_empty, "{declared:?}");
    }
    assert_eq!(read(&mut gam.clone(), EMPTY[0]), Value::NoSuchInstance);
}

#[test]
fn the_vendor_s_system_group_accepts_name_location_and_contact() {
    let mut gam = factory();
    let bindings: [(&[u32], Value); 3] = [
        (&[24, 1, 2, 1, 1, 0], Value::text("maple-1")),
        (&[24, 1, 2, 1, 2, 0], Value::text("noc@example.net")),
        (&[24, 1, 2, 1, 3, 0], Value::text("12 Maple St")),
    ];
    set(&mut gam, &bindings).unwrap();
    assert_eq!(gam.running().hostname, "maple-1");
    assert_eq!(gam.running().contact, "noc@example.net");
    assert_eq!(gam.running().location, "12 Maple St");
    let name = mib(&mut gam).get(&[1, 3, 6, 1, 2, 1, 1, 5, 0]);
    assert_eq!(name, Value::text("maple-1"));
    let cases: [(&[u32], Value, ErrorStatus); 4] = [
        (
            &[24, 1, 2, 1, 1, 0],
            Value::text("two words"),
            ErrorStatus::WrongValue,
        ),
        (
            &[24, 1, 2, 1, 1, 0],
            Value::Integer(1),
            ErrorStatus::WrongType,
        ),
        (
            &[24, 1, 2, 2, 1, 0],
            Value::text("now"),
            ErrorStatus::NotWritable,
        ),
        (
            &[24, 1, 3, 5, 3, 0],
            Value::text("1"),
            ErrorStatus::NotWritable,
        ),
    ];
    for (rest, value, status) in cases {
        let answer = set(&mut gam, &[(rest, value)]);
        assert_eq!(answer, refused(1, status), "{rest:?}");
    }
    assert_eq!(gam.running().hostname, "maple-1");
}

#[test]
fn a_device_reports_its_serial_number_sensors_and_fans() {
    let mut gam = factory();
    let serial = gam.hardware().serial.clone();
    assert_eq!(read(&mut gam, &[24, 1, 3, 5, 3, 0]), Value::text(&serial));
    gam.change_world(
        |world| {
            world.temperatures[0].tenths = 957;
            world.fans[1] = 0;
            world.power_supplies = vec![true, false];
        },
        NOW,
    );
    assert_eq!(read(&mut gam, &[24, 1, 3, 7, 1, 2, 1]), Value::text("CPU"));
    assert_eq!(read(&mut gam, &[24, 1, 3, 7, 1, 3, 1]), Value::Integer(957));
    assert_eq!(read(&mut gam, &[24, 1, 3, 8, 1, 2, 2]), Value::Integer(0));
    assert_eq!(
        read(&mut gam, &[24, 1, 3, 2, 1, 3, 1, 1]),
        Value::Integer(0)
    );
    assert_eq!(
        read(&mut gam, &[24, 1, 3, 2, 1, 3, 1, 2]),
        Value::Integer(2)
    );
    // The junction is over its high threshold, the board is not.
    assert_eq!(read(&mut gam, &[24, 1, 3, 6, 1, 3, 1]), Value::truth(true));
    assert_eq!(read(&mut gam, &[24, 1, 3, 6, 1, 5, 1]), Value::Integer(95));
    assert_eq!(read(&mut gam, &[24, 1, 3, 6, 1, 3, 0]), Value::truth(false));
    let Value::OctetString(light) = read(&mut gam, &[24, 1, 3, 3, 1, 2, 1]) else {
        unreachable!()
    };
    assert!(light.starts_with(b"System LED: red"));
}

#[test]
fn a_reboot_and_a_swap_are_asked_for_and_not_done_by_the_set() {
    let mut gam = factory();
    let active = gam.firmware().active.version.clone();
    let reboot: &[u32] = &[24, 1, 4, 1, 1, 2, 1];
    let swap: &[u32] = &[28, 1, 4, 1, 1, 0];
    set(&mut gam, &[(reboot, Value::Integer(0))]).unwrap();
    set(&mut gam, &[(swap, Value::truth(false))]).unwrap();
    assert_eq!(gam.take_requests(), []);
    set(&mut gam, &[(reboot, Value::Integer(1))]).unwrap();
    assert_eq!(gam.take_requests(), [Request::Reboot]);
    assert_eq!(gam.boots(), 1);
    set(&mut gam, &[(swap, Value::truth(true))]).unwrap();
    assert_eq!(gam.take_requests(), [Request::SwapFirmware]);
    assert_eq!(
        read(&mut gam, &[28, 1, 3, 1, 1, 4, 1]),
        Value::text(&active)
    );
    gam.swap_images(NOW);
    assert_eq!(
        read(&mut gam, &[28, 1, 3, 1, 1, 4, 2]),
        Value::text(&active)
    );
    assert_eq!(gam.take_requests(), []);
    for (value, status) in [
        (2, ErrorStatus::InconsistentValue),
        (3, ErrorStatus::WrongValue),
    ] {
        let answer = set(&mut gam, &[(reboot, Value::Integer(value))]);
        assert_eq!(answer, refused(1, status));
    }
    assert_eq!(gam.take_requests(), []);
}

#[test]
fn a_copy_to_startup_is_in_progress_until_it_is_saved() {
    let mut gam = factory();
    let files = |gam: &mut Gam| read(gam, &[101, 1, 3, 1, 1, 0]);
    assert_eq!(files(&mut gam), Value::Gauge32(1));
    // The copy uses what the same SET sets, whatever the order.
    let bindings = [
        (COPY, Value::truth(true)),
        (SOURCE, Value::Integer(1)),
        (DESTINATION, Value::Integer(2)),
    ];
    set(&mut gam, &bindings).unwrap();
    assert_eq!(gam.take_requests(), [Request::Save]);
    assert_eq!(read(&mut gam, STATUS), Value::Integer(2));
    let again = set(&mut gam, &[(COPY, Value::truth(true))]);
    assert_eq!(again, refused(1, ErrorStatus::InconsistentValue));
    let bytes = running_config(&gam).len();
    gam.save(bytes, NOW);
    assert_eq!(read(&mut gam, STATUS), Value::Integer(1));
    assert_eq!(files(&mut gam), Value::Gauge32(2));
    let length = Value::Gauge32(u32::try_from(bytes).unwrap());
    assert_eq!(read(&mut gam, &[101, 1, 3, 2, 1, 3, 2]), length);
    let file = read(&mut gam, &[101, 1, 3, 2, 1, 2, 2]);
    assert_eq!(file, Value::text("startup-config"));
    let time = read(&mut gam, &[101, 1, 3, 2, 1, 4, 2]);
    assert_eq!(time, Value::text(&NOW.iso()));
    set(&mut gam, &[(COPY, Value::truth(true))]).unwrap();
    gam.set_copy_status(CopyStatus::Failed);
    assert_eq!(read(&mut gam, STATUS), Value::Integer(8));
    assert_eq!(read(&mut gam, SOURCE), Value::Integer(1));
}

#[test]
fn the_startup_config_can_replace_or_extend_the_running_config() {
    for (merge, expected) in [(false, ""), (true, "kept")] {
        let mut gam = factory();
        gam.save(0, NOW);
        let contact: &[u32] = &[24, 1, 2, 1, 2, 0];
        let hostname: &[u32] = &[24, 1, 2, 1, 1, 0];
        let bindings = [
            (contact, Value::text("kept")),
            (hostname, Value::text("changed")),
        ];
        set(&mut gam, &bindings).unwrap();
        let bindings = [
            (SOURCE, Value::Integer(3)),
            (SOURCE_FILE, Value::text("flash:startup-config")),
            (DESTINATION, Value::Integer(1)),
            (MERGE, Value::truth(merge)),
            (COPY, Value::truth(true)),
        ];
        set(&mut gam, &bindings).unwrap();
        assert_eq!(gam.running().hostname, "GAM-24-C");
        assert_eq!(gam.running().contact, expected);
        assert_eq!(read(&mut gam, STATUS), Value::Integer(1));
        assert_eq!(gam.take_requests(), []);
    }
}

#[test]
fn a_copy_that_makes_no_sense_is_refused_and_nothing_is_planned() {
    let startup = Value::Integer(2);
    let running = Value::Integer(1);
    let cases = [
        (Value::Integer(0), startup.clone(), COPY, Value::truth(true)),
        (running.clone(), Value::Integer(0), COPY, Value::truth(true)),
        (running.clone(), running.clone(), COPY, Value::truth(true)),
        (startup.clone(), startup.clone(), COPY, Value::truth(true)),
        // Nothing was ever saved.
        (startup.clone(), running.clone(), COPY, Value::truth(true)),
        (running.clone(), Value::Integer(3), COPY, Value::truth(true)),
    ];
    for (source, destination, trigger, value) in cases {
        let mut gam = factory();
        let bindings = [
            (SOURCE, source),
            (DESTINATION, destination),
            (trigger, value),
        ];
        let answer = set(&mut gam, &bindings);
        assert_eq!(answer, refused(3, ErrorStatus::InconsistentValue));
        assert_eq!(read(&mut gam, SOURCE), Value::Integer(0));
        assert_eq!(gam.take_requests(), []);
    }
    let mut gam = factory();
    for (name, value, status) in [
        (SOURCE, Value::Integer(4), ErrorStatus::WrongValue),
        (SOURCE, Value::text("1"), ErrorStatus::WrongType),
        (
            SOURCE_FILE,
            Value::text(&"x".repeat(128)),
            ErrorStatus::WrongLength,
        ),
        (STATUS, Value::Integer(0), ErrorStatus::NotWritable),
        (COPY, Value::Gauge32(1), ErrorStatus::WrongType),
    ] {
        assert_eq!(set(&mut gam, &[(name, value)]), refused(1, status));
    }
}

#[test]
fn files_are_deleted_by_name_and_defaults_are_asked_for() {
    let mut gam = factory();
    gam.save(0, NOW);
    let delete: &[u32] = &[101, 1, 4, 1, 2, 0];
    for file in ["flash:default-config", "flash:other", "flash:"] {
        let answer = set(&mut gam, &[(delete, Value::text(file))]);
        assert_eq!(answer, refused(1, ErrorStatus::InconsistentValue), "{file}");
    }
    // It was not written by the twin, so its length is that of its text.
    let bytes = read(&mut gam, &[101, 1, 3, 2, 1, 3, 2]);
    let length = u32::try_from(running_config(&gam).len()).unwrap();
    assert_eq!(bytes, Value::Gauge32(length));
    set(&mut gam, &[(delete, Value::text("flash:startup-config"))]).unwrap();
    assert_eq!(gam.startup(), None);
    let again = set(&mut gam, &[(delete, Value::text("flash:startup-config"))]);
    assert_eq!(again, refused(1, ErrorStatus::InconsistentValue));
    let reload: &[u32] = &[101, 1, 4, 1, 1, 0];
    set(&mut gam, &[(reload, Value::Integer(1))]).unwrap();
    assert_eq!(gam.take_requests(), [Request::ReloadDefaults]);
    let keep = set(&mut gam, &[(reload, Value::Integer(2))]);
    assert_eq!(keep, refused(1, ErrorStatus::InconsistentValue));
}

#[test]
fn alarms_come_into_the_table_stay_in_the_log_and_the_log_can_be_cleared() {
    let mut gam = factory();
    let at = NOW.after(Duration::from_secs(60));
    gam.change_world(
        |world| {
            world.dark_uplinks.insert(1);
        },
        at,
    );
    // The second uplink was never plugged in: its alarm has the first index.
    let active = |gam: &mut Gam, column| read(gam, &[145, 1, 3, 1, 1, column, 2]);
    assert_eq!(active(&mut gam, 2), Value::Integer(1_000_025));
    assert_eq!(active(&mut gam, 4), Value::text("10GigabitEthernet 1/1"));
    assert_eq!(active(&mut gam, 5), Value::Integer(8));
    assert_eq!(active(&mut gam, 10), Value::Integer(4));
    assert_eq!(active(&mut gam, 11), Value::truth(true));
    gam.change_world(
        |world| {
            world.dark_uplinks.remove(&1);
        },
        at,
    );
    assert_eq!(active(&mut gam, 5), Value::NoSuchInstance);
    let log = |gam: &mut Gam, column, index| read(gam, &[145, 1, 3, 2, 1, column, index]);
    assert_eq!(log(&mut gam, 10, 2), Value::Integer(0));
    assert_eq!(log(&mut gam, 10, 3), Value::Integer(1));
    assert_eq!(log(&mut gam, 3, 2), log(&mut gam, 3, 3));
    assert_eq!(log(&mut gam, 10, 4), Value::NoSuchInstance);
    let clear: &[u32] = &[145, 1, 4, 1, 1, 0];
    set(&mut gam, &[(clear, Value::truth(false))]).unwrap();
    assert_eq!(log(&mut gam, 10, 1), Value::Integer(0));
    set(&mut gam, &[(clear, Value::truth(true))]).unwrap();
    assert_eq!(log(&mut gam, 10, 1), Value::NoSuchInstance);
    // Numbers go on: the next entry is not mistaken for an old one.
    gam.change_world(
        |world| {
            world.dark_uplinks.insert(1);
        },
        at,
    );
    assert_eq!(log(&mut gam, 10, 4), Value::Integer(0));
}

#[test]
fn the_time_since_the_start_is_text_of_ten_characters_at_most() {
    let mut gam = factory();
    let mib = Mib {
        gam: &mut gam,
        now: NOW.after(Duration::from_secs(400 * 86_400)),
    };
    let value = mib.get(name(&[24, 1, 3, 4, 1, 0]).arcs());
    assert_eq!(value, Value::text("9600:00:00"));
}
