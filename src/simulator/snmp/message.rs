//! SNMP messages: v1 and v2c with a community, v3 with security (RFC 1157 §4, RFC 3412 §6, RFC 3414).

use super::SecurityLevel;
use super::authentication::{self, DIGEST_LENGTH};
use super::ber::{Malformed, Reader, Writer, tag};
use super::pdu::{self, Kind, PDU_OVERHEAD, Pdu, Reply};
use super::privacy::{self, Clock};
use super::user::Keys;

pub(crate) const VERSION_1: i32 = 0;
pub(crate) const VERSION_2C: i32 = 1;
pub(crate) const VERSION_3: i32 = 3;

/// The only SNMPv3 security model in use.
pub(crate) const USER_BASED: i32 = 3;

const FLAG_AUTHENTICATED: u8 = 1;
const FLAG_PRIVATE: u8 = 2;
const FLAG_REPORTABLE: u8 = 4;

/// The most bytes of a message of SNMPv1 or v2c besides its community and its bindings.
pub(crate) const COMMUNITY_OVERHEAD: usize = 4 + 3 + 4 + PDU_OVERHEAD;

/// The same for v3, besides user, engine ids and context: header data, security parameters, scoped PDU, each with its
/// lengths, and DES's padding.
pub(crate) const SECURED_OVERHEAD: usize = 4
    + 3
    + (2 + 6 + 6 + 3 + 3)
    + (4 + 4 + 2 + 6 + 6 + 2 + 14 + 10)
    + (4 + 8 + 4 + 2 + 4)
    + PDU_OVERHEAD;

/// Writes a whole message of SNMPv1 or v2c.
pub(crate) fn with_community(
    version: i32,
    community: &[u8],
    kind: Kind,
    request_id: i32,
    reply: &Reply,
) -> Vec<u8> {
    let length = COMMUNITY_OVERHEAD + community.len() + reply.bindings.len();
    let mut writer = Writer::with_capacity(length);
    let message = writer.open(tag::SEQUENCE);
    writer.integer(version);
    writer.octets(tag::OCTET_STRING, community);
    pdu::write(&mut writer, kind, request_id, reply);
    writer.close(message);
    writer.into_bytes()
}

/// `msgGlobalData`: the part that is read before the security parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) id: i32,
    pub(crate) max_size: usize,
    flags: u8,
    pub(crate) security_model: i32,
}

impl Header {
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        let mut header = reader.nested(tag::SEQUENCE)?;
        let id = header.integer()?;
        let max_size = header.integer()?;
        let [flags] = header.content(tag::OCTET_STRING)? else {
            return Err(Malformed);
        };
        let security_model = header.integer()?;
        header.finish()?;
        // The ranges of RFC 3412 §6.
        if id < 0 || max_size < 484 || security_model < 1 {
            return Err(Malformed);
        }
        Ok(Self {
            id,
            max_size: usize::try_from(max_size).map_err(|_| Malformed)?,
            flags: *flags,
            security_model,
        })
    }

    /// Returns whether errors about this message may be reported to its sender.
    pub(crate) fn is_reportable(self) -> bool {
        self.flags & FLAG_REPORTABLE != 0
    }

    /// Returns the level; `None` for privacy without authentication, which does not exist (RFC 3412 §7.2 (5d)).
    pub(crate) fn level(self) -> Option<SecurityLevel> {
        match self.flags & (FLAG_AUTHENTICATED | FLAG_PRIVATE) {
            0 => Some(SecurityLevel::NoAuthNoPriv),
            FLAG_AUTHENTICATED => Some(SecurityLevel::AuthNoPriv),
            FLAG_PRIVATE => None,
            _ => Some(SecurityLevel::AuthPriv),
        }
    }
}

/// A message's security parameters and the data that they protect.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Secured<'a> {
    pub(crate) engine_id: &'a [u8],
    pub(crate) clock: Clock,
    pub(crate) user: &'a [u8],
    pub(crate) digest: &'a [u8],
    /// The position of the digest in the datagram.
    pub(crate) digest_at: usize,
    pub(crate) salt: &'a [u8],
    /// A scoped PDU, or an encrypted one.
    pub(crate) data: Reader<'a>,
}

impl<'a> Secured<'a> {
    /// Reads everything after the header, to the end of the message.
    pub(crate) fn read(reader: &mut Reader<'a>, is_private: bool) -> Result<Self, Malformed> {
        let mut outer = reader.nested(tag::OCTET_STRING)?;
        let mut parameters = outer.nested(tag::SEQUENCE)?;
        outer.finish()?;
        let engine_id = parameters.content(tag::OCTET_STRING)?;
        let boots = u32::try_from(parameters.integer()?).map_err(|_| Malformed)?;
        let time = u32::try_from(parameters.integer()?).map_err(|_| Malformed)?;
        let user = parameters.content(tag::OCTET_STRING)?;
        let digest = parameters.nested(tag::OCTET_STRING)?;
        let salt = parameters.content(tag::OCTET_STRING)?;
        parameters.finish()?;
        if user.len() > 32 {
            return Err(Malformed);
        }
        let data = reader.nested(if is_private {
            tag::OCTET_STRING
        } else {
            tag::SEQUENCE
        })?;
        reader.finish()?;
        Ok(Self {
            engine_id,
            clock: Clock { boots, time },
            user,
            digest: digest.rest(),
            digest_at: digest.position(),
            salt,
            data,
        })
    }
}

/// A PDU with its context (RFC 3412 §6.8).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Scoped<'a> {
    pub(crate) engine_id: &'a [u8],
    pub(crate) context: &'a [u8],
    pub(crate) pdu: Pdu<'a>,
}

impl<'a> Scoped<'a> {
    /// Reads the content of a scoped PDU.
    pub(crate) fn read(mut content: Reader<'a>) -> Result<Self, Malformed> {
        let engine_id = content.content(tag::OCTET_STRING)?;
        let context = content.content(tag::OCTET_STRING)?;
        let pdu = Pdu::read(&mut content)?;
        content.finish()?;
        Ok(Self {
            engine_id,
            context,
            pdu,
        })
    }

    /// Reads a scoped PDU with its header; the padding of DES may follow.
    pub(crate) fn read_decrypted(plain: &'a [u8]) -> Result<Self, Malformed> {
        Self::read(Reader::new(plain).nested(tag::SEQUENCE)?)
    }
}

/// Writes a scoped PDU.
pub(crate) fn scoped(
    engine_id: &[u8],
    context: &[u8],
    kind: Kind,
    request_id: i32,
    reply: &Reply,
) -> Vec<u8> {
    let mut writer = Writer::with_capacity(reply.bindings.len() + SECURED_OVERHEAD);
    let open = writer.open(tag::SEQUENCE);
    writer.octets(tag::OCTET_STRING, engine_id);
    writer.octets(tag::OCTET_STRING, context);
    pdu::write(&mut writer, kind, request_id, reply);
    writer.close(open);
    writer.into_bytes()
}

/// The security state around a scoped PDU.
#[derive(Clone, Copy)]
pub(crate) struct Envelope<'a> {
    pub(crate) id: i32,
    pub(crate) max_size: usize,
    pub(crate) level: SecurityLevel,
    pub(crate) is_reportable: bool,
    pub(crate) engine_id: &'a [u8],
    pub(crate) clock: Clock,
    pub(crate) user: &'a [u8],
    pub(crate) keys: &'a Keys,
    /// The number of the message, so that no two are encrypted alike.
    pub(crate) counter: u64,
}

impl Envelope<'_> {
    /// Encrypts, wraps and authenticates a PDU (RFC 3414 §3.1); `None` without the keys for the level.
    pub(crate) fn seal(&self, scoped: Vec<u8>) -> Option<Vec<u8>> {
        let mut data = Writer::with_capacity(scoped.len() + 16);
        let mut salt = None;
        if self.level == SecurityLevel::AuthPriv {
            let (privacy, key) = self.keys.privacy.as_ref()?;
            let own_salt = privacy::salt(*privacy, self.clock.boots, self.counter);
            let encrypted = privacy::encrypt(*privacy, key, self.clock, own_salt, scoped);
            data.octets(tag::OCTET_STRING, &encrypted.ok()?);
            salt = Some(own_salt);
        } else {
            data.raw(&scoped);
        }
        let salt = salt.as_ref().map_or(&[][..], |salt| &salt[..]);
        let data = data.into_bytes();
        let mut message = self.write(salt, &data);
        if self.level > SecurityLevel::NoAuthNoPriv {
            let (authentication, key) = self.keys.authentication.as_ref()?;
            let digest = authentication::digest(*authentication, key, &[&message]);
            // The lengths before the digest shifted it; the bytes after it are unchanged.
            let after = 2 + salt.len() + data.len();
            let from_the_end = message.len().checked_sub(after + DIGEST_LENGTH)?;
            let place = message.get_mut(from_the_end..)?.first_chunk_mut()?;
            *place = digest;
        }
        Some(message)
    }

    fn write(&self, salt: &[u8], data: &[u8]) -> Vec<u8> {
        let flags = match self.level {
            SecurityLevel::NoAuthNoPriv => 0,
            SecurityLevel::AuthNoPriv => FLAG_AUTHENTICATED,
            SecurityLevel::AuthPriv => FLAG_AUTHENTICATED | FLAG_PRIVATE,
        } | if self.is_reportable {
            FLAG_REPORTABLE
        } else {
            0
        };
        let mut writer = Writer::with_capacity(data.len() + SECURED_OVERHEAD + 64);
        let message = writer.open(tag::SEQUENCE);
        writer.integer(VERSION_3);
        let header = writer.open(tag::SEQUENCE);
        writer.integer(self.id);
        writer.integer(i32::try_from(self.max_size).unwrap_or(i32::MAX));
        writer.octets(tag::OCTET_STRING, &[flags]);
        writer.integer(USER_BASED);
        writer.close(header);
        let outer = writer.open(tag::OCTET_STRING);
        let parameters = writer.open(tag::SEQUENCE);
        writer.octets(tag::OCTET_STRING, self.engine_id);
        writer.unsigned(tag::INTEGER, u64::from(self.clock.boots));
        writer.unsigned(tag::INTEGER, u64::from(self.clock.time));
        writer.octets(tag::OCTET_STRING, self.user);
        let digest: &[u8] = match self.level {
            SecurityLevel::NoAuthNoPriv => &[],
            _ => &[0; DIGEST_LENGTH],
        };
        writer.octets(tag::OCTET_STRING, digest);
        writer.octets(tag::OCTET_STRING, salt);
        writer.close(parameters);
        writer.close(outer);
        writer.raw(data);
        writer.close(message);
        writer.into_bytes()
    }
}
