//! Decodes one SNMP value to its type in the MIB, or to the reason why it is invalid.

use super::grid::Row;
use crate::model::{VlanId, VlanSet};
use crate::observe::mib::Object;
use crate::observe::rows::Known;
use crate::transport::snmp::Value;

/// Octets of a quarter of all VLANs, and its number of VLANs.
const QUARTER_OCTETS: usize = 128;
const QUARTER_VLANS: u16 = 1024;

/// `TruthValue`.
const TRUE: u32 = 1;
const FALSE: u32 = 2;

/// Names the type of a value for a reason.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Integer(_) => "an integer",
        Value::Bytes(_) => "a text",
        Value::Null => "nothing",
        Value::Oid(_) => "an object identifier",
        Value::IpAddress(_) => "an address",
        Value::Counter32(_) | Value::Counter64(_) => "a counter",
        Value::Unsigned32(_) => "a number",
        Value::TimeTicks(_) => "a time",
        Value::Opaque(_) => "something opaque",
        Value::NoSuchObject => "not there: the agent has no such object",
        Value::NoSuchInstance => "not there",
        Value::EndOfMibView => "not there: the agent's objects end before it",
    }
}

fn wrong<T>(object: &Object, value: &Value, expected: &str) -> Known<T> {
    Err(match value {
        Value::NoSuchObject | Value::NoSuchInstance | Value::EndOfMibView => {
            format!("{} is {}", object.name, kind(value))
        }
        _ => format!("{} is {} instead of {expected}", object.name, kind(value)),
    })
}

/// Returns a number that is not negative; agents use different SNMP types for one.
pub(in crate::observe) fn number(row: &Row, object: &Object) -> Known<u32> {
    match row.value(object)? {
        Value::Unsigned32(number) => Ok(*number),
        Value::Integer(number) => u32::try_from(*number).map_err(|_| {
            format!(
                "{} has the value {number}, which is out of range",
                object.name
            )
        }),
        other => wrong(object, other, "a number"),
    }
}

/// Returns a number that may be negative.
pub(in crate::observe) fn signed(row: &Row, object: &Object) -> Known<i32> {
    match row.value(object)? {
        Value::Integer(number) => i32::try_from(*number).map_err(|_| {
            format!(
                "{} has the value {number}, which is out of range",
                object.name
            )
        }),
        other => wrong(object, other, "an integer"),
    }
}

/// Returns a counter of 64 bits. A narrower one wraps too often to be compared with itself.
pub(in crate::observe) fn counter(row: &Row, object: &Object) -> Known<u64> {
    match row.value(object)? {
        Value::Counter64(count) => Ok(*count),
        Value::Counter32(_) => Err(format!(
            "{} is a counter of 32 bits instead of 64",
            object.name
        )),
        other => wrong(object, other, "a counter"),
    }
}

pub(in crate::observe) fn truth(row: &Row, object: &Object) -> Known<bool> {
    match number(row, object)? {
        TRUE => Ok(true),
        FALSE => Ok(false),
        other => Err(format!(
            "{} is {other}, neither true nor false",
            object.name
        )),
    }
}

/// Returns a number, `None` for 0.
pub(in crate::observe) fn reference(row: &Row, object: &Object) -> Known<Option<u32>> {
    number(row, object).map(|number| (number != 0).then_some(number))
}

pub(in crate::observe) fn bytes<'r>(row: &'r Row, object: &Object) -> Known<&'r [u8]> {
    match row.value(object)? {
        Value::Bytes(bytes) => Ok(bytes),
        other => wrong(object, other, "a text"),
    }
}

/// Returns a text. Invalid UTF-8 is replaced, and then fails the check of names.
pub(in crate::observe) fn text(row: &Row, object: &Object) -> Known<String> {
    bytes(row, object).map(|bytes| String::from_utf8_lossy(bytes).into_owned())
}

pub(in crate::observe) fn mac(row: &Row, object: &Object) -> Known<[u8; 6]> {
    let bytes = bytes(row, object)?;
    <[u8; 6]>::try_from(bytes).map_err(|_| {
        let length = bytes.len();
        format!("{} has {length} octets; a MAC address has 6", object.name)
    })
}

/// Returns a value of an enumeration in the MIB.
pub(in crate::observe) fn choice<T: Copy>(
    row: &Row,
    object: &Object,
    choices: &[(u32, T)],
) -> Known<T> {
    let number = number(row, object)?;
    let found = choices.iter().find(|(choice, _)| *choice == number);
    found.map(|(_, choice)| *choice).ok_or_else(|| {
        format!(
            "{} has the value {number}, which is not a known one",
            object.name
        )
    })
}

/// Returns a set of VLANs from four columns. Within an octet the lower VLAN is the lower bit; bit 0 of the first octet
/// is no VLAN.
///
/// An agent may omit trailing zeros: missing octets are empty.
pub(in crate::observe) fn vlans(row: &Row, quarters: [&Object; 4]) -> Known<VlanSet> {
    let mut vlans = Vec::new();
    for (quarter, first) in quarters.into_iter().zip((0u16..).step_by(1024)) {
        debug_assert_eq!(first % QUARTER_VLANS, 0);
        let octets = bytes(row, quarter)?;
        if octets.len() > QUARTER_OCTETS {
            let length = octets.len();
            return Err(format!(
                "{} has {length} octets; a quarter of all VLANs has {QUARTER_OCTETS}",
                quarter.name
            ));
        }
        for (octet, base) in octets.iter().zip((first..).step_by(8)) {
            let set = (0..8u16).filter(|bit| octet >> bit & 1 == 1);
            vlans.extend(set.filter_map(|bit| VlanId::new(base + bit).ok()));
        }
    }
    Ok(vlans.into_iter().collect())
}
