//! Defines object identifiers and values as agents send them.

use std::fmt;

/// An object identifier; compared by its arcs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Oid(Vec<u32>);

impl Oid {
    pub fn new(arcs: impl Into<Vec<u32>>) -> Self {
        Self(arcs.into())
    }

    pub fn arcs(&self) -> &[u32] {
        &self.0
    }

    /// Returns the part of `longer` after `self`.
    pub fn index_of<'a>(&self, longer: &'a Self) -> Option<&'a [u32]> {
        longer.0.strip_prefix(self.0.as_slice())
    }

    /// Returns this identifier with more arcs appended.
    #[must_use]
    pub fn join(&self, more: &[u32]) -> Self {
        Self([self.0.as_slice(), more].concat())
    }
}

impl fmt::Display for Oid {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, arc) in self.0.iter().enumerate() {
            if place > 0 {
                formatter.write_str(".")?;
            }
            arc.fmt(formatter)?;
        }
        Ok(())
    }
}

/// One value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    Integer(i64),
    Bytes(Vec<u8>),
    Null,
    Oid(Oid),
    IpAddress([u8; 4]),
    Counter32(u32),
    /// Gauge32 and Unsigned32 are the same on the wire.
    Unsigned32(u32),
    TimeTicks(u32),
    Opaque(Vec<u8>),
    Counter64(u64),
    NoSuchObject,
    NoSuchInstance,
    EndOfMibView,
}

/// One complete column of a table; a failed walk is an error instead.
///
/// A column that the agent does not have looks empty. A GET of one cell distinguishes them: `NoSuchObject` or
/// `NoSuchInstance`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub oid: Oid,
    /// In the order of the index, each index once, without exception values.
    pub cells: Vec<Cell>,
}

/// The value of one row in a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    pub index: Vec<u32>,
    pub value: Value,
}
