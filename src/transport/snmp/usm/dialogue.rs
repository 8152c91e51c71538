//! Runs discovery, requests and reports with an SNMP 3 agent (RFC 3414 §3.2 and §4).

use std::sync::Arc;

use tokio::time::Instant;

use super::super::ber::{Malformed, Writer};
use super::super::error::{Hint, SnmpError};
use super::super::exchange::{Agent, Answer, Attempt, DatagramDecision, Question};
use super::super::pdu::{self, Kind};
use super::super::value::Oid;
use super::super::wire_log;
use super::engine::Engine;
use super::message::{self, AUTHENTIC, Message, Outgoing, PRIVATE, REPORTABLE};
use super::privacy::Clock;
use super::{Opened, Rejected, Report, User, keys};

/// 1.3.6.1.6.3.15.1.1, the prefix of this security model's report counters.
const REPORTS: [u32; 9] = [1, 3, 6, 1, 6, 3, 15, 1, 1];

/// The highest number of times that a request is sent again because the agent corrected the clock.
const MOST_RESYNCS: u32 = 2;

/// Unauthenticated reports with the same reason, after which that reason becomes the error.
const BELIEVED: u32 = 2;

/// The reason in a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ReportReason {
    UnsupportedSecurityLevel,
    NotInTimeWindow,
    UnknownUser,
    UnknownEngine,
    WrongDigest,
    DecryptionError,
    Other,
}

/// The progress of one request.
#[derive(Default)]
struct RequestProgress {
    resyncs: u32,
    has_discovered: bool,
    /// Unauthenticated reports.
    hints: u32,
}

impl Report {
    fn reason(&self) -> ReportReason {
        match self.name.strip_prefix(&REPORTS) {
            Some([1, ..]) => ReportReason::UnsupportedSecurityLevel,
            Some([2, ..]) => ReportReason::NotInTimeWindow,
            Some([3, ..]) => ReportReason::UnknownUser,
            Some([4, ..]) => ReportReason::UnknownEngine,
            Some([5, ..]) => ReportReason::WrongDigest,
            Some([6, ..]) => ReportReason::DecryptionError,
            _ => ReportReason::Other,
        }
    }
}

impl User {
    fn error(&self, agent: &Agent, report: &Report) -> SnmpError {
        let (agent, user) = (agent.address, self.name.clone());
        match report.reason() {
            ReportReason::UnsupportedSecurityLevel => {
                SnmpError::UnsupportedSecurityLevel { agent, user }
            }
            ReportReason::NotInTimeWindow => SnmpError::NotInTimeWindow { agent },
            ReportReason::UnknownUser => SnmpError::UnknownUser { agent, user },
            ReportReason::UnknownEngine => SnmpError::UnknownEngine { agent },
            ReportReason::WrongDigest => SnmpError::WrongDigest { agent, user },
            ReportReason::DecryptionError => SnmpError::DecryptionError { agent, user },
            ReportReason::Other => SnmpError::OtherReport {
                agent,
                name: Oid::new(report.name.as_slice()),
            },
        }
    }

    /// Discovers the agent's engine before the first request.
    pub(in super::super) async fn meet(&self, agent: &Agent) -> Result<(), SnmpError> {
        let engine = self.discover(agent).await?;
        self.reset(&engine);
        Ok(())
    }

    /// Sends a request as this user until there is an authenticated answer, or until all retries are used up.
    pub(in super::super) async fn ask(
        &self,
        agent: &Agent,
        question: Question<'_>,
    ) -> Result<Answer, SnmpError> {
        let malformed = |why| agent.malformed(question.names, why);
        let mut engine = match self.engine() {
            Some(engine) => engine,
            None => self.discover(agent).await?,
        };
        let ticket = agent.link.ticket();
        wire_log::asked(agent.address, ticket.id, question.kind, question.names);
        agent.link.tally.requests.up();
        let (mut course, mut attempt) = (RequestProgress::default(), 0);
        let failure = loop {
            let datagram = self.encode(&engine, ticket.id, question);
            let datagram = datagram.map_err(malformed)?;
            let mut hint = None;
            let sent = agent.attempt(&ticket, &datagram, attempt, |bytes| {
                self.decide(agent, bytes, &engine, &mut hint)
            });
            let failure = match sent.await {
                Attempt::Done(Ok(Opened::Answer { answer, clock })) => {
                    self.learn(&engine, clock);
                    return Ok(answer);
                }
                Attempt::Done(Ok(Opened::Report(report))) => {
                    engine = self.heed(agent, &engine, &report, &mut course)?;
                    agent.link.tally.resent.up();
                    continue;
                }
                Attempt::Done(Err(why)) => return Err(malformed(why)),
                Attempt::Failure(error) => Some(error),
                Attempt::Silence => None,
            };
            if let Some(report) = hint {
                match self.follow(agent, &report, &mut course).await? {
                    Some(other) => engine = other,
                    None if attempt >= agent.options.retries => {
                        return Err(self.error(agent, &report));
                    }
                    None => attempt += 1,
                }
            } else if attempt >= agent.options.retries {
                break failure;
            } else {
                attempt += 1;
            }
            agent.link.tally.resent.up();
        };
        let hint = match self.privacy {
            Some(_) => Hint::Privacy,
            None => Hint::Gone,
        };
        Err(agent.given_up(question.names, failure, hint))
    }

    fn decide(
        &self,
        agent: &Agent,
        bytes: Vec<u8>,
        engine: &Engine,
        hint: &mut Option<Report>,
    ) -> DatagramDecision<Result<Opened, Malformed>> {
        match self.open(bytes, engine) {
            Ok(Opened::Report(report)) => {
                agent.link.tally.reports.up();
                if report.is_authentic {
                    return DatagramDecision::Done(Ok(Opened::Report(report)));
                }
                // Anyone can send an unauthenticated report, so it must not end the wait for a real answer. It only
                // shortens the wait.
                *hint = Some(report);
                DatagramDecision::Hurry
            }
            Ok(answer) => DatagramDecision::Done(Ok(answer)),
            Err(Rejected::Foreign) => DatagramDecision::Foreign,
            Err(Rejected::Spoilt(why)) => DatagramDecision::Done(Err(why)),
        }
    }

    /// Acts on an authenticated report: sets the clock, forward or back, or ends the request.
    fn heed(
        &self,
        agent: &Agent,
        engine: &Arc<Engine>,
        report: &Report,
        course: &mut RequestProgress,
    ) -> Result<Arc<Engine>, SnmpError> {
        if report.reason() != ReportReason::NotInTimeWindow || course.resyncs == MOST_RESYNCS {
            return Err(self.error(agent, report));
        }
        course.resyncs += 1;
        let engine = Arc::new(engine.set(report.clock));
        self.reset(&engine);
        Ok(engine)
    }

    /// Acts on an unauthenticated report: known state stays, and at most one discovery is made. The discovered engine
    /// is used for this request only. It becomes known state after an authenticated answer.
    async fn follow(
        &self,
        agent: &Agent,
        report: &Report,
        course: &mut RequestProgress,
    ) -> Result<Option<Arc<Engine>>, SnmpError> {
        let is_about_engine = matches!(
            report.reason(),
            ReportReason::UnknownEngine | ReportReason::NotInTimeWindow
        );
        // One discovery for each request: an attacker who keeps sending such reports must not keep us busy.
        if is_about_engine && !course.has_discovered {
            course.has_discovered = true;
            return Ok(Some(self.discover(agent).await?));
        }
        course.hints += 1;
        if course.hints >= BELIEVED {
            return Err(self.error(agent, report));
        }
        Ok(None)
    }

    /// Discovers the engine (RFC 3414 §4). Its answer is the only one that cannot be authenticated.
    async fn discover(&self, agent: &Agent) -> Result<Arc<Engine>, SnmpError> {
        let ticket = agent.link.ticket();
        wire_log::discovering(agent.address, ticket.id);
        let mut writer = Writer::default();
        pdu::write(&mut writer, ticket.id, Kind::Get, &[]);
        message::scope(&mut writer, b"");
        let question = Outgoing {
            id: ticket.id,
            flags: REPORTABLE,
            engine: b"",
            clock: Clock { boots: 0, time: 0 },
            user: b"",
            salt: b"",
        };
        let (datagram, _) = question.wrap(writer);
        agent.link.tally.requests.up();
        let mut failure = None;
        for attempt in 0..=agent.options.retries {
            if attempt > 0 {
                agent.link.tally.resent.up();
            }
            let sent = agent.attempt(&ticket, &datagram, attempt, |bytes| {
                introduction(&bytes).map_or(DatagramDecision::Foreign, DatagramDecision::Done)
            });
            failure = match sent.await {
                Attempt::Done((id, clock)) => {
                    agent.link.tally.reports.up();
                    return self.acquaintance(&id, clock).await.ok_or(SnmpError::Access {
                        agent: agent.address,
                        why: "the keys could not be derived because this program is stopping; start it again",
                    });
                }
                Attempt::Failure(error) => Some(error),
                Attempt::Silence => None,
            };
        }
        Err(agent.given_up(&[], failure, Hint::Discovery))
    }

    /// Creates an engine from the first report about it.
    async fn acquaintance(&self, id: &[u8], clock: Clock) -> Option<Arc<Engine>> {
        let keys = match &self.auth {
            None => None,
            Some(auth) => Some(Arc::new(keys::make(auth, self.privacy.as_ref(), id).await?)),
        };
        Some(Arc::new(Engine {
            id: id.to_vec(),
            keys,
            clock,
            since: Instant::now(),
            is_verified: false,
        }))
    }
}

/// Reads the engine id and the clock from a discovery answer.
fn introduction(datagram: &[u8]) -> Option<(Vec<u8>, Clock)> {
    let message = Message::read(datagram).ok()?;
    let is_plain = message.flags & (AUTHENTIC | PRIVATE) == 0;
    // RFC 3411 §5: an engine id has 5 to 32 bytes.
    if !is_plain || !(5..=32).contains(&message.engine.len()) {
        return None;
    }
    let (head, _) = pdu::read(message::in_scope(message.data).ok()?).ok()?;
    head.is_report
        .then(|| (message.engine.to_vec(), message.clock))
}
