//! Defines the values of objects in SNMP's types.

use super::Oid;

/// One value of a variable binding (RFC 3416 §3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    Null,
    Integer(i32),
    OctetString(Vec<u8>),
    ObjectId(Oid),
    IpAddress([u8; 4]),
    Counter32(u32),
    /// `Gauge32` and `Unsigned32` are the same on the wire.
    Gauge32(u32),
    TimeTicks(u32),
    Counter64(u64),
    NoSuchObject,
    NoSuchInstance,
    EndOfMibView,
}

impl Value {
    pub fn text(text: &str) -> Self {
        Self::OctetString(text.as_bytes().to_vec())
    }

    /// SNMP's TruthValue: true is 1, false is 2.
    pub fn truth(truth: bool) -> Self {
        Self::Integer(if truth { 1 } else { 2 })
    }
}
