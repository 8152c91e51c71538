//! Parses and writes protocol data units: requests and answers (RFC 3416 §3).

use super::ber::{Malformed, Reader, Writer, tag};
use super::{ErrorStatus, Oid, Value};

/// The type of a PDU; the trap of SNMPv1 has another format and is not one of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Get,
    GetNext,
    Response,
    Set,
    GetBulk,
    Inform,
    Trap,
    Report,
}

impl Kind {
    fn from_tag(tag: u8) -> Result<Self, Malformed> {
        match tag {
            0xa0 => Ok(Self::Get),
            0xa1 => Ok(Self::GetNext),
            0xa2 => Ok(Self::Response),
            0xa3 => Ok(Self::Set),
            0xa5 => Ok(Self::GetBulk),
            0xa6 => Ok(Self::Inform),
            0xa7 => Ok(Self::Trap),
            0xa8 => Ok(Self::Report),
            _ => Err(Malformed),
        }
    }

    fn tag(self) -> u8 {
        match self {
            Self::Get => 0xa0,
            Self::GetNext => 0xa1,
            Self::Response => 0xa2,
            Self::Set => 0xa3,
            Self::GetBulk => 0xa5,
            Self::Inform => 0xa6,
            Self::Trap => 0xa7,
            Self::Report => 0xa8,
        }
    }
}

/// A received PDU.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pdu<'a> {
    pub(crate) kind: Kind,
    pub(crate) request_id: i32,
    /// `error-status`, or `non-repeaters` of a GETBULK.
    pub(crate) status: i32,
    /// `error-index`, or `max-repetitions` of a GETBULK.
    pub(crate) index: i32,
    pub(crate) bindings: Vec<(Oid, Value)>,
    /// The bindings as received: an error returns them unchanged.
    pub(crate) raw: &'a [u8],
}

impl<'a> Pdu<'a> {
    pub(crate) fn read(reader: &mut Reader<'a>) -> Result<Self, Malformed> {
        let kind = Kind::from_tag(reader.peek().ok_or(Malformed)?)?;
        let mut content = reader.nested(kind.tag())?;
        let request_id = content.integer()?;
        let status = content.integer()?;
        let index = content.integer()?;
        let mut list = content.nested(tag::SEQUENCE)?;
        content.finish()?;
        let raw = list.rest();
        let mut bindings = Vec::new();
        while !list.is_empty() {
            bindings.push(list.binding()?);
        }
        Ok(Self {
            kind,
            request_id,
            status,
            index,
            bindings,
            raw,
        })
    }
}

/// The fields of an answer after the request id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) status: ErrorStatus,
    /// The failed binding, counted from one; zero without a failure.
    pub(crate) index: usize,
    /// The encoded content of the list.
    pub(crate) bindings: Vec<u8>,
}

/// The most bytes of a PDU besides its bindings: two headers with lengths of three bytes, and three integers.
pub(crate) const PDU_OVERHEAD: usize = 4 + 6 + 6 + 6 + 4;

pub(crate) fn write(writer: &mut Writer, kind: Kind, request_id: i32, reply: &Reply) {
    let pdu = writer.open(kind.tag());
    writer.integer(request_id);
    writer.integer(i32::from(reply.status as u8));
    writer.integer(i32::try_from(reply.index).unwrap_or(i32::MAX));
    writer.octets(tag::SEQUENCE, &reply.bindings);
    writer.close(pdu);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pdu_is_read_as_it_was_written() {
        let mut list = Writer::default();
        list.binding(&[1, 3, 6], &Value::Integer(7)).unwrap();
        let reply = Reply {
            status: ErrorStatus::InconsistentName,
            index: 300,
            bindings: list.into_bytes(),
        };
        let mut writer = Writer::default();
        write(&mut writer, Kind::Response, -5, &reply);
        let bytes = writer.into_bytes();
        let pdu = Pdu::read(&mut Reader::new(&bytes)).unwrap();
        assert_eq!(
            (pdu.kind, pdu.request_id, pdu.status, pdu.index),
            (Kind::Response, -5, 18, 300)
        );
        assert_eq!(pdu.bindings, [(Oid::new(&[1, 3, 6]), Value::Integer(7))]);
        assert_eq!(pdu.raw, reply.bindings);
    }

    #[test]
    fn a_trap_of_snmp_version_one_is_rejected() {
        assert_eq!(Pdu::read(&mut Reader::new(&[0xa4, 0])), Err(Malformed));
    }
}
