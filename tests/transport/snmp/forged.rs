//! Tests against forged agents: crafted reports, absurd sizes, false answers, nearly valid bytes.

use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

use gamctl::transport::snmp::{Session, SnmpError, SnmpOptions, Value};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use tokio::net::UdpSocket;

use super::{SYS_NAME, oid, public};
use crate::properties::tried;

pub(super) const QUICK: SnmpOptions = SnmpOptions {
    timeout: Duration::from_millis(600),
    retries: 3,
    silence: Duration::from_secs(60),
    rows: 25,
    in_flight: 2,
};

/// Prefixes bytes with a tag and a length.
pub(super) fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let length = u16::try_from(content.len()).unwrap().to_be_bytes();
    [&[tag, 0x82, length[0], length[1]], content.as_slice()].concat()
}

pub(super) fn number(value: i32) -> Vec<u8> {
    tlv(2, &[&value.to_be_bytes()])
}

/// Returns the content of the nth element in a sequence.
pub(super) fn nth(bytes: &[u8], nth: usize) -> &[u8] {
    let mut rest = bytes;
    for turn in 0.. {
        let (header, length) = match rest[1] {
            0x81 => (3, usize::from(rest[2])),
            0x82 => (4, usize::from(rest[2]) << 8 | usize::from(rest[3])),
            short => (2, usize::from(short)),
        };
        if turn == nth {
            return &rest[header..header + length];
        }
        rest = &rest[header + length..];
    }
    unreachable!("the loop has no end");
}

/// `1.3.6.1.2.1.1.5.0` and `1.3.6.1.2.1.1.9.1.COLUMN.ROW`, without their headers.
pub(super) const NAME: &[u8] = &[43, 6, 1, 2, 1, 1, 5, 0];

fn cell(row: u8) -> Vec<u8> {
    vec![43, 6, 1, 2, 1, 1, 9, 1, 3, row]
}

pub(super) fn binding(name: &[u8], value: &[u8]) -> Vec<u8> {
    tlv(0x30, &[&tlv(6, &[name]), value])
}

pub(super) fn text(text: &str) -> Vec<u8> {
    tlv(4, &[text.as_bytes()])
}

pub(super) fn response(id: &[u8], status: i32, bindings: &[Vec<u8>]) -> Vec<u8> {
    let bindings = tlv(0x30, &[&bindings.concat()]);
    tlv(
        0xa2,
        &[&tlv(2, &[id]), &number(status), &number(0), &bindings],
    )
}

fn over_2c(pdu: &[u8]) -> Vec<u8> {
    tlv(0x30, &[&number(1), &text("public"), pdu])
}

/// The request id of a request over SNMP 2c.
fn id_of(request: &[u8]) -> Vec<u8> {
    nth(nth(nth(request, 0), 2), 0).to_vec()
}

/// Listens as an agent, and sends the given answers to each request.
pub(super) async fn agent<F>(mut answers: F) -> (SocketAddr, impl Future<Output = ()>)
where
    F: FnMut(&[u8]) -> Vec<Vec<u8>>,
{
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    let serve = async move {
        let mut buffer = vec![0; 65_536];
        loop {
            let (length, from) = socket.recv_from(&mut buffer).await.unwrap();
            for answer in answers(&buffer[..length]) {
                socket.send_to(&answer, from).await.unwrap();
            }
        }
    };
    (address, serve)
}

/// Runs a future beside an agent that never ends.
pub(super) async fn beside<T>(
    agent: impl Future<Output = ()>,
    asking: impl Future<Output = T>,
) -> T {
    tokio::select! {
        () = agent => unreachable!("an agent does not end"),
        answer = asking => answer,
    }
}

/// Returns the value that a session with community `public` gets for one name.
async fn value_from<F>(answers: F) -> (Result<Value, SnmpError>, Session)
where
    F: FnMut(&[u8]) -> Vec<Vec<u8>>,
{
    let (address, serve) = agent(answers).await;
    let session = Session::open(address, &public(), QUICK).await.unwrap();
    let read = beside(serve, session.get(&[oid(SYS_NAME)])).await;
    (read.map(|mut values| values.remove(0)), session)
}

#[tokio::test]
async fn answers_with_another_id_community_or_version_are_dropped_and_counted() {
    let (value, session) = value_from(|request| {
        let mut id = id_of(request);
        let right = response(&id, 0, &[binding(NAME, &text("right"))]);
        let wrong = |id: &[u8]| response(id, 0, &[binding(NAME, &text("wrong"))]);
        let other_community = tlv(0x30, &[&number(1), &text("private"), &wrong(&id)]);
        let other_version = tlv(0x30, &[&number(0), &text("public"), &wrong(&id)]);
        id[0] ^= 1;
        let other_id = over_2c(&wrong(&id));
        vec![
            other_id,
            other_community,
            other_version,
            vec![0x30],
            over_2c(&right),
        ]
    })
    .await;
    assert_eq!(value.unwrap(), Value::Bytes(b"right".to_vec()));
    let counters = session.counters();
    assert_eq!((counters.stale, counters.undecodable), (1, 3));
}

#[tokio::test]
async fn an_answer_to_other_names_is_an_error() {
    let other = [43, 6, 1, 2, 1, 1, 6, 0];
    let right = || binding(NAME, &text("a"));
    for bindings in [
        vec![],
        vec![binding(&other, &text("a"))],
        vec![right(), right()],
        vec![right(), binding(&other, &text("a"))],
    ] {
        let (value, _) =
            value_from(|request| vec![over_2c(&response(&id_of(request), 0, &bindings))]).await;
        assert!(
            matches!(value, Err(SnmpError::Malformed { .. })),
            "{value:?}"
        );
    }
}

#[tokio::test]
async fn a_value_that_contradicts_its_type_makes_the_answer_invalid() {
    let wrong: [&[u8]; 18] = [
        &[0x02, 0],                            // an integer of no bytes
        &[0x02, 5, 1, 0, 0, 0, 0],             // of 33 bits
        &[0x02, 9, 0, 0, 0, 0, 0, 0, 0, 0, 1], // of nine bytes
        &[0x41, 4, 0xff, 0, 0, 0],             // a negative counter
        &[0x42, 1, 0x80],                      // a negative gauge
        &[0x43, 5, 1, 0, 0, 0, 0],             // time of 33 bits
        &[0x46, 8, 0x80, 0, 0, 0, 0, 0, 0, 0], // a negative counter of 64 bits
        &[0x46, 9, 1, 0, 0, 0, 0, 0, 0, 0, 0], // one of 65 bits
        &[0x46, 0],
        &[0x40, 3, 1, 2, 3],                          // an address of three bytes
        &[0x05, 1, 0],                                // a null that is something
        &[0x82, 1, 0],                                // so is an exception
        &[0x06, 0],                                   // a name of no arcs
        &[0x06, 2, 43, 0x81],                         // one that ends within an arc
        &[0x06, 6, 43, 0x90, 0x80, 0x80, 0x80, 0x00], // an arc of 33 bits
        &[0x01, 1, 1],                                // a type that SNMP does not have
        &[0x04, 9, 1],                                // longer than its answer
        &[0x04, 1, 1, 0],                             // something behind it
    ];
    for value in wrong {
        let good = binding(NAME, &text("a"));
        let (read, session) = value_from(|request| {
            let bindings = [good.clone(), binding(NAME, value)];
            vec![over_2c(&response(&id_of(request), 0, &bindings))]
        })
        .await;
        assert!(
            matches!(read, Err(SnmpError::Malformed { .. })),
            "{value:?}: {read:?}"
        );
        assert_eq!(session.counters().requests, 1);
    }
}

#[tokio::test]
async fn numbers_are_right_to_their_last_bit() {
    let max = u32::MAX;
    for (bytes, expected) in [
        (
            &[0x02, 4, 0x80, 0, 0, 0][..],
            Value::Integer(i64::from(i32::MIN)),
        ),
        (&[0x02, 2, 0xff, 0x80], Value::Integer(-128)),
        (
            &[0x02, 5, 0, 0x7f, 0xff, 0xff, 0xff],
            Value::Integer(i64::from(i32::MAX)),
        ),
        (&[0x41, 5, 0, 0xff, 0xff, 0xff, 0xff], Value::Counter32(max)),
        (
            &[0x42, 5, 0, 0xff, 0xff, 0xff, 0xff],
            Value::Unsigned32(max),
        ),
        (&[0x43, 1, 0], Value::TimeTicks(0)),
        (
            &[0x46, 9, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            Value::Counter64(u64::MAX),
        ),
        (&[0x40, 4, 10, 1, 2, 3], Value::IpAddress([10, 1, 2, 3])),
        (&[0x44, 2, 7, 8], Value::Opaque(vec![7, 8])),
        (
            &[0x06, 6, 0x88, 0x37, 0x8f, 0xff, 0xff, 0x7f],
            Value::Oid(oid(&[2, 999, 0x1ff_ffff])),
        ),
        (&[0x81, 0], Value::NoSuchInstance),
    ] {
        let (value, _) = value_from(|request| {
            let bindings = [binding(NAME, bytes)];
            vec![over_2c(&response(&id_of(request), 0, &bindings))]
        })
        .await;
        assert_eq!(value.unwrap(), expected);
    }
}

/// Returns the walk of one column from an agent with these answers and nothing more.
async fn column_from(answers: &[Vec<Vec<u8>>]) -> Result<Vec<u32>, SnmpError> {
    let mut turn = 0;
    let (address, serve) = agent(|request| {
        let bindings = &answers[turn.min(answers.len() - 1)];
        turn += 1;
        vec![over_2c(&response(&id_of(request), 0, bindings))]
    })
    .await;
    let session = Session::open(address, &public(), QUICK).await.unwrap();
    let root = [oid(&[1, 3, 6, 1, 2, 1, 1, 9, 1, 3])];
    let mut columns = beside(serve, session.columns(&root)).await?;
    let cells = columns.remove(0).cells.into_iter();
    Ok(cells.map(|cell| cell.index[0]).collect())
}

#[tokio::test]
async fn a_walk_ends_at_the_edge_of_its_column_or_of_everything_and_nowhere_else() {
    let row = |row| binding(&cell(row), &text("a"));
    let end = binding(&cell(2), &[0x82, 0]);
    let beyond = binding(&[43, 6, 1, 2, 1, 1, 9, 1, 4, 1], &text("b"));
    let walked = column_from(&[vec![row(1), row(2)], vec![end.clone()]]).await;
    assert_eq!(walked.unwrap(), [1, 2]);
    let walked = column_from(&[vec![row(1)], vec![row(2), beyond, row(9)]]).await;
    assert_eq!(walked.unwrap(), [1, 2]);
    let nothing = column_from(&[vec![row(1)], vec![]]).await;
    assert!(
        matches!(nothing, Err(SnmpError::Malformed { .. })),
        "{nothing:?}"
    );
    let same = column_from(&[vec![row(1)], vec![row(1)]]).await;
    assert!(
        matches!(same, Err(SnmpError::NotIncreasing { .. })),
        "{same:?}"
    );
    let back = column_from(&[vec![row(5), row(4)]]).await;
    assert!(
        matches!(back, Err(SnmpError::NotIncreasing { .. })),
        "{back:?}"
    );
    let before = binding(&[43, 6, 1, 2, 1, 1, 1, 0], &text("b"));
    let back = column_from(&[vec![row(1)], vec![before]]).await;
    assert!(
        matches!(back, Err(SnmpError::NotIncreasing { .. })),
        "{back:?}"
    );
    let absent = column_from(&[vec![binding(&cell(1), &[0x80, 0])]]).await;
    assert!(
        matches!(absent, Err(SnmpError::Malformed { .. })),
        "{absent:?}"
    );
    let many: Vec<_> = (1..=26).map(row).collect();
    let more = column_from(&[many]).await;
    assert!(matches!(more, Err(SnmpError::Malformed { .. })), "{more:?}");
}

#[tokio::test]
async fn rows_are_ordered_by_arcs_and_not_by_bytes() {
    // 16383 is ff 7f, 16384 is 81 80 00.
    let wide = |arc: &[u8]| binding(&[&[43, 6, 1, 2, 1, 1, 9, 1, 3], arc].concat(), &text("a"));
    let rows = vec![wide(&[0xff, 0x7f]), wide(&[0x81, 0x80, 0x00])];
    let end = binding(&cell(1), &[0x82, 0]);
    let walked = column_from(&[rows, vec![end]]).await.unwrap();
    assert_eq!(walked, [16_383, 16_384]);
}

#[tokio::test]
async fn a_column_without_an_end_is_given_up() {
    // Names whose last arc takes three bytes, as the largest rows here do.
    let mut row: u32 = 1 << 14;
    let (address, serve) = agent(|request| {
        let bindings: Vec<_> = (0..25)
            .map(|_| {
                row += 1;
                let arcs = [row >> 14 | 0x80, row >> 7 & 0x7f | 0x80, row & 0x7f];
                let arcs = arcs.map(|arc| u8::try_from(arc).unwrap());
                binding(
                    &[&[43, 6, 1, 2, 1, 1, 9, 1, 3], &arcs[..]].concat(),
                    &[5, 0],
                )
            })
            .collect();
        vec![over_2c(&response(&id_of(request), 0, &bindings))]
    })
    .await;
    let session = Session::open(address, &public(), QUICK).await.unwrap();
    let root = [oid(&[1, 3, 6, 1, 2, 1, 1, 9, 1, 3])];
    let read = beside(serve, session.columns(&root)).await;
    assert!(
        matches!(read, Err(SnmpError::Endless { limit: 100_000, .. })),
        "{read:?}"
    );
}

/// An answer with one value of each kind.
fn sample(id: &[u8]) -> Vec<u8> {
    let values: [&[u8]; 5] = [
        &[4, 3, b'a', b'b', b'c'],
        &[2, 2, 1, 2],
        &[0x42, 1, 7],
        &[6, 3, 43, 6, 1],
        &[0x46, 1, 9],
    ];
    let bindings = (1..)
        .zip(values)
        .map(|(row, value)| binding(&cell(row), value));
    over_2c(&response(id, 0, &bindings.collect::<Vec<_>>()))
}

/// Walks a column of an agent whose answers are modified.
async fn walk_of(meddle: impl Fn(Vec<u8>) -> Vec<u8>) -> Result<Vec<Value>, SnmpError> {
    let mut is_first = true;
    let (address, serve) = agent(|request| {
        let answer = if is_first {
            meddle(sample(&id_of(request)))
        } else {
            let end = binding(&cell(5), &[0x82, 0]);
            over_2c(&response(&id_of(request), 0, &[end]))
        };
        is_first = false;
        vec![answer]
    })
    .await;
    let options = SnmpOptions {
        timeout: Duration::from_millis(10),
        retries: 0,
        ..QUICK
    };
    let session = Session::open(address, &public(), options).await.unwrap();
    let root = [oid(&[1, 3, 6, 1, 2, 1, 1, 9, 1, 3])];
    let mut columns = beside(serve, session.columns(&root)).await?;
    let cells = columns.remove(0).cells.into_iter();
    Ok(cells.map(|cell| cell.value).collect())
}

/// A changed length or tag must not silently drop a value; a changed byte of content gives another value.
#[test]
fn an_answer_that_was_cut_or_changed_is_an_error_or_as_long_as_before() {
    let runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = { runtime }.enable_all().build().unwrap();
    let whole = runtime.block_on(walk_of(|answer| answer)).unwrap();
    assert_eq!(whole.len(), 5);
    let length = sample(&[1, 2, 3, 4]).len();
    let change = (0..length, any::<u8>(), prop::bool::ANY);
    TestRunner::new(tried(300))
        .run(&change, |(at, byte, is_cut)| {
            let read = runtime.block_on(walk_of(|mut answer| {
                if is_cut {
                    answer.truncate(at % answer.len());
                } else {
                    let at = at % answer.len();
                    answer[at] = byte;
                }
                answer
            }));
            match read {
                Err(SnmpError::Timeout { .. } | SnmpError::Malformed { .. }) => {}
                Err(
                    SnmpError::NotIncreasing { .. }
                    | SnmpError::Agent { .. }
                    | SnmpError::TooLarge { .. },
                ) => {
                    prop_assert!(!is_cut);
                }
                // A name that was changed may lie beyond the column, where a walk rightly ends.
                Ok(values) => prop_assert!(!is_cut && values.len() <= 5),
                Err(error) => return Err(TestCaseError::fail(error.to_string())),
            }
            Ok(())
        })
        .unwrap();
}

#[test]
fn any_bytes_at_all_are_an_error_and_no_panic() {
    let runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = { runtime }.enable_all().build().unwrap();
    let bytes = prop::collection::vec(any::<u8>(), 0..200);
    TestRunner::new(tried(100))
        .run(&(bytes, 0..4_u8), |(bytes, depth)| {
            let read = runtime.block_on(walk_of(|answer| {
                let id = nth(nth(nth(&answer, 0), 2), 0).to_vec();
                match depth {
                    0 => bytes.clone(),
                    1 => over_2c(&bytes),
                    2 => over_2c(&tlv(0xa2, &[&tlv(2, &[&id]), &bytes])),
                    _ => over_2c(&tlv(
                        0xa2,
                        &[
                            &tlv(2, &[&id]),
                            &number(0),
                            &number(0),
                            &tlv(0x30, &[&bytes]),
                        ],
                    )),
                }
            }));
            prop_assert!(read.is_err(), "{read:?}");
            Ok(())
        })
        .unwrap();
}
