//! Tests the agent with a small manager of its own and a map of objects.

mod communities;
mod faults;
mod properties;
mod users;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::ops::Bound;

use super::ber::{Reader, Writer, tag};
use super::message::with_community;
use super::pdu::{Kind, Pdu, Reply};
use super::{
    Access, Agent, Community, EngineId, ErrorStatus, Limits, Oid, SetRefused, Setup, User, Value,
    View,
};
use crate::simulator::moment::Moment;

/// The only writable object.
const NAME: &[u32] = &[1, 3, 6, 1, 2, 1, 1, 5, 0];
const UPTIME: &[u32] = &[1, 3, 6, 1, 2, 1, 1, 3, 0];
/// A column of ten octet strings.
const NAMES: &[u32] = &[1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 1];
/// A column of ten Counter64 after it.
const OCTETS: &[u32] = &[1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 6];
/// A column of ten numbers, the end of the walk.
const SPEEDS: &[u32] = &[1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 15];

#[derive(Default)]
struct Objects {
    values: BTreeMap<Oid, Value>,
    /// Answers every GETNEXT with the first object.
    is_mad: bool,
    /// The number of calls for the next object.
    steps: Cell<usize>,
}

impl View for Objects {
    fn get(&self, oid: &[u32]) -> Value {
        let value = self.values.get(&Oid::new(oid)).cloned();
        value.unwrap_or(if oid.starts_with(NAMES) {
            Value::NoSuchInstance
        } else {
            Value::NoSuchObject
        })
    }

    fn next(&self, after: &[u32]) -> Option<(Oid, Value)> {
        self.steps.set(self.steps.get() + 1);
        let from = if self.is_mad {
            Bound::Unbounded
        } else {
            Bound::Excluded(Oid::new(after))
        };
        let (name, value) = self.values.range((from, Bound::Unbounded)).next()?;
        Some((name.clone(), value.clone()))
    }

    fn set(&mut self, bindings: &[(Oid, Value)]) -> Result<(), SetRefused> {
        for ((name, value), index) in bindings.iter().zip(1..) {
            let status = match value {
                _ if name.arcs() == [1, 3, 9] => ErrorStatus::CommitFailed,
                _ if name.arcs() != NAME => ErrorStatus::NotWritable,
                Value::OctetString(_) => continue,
                _ => ErrorStatus::WrongType,
            };
            return Err(SetRefused { index, status });
        }
        self.values.extend(bindings.iter().cloned());
        Ok(())
    }
}

fn objects() -> Objects {
    let mut values = BTreeMap::from([
        (Oid::new(UPTIME), Value::TimeTicks(4200)),
        (Oid::new(NAME), Value::text("gam")),
    ]);
    for row in 1..=10 {
        let rows = [
            (NAMES, Value::text(&format!("port {row}"))),
            (OCTETS, Value::Counter64(u64::MAX)),
            (SPEEDS, Value::Gauge32(row)),
        ];
        values.extend(rows.map(|(column, value)| (Oid::new(column).with(&[row]), value)));
    }
    Objects {
        values,
        ..Objects::default()
    }
}

fn booted() -> Moment {
    Moment::from_unix_millis(1_000_000)
}

fn agent(users: Vec<User>) -> Agent {
    agent_after(7, booted(), users)
}

/// Returns the agent of a device with this number of boots and time of the last one.
fn agent_after(boots: u32, booted_at: Moment, users: Vec<User>) -> Agent {
    let community = |name: &str, access| Community {
        name: name.to_owned(),
        access,
    };
    Agent::new(Setup {
        engine_id: EngineId::from_mac(20_095, [0, 0x0e, 0xd8, 1, 2, 3]),
        boots,
        booted_at,
        communities: vec![
            community("public", Access::Read),
            community("private", Access::Write),
        ],
        users,
        limits: Limits::default(),
        seed: 1,
    })
}

/// The content of an answer.
#[derive(Debug, PartialEq, Eq)]
struct Said {
    status: i32,
    index: i32,
    bindings: Vec<(Oid, Value)>,
}

impl From<Pdu<'_>> for Said {
    fn from(pdu: Pdu<'_>) -> Self {
        Self {
            status: pdu.status,
            index: pdu.index,
            bindings: pdu.bindings,
        }
    }
}

impl Said {
    fn values(self) -> Vec<Value> {
        assert_eq!((self.status, self.index), (0, 0));
        self.bindings.into_iter().map(|(_, value)| value).collect()
    }

    fn names(&self) -> Vec<String> {
        let names = self.bindings.iter();
        names.map(|(name, _)| name.to_string()).collect()
    }
}

/// The bindings of a request.
fn content(bindings: &[(Oid, Value)]) -> Vec<u8> {
    let mut list = Writer::default();
    for (name, value) in bindings {
        list.binding(name.arcs(), value).unwrap();
    }
    list.into_bytes()
}

fn asking(names: &[&[u32]]) -> Vec<(Oid, Value)> {
    let names = names.iter();
    names.map(|name| (Oid::new(name), Value::Null)).collect()
}

/// A request under construction: GETBULK has its counts in place of status and index.
struct Ask {
    version: i32,
    community: &'static str,
    kind: Kind,
    counts: (i32, i32),
}

const ASK: Ask = Ask {
    version: 1,
    community: "private",
    kind: Kind::Get,
    counts: (0, 0),
};

impl Ask {
    fn datagram(&self, bindings: &[(Oid, Value)]) -> Vec<u8> {
        let reply = Reply {
            status: ErrorStatus::NoError,
            index: 0,
            bindings: content(bindings),
        };
        let community = self.community.as_bytes();
        if self.counts == (0, 0) {
            return with_community(self.version, community, self.kind, 4711, &reply);
        }
        // No status is as large as a count can be, so these are written by hand.
        let mut writer = Writer::default();
        let message = writer.open(tag::SEQUENCE);
        writer.integer(self.version);
        writer.octets(tag::OCTET_STRING, community);
        let pdu = writer.open(0xa5);
        for number in [4711, self.counts.0, self.counts.1] {
            writer.integer(number);
        }
        writer.octets(tag::SEQUENCE, &reply.bindings);
        writer.close(pdu);
        writer.close(message);
        writer.into_bytes()
    }

    fn of(
        &self,
        agent: &mut Agent,
        objects: &mut Objects,
        bindings: &[(Oid, Value)],
    ) -> Option<Said> {
        let datagram = self.datagram(bindings);
        let answer = agent.answer(&datagram, objects, booted())?;
        let mut message = Reader::new(&answer).nested(tag::SEQUENCE).unwrap();
        assert_eq!(message.integer(), Ok(self.version));
        let community = message.content(tag::OCTET_STRING).unwrap();
        assert_eq!(community, self.community.as_bytes());
        let pdu = Pdu::read(&mut message).unwrap();
        assert_eq!((pdu.kind, pdu.request_id), (Kind::Response, 4711));
        Some(pdu.into())
    }

    /// Asks a new agent about the usual objects.
    fn about(&self, names: &[&[u32]]) -> Said {
        let said = self.of(&mut agent(vec![]), &mut objects(), &asking(names));
        said.unwrap()
    }
}
