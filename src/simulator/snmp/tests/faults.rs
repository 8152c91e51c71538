//! Tests the agent's faults from the manager's side.

use super::super::Distortion;
use super::*;

fn faulty(distortion: Distortion, ask: &Ask, names: &[&[u32]]) -> Said {
    let mut agent = agent(vec![]);
    agent.distort(distortion);
    ask.of(&mut agent, &mut objects(), &asking(names)).unwrap()
}

const BULK: Ask = Ask {
    kind: Kind::GetBulk,
    counts: (0, 5),
    ..ASK
};

#[test]
fn answers_are_shorter_than_asked_or_too_big() {
    let short = Distortion {
        max_rows: Some(3),
        ..Distortion::default()
    };
    let said = faulty(short, &BULK, &[NAMES, SPEEDS]);
    assert_eq!(said.bindings.len(), 3);
    let too_big = Distortion {
        too_big_above: Some(4),
        ..Distortion::default()
    };
    assert_eq!(faulty(too_big.clone(), &BULK, &[NAMES]).status, 1);
    assert_eq!(faulty(too_big.clone(), &ASK, &[NAME; 5]).status, 1);
    assert_eq!(faulty(too_big, &ASK, &[NAME; 4]).status, 0);
}

#[test]
fn a_walk_repeats_one_instance() {
    let distortion = Distortion {
        non_increasing_at: Some(Oid::new(NAMES).with(&[3])),
        ..Distortion::default()
    };
    let said = faulty(distortion.clone(), &BULK, &[NAMES]);
    let third = Oid::new(NAMES).with(&[3]).to_string();
    assert_eq!(said.names()[2..], [third.clone(), third.clone(), third]);
    // SNMPv1 steps over a Counter64, and must not do so for ever.
    let next = Ask {
        version: 0,
        kind: Kind::GetNext,
        ..ASK
    };
    let on_a_counter = Oid::new(OCTETS).with(&[1]);
    assert_eq!(faulty(distortion, &next, &[on_a_counter.arcs()]).status, 5);
}

#[test]
fn a_table_ends_early_a_type_is_wrong_and_an_object_breaks() {
    let cut = Distortion {
        truncate_at: Some(Oid::new(NAMES).with(&[2])),
        ..Distortion::default()
    };
    let said = faulty(cut.clone(), &BULK, &[NAMES]);
    assert_eq!(said.names()[2], Oid::new(OCTETS).with(&[1]).to_string());
    let third = Oid::new(NAMES).with(&[3]);
    let said = faulty(cut, &ASK, &[third.arcs()]);
    assert_eq!(said.values(), [Value::NoSuchInstance]);
    let wrong = Distortion {
        wrong_type_at: Some(Oid::new(SPEEDS)),
        generic_error_at: Some(Oid::new(NAMES)),
        ..Distortion::default()
    };
    let fourth = Oid::new(SPEEDS).with(&[4]);
    let said = faulty(wrong.clone(), &ASK, &[fourth.arcs()]);
    assert_eq!(said.values(), [Value::text("4")]);
    for kind in [Kind::Get, Kind::GetNext, Kind::Set] {
        let ask = Ask { kind, ..ASK };
        let said = faulty(wrong.clone(), &ask, &[UPTIME, third.arcs()]);
        assert_eq!((said.status, said.index), (5, 2), "{kind:?}");
    }
    assert_eq!(faulty(wrong, &BULK, &[NAMES]).status, 5);
}
