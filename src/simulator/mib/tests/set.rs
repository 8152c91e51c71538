//! Tests SETs: accepted values, refusals with their status, and no partial effects.

use super::devices::factory;
use super::mib;
use crate::simulator::snmp::{ErrorStatus, Oid, SetRefused, Value, View};

fn system(number: u32) -> Oid {
    Oid::new(&[1, 3, 6, 1, 2, 1, 1, number, 0])
}

#[test]
fn the_system_group_accepts_name_location_and_contact() {
    let mut gam = factory();
    let bindings = [
        (system(4), Value::text("noc@example.net")),
        (system(5), Value::text("maple-1")),
        (system(6), Value::text("12 Maple St, basement")),
    ];
    mib(&mut gam).set(&bindings).unwrap();
    assert_eq!(gam.running().contact, "noc@example.net");
    assert_eq!(gam.running().hostname, "maple-1");
    assert_eq!(gam.running().location, "12 Maple St, basement");
}

#[test]
fn a_refused_set_reports_binding_and_reason_and_changes_nothing() {
    let good = (system(6), Value::text("elsewhere"));
    let long = "x".repeat(256);
    let cases = [
        (system(1), Value::text("x"), ErrorStatus::NotWritable),
        (system(9), Value::text("x"), ErrorStatus::NotWritable),
        (system(4), Value::Integer(1), ErrorStatus::WrongType),
        (system(4), Value::text(&long), ErrorStatus::WrongLength),
        (system(4), Value::text("a\nb"), ErrorStatus::WrongValue),
        (system(5), Value::text("two words"), ErrorStatus::WrongValue),
        (system(5), Value::text(""), ErrorStatus::WrongValue),
        (
            Oid::new(&[1, 3, 6, 1, 2, 1, 1, 4, 1]),
            Value::text("x"),
            ErrorStatus::NoCreation,
        ),
    ];
    for (oid, value, status) in cases {
        let mut gam = factory();
        let refused = mib(&mut gam).set(&[good.clone(), (oid.clone(), value)]);
        assert_eq!(refused, Err(SetRefused { index: 2, status }), "{oid}");
        assert_eq!(gam.running(), factory().running(), "{oid}");
    }
}
