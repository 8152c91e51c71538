//! Checks SNMPv3 messages as the authoritative engine of the user-based security model (RFC 3414 §3.2).

use std::borrow::Cow;

use super::authentication::{self, DIGEST_LENGTH};
use super::ber::Malformed;
use super::counters::Reported;
use super::message::{Scoped, Secured};
use super::privacy::{self, Clock};
use super::user::Keys;
use super::{Access, EngineId, SecurityLevel, User};

/// The highest age of a message in seconds (RFC 3414 §2.2.3).
const TIME_WINDOW: u32 = 150;

/// The maximum of boots and time (RFC 3414 §2.2.2).
pub(crate) const HIGHEST: u32 = 0x7fff_ffff;

/// The users of one engine.
pub(crate) struct Users {
    seats: Vec<Seat>,
}

struct Seat {
    user: User,
    /// Derived when the user first authenticates: earlier derivation would slow the start of hundreds of twins.
    keys: Option<Keys>,
}

/// A message that passed all checks.
pub(crate) struct Opened {
    /// The decrypted data; an unencrypted message is read in place.
    pub(crate) decrypted: Option<Vec<u8>>,
    pub(crate) access: Access,
    /// The lowest level accepted from this user.
    pub(crate) lowest_level: SecurityLevel,
}

impl Opened {
    pub(crate) fn scoped<'a>(&'a self, secured: &Secured<'a>) -> Result<Scoped<'a>, Malformed> {
        match &self.decrypted {
            Some(plain) => Scoped::read_decrypted(plain),
            None => Scoped::read(secured.data),
        }
    }
}

/// A refused message: the counter to report, and the protection of that report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refused {
    pub(crate) reported: Reported,
    pub(crate) level: SecurityLevel,
}

impl Refused {
    fn openly(reported: Reported) -> Self {
        Self {
            reported,
            level: SecurityLevel::NoAuthNoPriv,
        }
    }
}

impl Users {
    pub(crate) fn new(users: Vec<User>) -> Self {
        Self {
            seats: users
                .into_iter()
                .map(|user| Seat { user, keys: None })
                .collect(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.seats.is_empty()
    }

    fn seat(&mut self, name: &[u8]) -> Option<&mut Seat> {
        self.seats
            .iter_mut()
            .find(|seat| seat.user.name().as_bytes() == name)
    }

    /// Returns the keys for an answer to this user.
    pub(crate) fn keys(
        &mut self,
        name: &[u8],
        level: SecurityLevel,
        engine: &EngineId,
    ) -> Cow<'_, Keys> {
        match self.seat(name) {
            Some(seat) if level > SecurityLevel::NoAuthNoPriv => Cow::Borrowed(seat.keys(engine)),
            _ => Cow::Owned(Keys::default()),
        }
    }

    /// Checks a message in the order of RFC 3414 §3.2, which limits the information for an unknown sender.
    pub(crate) fn open(
        &mut self,
        datagram: &[u8],
        message: &Secured<'_>,
        level: SecurityLevel,
        engine: &EngineId,
        clock: Clock,
    ) -> Result<Opened, Refused> {
        // (3) Discovery: the report carries the engine id (§4).
        if message.engine_id != engine.as_bytes() {
            return Err(Refused::openly(Reported::UnknownEngineIds));
        }
        // (4)
        let unknown = Refused::openly(Reported::UnknownUserNames);
        let seat = self.seat(message.user).ok_or(unknown)?;
        // (5)
        if level > seat.user.level() {
            return Err(Refused::openly(Reported::UnsupportedSecurityLevels));
        }
        let mut opened = Opened {
            decrypted: None,
            access: seat.user.access(),
            lowest_level: seat.user.level(),
        };
        if level == SecurityLevel::NoAuthNoPriv {
            return Ok(opened);
        }
        let keys = seat.keys(engine);
        // (6)
        if !is_authentic(keys, datagram, message) {
            return Err(Refused::openly(Reported::WrongDigests));
        }
        // (7) The manager learns the time from this report and accepts it, because the report is authenticated.
        if !is_in_time(message.clock, clock) {
            return Err(Refused {
                reported: Reported::NotInTimeWindows,
                level: SecurityLevel::AuthNoPriv,
            });
        }
        // (8)
        if level == SecurityLevel::AuthPriv {
            let decrypted = decrypted(keys, message);
            let failed = Refused::openly(Reported::DecryptionErrors);
            opened.decrypted = Some(decrypted.ok_or(failed)?);
        }
        Ok(opened)
    }
}

impl Seat {
    fn keys(&mut self, engine: &EngineId) -> &Keys {
        self.keys.get_or_insert_with(|| self.user.keys(engine))
    }
}

/// Checks the digest over the message with zeros in its own place (RFC 3414 §6.3.2 and §7.3.2).
fn is_authentic(keys: &Keys, datagram: &[u8], message: &Secured<'_>) -> bool {
    let Some((authentication, key)) = &keys.authentication else {
        return false;
    };
    let Ok(theirs) = <&[u8; DIGEST_LENGTH]>::try_from(message.digest) else {
        return false;
    };
    let before = datagram.get(..message.digest_at);
    let after = datagram.get(message.digest_at + DIGEST_LENGTH..);
    let (Some(before), Some(after)) = (before, after) else {
        return false;
    };
    let zeros = [0; DIGEST_LENGTH];
    let ours = authentication::digest(*authentication, key, &[before, &zeros, after]);
    authentication::agree(&ours, theirs)
}

fn is_in_time(theirs: Clock, ours: Clock) -> bool {
    ours.boots != HIGHEST
        && theirs.boots == ours.boots
        && theirs.time.abs_diff(ours.time) <= TIME_WINDOW
}

fn decrypted(keys: &Keys, message: &Secured<'_>) -> Option<Vec<u8>> {
    let (privacy, key) = keys.privacy.as_ref()?;
    let salt = message.salt.try_into().ok()?;
    privacy::decrypt(*privacy, key, message.clock, salt, message.data.rest()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_in_time_for_150_seconds_either_way_and_one_boot() {
        let at = |boots, time| Clock { boots, time };
        let ours = at(5, 1000);
        assert!(is_in_time(at(5, 850), ours) && is_in_time(at(5, 1150), ours));
        assert!(!is_in_time(at(5, 849), ours) && !is_in_time(at(5, 1151), ours));
        assert!(!is_in_time(at(4, 1000), ours) && !is_in_time(at(6, 1000), ours));
        assert!(!is_in_time(at(HIGHEST, 1), at(HIGHEST, 1)));
    }
}
