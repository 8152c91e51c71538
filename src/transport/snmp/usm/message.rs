//! SNMP 3 around a PDU: header, security parameters, scope (RFC 3412 §6, RFC 3414 §2.4).

use std::ops::Range;

use super::super::ber::{self, Malformed, Reader, Writer};
use super::privacy::Clock;

const VERSION_3: i32 = 3;
const USER_BASED: i32 = 3;

/// The longest message we accept: the most that UDP over IPv4 carries.
const LONGEST: i64 = 65_507;

pub(super) const AUTHENTIC: u8 = 0b001;
pub(super) const PRIVATE: u8 = 0b010;
pub(super) const REPORTABLE: u8 = 0b100;

/// The bytes of a digest in a message.
pub(super) const DIGEST: usize = 12;

/// Everything around a PDU.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Message<'a> {
    pub(super) id: i32,
    pub(super) flags: u8,
    pub(super) engine: &'a [u8],
    pub(super) clock: Clock,
    pub(super) user: &'a [u8],
    /// The position of the digest.
    pub(super) digest: Range<usize>,
    pub(super) salt: &'a [u8],
    /// Encrypted text, or the scoped PDU.
    pub(super) data: &'a [u8],
}

/// The parts of a message to be sent.
pub(super) struct Outgoing<'a> {
    pub(super) id: i32,
    pub(super) flags: u8,
    pub(super) engine: &'a [u8],
    pub(super) clock: Clock,
    pub(super) user: &'a [u8],
    pub(super) salt: &'a [u8],
}

impl Outgoing<'_> {
    /// Writes the message around the data in `writer`; also returns the position of the digest.
    pub(super) fn wrap(&self, mut writer: Writer) -> (Vec<u8>, Range<usize>) {
        let parameters = writer.len();
        writer.octets(self.salt);
        let mark = writer.len();
        if self.flags & AUTHENTIC != 0 {
            writer.raw(&[0; DIGEST]);
        }
        let (digest_end, digest_start) = (mark, writer.len());
        writer.close(ber::OCTETS, mark);
        writer.octets(self.user);
        writer.integer(i64::from(self.clock.time));
        writer.integer(i64::from(self.clock.boots));
        writer.octets(self.engine);
        writer.close(ber::SEQUENCE, parameters);
        writer.close(ber::OCTETS, parameters);
        let header = writer.len();
        writer.integer(i64::from(USER_BASED));
        writer.octets(&[self.flags]);
        writer.integer(LONGEST);
        writer.integer(i64::from(self.id));
        writer.close(ber::SEQUENCE, header);
        writer.integer(i64::from(VERSION_3));
        writer.close(ber::SEQUENCE, 0);
        let bytes = writer.finish();
        let digest = bytes.len() - digest_start..bytes.len() - digest_end;
        (bytes, digest)
    }
}

/// Writes the scope around the PDU in `writer`.
pub(super) fn scope(writer: &mut Writer, engine: &[u8]) {
    writer.octets(b""); // the default context
    writer.octets(engine);
    writer.close(ber::SEQUENCE, 0);
}

impl<'a> Message<'a> {
    pub(super) fn read(datagram: &'a [u8]) -> Result<Self, Malformed> {
        let mut outer = Reader::new(datagram);
        let mut message = Reader::new(outer.take(ber::SEQUENCE, "the message")?);
        outer.end("the message")?;
        if message.integer("the version")? != VERSION_3 {
            return Err(Malformed::new("it is not SNMP 3"));
        }
        let mut header = Reader::new(message.take(ber::SEQUENCE, "the header")?);
        let id = header.integer("the message id")?;
        // Our requests are smaller than any size that an agent may declare.
        if header.integer("the largest message")? < 484 {
            return Err(Malformed::new(
                "its agent does not accept messages of 484 bytes",
            ));
        }
        let flags = match header.take(ber::OCTETS, "the flags")? {
            [flags] if flags & (AUTHENTIC | PRIVATE) != PRIVATE => *flags,
            _ => return Err(Malformed::new("its flags are invalid")),
        };
        if header.integer("the security model")? != USER_BASED {
            return Err(Malformed::new(
                "its security model is not the user-based one",
            ));
        }
        header.end("the header")?;
        let parameters = message.take(ber::OCTETS, "the security parameters")?;
        // The rest reaches to the end of the datagram, so positions are counted from the end.
        let parameters_end = datagram.len() - message.rest().len();
        let mut outer = Reader::new(parameters);
        let mut inner = Reader::new(outer.take(ber::SEQUENCE, "the security parameters")?);
        outer.end("the security parameters")?;
        let engine = inner.take(ber::OCTETS, "the engine id")?;
        let clock = Clock {
            boots: inner.integer("the engine's boots")?,
            time: inner.integer("the engine's time")?,
        };
        if clock.boots < 0 || clock.time < 0 {
            return Err(Malformed::new("its engine's boots or time are negative"));
        }
        let user = inner.take(ber::OCTETS, "the user")?;
        let digest = inner.take(ber::OCTETS, "the digest")?;
        let digest_end = parameters_end - inner.rest().len();
        let salt = inner.take(ber::OCTETS, "the privacy parameters")?;
        inner.end("the security parameters")?;
        let data = if flags & PRIVATE == 0 {
            message.take(ber::SEQUENCE, "the scope")?
        } else {
            message.take(ber::OCTETS, "the encrypted text")?
        };
        message.end("the message")?;
        Ok(Self {
            id,
            flags,
            engine,
            clock,
            user,
            digest: digest_end - digest.len()..digest_end,
            salt,
            data,
        })
    }
}

/// Returns the PDU of a scoped PDU.
pub(super) fn in_scope(content: &[u8]) -> Result<&[u8], Malformed> {
    let mut scope = Reader::new(content);
    scope.take(ber::OCTETS, "the context's engine")?;
    scope.take(ber::OCTETS, "the context")?;
    Ok(scope.rest())
}

/// Returns the number of a message without reading the rest.
pub(in super::super) fn number(datagram: &[u8]) -> Option<i32> {
    let mut message = Reader::new(Reader::new(datagram).take(ber::SEQUENCE, "").ok()?);
    if message.integer("").ok()? != VERSION_3 {
        return None;
    }
    let header = message.take(ber::SEQUENCE, "").ok()?;
    Reader::new(header).integer("").ok()
}
