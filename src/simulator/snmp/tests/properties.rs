//! Tests properties of every datagram and every set of objects.

use proptest::prelude::*;

use super::super::{Authentication, Privacy};
use super::*;

fn user() -> User {
    User::private(
        "gamctl",
        Access::Write,
        (Authentication::Md5, "maplesyrup"),
        (Privacy::Aes, "maplesyrup"),
    )
    .unwrap()
}

fn maps() -> impl Strategy<Value = BTreeMap<Oid, Value>> {
    let name = prop::collection::vec(prop_oneof![0..4_u32, any::<u32>()], 0..6);
    let name = name.prop_map(|arcs| Oid::new(&[1, 3]).with(&arcs));
    let value = prop_oneof![
        any::<u64>().prop_map(Value::Counter64),
        prop::collection::vec(any::<u8>(), 0..200).prop_map(Value::OctetString),
        any::<i32>().prop_map(Value::Integer),
    ];
    prop::collection::btree_map(name, value, 0..60)
}

proptest! {
    #[test]
    fn any_bytes_get_an_answer_or_none(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        drop(agent(vec![user()]).answer(&bytes, &mut objects(), booted()));
    }

    #[test]
    fn any_damage_to_a_question_gets_an_answer_or_none(
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        version in prop_oneof![Just(0), Just(1), Just(3)],
        counts in prop_oneof![Just((0, 0)), any::<(i32, i32)>()],
    ) {
        let ask = Ask { version, counts, ..ASK };
        let mut datagram = if version == 3 {
            super::users::discovery()
        } else {
            ask.datagram(&asking(&[NAME, NAMES]))
        };
        for (place, byte) in damage {
            let place = place.index(datagram.len());
            datagram[place] = byte;
        }
        drop(agent(vec![user()]).answer(&datagram, &mut objects(), booted()));
    }

    #[test]
    fn a_walk_by_get_bulk_finds_everything_in_order(
        values in maps(),
        repetitions in 1..40_i32,
        max_message in 484..3000_usize,
    ) {
        let ask = Ask { kind: Kind::GetBulk, counts: (0, repetitions), ..ASK };
        let mut objects = Objects { values, ..Objects::default() };
        let mut agent = agent(vec![]);
        agent.set_limits(Limits { max_message, max_rows: usize::MAX });
        let mut found = vec![(Oid::new(&[0, 0]), Value::Null)];
        while found.last().unwrap().1 != Value::EndOfMibView {
            let last = found.last().unwrap().0.clone();
            let said = ask.of(&mut agent, &mut objects, &asking(&[last.arcs()])).unwrap();
            prop_assert_eq!(said.status, 0);
            found.extend(said.bindings);
        }
        let found: Vec<_> = found[1..found.len() - 1].to_vec();
        let all: Vec<_> = objects.values.into_iter().collect();
        prop_assert_eq!(found, all);
    }
}
