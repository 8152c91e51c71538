//! Reads whole numbers as VLANs, ports, speeds and counts.

use std::num::NonZeroU32;

use super::field::{FieldType, Shape, wrong_type};
use super::finding::FileFindings;
use super::rules::{OUT_OF_RANGE, UNKNOWN_SCHEMA};
use crate::inventory::tree::Item;
use crate::model::{Headroom, Mbps, PortAssignment, PortNumber, VlanId};

/// Returns the whole number of an item within a range.
pub(in crate::inventory) fn integer(
    item: Item<'_, '_>,
    what: &str,
    min: u32,
    max: u32,
    findings: &mut FileFindings,
) -> Option<u32> {
    let Some(number) = item.as_integer() else {
        wrong_type(item, "a whole number", findings);
        return None;
    };
    let good = number
        .and_then(|number| u32::try_from(number).ok())
        .filter(|number| (min..=max).contains(number));
    if good.is_none() {
        let key = item.key();
        let shown = match number {
            Some(number) => number.to_string(),
            None => "a number of more than 64 bits".to_owned(),
        };
        findings.add(
            &OUT_OF_RANGE,
            item.span(),
            format!("`{key}` is {shown}; {what} is {min} to {max}"),
        );
    }
    good
}

/// Lets a type be read from a whole number in a range. A number of one kind of object may be declared with that kind.
macro_rules! number_field {
    ($type:ty, $what:literal, $min:literal, $max:literal, $convert:expr) => {
        impl $crate::inventory::record::FieldType for $type {
            fn shape() -> $crate::inventory::record::Shape {
                $crate::inventory::record::Shape::Integer {
                    what: $what,
                    min: $min,
                    max: $max,
                }
            }

            fn read(
                item: $crate::inventory::tree::Item<'_, '_>,
                findings: &mut $crate::inventory::record::FileFindings,
            ) -> Option<Self> {
                let convert: fn(u32) -> Option<Self> = $convert;
                $crate::inventory::record::integer(item, $what, $min, $max, findings)
                    .and_then(convert)
            }
        }
    };
}
pub(in crate::inventory) use number_field;

number_field!(VlanId, "a VLAN", 1, 4095, |number| {
    VlanId::new(u16::try_from(number).ok()?).ok()
});
number_field!(Mbps, "a speed in Mbps", 1, 100_000, |number| Mbps::new(
    number
)
.ok());
number_field!(Headroom, "headroom in percent", 0, 50, |number| {
    Headroom::new(number).ok()
});
number_field!(u32, "a count", 0, 1_000_000, Some);
number_field!(
    NonZeroU32,
    "a count of at least one",
    1,
    1_000_000,
    NonZeroU32::new
);
number_field!(PortNumber, "a port", 1, 24, |number| {
    PortNumber::new(u8::try_from(number).ok()?).ok()
});

/// A share of what there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Percent(pub u32);

number_field!(Percent, "a percentage", 0, 100, |number| Some(Percent(
    number
)));

impl FieldType for bool {
    fn shape() -> Shape {
        Shape::Boolean
    }

    fn read(item: Item<'_, '_>, findings: &mut FileFindings) -> Option<Self> {
        let value = item.as_bool();
        if value.is_none() {
            wrong_type(item, "`true` or `false`", findings);
        }
        value
    }
}

impl FieldType for PortAssignment {
    fn shape() -> Shape {
        Shape::Either(vec![
            PortNumber::shape(),
            Shape::OneOf(vec!["auto", "unassigned"]),
        ])
    }

    fn read(item: Item<'_, '_>, findings: &mut FileFindings) -> Option<Self> {
        match item.as_str() {
            Some("auto") => Some(Self::Auto),
            Some("unassigned") => Some(Self::Unassigned),
            Some(_) => {
                wrong_type(
                    item,
                    "a port number, `\"auto\"` or `\"unassigned\"`",
                    findings,
                );
                None
            }
            None => PortNumber::read(item, findings).map(Self::Port),
        }
    }
}

/// The version of the inventory's own form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version;

impl FieldType for Version {
    fn shape() -> Shape {
        Shape::Integer {
            what: "the version of this form",
            min: 1,
            max: 1,
        }
    }

    fn read(item: Item<'_, '_>, findings: &mut FileFindings) -> Option<Self> {
        match item.as_integer() {
            Some(Some(1)) => Some(Self),
            Some(_) => {
                findings
                    .add(
                        &UNKNOWN_SCHEMA,
                        item.span(),
                        "this gamctl reads inventories of `schema = 1`",
                    )
                    .hint("use the gamctl that the inventory was written for");
                None
            }
            None => {
                wrong_type(item, "a whole number", findings);
                None
            }
        }
    }
}
