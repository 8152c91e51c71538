//! A walker of SNMPv2c for the bench: just enough of BER to ask for the next rows and to know where the last one was.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::UdpSocket;

/// How many rows one request asks for, as net-snmp and gamctl do.
pub(crate) const ROWS: u8 = 25;

/// Encodes a GETBULK for the rows after a name.
pub(crate) fn request(community: &str, id: i32, after: &[u8]) -> Vec<u8> {
    let binding = tagged(0x30, &[tagged(0x06, after), vec![0x05, 0x00]].concat());
    let bindings = tagged(0x30, &binding);
    let pdu = [
        tagged(0x02, &id.to_be_bytes()),
        vec![0x02, 0x01, 0x00, 0x02, 0x01, ROWS],
        bindings,
    ]
    .concat();
    let message = [
        vec![0x02, 0x01, 0x01],
        tagged(0x04, community.as_bytes()),
        tagged(0xa5, &pdu),
    ]
    .concat();
    tagged(0x30, &message)
}

/// Returns how many rows of an answer are below `root`, and the encoded name of the last one; nothing at the end.
pub(crate) fn rows(answer: &[u8], root: &[u8]) -> (usize, Option<Vec<u8>>) {
    let message = inside(answer, 0x30);
    let (_, rest) = element(message);
    let (_, rest) = element(rest);
    let pdu = inside(rest, 0xa2);
    let (_, rest) = element(pdu);
    let (status, rest) = element(rest);
    assert_eq!(status, [0], "error-status");
    let (_, rest) = element(rest);
    let mut bindings = inside(rest, 0x30);
    let mut count = 0;
    let mut last = None;
    while !bindings.is_empty() {
        let (binding, rest) = element(bindings);
        let (name, value) = element(binding);
        if !name.starts_with(root) || value.first() == Some(&0x82) {
            return (count, None);
        }
        count += 1;
        last = Some(name.to_vec());
        bindings = rest;
    }
    (count, last)
}

/// Walks everything below `root` over the network; returns how many rows there were.
pub(crate) async fn walk(address: SocketAddr, community: &str, root: &[u8]) -> usize {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    socket.connect(address).await.unwrap();
    let mut after = root.to_vec();
    let mut total = 0;
    let mut buffer = vec![0; 65_536];
    for id in 1.. {
        let request = request(community, id, &after);
        let length = loop {
            socket.send(&request).await.unwrap();
            // A datagram that the kernel had no room for is asked for again.
            let answer = tokio::time::timeout(Duration::from_secs(5), socket.recv(&mut buffer));
            if let Ok(length) = answer.await {
                break length.unwrap();
            }
        };
        let (count, last) = rows(&buffer[..length], root);
        total += count;
        match last {
            Some(last) => after = last,
            None => break,
        }
    }
    total
}

fn tagged(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    match u8::try_from(content.len()) {
        Ok(length) if length < 0x80 => out.push(length),
        _ => {
            let length = u16::try_from(content.len()).unwrap();
            out.push(0x82);
            out.extend(length.to_be_bytes());
        }
    }
    out.extend(content);
    out
}

/// Returns the content of the first element, and what follows it.
fn element(bytes: &[u8]) -> (&[u8], &[u8]) {
    let (start, length) = match bytes[1] {
        length @ 0..=0x7f => (2, usize::from(length)),
        0x81 => (3, usize::from(bytes[2])),
        0x82 => (4, usize::from(bytes[2]) << 8 | usize::from(bytes[3])),
        other => panic!("length {other:#x}"),
    };
    bytes[start..].split_at(length)
}

fn inside(bytes: &[u8], tag: u8) -> &[u8] {
    assert_eq!(bytes[0], tag);
    element(bytes).0
}
