//! Tests all MIBs of the twin: the order of a walk, declared types, and all-or-nothing SETs.

mod declared;
mod devices;
mod ghn;
mod ghn_control;
mod interfaces;
mod management;
mod set;
mod vlan;

use std::sync::LazyLock;

use super::{Mib, OBJECTS};
use crate::simulator::gam::Gam;
use crate::simulator::moment::Moment;
use crate::simulator::snmp::{Oid, Value, View};

use declared::declared;
use devices::{NOW, busy, copper, factory, older};

fn mib(gam: &mut Gam) -> Mib<'_> {
    Mib { gam, now: NOW }
}

/// Walks everything below a name.
fn walk(mib: &Mib<'_>, name: &[u32]) -> Vec<(Oid, Value)> {
    let mut found: Vec<(Oid, Value)> = Vec::new();
    while let Some((oid, value)) = mib.next(found.last().map_or(name, |(oid, _)| oid.arcs())) {
        if !oid.arcs().starts_with(name) {
            break;
        }
        if let Some((before, _)) = found.last() {
            assert!(*before < oid, "{oid} came after {before}");
        }
        found.push((oid, value));
    }
    found
}

/// A device with all objects of a walk.
struct Walked {
    name: &'static str,
    gam: Gam,
    found: Vec<(Oid, Value)>,
}

/// The walks of a hundred thousand instances, run once for all tests.
static WALKED: LazyLock<[Walked; 4]> = LazyLock::new(|| {
    [
        ("busy", busy()),
        ("factory", factory()),
        ("1.5.4", older()),
        ("copper", copper()),
    ]
    .map(|(name, mut gam)| Walked {
        name,
        found: walk(&mib(&mut gam), &[]),
        gam,
    })
});

#[test]
fn objects_are_sorted_and_none_is_inside_another() {
    for pair in OBJECTS.windows(2) {
        let [left, right] = pair else { unreachable!() };
        assert!(left.name < right.name, "{:?}", right.name);
        assert!(!right.name.starts_with(&left.name), "{:?}", right.name);
    }
}

#[test]
fn served_and_writable_objects_match_the_declarations() {
    let declared = declared();
    for object in OBJECTS.iter() {
        let Some(one) = declared.get(&object.name) else {
            panic!("{:?} is not declared", object.name);
        };
        assert!(object.write.is_none() || one.writable, "{:?}", object.name);
    }
}

#[test]
fn a_walk_goes_up_and_get_reads_the_same() {
    for Walked { name, gam, found } in &*WALKED {
        let mut gam = gam.clone();
        let mib = mib(&mut gam);
        assert!(found.len() >= 10, "{name}");
        for (oid, value) in found {
            assert_eq!(mib.get(oid.arcs()), *value, "{name} {oid}");
        }
    }
}

#[test]
fn every_value_is_as_declared() {
    let declared = declared();
    for Walked { name, found, .. } in &*WALKED {
        for (oid, value) in found {
            let (name_of, one) = declared
                .range(..=oid.arcs().to_vec())
                .next_back()
                .expect("something is declared");
            assert!(oid.arcs().starts_with(name_of), "{oid}");
            assert!(one.allows(value), "{name} {oid}: {value:?} is not {one:?}");
        }
    }
}

#[test]
fn next_finds_its_place_from_any_name() {
    let Walked { gam, found, .. } = &WALKED[0];
    let mut gam = gam.clone();
    let mib = mib(&mut gam);
    let following = |name: &[u32]| {
        let place = found.partition_point(|(oid, _)| oid.arcs() <= name);
        found.get(place)
    };
    for (oid, _) in found.iter().step_by(131) {
        let mut names: Vec<Vec<u32>> = (0..oid.arcs().len())
            .map(|length| oid.arcs()[..length].to_vec())
            .collect();
        for more in [0, 1, u32::MAX] {
            names.push([oid.arcs(), &[more]].concat());
        }
        // Every arc a little off, as a manager that guesses would ask.
        for place in 10..oid.arcs().len() {
            for arc in [0, 2, 300, 70_000, u32::MAX] {
                let mut name = oid.arcs().to_vec();
                name[place] = arc;
                names.push(name);
            }
        }
        for name in names {
            assert_eq!(mib.next(&name).as_ref(), following(&name), "{name:?}");
        }
    }
    assert_eq!(mib.next(&[2]), None);
    assert_eq!(mib.next(&[u32::MAX; 200]), None);
}

#[test]
fn a_missing_object_and_a_missing_instance_are_distinguished() {
    let mut gam = factory();
    let mib = mib(&mut gam);
    let name = [1, 3, 6, 1, 2, 1, 1, 5];
    assert_eq!(mib.get(&name), Value::NoSuchInstance);
    assert_eq!(mib.get(&[&name[..], &[1]].concat()), Value::NoSuchInstance);
    assert_eq!(
        mib.get(&[&name[..], &[0, 0]].concat()),
        Value::NoSuchInstance
    );
    assert_eq!(mib.get(&[1, 3, 6, 1, 2, 1, 1, 8, 0]), Value::NoSuchObject);
    assert_eq!(mib.get(&[1, 3, 6, 1, 2, 1, 1]), Value::NoSuchObject);
    assert_eq!(mib.get(&[]), Value::NoSuchObject);
}

#[test]
fn the_system_group_reports_model_and_uptime() {
    let mut gam = factory();
    let mut mib = mib(&mut gam);
    mib.now = Moment::from_unix_millis(NOW.unix_millis() + 61_234);
    let read = |number| mib.get(&[1, 3, 6, 1, 2, 1, 1, number, 0]);
    assert_eq!(read(1), Value::text("GAM-24-C GigaBit Ethernet Switch"));
    let id = Oid::new(&[1, 3, 6, 1, 4, 1, 20095, 2000, 1, 16]);
    assert_eq!(read(2), Value::ObjectId(id));
    assert_eq!(read(3), Value::TimeTicks(6123));
    assert_eq!(read(5), Value::text("GAM-24-C"));
}

#[test]
fn a_value_of_another_type_or_outside_of_its_limits_is_seen() {
    let declared = declared();
    let system = |number| &declared[&vec![1, 3, 6, 1, 2, 1, 1, number]];
    assert!(system(5).allows(&Value::text("maple-1")));
    assert!(!system(5).allows(&Value::text(&"x".repeat(256))));
    assert!(!system(5).allows(&Value::text("a\tb")));
    assert!(!system(5).allows(&Value::Integer(1)));
    assert!(!system(7).allows(&Value::Integer(128)));
    assert!(!system(7).allows(&Value::NoSuchInstance));
    let state = &declared[&[&ghn::GHN[..], &[3, 20, 10, 1, 90]].concat()];
    assert!(state.allows(&Value::Integer(3)));
    assert!(!state.allows(&Value::Integer(4)));
    assert!(!state.allows(&Value::Gauge32(3)));
}
