//! Tests SNMPv1 and v2c, one operation after the other.

use super::*;

const BULK: Ask = Ask {
    kind: Kind::GetBulk,
    ..ASK
};

fn name_of(column: &[u32], row: u32) -> Oid {
    Oid::new(column).with(&[row])
}

#[test]
fn get_answers_each_name_with_its_value_or_why_there_is_none() {
    let said = ASK.about(&[NAME, name_of(NAMES, 99).arcs(), &[1, 3, 7]]);
    assert_eq!(
        said.values(),
        [
            Value::text("gam"),
            Value::NoSuchInstance,
            Value::NoSuchObject
        ]
    );
    assert_eq!(ASK.about(&[]).values(), []);
}

#[test]
fn get_next_steps_to_the_next_name_and_past_the_end() {
    let next = Ask {
        kind: Kind::GetNext,
        ..ASK
    };
    let said = next.about(&[
        UPTIME,
        name_of(NAMES, 10).arcs(),
        name_of(SPEEDS, 10).arcs(),
    ]);
    assert_eq!(
        said.bindings,
        [
            (Oid::new(NAME), Value::text("gam")),
            (name_of(OCTETS, 1), Value::Counter64(u64::MAX)),
            (name_of(SPEEDS, 10), Value::EndOfMibView),
        ]
    );
}

#[test]
fn version_one_has_no_words_for_what_is_missing_or_has_64_bits() {
    let get = Ask { version: 0, ..ASK };
    for missing in [name_of(NAMES, 99), name_of(OCTETS, 1), Oid::new(&[1, 3, 7])] {
        let said = get.about(&[NAME, missing.arcs()]);
        assert_eq!((said.status, said.index), (2, 2));
        assert_eq!(said.bindings, asking(&[NAME, missing.arcs()]));
    }
    let next = Ask {
        kind: Kind::GetNext,
        ..get
    };
    let said = next.about(&[name_of(NAMES, 10).arcs()]);
    assert_eq!(said.bindings, [(name_of(SPEEDS, 1), Value::Gauge32(1))]);
    let said = next.about(&[NAME, name_of(SPEEDS, 10).arcs()]);
    assert_eq!((said.status, said.index), (2, 2));
}

#[test]
fn version_one_steps_over_the_same_counters_once_for_each_request() {
    let next = Ask {
        version: 0,
        kind: Kind::GetNext,
        ..ASK
    };
    let mut objects = objects();
    let mut names = vec![name_of(OCTETS, 5), name_of(NAMES, 10), name_of(OCTETS, 2)];
    names.extend(vec![name_of(NAMES, 10); 50]);
    let asked = asking(&names.iter().map(Oid::arcs).collect::<Vec<_>>());
    let said = next
        .of(&mut agent(Vec::new()), &mut objects, &asked)
        .unwrap();
    assert!(
        said.names()
            .iter()
            .all(|name| *name == name_of(SPEEDS, 1).to_string())
    );
    assert_eq!(said.values().len(), names.len());
    // One step for each name, and one over each of ten counters.
    assert_eq!(objects.steps.get(), names.len() + 10);
}

#[test]
fn get_bulk_answers_row_by_row_after_what_is_asked_once() {
    let said = Ask {
        counts: (1, 2),
        ..BULK
    }
    .about(&[&[1, 3, 6, 1, 2, 1, 1, 3], NAMES, SPEEDS]);
    let names = [
        Oid::new(UPTIME),
        name_of(NAMES, 1),
        name_of(SPEEDS, 1),
        name_of(NAMES, 2),
        name_of(SPEEDS, 2),
    ];
    assert_eq!(said.names(), names.map(|name| name.to_string()));
}

#[test]
fn get_bulk_treats_negative_counts_as_none_and_large_ones_as_all() {
    for counts in [(-5, 0), (0, -1), (-1, i32::MIN)] {
        assert_eq!(Ask { counts, ..BULK }.about(&[NAME]).bindings, []);
    }
    for counts in [(9, 5), (i32::MAX, i32::MAX)] {
        let said = Ask { counts, ..BULK }.about(&[UPTIME]);
        assert_eq!(said.names(), [Oid::new(NAME).to_string()]);
    }
}

#[test]
fn get_bulk_ends_with_the_first_row_that_is_past_the_end_everywhere() {
    let said = Ask {
        counts: (0, i32::MAX),
        ..BULK
    }
    .about(&[name_of(SPEEDS, 9).arcs(), name_of(SPEEDS, 8).arcs()]);
    let end = (name_of(SPEEDS, 10), Value::EndOfMibView);
    assert_eq!(said.bindings.len(), 6);
    assert_eq!(said.bindings[2], end);
    assert_eq!(said.bindings[4..], [end.clone(), end]);
}

#[test]
fn get_bulk_sends_what_fits_and_no_more_bindings_than_the_agent_likes() {
    let ask = Ask {
        counts: (0, 1000),
        ..BULK
    };
    let mut agent = agent(vec![]);
    let mut objects = objects();
    for row in 1..=500 {
        let value = Value::text(&"x".repeat(100));
        objects.values.insert(name_of(NAMES, row), value);
    }
    for max_message in [484, 1472, 9000, 65_507] {
        agent.set_limits(Limits {
            max_message,
            max_rows: usize::MAX,
        });
        let datagram = ask.datagram(&asking(&[NAMES]));
        let answer = agent.answer(&datagram, &mut objects, booted()).unwrap();
        assert!(answer.len() <= max_message);
        // One more binding of 120 bytes would not have had a place.
        let is_whole = ask.of(&mut agent, &mut objects, &asking(&[NAMES]));
        assert!(is_whole.unwrap().bindings.len() >= 519 || answer.len() + 140 > max_message);
    }
    agent.set_limits(Limits {
        max_message: 65_507,
        max_rows: 7,
    });
    let said = ask.of(&mut agent, &mut objects, &asking(&[NAMES, OCTETS]));
    assert_eq!(said.unwrap().bindings.len(), 7);
    let singles = Ask {
        counts: (8, 0),
        ..BULK
    };
    let names = asking(&[NAMES; 8]);
    let said = singles.of(&mut agent, &mut objects, &names);
    assert_eq!(said.unwrap().bindings.len(), 7);
}

#[test]
fn an_answer_that_does_not_fit_is_too_big_and_nothing_else() {
    let mut agent = agent(vec![]);
    let mut objects = objects();
    let long = Value::OctetString(vec![b'x'; 1450]);
    objects.values.insert(Oid::new(NAME), long);
    for kind in [Kind::Get, Kind::GetNext] {
        let asked = asking(&[if kind == Kind::Get { NAME } else { UPTIME }]);
        let said = Ask { kind, ..ASK }.of(&mut agent, &mut objects, &asked);
        let said = said.unwrap();
        assert_eq!((said.status, said.index, said.bindings), (1, 0, vec![]));
        let version_one = Ask {
            version: 0,
            kind,
            ..ASK
        };
        let said = version_one.of(&mut agent, &mut objects, &asked).unwrap();
        assert_eq!((said.status, said.index, said.bindings), (1, 0, asked));
    }
    let bulk = Ask {
        counts: (0, 3),
        ..BULK
    };
    let said = bulk.of(&mut agent, &mut objects, &asking(&[UPTIME]));
    assert_eq!(said.unwrap().status, 1);
    // As an error of SNMPv1 repeats the question, there are questions without an answer.
    let many = asking(&[NAME; 200]);
    let version_one = Ask { version: 0, ..ASK };
    assert_eq!(version_one.of(&mut agent, &mut objects, &many), None);
    assert_eq!(agent.counters().silent_drops, 1);
}

#[test]
fn set_writes_all_or_reports_the_wrong_binding() {
    let set = Ask {
        kind: Kind::Set,
        ..ASK
    };
    let mut agent = agent(vec![]);
    let mut objects = objects();
    let name = (Oid::new(NAME), Value::text("maple"));
    let name = std::slice::from_ref(&name);
    let said = set.of(&mut agent, &mut objects, name);
    assert_eq!(said.unwrap().bindings, name);
    assert_eq!(objects.get(NAME), Value::text("maple"));

    let wrong_type = (Oid::new(NAME), Value::Integer(1));
    let not_writable = (Oid::new(UPTIME), Value::TimeTicks(1));
    let commit_failed = (Oid::new(&[1, 3, 9]), Value::Integer(1));
    let no_value = (Oid::new(NAME), Value::EndOfMibView);
    for (second, status, in_version_one) in [
        (wrong_type, 7, 3),
        (not_writable, 17, 2),
        (commit_failed, 14, 5),
        (no_value, 7, 3),
    ] {
        let asked = [(Oid::new(NAME), Value::text("oak")), second];
        for (version, status) in [(1, status), (0, in_version_one)] {
            let set = Ask { version, ..set };
            let said = set.of(&mut agent, &mut objects, &asked).unwrap();
            assert_eq!((said.status, said.index), (status, 2));
            assert_eq!(said.bindings, asked);
        }
        assert_eq!(objects.get(NAME), Value::text("maple"));
    }
}

#[test]
fn the_community_for_reading_writes_nothing() {
    for (version, status) in [(1, 6), (0, 2)] {
        let set = Ask {
            version,
            community: "public",
            kind: Kind::Set,
            ..ASK
        };
        let mut agent = agent(vec![]);
        let mut objects = objects();
        let asked = [(Oid::new(NAME), Value::text("oak"))];
        let said = set.of(&mut agent, &mut objects, &asked).unwrap();
        assert_eq!((said.status, said.index), (status, 1));
        assert_eq!(objects.get(NAME), Value::text("gam"));
        assert_eq!(agent.counters().in_bad_community_uses, 1);
    }
}

#[test]
fn an_unknown_sender_gets_no_answer() {
    let mut agent = agent(vec![]);
    let mut objects = objects();
    let asked = asking(&[NAME]);
    let wrong_community = Ask {
        community: "Public",
        ..ASK
    };
    assert_eq!(wrong_community.of(&mut agent, &mut objects, &asked), None);
    for version in [2, 3, 4, -1] {
        let ask = Ask { version, ..ASK };
        assert_eq!(ask.of(&mut agent, &mut objects, &asked), None, "{version}");
    }
    for kind in [Kind::Response, Kind::Trap, Kind::Report, Kind::Inform] {
        let ask = Ask { kind, ..ASK };
        assert_eq!(ask.of(&mut agent, &mut objects, &asked), None, "{kind:?}");
    }
    let bulk_of_version_one = Ask { version: 0, ..BULK };
    assert_eq!(
        bulk_of_version_one.of(&mut agent, &mut objects, &asked),
        None
    );
    let counters = agent.counters();
    assert_eq!(counters.in_bad_community_names, 1);
    assert_eq!(counters.in_bad_versions, 4);
    assert_eq!((counters.in_packets, counters.out_packets), (10, 0));
}

#[test]
fn a_request_that_is_cut_short_or_goes_on_is_dropped() {
    let mut agent = agent(vec![]);
    let mut objects = objects();
    let mut datagram = ASK.datagram(&asking(&[NAME, UPTIME]));
    for length in 0..datagram.len() {
        assert_eq!(
            agent.answer(&datagram[..length], &mut objects, booted()),
            None
        );
    }
    datagram.push(0);
    assert_eq!(agent.answer(&datagram, &mut objects, booted()), None);
    let huge = vec![0x30; 65_508];
    assert_eq!(agent.answer(&huge, &mut objects, booted()), None);
    let dropped = agent.counters().in_asn_parse_errors;
    assert_eq!(dropped, agent.counters().in_packets);
}

#[test]
fn objects_that_lead_a_walk_back_are_a_generic_error() {
    let mut objects = objects();
    objects.is_mad = true;
    for (kind, counts) in [(Kind::GetNext, (0, 0)), (Kind::GetBulk, (0, 3))] {
        let ask = Ask {
            kind,
            counts,
            ..ASK
        };
        let asked = asking(&[NAME]);
        let said = ask.of(&mut agent(vec![]), &mut objects, &asked).unwrap();
        assert_eq!((said.status, said.index), (5, 1));
        assert_eq!(said.bindings, asked);
    }
}
