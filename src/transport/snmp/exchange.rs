//! One request and its answer: sent again with growing patience, matched by its number, read whole.

use std::io;
use std::net::SocketAddr;
use std::ops::Range;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::access::Tuning;
use super::ber::{Malformed, Writer};
use super::community;
use super::error::{Hint, SnmpError, described};
use super::link::{Arrival, Link, Ticket};
use super::pdu::{self, Bindings, Head, Kind};
use super::value::Oid;
use crate::secrets::Secret;

/// An agent, and how it is asked.
#[derive(Debug)]
pub(super) struct Agent {
    pub(super) address: SocketAddr,
    pub(super) tuning: Tuning,
    pub(super) link: Link,
    pub(super) community: Secret,
    /// As many requests as may be under way.
    lanes: Semaphore,
}

/// What an agent answered: a head, and bindings that are still to be read.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) head: Head,
    bytes: Vec<u8>,
    bindings: Range<usize>,
}

impl Answer {
    /// Reads a PDU that lies within `bytes`.
    fn read(bytes: Vec<u8>, pdu: Range<usize>) -> Result<Self, Malformed> {
        let (head, bindings) = pdu::read(bytes.get(pdu.clone()).unwrap_or_default())?;
        // The list of bindings is the last thing in a PDU.
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
    pub(super) async fn new(
        address: SocketAddr,
        community: Secret,
        tuning: Tuning,
    ) -> Result<Self, SnmpError> {
        let link = Link::open(address)
            .await
            .map_err(|error| SnmpError::Socket {
                agent: address,
                why: error.to_string(),
            })?;
        Ok(Self {
            address,
            tuning,
            link,
            community,
            lanes: Semaphore::new(tuning.in_flight.clamp(1, Semaphore::MAX_PERMITS)),
        })
    }

    /// Asks until there is an answer, or patience ends.
    pub(super) async fn ask(&self, kind: Kind, names: &[Oid]) -> Result<Answer, SnmpError> {
        let _lane = self.lanes.acquire().await;
        let ticket = self.link.ticket();
        self.link.tally.requests.up();
        let datagram = self.encode(ticket.id, kind, names);
        let mut failure = None;
        for attempt in 0..=self.tuning.retries {
            if attempt > 0 {
                self.link.tally.resent.up();
            }
            failure = match self.attempt(&ticket, &datagram, attempt).await {
                Attempt::Answer(answer) => {
                    self.link.tally.answers.up();
                    return Ok(answer);
                }
                Attempt::Malformed(why) => return Err(self.malformed(names, why)),
                Attempt::Failure(error) => Some(error),
                Attempt::Silence => None,
            };
        }
        Err(self.given_up(names, failure))
    }

    fn encode(&self, id: i32, kind: Kind, names: &[Oid]) -> Vec<u8> {
        let mut writer = Writer::default();
        pdu::write(&mut writer, id, kind, names);
        community::wrap(writer, self.community.reveal())
    }

    async fn attempt(&self, ticket: &Ticket<'_>, datagram: &[u8], attempt: u32) -> Attempt {
        let patience = self.patience(attempt);
        let deadline = Instant::now() + patience;
        if let Err(error) = self.link.send(datagram).await {
            return self.failed(error, patience).await;
        }
        let number_of = |datagram: &[u8]| {
            let pdu = community::unwrap(datagram, self.community.reveal()).ok()?;
            pdu::number(pdu)
        };
        match ticket.arrival(deadline, &number_of).await {
            Arrival::Nothing => Attempt::Silence,
            Arrival::Failure(error) => self.failed(error, patience).await,
            Arrival::Datagram(bytes) => {
                let pdu = match community::unwrap(&bytes, self.community.reveal()) {
                    Ok(pdu) => bytes.len() - pdu.len()..bytes.len(),
                    Err(why) => return Attempt::Malformed(why),
                };
                match Answer::read(bytes, pdu) {
                    Ok(answer) if answer.head.is_report => {
                        Attempt::Malformed(Malformed::new("SNMP 2c has no reports"))
                    }
                    Ok(answer) => Attempt::Answer(answer),
                    Err(why) => Attempt::Malformed(why),
                }
            }
        }
    }

    /// Waits a little: what listens nowhere now may just be starting.
    async fn failed(&self, error: io::Error, patience: Duration) -> Attempt {
        tokio::time::sleep(patience / 8).await;
        Attempt::Failure(error)
    }

    /// Returns how long to wait: twice as long each time, give or take a tenth, so that many who ask do not ask at once.
    fn patience(&self, attempt: u32) -> Duration {
        let whole = self.tuning.timeout * 2_u32.saturating_pow(attempt.min(6));
        let spread = u32::try_from(self.link.chance(201)).unwrap_or_default();
        whole * (900 + spread) / 1000
    }

    fn given_up(&self, names: &[Oid], failure: Option<io::Error>) -> SnmpError {
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
                tries: self.tuning.retries.saturating_add(1),
                hint: if self.link.tally.answers.get() > 0 {
                    Hint::Gone
                } else {
                    Hint::Community
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

/// What became of a request that was sent once.
enum Attempt {
    Answer(Answer),
    Malformed(Malformed),
    Failure(io::Error),
    Silence,
}
