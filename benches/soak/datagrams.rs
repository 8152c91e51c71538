//! Requests of SNMP in all versions, good and damaged, as fast as they go.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use gamctl::simulator::server::Twin;
use tokio::net::UdpSocket;

use super::chance::Chance;
use super::{Tally, count};

pub(crate) const USER: &str = "soak";

/// Names that lead somewhere, and some that do not, encoded.
const NAMES: &[&[u8]] = &[
    &[43],
    &[43, 6, 1, 2, 1, 1, 3, 0],
    &[43, 6, 1, 2, 1, 2, 2, 1, 10],
    &[43, 6, 1, 2, 1, 31, 1, 1, 1, 6],
    &[43, 6, 1, 2, 1, 17, 4],
    &[43, 6, 1, 4, 1, 0x81, 0x9c, 0x7f, 0x8f, 0x51],
    &[
        43, 6, 1, 4, 1, 0x81, 0x9c, 0x7f, 0x8f, 0x51, 0x81, 0x0f, 1, 3, 20, 10,
    ],
    &[43, 0x8f, 0xff, 0xff, 0xff, 0x7f],
    &[43, 0x9f, 0xff, 0xff, 0xff, 0x7f],
];

pub(crate) fn tagged(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap();
    let mut bytes = match (length, length.to_be_bytes()) {
        (0..128, [_, low]) => vec![tag, low],
        (_, [high, low]) => vec![tag, 0x82, high, low],
    };
    bytes.extend_from_slice(content);
    bytes
}

pub(crate) fn integer(number: i32) -> Vec<u8> {
    tagged(2, &number.to_be_bytes())
}

/// Sends until it is over, and looks at what comes back.
pub(crate) async fn flood(twin: Arc<Twin>, tally: Arc<Tally>, seed: u64) {
    let mut chance = Chance::new(seed);
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    socket.connect(twin.snmp_address()).await.unwrap();
    let mut engine = Vec::new();
    let mut buffer = vec![0; 65_536];
    while tally.goes_on() {
        for _ in 0..16 {
            let mut request = request(&mut chance, &engine);
            damage(&mut chance, &mut request);
            let _sent = socket.send(&request).await;
            count(&tally.datagrams, 1);
        }
        tokio::task::yield_now().await;
        while let Ok(length) = socket.try_recv(&mut buffer) {
            count(&tally.answers, 1);
            let longest = u64::try_from(length).unwrap();
            tally.longest_answer.fetch_max(longest, Ordering::Relaxed);
            if let Some(found) = engine_of(&buffer[..length]) {
                engine = found;
            }
        }
    }
}

/// Returns the engine id of an answer of v3: it follows the header, whose length never has two bytes.
fn engine_of(answer: &[u8]) -> Option<Vec<u8>> {
    let at = answer
        .windows(4)
        .position(|bytes| bytes == [0x80, 0, 0x4e, 0x7f])?;
    let length = usize::from(*answer.get(at.checked_sub(1)?)?);
    answer.get(at..at + length).map(<[u8]>::to_vec)
}

fn request(chance: &mut Chance, engine: &[u8]) -> Vec<u8> {
    let kind = *chance.pick(&[0xa0, 0xa1, 0xa3, 0xa5, 0xa5, 0xa6]);
    let many = *chance.pick(&[1, 1, 1, 3, 25, 500]);
    let mut bindings = Vec::new();
    for _ in 0..many {
        let mut name = chance.pick(NAMES).to_vec();
        if chance.below(8) == 0 {
            name.extend((0..118).map(|_| chance.byte() & 0x7f));
        }
        let value = match chance.below(4) {
            0 => tagged(2, &[chance.byte()]),
            1 => tagged(4, &chance.bytes(9)),
            _ => vec![5, 0],
        };
        bindings.extend(tagged(0x30, &[tagged(6, &name), value].concat()));
        if bindings.len() > 7900 {
            break;
        }
    }
    let number = |chance: &mut Chance| integer(*chance.pick(&[0, 0, 1, 25, i32::MAX, -1]));
    let (first, second) = (number(chance), number(chance));
    let id = integer(i32::from(chance.byte()));
    let pdu = tagged(kind, &[id, first, second, tagged(0x30, &bindings)].concat());
    let message = match chance.below(3) {
        2 => secured(chance, engine, pdu),
        version => {
            let community = *chance.pick(&["public", "private"]);
            let version = u8::try_from(version).unwrap();
            [tagged(2, &[version]), tagged(4, community.as_bytes()), pdu].concat()
        }
    };
    tagged(0x30, &message)
}

/// A message of v3 whose header is good and whose proof is not.
fn secured(chance: &mut Chance, engine: &[u8], pdu: Vec<u8>) -> Vec<u8> {
    let flags = *chance.pick(&[4_u8, 4, 5, 7, 1, 3, 2]);
    let size = integer(*chance.pick(&[484, 1472, 65_507, i32::MAX]));
    let header = [integer(7), size, tagged(4, &[flags]), tagged(2, &[3])].concat();
    let user = *chance.pick(&[USER, "", "nobody"]);
    let length = *chance.pick(&[0, 12, 12, 11]);
    let (proof, salt) = (chance.bytes(length), chance.bytes(8));
    let time = integer(*chance.pick(&[0, 1, i32::MAX]));
    let parameters = [
        tagged(4, engine),
        integer(1),
        time,
        tagged(4, user.as_bytes()),
        tagged(4, &proof),
        tagged(4, &salt),
    ]
    .concat();
    let scoped = [tagged(4, engine), tagged(4, b""), pdu].concat();
    let is_private = flags & 2 != 0;
    [
        tagged(2, &[3]),
        tagged(0x30, &header),
        tagged(4, &tagged(0x30, &parameters)),
        tagged(if is_private { 4 } else { 0x30 }, &scoped),
    ]
    .concat()
}

/// Leaves half of all requests as they are.
fn damage(chance: &mut Chance, request: &mut Vec<u8>) {
    match chance.below(12) {
        0 => {
            for _ in 0..=chance.below(4) {
                let at = chance.below(request.len());
                request[at] = chance.byte();
            }
        }
        1 => request.truncate(chance.below(request.len())),
        2 => {
            let length = chance.below(9000);
            *request = chance.bytes(length);
        }
        3 => {
            // A length of 4 GB where there was another.
            let at = chance.below(request.len());
            request.splice(at..=at, [0x84, 0xff, 0xff, 0xff, 0xff]);
        }
        4 => *request = [0x30, 0x80].repeat(4000),
        5 => {
            let (from, to) = (chance.below(request.len()), chance.below(request.len()));
            let piece = request[from.min(to)..from.max(to)].to_vec();
            request.splice(from..from, piece);
            request.truncate(9000);
        }
        _ => {}
    }
}
