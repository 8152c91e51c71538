//! Represents an object identifier: a list of arcs in SNMP's order.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Arcs; `Ord` of the list is the order of a walk.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Oid(pub Vec<u32>);

impl Oid {
    pub fn new(arcs: &[u32]) -> Self {
        Self(arcs.to_vec())
    }

    pub fn arcs(&self) -> &[u32] {
        &self.0
    }

    /// Returns the name with these arcs appended.
    #[must_use]
    pub fn with(mut self, arcs: &[u32]) -> Self {
        self.0.extend_from_slice(arcs);
        self
    }
}

/// A text that is not a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an object identifier is up to 128 numbers below 2^32 with dots between them")]
pub struct NotAnOid;

impl FromStr for Oid {
    type Err = NotAnOid;

    /// Parses `1.3.6.1`; a leading dot is accepted, because net-snmp prints one.
    fn from_str(text: &str) -> Result<Self, NotAnOid> {
        let text = text.strip_prefix('.').unwrap_or(text);
        let arc = |arc: &str| {
            let is_number = arc.bytes().all(|byte| byte.is_ascii_digit());
            arc.parse().ok().filter(|_| is_number).ok_or(NotAnOid)
        };
        let arcs: Vec<u32> = text.split('.').map(arc).collect::<Result<_, _>>()?;
        if arcs.len() > super::ber::MOST_ARCS {
            return Err(NotAnOid);
        }
        Ok(Self(arcs))
    }
}

impl TryFrom<String> for Oid {
    type Error = NotAnOid;

    fn try_from(text: String) -> Result<Self, NotAnOid> {
        text.parse()
    }
}

impl From<Oid> for String {
    fn from(oid: Oid) -> Self {
        oid.to_string()
    }
}

impl fmt::Display for Oid {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, arc) in self.0.iter().enumerate() {
            if position > 0 {
                out.write_str(".")?;
            }
            write!(out, "{arc}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_stored_as_the_text_that_people_write() {
        let name: Oid = serde_json::from_str("\".1.3.6.4294967295\"").unwrap();
        assert_eq!(name, Oid::new(&[1, 3, 6, u32::MAX]));
        assert_eq!(
            serde_json::to_string(&name).unwrap(),
            "\"1.3.6.4294967295\""
        );
        let long = vec!["1"; 129].join(".");
        for text in ["", ".", "1..3", "1.a", "1.+3", "1.4294967296", "iso", &long] {
            assert_eq!(text.parse::<Oid>(), Err(NotAnOid), "{text}");
        }
    }
}
