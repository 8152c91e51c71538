//! Tests SNMP 3 against spoofed agents: unauthenticated data never changes our state.

use std::sync::LazyLock;
use std::time::Duration;

use gamctl::secrets::Secret;
use gamctl::transport::snmp::{Access, Auth, AuthProtocol, Session, SnmpError, SnmpOptions, Value};
use hmac::{Hmac, KeyInit, Mac};
use sha1::{Digest, Sha1};

use super::forged::{NAME, QUICK, agent, beside, binding, nth, number, response, text, tlv};
use super::{SYS_NAME, oid};

const ENGINE: &[u8] = b"\x80\x00\x4e\x7f\x01abcd";
const OTHER_ENGINE: &[u8] = b"\x80\x00\x4e\x7f\x01zzzz";
const PASSWORD: &str = "maplesyrup";

/// Options for expected silence.
const HURRIED: SnmpOptions = SnmpOptions {
    timeout: Duration::from_millis(40),
    retries: 1,
    ..QUICK
};

/// The last arc of a report's object.
const TIME: u8 = 2;
const USER: u8 = 3;
const WHO: u8 = 4;
const DIGEST: u8 = 5;

fn access() -> Access {
    Access::V3 {
        user: "u".to_owned(),
        auth: Some(Auth {
            protocol: AuthProtocol::Sha1,
            password: Secret::new(PASSWORD.as_bytes().to_vec()),
        }),
        privacy: None,
    }
}

/// RFC 3414 A.2.2 for [`PASSWORD`]. The slow half is computed once, or the agent would be slower than the session's
/// timeout.
fn key(engine: &[u8]) -> Vec<u8> {
    static STRETCHED: LazyLock<Vec<u8>> = LazyLock::new(|| {
        let stretched = PASSWORD.as_bytes().iter().copied().cycle().take(1 << 20);
        Sha1::digest(stretched.collect::<Vec<u8>>()).to_vec()
    });
    Sha1::digest([&STRETCHED[..], engine, &STRETCHED[..]].concat()).to_vec()
}

/// The parts of a request that an agent reads.
struct Request {
    id: Vec<u8>,
    pdu_id: Vec<u8>,
    engine: Vec<u8>,
    boots: i32,
    time: i32,
}

fn read(request: &[u8]) -> Request {
    let message = nth(request, 0);
    let parameters = nth(nth(message, 2), 0);
    let small = |content: &[u8]| {
        content
            .iter()
            .fold(0, |sum, byte| sum << 8 | i32::from(*byte))
    };
    Request {
        id: nth(nth(message, 1), 0).to_vec(),
        pdu_id: nth(nth(nth(message, 3), 2), 0).to_vec(),
        engine: nth(parameters, 0).to_vec(),
        boots: small(nth(parameters, 1)),
        time: small(nth(parameters, 2)),
    }
}

/// The parts of an answer.
#[derive(Clone, Copy)]
struct Letter<'a> {
    engine: &'a [u8],
    clock: (i32, i32),
    is_signed: bool,
    max: i32,
}

const PLAIN: Letter<'_> = Letter {
    engine: ENGINE,
    clock: (7, 1000),
    is_signed: false,
    max: 65_507,
};
const SIGNED: Letter<'_> = Letter {
    is_signed: true,
    ..PLAIN
};

impl Letter<'_> {
    fn around(&self, request: &Request, pdu: &[u8]) -> Vec<u8> {
        let header = tlv(
            0x30,
            &[
                &tlv(2, &[&request.id]),
                &number(self.max),
                &tlv(4, &[&[u8::from(self.is_signed)]]),
                &number(3),
            ],
        );
        let digest: &[u8] = if self.is_signed { &[0; 12] } else { &[] };
        let user: &[u8] = if self.is_signed { b"u" } else { b"" };
        let parameters = tlv(
            0x30,
            &[
                &tlv(4, &[self.engine]),
                &number(self.clock.0),
                &number(self.clock.1),
                &tlv(4, &[user]),
                &tlv(4, &[digest]),
                &tlv(4, &[]),
            ],
        );
        let scope = tlv(0x30, &[&tlv(4, &[self.engine]), &tlv(4, &[]), pdu]);
        let message = [&number(3), &header, &tlv(4, &[&parameters]), &scope];
        let mut bytes = tlv(0x30, &message.map(Vec::as_slice));
        if self.is_signed {
            let place = bytes
                .windows(12)
                .position(|window| window == [0; 12])
                .unwrap();
            let mut code = Hmac::<Sha1>::new_from_slice(&key(self.engine)).unwrap();
            code.update(&bytes);
            bytes[place..place + 12].copy_from_slice(&code.finalize().into_bytes()[..12]);
        }
        bytes
    }

    fn value(&self, request: &Request, value: &str) -> Vec<u8> {
        let pdu = response(&request.pdu_id, 0, &[binding(NAME, &text(value))]);
        self.around(request, &pdu)
    }

    fn report(&self, request: &Request, about: u8) -> Vec<u8> {
        let name = [43, 6, 1, 6, 3, 15, 1, 1, about, 0];
        let mut pdu = response(&request.pdu_id, 0, &[binding(&name, &[0x41, 1, 1])]);
        pdu[0] = 0xa8;
        self.around(request, &pdu)
    }
}

/// Reads one name several times from an agent with a valid discovery, and these answers to everything else.
async fn values_from<F>(times: usize, mut answers: F) -> (Vec<Result<Value, SnmpError>>, Session)
where
    F: FnMut(&Request) -> Vec<Vec<u8>>,
{
    values_with(QUICK, times, move |request| {
        if request.engine.is_empty() {
            vec![PLAIN.report(request, WHO)]
        } else {
            answers(request)
        }
    })
    .await
}

async fn values_with<F>(
    options: SnmpOptions,
    times: usize,
    mut answers: F,
) -> (Vec<Result<Value, SnmpError>>, Session)
where
    F: FnMut(&Request) -> Vec<Vec<u8>>,
{
    let (address, serve) = agent(|request| answers(&read(request))).await;
    beside(serve, async {
        let session = Session::open(address, &access(), options).await.unwrap();
        let mut values = Vec::new();
        for _ in 0..times {
            let read = session.get(&[oid(SYS_NAME)]).await;
            values.push(read.map(|mut values| values.remove(0)));
        }
        (values, session)
    })
    .await
}

fn right() -> Value {
    Value::Bytes(b"right".to_vec())
}

#[tokio::test]
async fn an_agent_may_take_messages_of_any_size() {
    for max in [484, 1500, 65_507, 65_535, i32::MAX] {
        let (values, _) = values_with(QUICK, 1, |request| {
            if request.engine.is_empty() {
                vec![Letter { max, ..PLAIN }.report(request, WHO)]
            } else {
                vec![Letter { max, ..SIGNED }.value(request, "right")]
            }
        })
        .await;
        assert_eq!(values, [Ok(right())]);
    }
}

#[tokio::test]
async fn forged_reports_change_nothing_while_the_true_answer_comes() {
    for about in [1, TIME, USER, WHO, DIGEST, 6, 9] {
        let forged = Letter {
            engine: OTHER_ENGINE,
            clock: (i32::MAX, 0),
            ..PLAIN
        };
        let mut clocks = Vec::new();
        let (values, session) = values_from(3, |request| {
            assert_eq!(request.engine, ENGINE);
            clocks.push((request.boots, request.time));
            vec![
                forged.report(request, about),
                SIGNED.value(request, "right"),
            ]
        })
        .await;
        assert_eq!(values, [Ok(right()), Ok(right()), Ok(right())]);
        assert_eq!(session.counters().resent, 0);
        assert!(
            clocks
                .iter()
                .all(|(boots, time)| *boots == 7 && (1000..1100).contains(time))
        );
    }
}

#[tokio::test]
async fn a_report_that_is_all_that_comes_is_believed_after_a_second_one() {
    let mut asked = 0;
    let (values, _) = values_from(1, |request| {
        asked += 1;
        vec![PLAIN.report(request, DIGEST)]
    })
    .await;
    assert!(
        matches!(values[..], [Err(SnmpError::WrongDigest { .. })]),
        "{values:?}"
    );
    assert_eq!(asked, 2);
    for (about, is_right) in [
        (
            1,
            (|error| matches!(error, SnmpError::UnsupportedSecurityLevel { .. }))
                as fn(&SnmpError) -> bool,
        ),
        (TIME, |error| {
            matches!(error, SnmpError::NotInTimeWindow { .. })
        }),
        (USER, |error| matches!(error, SnmpError::UnknownUser { .. })),
        (WHO, |error| {
            matches!(error, SnmpError::UnknownEngine { .. })
        }),
        (6, |error| {
            matches!(error, SnmpError::DecryptionError { .. })
        }),
        (77, |error| matches!(error, SnmpError::OtherReport { .. })),
    ] {
        let (values, _) = values_from(1, |request| vec![PLAIN.report(request, about)]).await;
        assert!(values[0].as_ref().is_err_and(is_right), "{values:?}");
    }
}

#[tokio::test]
async fn answers_that_are_not_signed_or_wrongly_are_dropped_and_counted() {
    let (values, session) = values_from(2, |request| {
        let mut tampered = SIGNED.value(request, "wrong");
        *tampered.last_mut().unwrap() ^= 1;
        let mut short = SIGNED.value(request, "wrong");
        short.truncate(40);
        let other = Letter {
            engine: OTHER_ENGINE,
            ..SIGNED
        };
        vec![
            PLAIN.value(request, "wrong"),
            tampered,
            other.value(request, "wrong"),
            short,
            SIGNED.value(request, "right"),
        ]
    })
    .await;
    assert_eq!(values, [Ok(right()), Ok(right())]);
    // More when the machine is so slow that a request was sent again.
    assert!(session.counters().undecodable >= 8);
    let (values, _) = values_with(HURRIED, 1, |request| {
        if request.engine.is_empty() {
            vec![PLAIN.report(request, WHO)]
        } else {
            vec![PLAIN.value(request, "wrong")]
        }
    })
    .await;
    assert!(
        matches!(values[..], [Err(SnmpError::Timeout { .. })]),
        "{values:?}"
    );
}

#[tokio::test]
async fn old_answers_are_dropped() {
    let mut turn = 0;
    let (values, session) = values_from(2, |request| {
        turn += 1;
        let of = |boots, time| Letter {
            clock: (boots, time),
            ..SIGNED
        };
        if turn == 1 {
            return vec![of(7, 1000).value(request, "right")];
        }
        vec![
            of(6, 5000).value(request, "wrong"),
            of(7, 700).value(request, "wrong"),
            of(7, 900).value(request, "right"),
        ]
    })
    .await;
    assert_eq!(values, [Ok(right()), Ok(right())]);
    assert_eq!(session.counters().undecodable, 2);
}

/// A factory reset keeps the engine and restarts its boots.
#[tokio::test]
async fn decreased_boots_are_accepted_from_an_authenticated_agent() {
    let mut turn = 0;
    let (values, _) = values_from(3, |request| {
        turn += 1;
        let young = Letter {
            clock: (1, 20),
            ..SIGNED
        };
        match (turn, request.boots) {
            (1, _) => vec![SIGNED.value(request, "right")],
            (_, 1) => vec![young.value(request, "right")],
            _ => vec![young.report(request, TIME)],
        }
    })
    .await;
    assert_eq!(values, [Ok(right()), Ok(right()), Ok(right())]);
    assert_eq!(turn, 4);
}

#[tokio::test]
async fn an_agent_that_always_rejects_the_time_is_an_error() {
    let mut asked = 0;
    let (values, _) = values_from(1, |request| {
        asked += 1;
        vec![SIGNED.report(request, TIME)]
    })
    .await;
    assert!(
        matches!(values[..], [Err(SnmpError::NotInTimeWindow { .. })]),
        "{values:?}"
    );
    assert_eq!(asked, 3);
}

#[tokio::test]
async fn a_replaced_engine_is_discovered_again_when_it_answers() {
    let mut turn = 0;
    let (values, _) = values_with(QUICK, 2, |request| {
        turn += 1;
        let engine = if turn > 2 { OTHER_ENGINE } else { ENGINE };
        let plain = Letter { engine, ..PLAIN };
        let signed = Letter { engine, ..SIGNED };
        if request.engine == engine {
            vec![signed.value(request, "right")]
        } else {
            vec![plain.report(request, WHO)]
        }
    })
    .await;
    assert_eq!(values, [Ok(right()), Ok(right())]);
}

/// The forger answers the discovery that it provoked; its engine is discarded, because no answer is authentic.
#[tokio::test]
async fn a_forged_engine_lasts_for_one_request_at_most() {
    let mut turn = 0;
    let (values, _) = values_with(HURRIED, 2, |request| {
        turn += 1;
        let forged = Letter {
            engine: OTHER_ENGINE,
            ..PLAIN
        };
        match turn {
            1 => vec![PLAIN.report(request, WHO)],
            2 => vec![forged.report(request, WHO)],
            3 => vec![forged.report(request, WHO)],
            _ if request.engine == ENGINE => vec![SIGNED.value(request, "right")],
            _ => vec![],
        }
    })
    .await;
    assert!(values[0].is_err(), "{values:?}");
    assert_eq!(values[1], Ok(right()));
}

#[tokio::test]
async fn silence_after_discovery_ends_in_an_error() {
    let (values, _) = values_with(HURRIED, 1, |request| {
        if request.engine.is_empty() {
            vec![PLAIN.report(request, WHO)]
        } else {
            vec![]
        }
    })
    .await;
    assert!(
        matches!(values[..], [Err(SnmpError::Timeout { tries: 2, .. })]),
        "{values:?}"
    );
}
