//! SNMPv2c traps: encodes them (RFC 3416 §4.2.6).

use super::ber::{Unencodable, Writer};
use super::message::{VERSION_2C, with_community};
use super::pdu::{Kind, Reply};
use super::{ErrorStatus, Oid, Value};

const SYS_UP_TIME: &[u32] = &[1, 3, 6, 1, 2, 1, 1, 3, 0];
const SNMP_TRAP_OID: &[u32] = &[1, 3, 6, 1, 6, 3, 1, 1, 4, 1, 0];

/// One trap.
#[derive(Debug, Clone, Copy)]
pub struct Trap<'a> {
    pub community: &'a str,
    pub request_id: i32,
    /// Hundredths of a second since the device started.
    pub uptime: u32,
    /// The trap's name.
    pub oid: &'a Oid,
    /// The bindings after uptime and trap name.
    pub bindings: &'a [(Oid, Value)],
}

impl Trap<'_> {
    /// Returns the datagram.
    pub fn encode(&self) -> Result<Vec<u8>, Unencodable> {
        let mut list = Writer::with_capacity(256);
        list.binding(SYS_UP_TIME, &Value::TimeTicks(self.uptime))?;
        list.binding(SNMP_TRAP_OID, &Value::ObjectId(self.oid.clone()))?;
        for (name, value) in self.bindings {
            list.binding(name.arcs(), value)?;
        }
        let content = Reply {
            status: ErrorStatus::NoError,
            index: 0,
            bindings: list.into_bytes(),
        };
        let community = self.community.as_bytes();
        Ok(with_community(
            VERSION_2C,
            community,
            Kind::Trap,
            self.request_id,
            &content,
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::super::ber::{Reader, tag};
    use super::super::pdu::Pdu;
    use super::*;

    #[test]
    fn a_trap_starts_with_uptime_and_name() {
        let oid = Oid::new(&[1, 3, 6, 1, 6, 3, 1, 1, 5, 3]);
        let port = (
            Oid::new(&[1, 3, 6, 1, 2, 1, 2, 2, 1, 1, 4]),
            Value::Integer(4),
        );
        let trap = Trap {
            community: "public",
            request_id: 77,
            uptime: 4200,
            oid: &oid,
            bindings: std::slice::from_ref(&port),
        };
        let datagram = trap.encode().unwrap();
        let mut message = Reader::new(&datagram).nested(tag::SEQUENCE).unwrap();
        assert_eq!(message.integer(), Ok(1));
        assert_eq!(message.content(tag::OCTET_STRING), Ok(&b"public"[..]));
        let pdu = Pdu::read(&mut message).unwrap();
        assert_eq!((pdu.kind, pdu.request_id), (Kind::Trap, 77));
        assert_eq!(
            pdu.bindings,
            [
                (Oid::new(SYS_UP_TIME), Value::TimeTicks(4200)),
                (Oid::new(SNMP_TRAP_OID), Value::ObjectId(oid.clone())),
                port.clone(),
            ]
        );
        let nameless = Oid::new(&[9, 9]);
        let trap = Trap {
            oid: &nameless,
            ..trap
        };
        assert_eq!(trap.encode(), Err(Unencodable));
    }
}
