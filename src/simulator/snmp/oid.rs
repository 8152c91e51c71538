//! An object identifier: a list of arcs, ordered as SNMP orders them.

use std::fmt;

/// Arcs; `Ord` of the list is the order of a walk.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Oid(pub Vec<u32>);

impl Oid {
    pub fn new(arcs: &[u32]) -> Self {
        Self(arcs.to_vec())
    }

    pub fn arcs(&self) -> &[u32] {
        &self.0
    }

    /// Returns the name below this one.
    #[must_use]
    pub fn with(mut self, arcs: &[u32]) -> Self {
        self.0.extend_from_slice(arcs);
        self
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
