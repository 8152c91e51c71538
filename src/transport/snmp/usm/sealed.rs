//! Verifies traps of SNMP 3: their sender's engine is the authoritative one (RFC 3414 §3.2).

use std::sync::Arc;

use tokio::time::Instant;

use super::super::access::{Auth, Privacy};
use super::super::ber::{self, Malformed, Reader};
use super::super::pdu::notification;
use super::engine::Engine;
use super::message::{self, AUTHENTIC, Message, PRIVATE};
use super::privacy::{self, Clock};
use super::{is_signed, keys};

/// Longest id of an engine (RFC 3411 §5).
const LONGEST_ENGINE: usize = 32;

/// A trap of SNMP 3 that is not verified yet.
#[derive(Debug)]
pub(in super::super) struct Sealed<'a> {
    datagram: &'a [u8],
    message: Message<'a>,
}

/// The engine of a device, as its last verified trap had it.
#[derive(Debug, Clone)]
pub(in super::super) struct KnownEngine(Engine);

impl<'a> Sealed<'a> {
    pub(in super::super) fn read(datagram: &'a [u8]) -> Result<Self, Malformed> {
        let message = Message::read(datagram)?;
        if message.engine.is_empty() || message.engine.len() > LONGEST_ENGINE {
            return Err(Malformed::new("its engine id is invalid"));
        }
        Ok(Self { datagram, message })
    }

    /// Verifies the trap with the passwords of a user: name, signature, time and encryption. Returns the engine to compare
    /// the next one with.
    ///
    /// A first trap from an engine is accepted with whatever time it has, since nothing is known of it; later ones must not
    /// be older. A captured first trap can be sent again, and is a hint as the real one was.
    pub(in super::super) async fn verified(
        &self,
        user: &str,
        auth: Option<&Auth>,
        privacy: Option<&Privacy>,
        known: Option<&KnownEngine>,
    ) -> Result<Option<KnownEngine>, Malformed> {
        let message = &self.message;
        if message.user != user.as_bytes() {
            return Err(Malformed::new("it has another user"));
        }
        let flags = message.flags & (AUTHENTIC | PRIVATE);
        let expected = match (auth, privacy) {
            (None, _) => 0,
            (Some(_), None) => AUTHENTIC,
            (Some(_), Some(_)) => AUTHENTIC | PRIVATE,
        };
        if flags != expected {
            return Err(Malformed::new(
                "it has another security level than the user",
            ));
        }
        let Some(auth) = auth else {
            notification(message::in_scope(message.data)?)?;
            return Ok(None);
        };
        let keys = match known.filter(|known| known.0.id == message.engine) {
            Some(known) => known.0.keys.clone(),
            None => keys::make(auth, privacy, message.engine)
                .await
                .map(Arc::new),
        };
        let keys = keys.ok_or_else(|| Malformed::new("its keys cannot be computed"))?;
        if !is_signed(auth.protocol, &keys.auth, self.datagram, &message.digest) {
            return Err(Malformed::new("its signature is wrong"));
        }
        let is_timely = match known.filter(|known| known.0.id == message.engine) {
            Some(known) => known.0.is_timely(message.clock),
            // §2.2.1: an engine whose boots are at their end must not be trusted.
            None => message.clock.boots < i32::MAX,
        };
        if !is_timely {
            return Err(Malformed::new("it is older than an earlier one"));
        }
        match (privacy, &keys.privacy) {
            (Some(privacy), Some(key)) => {
                let mut text = message.data.to_vec();
                privacy::decrypt(
                    privacy.protocol,
                    key,
                    message.clock,
                    message.salt,
                    &mut text,
                )?;
                let mut reader = Reader::new(&text);
                let scope = reader.take(ber::SEQUENCE, "the scope")?;
                notification(message::in_scope(scope)?)?;
            }
            _ => notification(message::in_scope(message.data)?)?,
        }
        Ok(Some(KnownEngine::new(
            message.engine,
            message.clock,
            keys,
            known,
        )))
    }
}

impl KnownEngine {
    /// Returns the engine with the clock of a verified trap; that of the same engine only moves forward.
    fn new(id: &[u8], clock: Clock, keys: Arc<keys::Keys>, known: Option<&Self>) -> Self {
        let earlier = known.filter(|known| known.0.id == id);
        let clock = match earlier.map(|known| known.0.now()) {
            Some(now) if now.boots == clock.boots && now.time > clock.time => now,
            _ => clock,
        };
        Self(Engine {
            id: id.to_vec(),
            keys: Some(keys),
            clock,
            since: Instant::now(),
            is_verified: true,
        })
    }
}
