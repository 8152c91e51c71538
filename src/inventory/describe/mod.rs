//! Describes the keys of the inventory: canonical order, JSON Schema, reference, allowed values.

mod order;
mod reference;
mod rule_reference;
mod schema;
mod value;

pub use order::canonical_order;
pub use reference::key_reference;
pub use rule_reference::{explain_rule, rule_markdown, rule_reference};
pub use schema::json_schema;
pub use value::{ValueError, key_value};

use super::FileKind;
use super::record::{Fields, RecordShape, Shape};
use super::text::{
    BillingText, CredentialsText, DeviceText, NetworkText, PolicyText, ServicePlanText,
    SubscriberText,
};

/// Returns the record in a kind of file: the file itself, or each of its objects.
fn record(kind: FileKind) -> RecordShape {
    match kind {
        FileKind::Network => NetworkText::shape(),
        FileKind::Policy => PolicyText::shape(),
        FileKind::ServicePlans => ServicePlanText::shape(),
        FileKind::Credentials => CredentialsText::shape(),
        FileKind::Billing => BillingText::shape(),
        FileKind::Devices => DeviceText::shape(),
        FileKind::Subscribers => SubscriberText::shape(),
    }
}

/// Returns the shape at a path of keys within a record.
fn shape_at(record: &RecordShape, path: &[&str]) -> Option<Shape> {
    let (first, rest) = path.split_first()?;
    let field = record.fields.iter().find(|field| field.key == *first)?;
    within(&field.shape, rest)
}

fn within(shape: &Shape, path: &[&str]) -> Option<Shape> {
    let Some((_, rest)) = path.split_first() else {
        return Some(shape.clone());
    };
    match shape {
        Shape::Record(of) => shape_at(&of(), path),
        Shape::Map { value, .. } => within(value, rest),
        Shape::Text { .. }
        | Shape::Integer { .. }
        | Shape::Boolean
        | Shape::OneOf(_)
        | Shape::Either(_)
        | Shape::List(_) => None,
    }
}

/// Returns the default of a key as it would be written, or in words.
pub(in crate::inventory) fn default_of(kind: FileKind, key: &str) -> Option<&'static str> {
    let record = record(kind);
    let field = record.fields.iter().find(|field| field.key == key)?;
    field.default
}
