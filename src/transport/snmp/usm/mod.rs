//! SNMP 3's user-based security model (RFC 3414), manager side: only authenticated data changes state.
//!
//! `keys` derives keys from passwords. `privacy` encrypts. `message` has the bytes around a PDU. `engine` is the known
//! state of the agent's engine. `dialogue` runs discovery and handles reports. `sealed` verifies traps.

mod dialogue;
mod engine;
mod keys;
mod message;
mod privacy;
mod sealed;

use std::hash::{BuildHasher, RandomState};
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;
use sha1::Sha1;

use super::access::{Auth, AuthProtocol, Privacy};
use super::ber::{self, Malformed, Reader, Writer};
use super::exchange::{Answer, Question};
use super::link::lock;
use super::pdu::{self, Bindings};
use engine::Engine;
use keys::Key;
pub(super) use message::number;
use message::{AUTHENTIC, DIGEST, Message, Outgoing, PRIVATE, REPORTABLE};
use privacy::Clock;
pub(super) use sealed::{KnownEngine, Sealed};

/// A user and the engine of their agent.
#[derive(Debug)]
pub(super) struct User {
    name: String,
    auth: Option<Auth>,
    privacy: Option<Privacy>,
    /// `None` before discovery.
    engine: Mutex<Option<Arc<Engine>>>,
    salts: AtomicU64,
    replaced: AtomicU64,
    rebooted: AtomicU64,
}

/// How often the engine was replaced, and how often the same engine rebooted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct EngineChanges {
    pub(super) replaced: u64,
    pub(super) rebooted: u64,
}

/// A message that was read.
#[derive(Debug)]
enum Opened {
    Answer { answer: Answer, clock: Clock },
    Report(Report),
}

/// A report: the agent's reason for not answering.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Report {
    name: Vec<u32>,
    clock: Clock,
    is_authentic: bool,
}

/// A message that is not accepted.
#[derive(Debug)]
enum Rejected {
    /// It is not an authenticated answer to us: keep waiting for one.
    Foreign,
    /// It is authenticated, but cannot be read.
    Spoilt(Malformed),
}

impl User {
    pub(super) fn new(
        name: &str,
        auth: Option<&Auth>,
        privacy: Option<&Privacy>,
    ) -> Result<Self, &'static str> {
        if name.is_empty() || name.len() > 32 {
            return Err(
                "the name of an SNMP 3 user has 1 to 32 bytes; correct it in the inventory",
            );
        }
        if auth.is_none() && privacy.is_some() {
            return Err(
                "SNMP 3 has no privacy without authentication; give the user an authentication password too",
            );
        }
        let passwords = auth.map(|auth| &auth.password);
        let mut passwords = passwords
            .into_iter()
            .chain(privacy.map(|privacy| &privacy.password));
        if passwords.any(|password| password.reveal().len() < 8) {
            return Err(
                "a password of SNMP 3 has at least 8 characters; set a longer one on the device and here",
            );
        }
        Ok(Self {
            name: name.to_owned(),
            auth: auth.cloned(),
            privacy: privacy.cloned(),
            engine: Mutex::default(),
            // RFC 3826 §3.1.3: a random start, so that no salt repeats with one key.
            salts: AtomicU64::new(RandomState::new().hash_one(name)),
            replaced: AtomicU64::default(),
            rebooted: AtomicU64::default(),
        })
    }

    pub(super) fn engine_changes(&self) -> EngineChanges {
        EngineChanges {
            replaced: self.replaced.load(Ordering::Relaxed),
            rebooted: self.rebooted.load(Ordering::Relaxed),
        }
    }

    fn flags(&self) -> u8 {
        let mut flags = REPORTABLE;
        if self.auth.is_some() {
            flags |= AUTHENTIC;
        }
        if self.privacy.is_some() {
            flags |= PRIVATE;
        }
        flags
    }

    /// Encodes a request for this engine.
    fn encode(
        &self,
        engine: &Engine,
        id: i32,
        question: Question<'_>,
    ) -> Result<Vec<u8>, Malformed> {
        let clock = engine.now();
        let mut writer = Writer::default();
        pdu::write(&mut writer, id, question.kind, question.names);
        message::scope(&mut writer, &engine.id);
        let mut salt = &[][..];
        let fresh;
        if let (Some(privacy), Some(key)) = (
            &self.privacy,
            engine.keys.as_ref().and_then(|keys| keys.privacy.as_ref()),
        ) {
            fresh = privacy::salt(
                privacy.protocol,
                clock,
                self.salts.fetch_add(1, Ordering::Relaxed),
            );
            salt = &fresh;
            let mut text = writer.finish();
            privacy::encrypt(privacy.protocol, key, clock, fresh, &mut text)?;
            writer = Writer::default();
            writer.octets(&text);
        }
        let outgoing = Outgoing {
            id,
            flags: self.flags(),
            engine: &engine.id,
            // §2.2.3: an unauthenticated message carries no time.
            clock: if self.auth.is_some() {
                clock
            } else {
                Clock { boots: 0, time: 0 }
            },
            user: self.name.as_bytes(),
            salt,
        };
        let (mut bytes, place) = outgoing.wrap(writer);
        if let (Some(auth), Some(keys)) = (&self.auth, &engine.keys) {
            let digest = digest(auth.protocol, &keys.auth, &bytes);
            if let Some(place) = bytes.get_mut(place) {
                place.copy_from_slice(&digest);
            }
        }
        Ok(bytes)
    }

    /// Reads a datagram for a request to this engine; rejects messages with less protection than the request.
    fn open(&self, datagram: Vec<u8>, engine: &Engine) -> Result<Opened, Rejected> {
        let message = Message::read(&datagram).map_err(|_| Rejected::Foreign)?;
        let is_authentic = message.flags & AUTHENTIC != 0;
        match (&self.auth, &engine.keys) {
            (Some(auth), Some(keys)) if is_authentic => {
                let is_ours = message.engine == engine.id && message.user == self.name.as_bytes();
                let key = &keys.auth;
                if !is_ours || !is_signed(auth.protocol, key, &datagram, &message.digest) {
                    return Err(Rejected::Foreign);
                }
            }
            _ if is_authentic => return Err(Rejected::Foreign),
            // By §3.2 an agent can report an unknown user only without authentication.
            (Some(_), _) => return open_hint(&message),
            (None, _) => {}
        }
        let (clock, id) = (message.clock, message.id);
        let is_private = message.flags & PRIVATE != 0;
        let is_of_engine = message.engine == engine.id;
        let (bytes, pdu) = if is_private {
            self.decrypted(&message, engine)?
        } else {
            let pdu = message::in_scope(message.data)
                .map_err(Rejected::Spoilt)?
                .len();
            let end = datagram.len();
            (datagram, end - pdu..end)
        };
        let answer = Answer::read(bytes, pdu).map_err(|why| self.unreadable(is_private, why))?;
        if answer.head.is_report {
            let name = reported(answer.bindings()).map_err(Rejected::Spoilt)?;
            return Ok(Opened::Report(Report {
                name,
                clock,
                is_authentic,
            }));
        }
        let is_as_asked = is_of_engine
            && is_private == self.privacy.is_some()
            && answer.head.id == id
            && (!is_authentic || engine.is_timely(clock));
        if is_as_asked {
            Ok(Opened::Answer { answer, clock })
        } else {
            Err(Rejected::Foreign)
        }
    }

    /// Returns the plain text of an authenticated message, and the position of the PDU in it.
    fn decrypted(
        &self,
        message: &Message<'_>,
        engine: &Engine,
    ) -> Result<(Vec<u8>, Range<usize>), Rejected> {
        let key = engine.keys.as_ref().and_then(|keys| keys.privacy.as_ref());
        let (Some(privacy), Some(key)) = (&self.privacy, key) else {
            return Err(Rejected::Foreign);
        };
        let mut text = message.data.to_vec();
        privacy::decrypt(
            privacy.protocol,
            key,
            message.clock,
            message.salt,
            &mut text,
        )
        .map_err(Rejected::Spoilt)?;
        let place = || {
            let mut reader = Reader::new(&text);
            let pdu = message::in_scope(reader.take(ber::SEQUENCE, "the scope")?)?.len();
            // DES pads to whole blocks.
            let padding = reader.rest().len();
            if padding > 7 {
                return Err(Malformed::new("bytes follow the scoped PDU"));
            }
            let end = text.len() - padding;
            Ok(end - pdu..end)
        };
        let place = place().map_err(|why| self.unreadable(true, why))?;
        Ok((text, place))
    }

    /// Returns the rejection of an authenticated but unreadable message: it was encrypted with another key.
    fn unreadable(&self, is_private: bool, why: Malformed) -> Rejected {
        if !is_private {
            return Rejected::Spoilt(why);
        }
        Rejected::Spoilt(Malformed(format!(
            "it is invalid after decryption, so check the privacy password and protocol of user `{}`: {why}",
            self.name
        )))
    }

    fn engine(&self) -> Option<Arc<Engine>> {
        lock(&self.engine).clone()
    }

    /// Updates the known engine from an authenticated answer: the clock of the same engine only moves forward.
    fn learn(&self, engine: &Arc<Engine>, clock: Clock) {
        let mut known = lock(&self.engine);
        if let Some(known) = known.as_deref().filter(|known| known.id == engine.id) {
            // Tolerate one second, because the clock has whole seconds only.
            let is_later = (clock.boots == known.clock.boots && clock.time > known.now().time + 1)
                || clock.boots > known.clock.boots;
            if self.auth.is_none() || (known.is_verified && !is_later) {
                return;
            }
        }
        let engine = match self.auth {
            Some(_) => Arc::new(engine.set(clock)),
            None => engine.clone(),
        };
        self.put(&mut known, engine);
    }

    /// Replaces the known engine by one with the clock of an authenticated report, which may be earlier. The report
    /// cannot be a replay: it answers an unpredictable number.
    fn reset(&self, engine: &Arc<Engine>) {
        self.put(&mut lock(&self.engine), engine.clone());
    }

    fn put(&self, known: &mut Option<Arc<Engine>>, engine: Arc<Engine>) {
        if let Some(known) = known {
            if known.id != engine.id {
                self.replaced.fetch_add(1, Ordering::Relaxed);
            } else if known.is_verified && known.clock.boots != engine.clock.boots {
                self.rebooted.fetch_add(1, Ordering::Relaxed);
            }
        }
        *known = Some(engine);
    }
}

/// Reads an unauthenticated report; rejects everything else as foreign.
fn open_hint(message: &Message<'_>) -> Result<Opened, Rejected> {
    let read = || {
        let (head, bindings) = pdu::read(message::in_scope(message.data)?)?;
        if head.is_report {
            reported(Bindings::new(bindings))
        } else {
            Err(Malformed::new("it is not signed"))
        }
    };
    if message.flags & PRIVATE != 0 {
        return Err(Rejected::Foreign);
    }
    let name = read().map_err(|_| Rejected::Foreign)?;
    Ok(Opened::Report(Report {
        name,
        clock: message.clock,
        is_authentic: false,
    }))
}

/// Returns the object of a report.
fn reported(mut bindings: Bindings<'_>) -> Result<Vec<u32>, Malformed> {
    match bindings.next()? {
        Some((name, _)) => Ok(name.to_vec()),
        None => Err(Malformed::new("the report is empty")),
    }
}

/// Returns the digest of a message whose digest field holds zeros.
fn digest(protocol: AuthProtocol, key: &Key, bytes: &[u8]) -> [u8; DIGEST] {
    fn of<M: Mac + KeyInit>(key: &Key, bytes: &[u8]) -> Option<[u8; DIGEST]> {
        let mut code = <M as KeyInit>::new_from_slice(key.reveal()).ok()?;
        code.update(bytes);
        code.finalize().into_bytes().first_chunk().copied()
    }
    let digest = match protocol {
        AuthProtocol::Md5 => of::<Hmac<Md5>>(key, bytes),
        AuthProtocol::Sha1 => of::<Hmac<Sha1>>(key, bytes),
    };
    // HMAC accepts keys of any length.
    digest.unwrap_or_default()
}

/// Returns whether the digest at this position is right, in constant time.
fn is_signed(protocol: AuthProtocol, key: &Key, bytes: &[u8], place: &Range<usize>) -> bool {
    fn check<M: Mac + KeyInit>(key: &Key, [before, digest, after]: [&[u8]; 3]) -> bool {
        let Ok(mut code) = <M as KeyInit>::new_from_slice(key.reveal()) else {
            return false;
        };
        code.update(before);
        code.update(&[0; DIGEST]);
        code.update(after);
        code.verify_truncated_left(digest).is_ok()
    }
    let parts = [0..place.start, place.clone(), place.end..bytes.len()];
    let [Some(before), Some(digest), Some(after)] = parts.map(|part| bytes.get(part)) else {
        return false;
    };
    let parts = [before, digest, after];
    digest.len() == DIGEST
        && match protocol {
            AuthProtocol::Md5 => check::<Hmac<Md5>>(key, parts),
            AuthProtocol::Sha1 => check::<Hmac<Sha1>>(key, parts),
        }
}
