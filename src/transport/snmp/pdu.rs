//! Encodes SNMP requests and decodes answers; one unreadable binding makes the whole answer invalid.

use super::ber::{self, Malformed, Reader, Writer};
use super::value::{Oid, Value};

/// The type of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Get,
    /// The first names are requested once, the others with this many rows each.
    Bulk {
        singles: u32,
        rows: u32,
    },
}

const GET: u8 = 0xa0;
const RESPONSE: u8 = 0xa2;
const BULK: u8 = 0xa5;
pub(super) const INFORM: u8 = 0xa6;
pub(super) const TRAP_2: u8 = 0xa7;
const REPORT: u8 = 0xa8;

/// The most bindings of a trap; a GAM's have 14 at most.
pub(super) const MOST_TRAP_BINDINGS: usize = 128;

/// Writes a request as a PDU.
pub(super) fn write(writer: &mut Writer, id: i32, kind: Kind, names: &[Oid]) {
    let whole = writer.len();
    for name in names.iter().rev() {
        let binding = writer.len();
        writer.close(ber::NULL, binding);
        writer.oid(name.arcs());
        writer.close(ber::SEQUENCE, binding);
    }
    writer.close(ber::SEQUENCE, whole);
    let (tag, singles, rows) = match kind {
        Kind::Get => (GET, 0, 0),
        Kind::Bulk { singles, rows } => (BULK, singles, rows),
    };
    writer.integer(i64::from(rows)); // max-repetitions, or the index of an error
    writer.integer(i64::from(singles)); // non-repeaters, or an error
    writer.integer(i64::from(id));
    writer.close(tag, whole);
}

/// A received PDU without its bindings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) is_report: bool,
    pub(super) id: i32,
    pub(super) status: i32,
    /// The binding that the status refers to, counted from 1.
    pub(super) index: i32,
}

/// Reads the head of a response or a report, and returns the bytes of its bindings.
pub(super) fn read(pdu: &[u8]) -> Result<(Head, &[u8]), Malformed> {
    let mut outer = Reader::new(pdu);
    let (tag, content) = outer.any("the PDU")?;
    outer.end("the PDU")?;
    let is_report = match tag {
        RESPONSE => false,
        REPORT => true,
        other => {
            return Err(Malformed(format!(
                "0x{other:02x} is not the type of an answer"
            )));
        }
    };
    let mut inner = Reader::new(content);
    let head = Head {
        is_report,
        id: inner.integer("the request id")?,
        status: inner.integer("the error status")?,
        index: inner.integer("the error index")?,
    };
    let bindings = inner.take(ber::SEQUENCE, "the list of bindings")?;
    inner.end("the list of bindings")?;
    Ok((head, bindings))
}

/// Returns the number of a PDU of any kind.
pub(super) fn number(pdu: &[u8]) -> Option<i32> {
    let (_, content) = Reader::new(pdu).any("the PDU").ok()?;
    Reader::new(content).integer("the request id").ok()
}

/// Checks a trap or an inform of SNMPv2 and 3 (RFC 3416 §4.2.6). An inform gets no answer: its sender repeats it, which is one
/// hint.
pub(super) fn notification(pdu: &[u8]) -> Result<(), Malformed> {
    let mut outer = Reader::new(pdu);
    let (tag, content) = outer.any("the trap")?;
    outer.end("the trap")?;
    if !matches!(tag, TRAP_2 | INFORM) {
        return Err(Malformed(format!("0x{tag:02x} is not the type of a trap")));
    }
    let mut inner = Reader::new(content);
    inner.integer("the request id")?;
    inner.integer("the error status")?;
    inner.integer("the error index")?;
    trap_bindings(inner.take(ber::SEQUENCE, "the list of bindings")?)?;
    inner.end("the list of bindings")
}

/// Checks that the bindings of a trap can be read.
pub(super) fn trap_bindings(bytes: &[u8]) -> Result<(), Malformed> {
    let mut bindings = Bindings::new(bytes);
    for _ in 0..=MOST_TRAP_BINDINGS {
        if bindings.next()?.is_none() {
            return Ok(());
        }
    }
    Err(Malformed::new("it has too many bindings for a trap"))
}

/// Reads the bindings of an answer one after the other.
pub(super) struct Bindings<'a> {
    rest: Reader<'a>,
    name: Vec<u32>,
}

/// A valid value that is not copied yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Content<'a> {
    Value(Value),
    Bytes(&'a [u8]),
    Opaque(&'a [u8]),
}

impl Content<'_> {
    pub(super) fn into_value(self) -> Value {
        match self {
            Content::Value(value) => value,
            Content::Bytes(bytes) => Value::Bytes(bytes.to_vec()),
            Content::Opaque(bytes) => Value::Opaque(bytes.to_vec()),
        }
    }
}

impl<'a> Bindings<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self {
            rest: Reader::new(bytes),
            name: Vec::with_capacity(32),
        }
    }

    /// Returns the number of unread bytes.
    pub(super) fn len(&self) -> usize {
        self.rest.rest().len()
    }

    /// Returns the next binding: the arcs of its name, and its value.
    pub(super) fn next(&mut self) -> Result<Option<(&[u32], Content<'a>)>, Malformed> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let mut binding = Reader::new(self.rest.take(ber::SEQUENCE, "a binding")?);
        ber::arcs(binding.take(ber::OID, "a name")?, &mut self.name)?;
        let spoilt = |why: Malformed| {
            Malformed(format!(
                "the value of {}: {why}",
                Oid::new(self.name.clone())
            ))
        };
        let (tag, content) = binding.any("it").map_err(spoilt)?;
        binding.end("it").map_err(spoilt)?;
        let value = value(tag, content).map_err(spoilt)?;
        Ok(Some((&self.name, value)))
    }
}

fn value(tag: u8, content: &[u8]) -> Result<Content<'_>, Malformed> {
    let number = || {
        ber::unsigned(content)
            .and_then(|number| u32::try_from(number).ok())
            .ok_or_else(|| Malformed::new("not an unsigned number of 32 bits"))
    };
    let nothing = |value| {
        if content.is_empty() {
            Ok(value)
        } else {
            Err(Malformed::new("a value where none may be"))
        }
    };
    Ok(Content::Value(match tag {
        ber::INTEGER => Value::Integer(i64::from(
            ber::integer(content).ok_or_else(|| Malformed::new("not an integer of 32 bits"))?,
        )),
        ber::OCTETS => return Ok(Content::Bytes(content)),
        ber::NULL => nothing(Value::Null)?,
        ber::OID => {
            let mut arcs = Vec::new();
            ber::arcs(content, &mut arcs)?;
            Value::Oid(Oid::new(arcs))
        }
        0x40 => Value::IpAddress(
            <[u8; 4]>::try_from(content)
                .map_err(|_| Malformed::new("an IP address without exactly four bytes"))?,
        ),
        0x41 => Value::Counter32(number()?),
        0x42 => Value::Unsigned32(number()?),
        0x43 => Value::TimeTicks(number()?),
        0x44 => return Ok(Content::Opaque(content)),
        0x46 => Value::Counter64(
            ber::unsigned(content)
                .ok_or_else(|| Malformed::new("not an unsigned number of 64 bits"))?,
        ),
        0x80 => nothing(Value::NoSuchObject)?,
        0x81 => nothing(Value::NoSuchInstance)?,
        0x82 => nothing(Value::EndOfMibView)?,
        other => {
            return Err(Malformed(format!(
                "0x{other:02x} is not the type of a value"
            )));
        }
    }))
}

/// Names an error status as RFC 3416 does.
pub(super) fn status_name(status: i32) -> String {
    const NAMES: [&str; 19] = [
        "noError",
        "tooBig",
        "noSuchName",
        "badValue",
        "readOnly",
        "genErr",
        "noAccess",
        "wrongType",
        "wrongLength",
        "wrongEncoding",
        "wrongValue",
        "noCreation",
        "inconsistentValue",
        "resourceUnavailable",
        "commitFailed",
        "undoFailed",
        "authorizationError",
        "notWritable",
        "inconsistentName",
    ];
    usize::try_from(status)
        .ok()
        .and_then(|place| NAMES.get(place))
        .map_or_else(|| format!("error {status}"), |name| (*name).to_owned())
}

pub(super) const TOO_BIG: i32 = 1;
pub(super) const GENERIC_ERROR: i32 = 5;
