//! Represents the id of an SNMP engine, which v3 messages carry and keys are localised to.

use std::fmt;

/// 5 to 32 bytes (RFC 3411 §5, SnmpEngineID).
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct EngineId(Vec<u8>);

/// Bytes that are not an engine id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an SNMP engine's id has 5 to 32 bytes, not {0}")]
pub struct NotAnEngineId(usize);

impl EngineId {
    pub fn new(bytes: &[u8]) -> Result<Self, NotAnEngineId> {
        if (5..=32).contains(&bytes.len()) {
            Ok(Self(bytes.to_vec()))
        } else {
            Err(NotAnEngineId(bytes.len()))
        }
    }

    /// Returns the id derived from a vendor's enterprise number and a MAC address (RFC 3411 §5, format 3).
    pub fn from_mac(enterprise: u32, mac: [u8; 6]) -> Self {
        let mut bytes = (enterprise | 0x8000_0000).to_be_bytes().to_vec();
        bytes.push(3);
        bytes.extend_from_slice(&mac);
        Self(bytes)
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for EngineId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

impl fmt::Debug for EngineId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "EngineId({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_is_named_by_its_vendor_and_its_mac() {
        let id = EngineId::from_mac(20_095, [0, 0x0e, 0xd8, 1, 2, 3]);
        assert_eq!(id.to_string(), "80004e7f03000ed8010203");
        assert_eq!(EngineId::new(id.as_bytes()), Ok(id));
        assert_eq!(EngineId::new(&[1; 4]), Err(NotAnEngineId(4)));
        assert_eq!(EngineId::new(&[1; 33]), Err(NotAnEngineId(33)));
    }
}
