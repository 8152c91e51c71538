//! SNMP agent of a twin: turns a request datagram into an answer or silence, without a socket.

use std::fmt;

use super::ber::{Malformed, Reader, Writer, tag};
use super::counters::{Counters, Reported, count};
use super::distortion::Distortion;
use super::message::{
    COMMUNITY_OVERHEAD, Envelope, Header, SECURED_OVERHEAD, Scoped, Secured, USER_BASED, VERSION_1,
    VERSION_2C, VERSION_3, scoped, with_community,
};
use super::operation::{Terms, failure, perform};
use super::pdu::{Kind, Pdu, Reply};
use super::privacy::Clock;
use super::usm::{HIGHEST, Users};
use super::{Access, Community, EngineId, ErrorStatus, SecurityLevel, User, View};
use crate::simulator::moment::Moment;

/// The longest UDP datagram over IPv4.
pub const LARGEST_DATAGRAM: usize = 65_507;

/// The size that every agent must accept (RFC 3417 §3.2.1).
const SMALLEST_LIMIT: usize = 484;

/// The settings of an agent. Without communities it does not answer SNMPv1 and v2c, without users not v3.
#[derive(Debug, Clone)]
pub struct Setup {
    pub engine_id: EngineId,
    /// The number of times the device has started.
    pub boots: u32,
    pub booted_at: Moment,
    pub communities: Vec<Community>,
    pub users: Vec<User>,
    pub limits: Limits,
    /// The start of the salts of encrypted answers; two agents with one key must start at different values.
    pub seed: u64,
}

/// The limits of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a message; between 484 and 65 507.
    pub max_message: usize,
    /// Bindings in the answer to one GETBULK.
    pub max_rows: usize,
}

impl Default for Limits {
    /// Returns the size of an Ethernet frame, with as many bindings as fit.
    fn default() -> Self {
        Self {
            max_message: 1472,
            max_rows: usize::MAX,
        }
    }
}

/// An SNMP agent without socket and objects.
pub struct Agent {
    engine_id: EngineId,
    boots: u32,
    booted_at: Moment,
    communities: Vec<Community>,
    users: Users,
    limits: Limits,
    distortion: Distortion,
    counters: Counters,
    salt_counter: u64,
}

/// A message of v3 to be answered, with its security state.
struct Correspondence<'a> {
    header: Header,
    user: &'a [u8],
    level: SecurityLevel,
    clock: Clock,
}

impl Agent {
    /// Creates an agent at almost no cost: keys are derived when their user first asks.
    pub fn new(setup: Setup) -> Self {
        Self {
            engine_id: setup.engine_id,
            boots: setup.boots.min(HIGHEST),
            booted_at: setup.booted_at,
            communities: setup.communities,
            users: Users::new(setup.users),
            limits: setup.limits,
            distortion: Distortion::default(),
            counters: Counters::default(),
            salt_counter: setup.seed,
        }
    }

    /// Applies these faults to all further answers.
    pub fn distort(&mut self, distortion: Distortion) {
        self.distortion = distortion;
    }

    pub fn distortion(&self) -> &Distortion {
        &self.distortion
    }

    #[cfg(test)]
    pub(super) fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
    }

    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    pub fn engine_id(&self) -> &EngineId {
        &self.engine_id
    }

    pub fn boots(&self) -> u32 {
        self.boots
    }

    pub fn booted_at(&self) -> Moment {
        self.booted_at
    }

    /// Answers one datagram; `None` where a real agent is silent: a wrong community, a wrong version, or an invalid
    /// message.
    pub fn answer(&mut self, datagram: &[u8], view: &mut dyn View, now: Moment) -> Option<Vec<u8>> {
        count(&mut self.counters.in_packets);
        let answer = match self.dispatch(datagram, view, now) {
            Ok(answer) => answer?,
            Err(Malformed) => {
                count(&mut self.counters.in_asn_parse_errors);
                return None;
            }
        };
        count(&mut self.counters.out_packets);
        Some(answer)
    }

    fn dispatch(
        &mut self,
        datagram: &[u8],
        view: &mut dyn View,
        now: Moment,
    ) -> Result<Option<Vec<u8>>, Malformed> {
        if datagram.len() > LARGEST_DATAGRAM {
            return Err(Malformed);
        }
        let mut outer = Reader::new(datagram);
        let mut message = outer.nested(tag::SEQUENCE)?;
        outer.finish()?;
        match message.integer()? {
            version @ (VERSION_1 | VERSION_2C) if !self.communities.is_empty() => {
                self.with_community(version, message, view)
            }
            VERSION_3 if !self.users.is_empty() => self.with_user(datagram, message, view, now),
            _ => {
                count(&mut self.counters.in_bad_versions);
                Ok(None)
            }
        }
    }

    fn with_community(
        &mut self,
        version: i32,
        mut message: Reader<'_>,
        view: &mut dyn View,
    ) -> Result<Option<Vec<u8>>, Malformed> {
        let name = message.content(tag::OCTET_STRING)?;
        let pdu = Pdu::read(&mut message)?;
        message.finish()?;
        let known = self.communities.iter();
        let mut known = known.filter(|community| community.name.as_bytes() == name);
        let Some(community) = known.next() else {
            count(&mut self.counters.in_bad_community_names);
            return Ok(None);
        };
        if pdu.kind == Kind::Set && community.access < Access::Write {
            count(&mut self.counters.in_bad_community_uses);
        }
        let limit = self.limit();
        let terms = Terms {
            is_version_one: version == VERSION_1,
            access: community.access,
            room: limit.saturating_sub(COMMUNITY_OVERHEAD + name.len()),
            max_rows: self.limits.max_rows,
            distortion: &self.distortion,
        };
        let Some(reply) = perform(&pdu, &terms, view) else {
            return Ok(None);
        };
        let answer = with_community(version, name, Kind::Response, pdu.request_id, &reply);
        Ok(self.short_enough(answer, limit))
    }

    fn with_user(
        &mut self,
        datagram: &[u8],
        mut message: Reader<'_>,
        view: &mut dyn View,
        now: Moment,
    ) -> Result<Option<Vec<u8>>, Malformed> {
        let header = Header::read(&mut message)?;
        if header.security_model != USER_BASED {
            count(&mut self.counters.unknown_security_models);
            return Ok(None);
        }
        let Some(level) = header.level() else {
            count(&mut self.counters.invalid_messages);
            return Ok(None);
        };
        let secured = Secured::read(&mut message, level == SecurityLevel::AuthPriv)?;
        let mut correspondence = Correspondence {
            header,
            user: secured.user,
            level,
            clock: self.clock(now),
        };
        let opened = self.users.open(
            datagram,
            &secured,
            level,
            &self.engine_id,
            correspondence.clock,
        );
        let opened = match opened {
            Ok(opened) => opened,
            Err(refused) => {
                correspondence.level = refused.level;
                // RFC 3412 §7.1 (3): the request's id where it can be read, else zero.
                let request_id = match level {
                    SecurityLevel::AuthPriv => 0,
                    _ => Scoped::read(secured.data).map_or(0, |scoped| scoped.pdu.request_id),
                };
                let report = self.report(&correspondence, refused.reported, request_id);
                return Ok(report.filter(|_| header.is_reportable()));
            }
        };
        let scoped = opened.scoped(&secured)?;
        let is_allowed = level >= opened.lowest_level;
        Ok(self.with_scope(&correspondence, &scoped, (opened.access, is_allowed), view))
    }

    /// Answers a request that has passed security (RFC 3413 §3.2).
    fn with_scope(
        &mut self,
        correspondence: &Correspondence<'_>,
        asked: &Scoped<'_>,
        (access, is_allowed): (Access, bool),
        view: &mut dyn View,
    ) -> Option<Vec<u8>> {
        let pdu = &asked.pdu;
        let is_request = matches!(
            pdu.kind,
            Kind::Get | Kind::GetNext | Kind::GetBulk | Kind::Set
        );
        if !is_request {
            return None;
        }
        if asked.engine_id != self.engine_id.as_bytes() {
            return self.report(correspondence, Reported::UnknownPduHandlers, pdu.request_id);
        }
        if !asked.context.is_empty() {
            return self.report(correspondence, Reported::UnknownContexts, pdu.request_id);
        }
        let limit = self.limit().min(correspondence.header.max_size);
        let variable = 2 * asked.engine_id.len() + correspondence.user.len();
        let terms = Terms {
            is_version_one: false,
            access,
            room: limit.saturating_sub(SECURED_OVERHEAD + variable),
            max_rows: self.limits.max_rows,
            distortion: &self.distortion,
        };
        let reply = if is_allowed {
            perform(pdu, &terms, view)?
        } else {
            // RFC 3413 §3.2 (5): a user must use the protection that they have keys for.
            failure(pdu, &terms, ErrorStatus::AuthorizationError, 0)
        };
        let content = scoped(
            asked.engine_id,
            asked.context,
            Kind::Response,
            pdu.request_id,
            &reply,
        );
        let answer = self.seal(correspondence, content)?;
        self.short_enough(answer, limit)
    }

    fn report(
        &mut self,
        correspondence: &Correspondence<'_>,
        reported: Reported,
        request_id: i32,
    ) -> Option<Vec<u8>> {
        let (name, value) = self.counters.report(reported);
        let mut list = Writer::with_capacity(32);
        list.binding(name, &super::Value::Counter32(value)).ok()?;
        let content = Reply {
            status: ErrorStatus::NoError,
            index: 0,
            bindings: list.into_bytes(),
        };
        let engine_id = self.engine_id.as_bytes();
        let content = scoped(engine_id, &[], Kind::Report, request_id, &content);
        self.seal(correspondence, content)
    }

    fn seal(&mut self, correspondence: &Correspondence<'_>, scoped: Vec<u8>) -> Option<Vec<u8>> {
        self.salt_counter = self.salt_counter.wrapping_add(1);
        let level = correspondence.level;
        let keys = self.users.keys(correspondence.user, level, &self.engine_id);
        let envelope = Envelope {
            id: correspondence.header.id,
            max_size: self
                .limits
                .max_message
                .clamp(SMALLEST_LIMIT, LARGEST_DATAGRAM),
            level,
            is_reportable: false,
            engine_id: self.engine_id.as_bytes(),
            clock: correspondence.clock,
            user: correspondence.user,
            keys: &keys,
            counter: self.salt_counter,
        };
        envelope.seal(scoped)
    }

    /// Drops an answer that is too long even as an error (RFC 3416 §4.2.1).
    fn short_enough(&mut self, answer: Vec<u8>, limit: usize) -> Option<Vec<u8>> {
        if answer.len() <= limit {
            return Some(answer);
        }
        count(&mut self.counters.silent_drops);
        None
    }

    fn limit(&self) -> usize {
        self.limits
            .max_message
            .clamp(SMALLEST_LIMIT, LARGEST_DATAGRAM)
    }

    fn clock(&self, now: Moment) -> Clock {
        let time = now.since(self.booted_at).as_secs();
        Clock {
            boots: self.boots,
            time: u32::try_from(time).map_or(HIGHEST, |time| time.min(HIGHEST)),
        }
    }
}

impl fmt::Debug for Agent {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Agent")
            .field("engine_id", &self.engine_id)
            .field("boots", &self.boots)
            .field("limits", &self.limits)
            .field("distortion", &self.distortion)
            .finish_non_exhaustive()
    }
}
