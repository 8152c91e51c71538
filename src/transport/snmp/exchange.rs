//! Sends one SNMP request and waits for its answer: retries with backoff, matches by request id.

use std::io;
use std::net::SocketAddr;
use std::ops::Range;
use std::sync::Mutex;
use std::time::Duration;

use tokio::time::Instant;

use super::access::{Access, SnmpOptions};
use super::ber::{Malformed, Writer};
use super::community;
use super::error::{Hint, SnmpError, described};
use super::link::{Arrival, Link, Ticket, lock};
use super::pdu::{self, Bindings, Head, Kind};
use super::turns::Turns;
use super::usm::{self, EngineChanges, User};
use super::value::Oid;
use super::wire_log;
use crate::secrets::Secret;

/// An agent, and the options of its requests.
#[derive(Debug)]
pub(super) struct Agent {
    pub(super) address: SocketAddr,
    pub(super) options: SnmpOptions,
    pub(super) link: Link,
    manner: Manner,
    turns: Turns,
    /// The number of unanswered requests, and the last of these errors.
    silences: Mutex<(u32, Option<SnmpError>)>,
}

/// Requests without an answer, retries included, after which the agent counts as unreachable.
const SILENCES: u32 = 3;

#[derive(Debug)]
enum Manner {
    Community(Secret),
    User(Box<User>),
}

/// A request: the kind and the names.
#[derive(Debug, Clone, Copy)]
pub(super) struct Question<'a> {
    pub(super) kind: Kind,
    pub(super) names: &'a [Oid],
}

/// An answer of an agent: its head, and its bindings still to be read.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) head: Head,
    bytes: Vec<u8>,
    bindings: Range<usize>,
}

/// The result of one attempt.
pub(super) enum Attempt<T> {
    Done(T),
    Failure(io::Error),
    Silence,
}

/// The decision about a received datagram.
pub(super) enum DatagramDecision<T> {
    /// It is the expected answer.
    Done(T),
    /// It does not belong to this request: keep waiting.
    Foreign,
    /// It makes an answer unlikely: keep waiting only for a short time.
    Hurry,
}

impl Answer {
    /// Reads a PDU that lies within `bytes`.
    pub(super) fn read(bytes: Vec<u8>, pdu: Range<usize>) -> Result<Self, Malformed> {
        let (head, bindings) = pdu::read(bytes.get(pdu.clone()).unwrap_or_default())?;
        // The list of bindings is the last part of a PDU.
        let bindings = pdu.end - bindings.len()..pdu.end;
        Ok(Self {
            head,
            bytes,
            bindings,
        })
    }

    pub(super) fn bindings(&self) -> Bindings<'_> {
        Bindings::new(self.bytes.get(self.bindings.clone()).unwrap_or_default())
    }
}

impl Agent {
    pub(super) async fn meet(
        address: SocketAddr,
        access: &Access,
        options: SnmpOptions,
        turns: Turns,
    ) -> Result<Self, SnmpError> {
        turns.begin(options.in_flight);
        let manner = match access {
            Access::V2c { community } => Manner::Community(community.clone()),
            Access::V3 {
                user,
                auth,
                privacy,
            } => {
                let user = User::new(user, auth.as_ref(), privacy.as_ref());
                Manner::User(Box::new(user.map_err(|why| SnmpError::Access {
                    agent: address,
                    why,
                })?))
            }
        };
        let link = Link::open(address).await;
        let agent = Self {
            address,
            options,
            link: link.map_err(|error| SnmpError::Socket {
                agent: address,
                why: error.to_string(),
            })?,
            manner,
            turns,
            silences: Mutex::default(),
        };
        if let Manner::User(user) = &agent.manner {
            user.meet(&agent).await?;
        }
        Ok(agent)
    }

    /// Sends a request until there is an answer, or until all retries are used up.
    pub(super) async fn ask(&self, kind: Kind, names: &[Oid]) -> Result<Answer, SnmpError> {
        // Each request of a walk waits for the one before. Behind a long queue the walks would end last, and alone.
        let is_first = matches!(kind, Kind::Bulk { .. });
        let _turn = self.turns.take(is_first).await;
        self.is_gone()?;
        let question = Question { kind, names };
        let started = Instant::now();
        let answer = match &self.manner {
            Manner::Community(community) => self.ask_openly(community, question).await,
            Manner::User(user) => user.ask(self, question).await,
        };
        let hidden = match &self.manner {
            Manner::Community(community) => community.reveal(),
            Manner::User(_) => &[],
        };
        let read = answer.as_ref();
        let read = read.map(|answer| (answer.head, answer.bindings()));
        wire_log::ended(self.address, kind, read, started.elapsed(), hidden);
        let answer = answer.inspect_err(|error| self.note_silence(error))?;
        self.link.tally.answers.up();
        Ok(answer)
    }

    /// Fails if too many requests got no answer: the others would wait as long for nothing.
    fn is_gone(&self) -> Result<(), SnmpError> {
        match &*lock(&self.silences) {
            (SILENCES.., Some(error)) => Err(error.clone()),
            _ => Ok(()),
        }
    }

    fn note_silence(&self, error: &SnmpError) {
        if matches!(error, SnmpError::Timeout { .. }) {
            let mut silences = lock(&self.silences);
            silences.0 += 1;
            silences.1 = Some(error.clone());
        }
    }

    async fn ask_openly(
        &self,
        community: &Secret,
        question: Question<'_>,
    ) -> Result<Answer, SnmpError> {
        let ticket = self.link.ticket();
        wire_log::asked(self.address, ticket.id, question.kind, question.names);
        let mut writer = Writer::default();
        pdu::write(&mut writer, ticket.id, question.kind, question.names);
        let datagram = community::wrap(writer, community.reveal());
        self.link.tally.requests.up();
        let mut failure = None;
        for attempt in 0..=self.options.retries {
            if attempt > 0 {
                self.link.tally.resent.up();
            }
            let sent = self.attempt(&ticket, &datagram, attempt, |bytes| {
                DatagramDecision::Done(open(bytes, community))
            });
            failure = match sent.await {
                Attempt::Done(answer) => {
                    return answer.map_err(|why| self.malformed(question.names, why));
                }
                Attempt::Failure(error) => Some(error),
                Attempt::Silence => None,
            };
        }
        Err(self.given_up(question.names, failure, Hint::Community))
    }

    /// Sends a request once, and waits until `decide` accepts a datagram or the time is over.
    pub(super) async fn attempt<T>(
        &self,
        ticket: &Ticket<'_>,
        datagram: &[u8],
        attempt: u32,
        mut decide: impl FnMut(Vec<u8>) -> DatagramDecision<T>,
    ) -> Attempt<T> {
        let wait = self.wait(attempt);
        let sent = Instant::now();
        let first_sent = ticket.first_sent(sent);
        let mut deadline = sent + wait;
        if let Err(error) = self.link.send(datagram).await {
            wire_log::failed(self.address, ticket.id, &error);
            return failed(error, wait).await;
        }
        wire_log::sent(self.address, ticket.id, attempt, datagram.len());
        let number_of = |datagram: &[u8]| match &self.manner {
            Manner::Community(community) => {
                pdu::number(community::unwrap(datagram, community.reveal()).ok()?)
            }
            Manner::User(_) => usm::number(datagram),
        };
        loop {
            match ticket.arrival(deadline, &number_of).await {
                Arrival::Nothing => {
                    // A device that has not answered at all is not slow, but away.
                    if self.link.tally.answers.get() > 0 {
                        self.turns.lost(sent);
                    }
                    wire_log::silent(self.address, ticket.id, attempt, wait);
                    return Attempt::Silence;
                }
                Arrival::Failure(error) => {
                    wire_log::failed(self.address, ticket.id, &error);
                    return failed(error, wait).await;
                }
                Arrival::Datagram(bytes) => match decide(bytes) {
                    DatagramDecision::Done(done) => {
                        match first_sent == sent {
                            true => self.turns.answered(sent),
                            false => self.turns.answered_late(first_sent),
                        }
                        return Attempt::Done(done);
                    }
                    DatagramDecision::Foreign => {
                        wire_log::foreign(self.address, ticket.id);
                        self.link.tally.undecodable.up();
                    }
                    DatagramDecision::Hurry => deadline = deadline.min(Instant::now() + wait / 4),
                },
            }
        }
    }

    /// Returns changes and reboots of the engine so far; `None` over SNMP 2c, which cannot detect them.
    pub(super) fn engine_changes(&self) -> Option<EngineChanges> {
        match &self.manner {
            Manner::Community(_) => None,
            Manner::User(user) => Some(user.engine_changes()),
        }
    }

    /// Returns the timeout of an attempt. Jitter of ten percent keeps many clients from retrying at the same moment; it
    /// never lengthens the time until a silent agent is given up.
    fn wait(&self, attempt: u32) -> Duration {
        let has_answered = self.link.tally.answers.get() > 0;
        let whole = self.whole_wait_of(attempt, has_answered);
        let range = if has_answered { 201 } else { 101 };
        let spread = u32::try_from(self.link.chance(range)).unwrap_or_default();
        whole * (900 + spread) / 1000
    }

    /// Returns the time of an attempt without jitter. The first one to an agent that has answered is measured.
    fn whole_wait_of(&self, attempt: u32, has_answered: bool) -> Duration {
        let usual = self.options.wait(attempt, has_answered);
        match attempt {
            0 if has_answered => self.turns.timeout(usual),
            _ => usual,
        }
    }

    pub(super) fn given_up(
        &self,
        names: &[Oid],
        failure: Option<io::Error>,
        hint: Hint,
    ) -> SnmpError {
        let (agent, asked) = (self.address, described(names));
        match failure {
            Some(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                SnmpError::Refused { agent, asked }
            }
            Some(error) => SnmpError::Unreachable {
                agent,
                asked,
                why: error.to_string(),
            },
            None => SnmpError::Timeout {
                agent,
                asked,
                tries: self.options.retries.saturating_add(1),
                waited: self.options.whole_wait(self.link.tally.answers.get() > 0),
                hint: if self.link.tally.answers.get() > 0 {
                    Hint::Gone
                } else {
                    hint
                },
            },
        }
    }

    pub(super) fn malformed(&self, names: &[Oid], why: Malformed) -> SnmpError {
        SnmpError::Malformed {
            agent: self.address,
            asked: described(names),
            why: why.0,
        }
    }
}

/// Reads an SNMP 2c datagram with the right community and number.
fn open(bytes: Vec<u8>, community: &Secret) -> Result<Answer, Malformed> {
    let pdu = community::unwrap(&bytes, community.reveal())?.len();
    let place = bytes.len() - pdu..bytes.len();
    let answer = Answer::read(bytes, place)?;
    if answer.head.is_report {
        return Err(Malformed::new("SNMP 2c has no reports"));
    }
    Ok(answer)
}

/// Waits before the next attempt: an agent whose port is closed may be just starting.
async fn failed<T>(error: io::Error, wait: Duration) -> Attempt<T> {
    tokio::time::sleep(wait / 8).await;
    Attempt::Failure(error)
}
