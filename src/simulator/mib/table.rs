//! Declares MIB objects as static data: table columns and scalars, with their reads and writes.

use super::rows::{self, Rows};
use crate::simulator::gam::{Gam, Part};
use crate::simulator::moment::Moment;
use crate::simulator::snmp::{ErrorStatus, Value};

/// Returns the value of one instance whose row exists.
pub(super) type Read = fn(&Gam, &[u32], Moment) -> Value;

/// Changes the device; the value has the right syntax and the row exists.
pub(super) type Apply = fn(&mut Gam, &[u32], &Value, Moment) -> Result<(), ErrorStatus>;

/// A table: `base` and `entry` together name its entry object.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) base: &'static [u32],
    pub(super) entry: &'static [u32],
    pub(super) rows: &'static Rows,
    /// Only readable columns: a column that is only an index is not served.
    pub(super) columns: &'static [Column],
    /// The part of the device that the table needs; firmware without the part lacks the table.
    pub(super) needs: Option<Part>,
}

/// A group of scalars below `base` and `group`; each is a column with the one row 0.
#[derive(Debug)]
pub(super) struct Scalars {
    pub(super) base: &'static [u32],
    pub(super) group: &'static [u32],
    pub(super) scalars: &'static [Column],
    pub(super) needs: Option<Part>,
}

/// One column of a table, or one scalar of a group.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    number: u32,
    read: Read,
    write: Option<Write>,
}

/// The effect of a SET on an object.
#[derive(Debug, Clone, Copy)]
pub(super) struct Write {
    pub(super) syntax: Syntax,
    pub(super) turn: Turn,
    pub(super) apply: Apply,
}

/// The values that an object accepts, ends included.
#[derive(Debug, Clone, Copy)]
pub(super) enum Syntax {
    OneOf(&'static [i32]),
    /// Printable ASCII of a length.
    Text(usize, usize),
}

/// SNMP's TruthValue.
pub(super) const TRUTH: Syntax = Syntax::OneOf(&[1, 2]);

/// The order of a SET's bindings: triggers run after the values of the same SET, whatever their order in the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    Setting,
    Trigger,
}

/// One column or scalar with its full name; an instance's name is this plus the row's index.
#[derive(Debug)]
pub(super) struct Object {
    pub(super) name: Vec<u32>,
    pub(super) rows: &'static Rows,
    pub(super) read: Read,
    pub(super) write: Option<Write>,
    needs: Option<Part>,
}

/// Returns a column that a manager can only read.
pub(super) const fn column(number: u32, read: Read) -> Column {
    Column {
        number,
        read,
        write: None,
    }
}

impl Column {
    /// Returns the column as one that stores the value of a SET.
    pub(super) const fn set(self, syntax: Syntax, apply: Apply) -> Self {
        self.written(syntax, Turn::Setting, apply)
    }

    /// Returns the column as one whose action runs when it is set to `true`.
    pub(super) const fn trigger(self, apply: Apply) -> Self {
        self.written(TRUTH, Turn::Trigger, apply)
    }

    pub(super) const fn written(self, syntax: Syntax, turn: Turn, apply: Apply) -> Self {
        Self {
            write: Some(Write {
                syntax,
                turn,
                apply,
            }),
            ..self
        }
    }
}

impl Table {
    pub(super) fn objects(&self) -> impl Iterator<Item = Object> {
        named(
            [self.base, self.entry].concat(),
            self.columns,
            self.rows,
            self.needs,
        )
    }
}

impl Scalars {
    pub(super) fn objects(&self) -> impl Iterator<Item = Object> {
        named(
            [self.base, self.group].concat(),
            self.scalars,
            &rows::SCALAR,
            self.needs,
        )
    }
}

fn named(
    above: Vec<u32>,
    columns: &'static [Column],
    rows: &'static Rows,
    needs: Option<Part>,
) -> impl Iterator<Item = Object> {
    columns.iter().map(move |column| Object {
        name: [above.as_slice(), &[column.number]].concat(),
        rows,
        read: column.read,
        write: column.write,
        needs,
    })
}

impl Object {
    /// Returns whether the device's firmware has the object.
    pub(super) fn is_on(&self, gam: &Gam) -> bool {
        self.needs.is_none_or(|part| gam.has(part))
    }
}

impl Syntax {
    /// Checks a value's type, then its length, then the value, as RFC 3416 §4.2.5 orders them.
    pub(super) fn check(self, value: &Value) -> Result<(), ErrorStatus> {
        let fits = match (self, value) {
            (Self::OneOf(values), Value::Integer(value)) => values.contains(value),
            (Self::Text(least, most), Value::OctetString(octets)) => {
                if !(least..=most).contains(&octets.len()) {
                    return Err(ErrorStatus::WrongLength);
                }
                octets.iter().all(|octet| matches!(octet, b' '..=b'~'))
            }
            _ => return Err(ErrorStatus::WrongType),
        };
        if fits {
            Ok(())
        } else {
            Err(ErrorStatus::WrongValue)
        }
    }
}

/// Returns whether a SET has the value `true`.
pub(super) fn is_true(value: &Value) -> bool {
    *value == Value::truth(true)
}

/// Returns the text of a SET; its syntax has been checked, so it is ASCII.
pub(super) fn text_of(value: &Value) -> Result<&str, ErrorStatus> {
    match value {
        Value::OctetString(octets) => {
            std::str::from_utf8(octets).map_err(|_| ErrorStatus::WrongEncoding)
        }
        _ => Err(ErrorStatus::WrongType),
    }
}

/// Returns a text cut to the length that its object allows; the device's own may be longer.
pub(super) fn clipped(text: &str, most: usize) -> Value {
    Value::OctetString(text.bytes().take(most).collect())
}
