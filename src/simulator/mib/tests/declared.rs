//! Reads the declared objects (name, access, type and limits) from `declared.csv`.

use std::collections::BTreeMap;

use crate::simulator::snmp::Value;

/// An object's declaration in the MIB.
#[derive(Debug)]
pub(super) struct Declared {
    pub(super) writable: bool,
    kind: &'static str,
    limits: Limits,
}

#[derive(Debug)]
enum Limits {
    Any,
    Range(i64, i64),
    OneOf(Vec<i64>),
}

/// Returns every readable object of the vendor's MIBs, and of the standard groups that the twin serves.
pub(super) fn declared() -> BTreeMap<Vec<u32>, Declared> {
    include_str!("../declared.csv")
        .lines()
        .skip(1)
        .map(|line| {
            let [name, access, kind, limits] = line.split(',').collect::<Vec<_>>()[..] else {
                panic!("{line}");
            };
            let name = name.split('.').map(|arc| arc.parse().unwrap()).collect();
            let declared = Declared {
                writable: access == "rw",
                kind,
                limits: Limits::of(limits),
            };
            (name, declared)
        })
        .collect()
}

impl Limits {
    fn of(text: &str) -> Self {
        let number = |text: &str| text.parse::<i64>().unwrap();
        match text.split_once("..") {
            _ if text.is_empty() => Self::Any,
            Some((low, high)) => Self::Range(number(low), number(high)),
            None => Self::OneOf(text.split('|').map(number).collect()),
        }
    }

    fn allow(&self, number: i64) -> bool {
        match self {
            Self::Any => true,
            Self::Range(low, high) => (low..=high).contains(&&number),
            Self::OneOf(numbers) => numbers.contains(&number),
        }
    }
}

impl Declared {
    /// Returns whether a value has the declared type and is within the limits; for a text these limit its length.
    pub(super) fn allows(&self, value: &Value) -> bool {
        match (self.kind, value) {
            ("integer", Value::Integer(number)) => self.limits.allow(i64::from(*number)),
            ("gauge", Value::Gauge32(number)) => self.limits.allow(i64::from(*number)),
            ("octets", Value::OctetString(octets)) => {
                self.limits.allow(i64::try_from(octets.len()).unwrap())
            }
            ("text", Value::OctetString(octets)) => {
                octets.iter().all(|octet| (b' '..=b'~').contains(octet))
                    && self.limits.allow(i64::try_from(octets.len()).unwrap())
            }
            ("counter32", Value::Counter32(_))
            | ("counter64", Value::Counter64(_))
            | ("timeticks", Value::TimeTicks(_))
            | ("oid", Value::ObjectId(_)) => true,
            _ => false,
        }
    }
}
