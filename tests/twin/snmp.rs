//! Provides a minimal SNMP manager for tests of the agent's faults.

use std::net::SocketAddr;
use std::time::Duration;

use gamctl::simulator::server::Twin;
use tokio::net::UdpSocket;
use tokio::time::timeout;

use super::{LONG, SHORT};

pub(super) const SYSTEM: &[u32] = &[1, 3, 6, 1, 2, 1, 1];
pub(super) const SYS_NAME: &[u32] = &[1, 3, 6, 1, 2, 1, 1, 5, 0];

/// A response or a trap, as readable without keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) request_id: u32,
    pub(super) status: u32,
    /// Name, type and content.
    pub(super) bindings: Vec<(Vec<u32>, u8, Vec<u8>)>,
    pub(super) from: SocketAddr,
}

pub(super) struct Manager {
    socket: UdpSocket,
    agent: SocketAddr,
    last: u32,
}

impl Manager {
    pub(super) async fn of(twin: &Twin) -> Self {
        Self {
            socket: UdpSocket::bind("127.0.0.1:0").await.unwrap(),
            agent: twin.snmp_address(),
            last: 0,
        }
    }

    /// Sends a request of this kind (0xa0 GET, 0xa1 GETNEXT, 0xa5 GETBULK) and returns its number.
    pub(super) async fn ask(&mut self, kind: u8, name: &[u32]) -> u32 {
        self.last += 1;
        let repetitions = if kind == 0xa5 { 20 } else { 0 };
        let datagram = request(kind, self.last, repetitions, name);
        self.socket.send_to(&datagram, self.agent).await.unwrap();
        self.last
    }

    pub(super) async fn send(&self, datagram: &[u8]) {
        self.socket.send_to(datagram, self.agent).await.unwrap();
    }

    pub(super) async fn hear(&self) -> Message {
        self.hear_within(LONG).await.expect("an answer")
    }

    pub(super) async fn hear_within(&self, time: Duration) -> Option<Message> {
        let mut buffer = vec![0; 65_536];
        let received = timeout(time, self.socket.recv_from(&mut buffer)).await;
        let (length, from) = received.ok()?.unwrap();
        Some(read(&buffer[..length], from))
    }

    pub(super) async fn hears_nothing(&self) -> bool {
        self.hear_within(SHORT).await.is_none()
    }

    pub(super) async fn get(&mut self, name: &[u32]) -> Message {
        self.ask(0xa0, name).await;
        self.hear().await
    }

    /// Walks a subtree with GETNEXT; stops after 50 steps, or at its end.
    pub(super) async fn walk(&mut self, under: &[u32]) -> Vec<Vec<u32>> {
        let mut names: Vec<Vec<u32>> = Vec::new();
        while names.len() < 50 {
            let after = names.last().map_or(under, Vec::as_slice).to_vec();
            self.ask(0xa1, &after).await;
            let answer = self.hear().await;
            let (name, kind, _) = &answer.bindings[0];
            if answer.status != 0 || *kind == 0x82 || !name.starts_with(under) {
                break;
            }
            names.push(name.clone());
        }
        names
    }
}

/// Reads one received message.
pub(super) fn read(bytes: &[u8], from: SocketAddr) -> Message {
    let mut message = inside(&mut &bytes[..], 0x30);
    let _version = number(&mut message);
    let _community = inside(&mut message, 0x04);
    let kind = message[0];
    let mut pdu = inside(&mut message, kind);
    let request_id = number(&mut pdu);
    let status = number(&mut pdu);
    let _index = number(&mut pdu);
    let mut list = inside(&mut pdu, 0x30);
    let mut bindings = Vec::new();
    while !list.is_empty() {
        let mut binding = inside(&mut list, 0x30);
        let name = arcs(inside(&mut binding, 0x06));
        let kind = binding[0];
        bindings.push((name, kind, inside(&mut binding, kind).to_vec()));
    }
    Message {
        request_id,
        status,
        bindings,
        from,
    }
}

fn inside<'a>(bytes: &mut &'a [u8], tag: u8) -> &'a [u8] {
    assert_eq!(bytes[0], tag);
    let (length, header) = match usize::from(bytes[1]) {
        short @ 0..=0x7f => (short, 2),
        0x81 => (usize::from(bytes[2]), 3),
        0x82 => (usize::from(bytes[2]) << 8 | usize::from(bytes[3]), 4),
        other => panic!("a length of {other:#x}"),
    };
    let content = &bytes[header..header + length];
    *bytes = &bytes[header + length..];
    content
}

fn number(bytes: &mut &[u8]) -> u32 {
    let content = inside(bytes, 0x02);
    content
        .iter()
        .fold(0, |sum, byte| sum << 8 | u32::from(*byte))
}

fn arcs(content: &[u8]) -> Vec<u32> {
    let mut arcs = vec![u32::from(content[0]) / 40, u32::from(content[0]) % 40];
    let mut arc = 0;
    for byte in &content[1..] {
        arc = arc << 7 | u32::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            arcs.push(arc);
            arc = 0;
        }
    }
    arcs
}

fn request(kind: u8, id: u32, repetitions: u8, name: &[u32]) -> Vec<u8> {
    let mut oid = vec![43];
    for arc in &name[2..] {
        let septets = [arc >> 28, arc >> 21, arc >> 14, arc >> 7, *arc].map(|part| part & 0x7f);
        let first = septets.iter().position(|part| *part != 0).unwrap_or(4);
        for (at, part) in septets.iter().enumerate().skip(first) {
            let more = if at < 4 { 0x80 } else { 0 };
            oid.push(u8::try_from(*part).unwrap() | more);
        }
    }
    let binding = wrap(0x30, &[wrap(0x06, &oid), vec![0x05, 0]].concat());
    let id = wrap(0x02, &id.to_be_bytes());
    let zero = vec![0x02, 1, 0];
    let last = vec![0x02, 1, repetitions];
    let pdu = wrap(kind, &[id, zero, last, wrap(0x30, &binding)].concat());
    let version = vec![0x02, 1, 1];
    wrap(0x30, &[version, wrap(0x04, b"public"), pdu].concat())
}

fn wrap(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u8::try_from(content.len()).unwrap();
    assert!(length < 0x80);
    [&[tag, length], content].concat()
}
