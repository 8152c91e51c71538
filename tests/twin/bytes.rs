//! Tests any bytes as keys or datagrams: no panic, no hang, bounded memory.

use gamctl::model::GamModel;
use gamctl::simulator::commands::{Outcome, Session, write_startup};
use gamctl::simulator::gam::Gam;
use gamctl::simulator::mib::Mib;
use gamctl::simulator::snmp::{Access, Agent, Community, EngineId, Limits, Setup};
use proptest::prelude::*;

use super::typing::{NOW, gam};
use crate::properties::tried;

/// Draws keys that have an effect, among any others.
fn keys() -> impl Strategy<Value = Vec<u8>> {
    let words = prop_oneof![
        3 => any::<u8>().prop_map(|byte| vec![byte]),
        1 => Just(b"\r".to_vec()),
        1 => Just(b"conf t\r".to_vec()),
        1 => Just(b"end\r".to_vec()),
        1 => Just(b"show run\r".to_vec()),
        1 => Just(b"ghn endpoint 1 name \"".to_vec()),
        1 => Just(b"ghn subscriber 1 name s vid 100 ".to_vec()),
        1 => Just(b"interface 10GigabitEthernet 1/1-2\r".to_vec()),
        1 => Just(b"terminal width 0\r".to_vec()),
        1 => Just(b"terminal length 3\r".to_vec()),
        1 => Just(b"\x1b[A".to_vec()),
        1 => Just(b"?".to_vec()),
        1 => Just(b"\t".to_vec()),
        1 => Just(b"copy run start\r".to_vec()),
    ];
    prop::collection::vec(words, 0..80).prop_map(|words| words.concat())
}

/// Sends keys in pieces and returns the whole screen; each piece is processed before the next.
fn typed(gam: &mut Gam, keys: &[u8], piece: usize) -> Vec<u8> {
    let mut session = Session::open(gam, 80, 24);
    let mut screen = session.take_output();
    for piece in keys.chunks(piece.max(1)) {
        session.type_keys(piece);
        while let Some(line) = session.next_line(gam) {
            match session.run(&line, gam, NOW) {
                Outcome::Save => session.finish_save(Ok(write_startup(gam, NOW)), gam),
                Outcome::Reload | Outcome::SwapFirmware => {
                    gam.boot(NOW);
                    session = Session::open(gam, 80, 24);
                }
                Outcome::Close => session = Session::open(gam, 80, 24),
                Outcome::Prompt => {}
            }
        }
        screen.extend(session.take_output());
    }
    screen
}

fn agent() -> Agent {
    Agent::new(Setup {
        engine_id: EngineId::from_mac(20095, [0, 0x0e, 0xd8, 1, 2, 3]),
        boots: 1,
        booted_at: NOW,
        communities: vec![Community {
            name: "public".to_owned(),
            access: Access::Write,
        }],
        users: Vec::new(),
        limits: Limits::default(),
        seed: 1,
    })
}

/// A GETBULK of v2c for 10 rows after `1.3.6.1.4.1.20095`, to be corrupted.
const REQUEST: &[u8] = &[
    0x30, 0x2a, 0x02, 0x01, 0x01, 0x04, 0x06, b'p', b'u', b'b', b'l', b'i', b'c', 0xa5, 0x1d, 0x02,
    0x04, 0x01, 0x02, 0x03, 0x04, 0x02, 0x01, 0x00, 0x02, 0x01, 0x0a, 0x30, 0x0f, 0x30, 0x0d, 0x06,
    0x09, 0x2b, 0x06, 0x01, 0x04, 0x01, 0x81, 0x9c, 0x7f, 0x00, 0x05, 0x00,
];

proptest! {
    #![proptest_config(tried(200))]

    #[test]
    fn any_keys_leave_a_session_that_still_answers(keys in keys(), piece in 1..40_usize) {
        let mut gam = gam(GamModel::Gam4Cx, None);
        let screen = typed(&mut gam, &keys, piece);
        // One page of output for a line, or one redrawn line for a key: nothing multiplies.
        prop_assert!(screen.len() <= 4096 + keys.len() * 4096, "{} bytes", screen.len());
    }

    #[test]
    fn any_datagram_is_answered_within_the_limit_or_not_at_all(
        datagram in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let mut gam = gam(GamModel::Gam4Cx, None);
        let mut view = Mib { gam: &mut gam, now: NOW };
        let answer = agent().answer(&datagram, &mut view, NOW);
        prop_assert!(answer.is_none_or(|answer| answer.len() <= 1472));
    }

    #[test]
    fn a_request_that_was_damaged_on_the_way_does_no_harm(
        changes in prop::collection::vec((0..REQUEST.len(), any::<u8>()), 0..4),
        cut in 0..=REQUEST.len(),
    ) {
        let mut gam = gam(GamModel::Gam4Cx, None);
        let was = gam.running().clone();
        let mut request = REQUEST.to_vec();
        for (position, byte) in &changes {
            request[*position] = *byte;
        }
        request.truncate(cut);
        let mut view = Mib { gam: &mut gam, now: NOW };
        let answer = agent().answer(&request, &mut view, NOW);
        if changes.is_empty() && cut == REQUEST.len() {
            prop_assert!(answer.is_some());
        }
        prop_assert!(answer.is_none_or(|answer| answer.len() <= 1472));
        prop_assert_eq!(gam.running(), &was);
    }
}

#[test]
fn the_request_that_is_broken_elsewhere_is_a_good_one() {
    let mut gam = gam(GamModel::Gam4Cx, None);
    let mut view = Mib {
        gam: &mut gam,
        now: NOW,
    };
    assert!(agent().answer(REQUEST, &mut view, NOW).is_some());
}
