//! SNMP 2c messages: wraps a PDU in a version and a community, and unwraps it.

use super::ber::{self, Malformed, Reader, Writer};

const VERSION_2C: i32 = 1;

/// Writes the message around the PDU that `writer` holds.
pub(super) fn wrap(mut writer: Writer, community: &[u8]) -> Vec<u8> {
    writer.octets(community);
    writer.integer(i64::from(VERSION_2C));
    writer.close(ber::SEQUENCE, 0);
    writer.finish()
}

/// Returns the PDU of a message that carries this community.
pub(super) fn unwrap<'a>(datagram: &'a [u8], community: &[u8]) -> Result<&'a [u8], Malformed> {
    let mut outer = Reader::new(datagram);
    let mut message = Reader::new(outer.take(ber::SEQUENCE, "the message")?);
    outer.end("the message")?;
    if message.integer("the version")? != VERSION_2C {
        return Err(Malformed::new("it is not SNMP 2c"));
    }
    if message.take(ber::OCTETS, "the community")? != community {
        return Err(Malformed::new("it has another community than the request"));
    }
    Ok(message.rest())
}
