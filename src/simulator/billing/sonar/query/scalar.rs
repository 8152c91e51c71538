//! Accepts or refuses single values: scalars, words of enums, types of variables.

use serde_json::{Value, json};

use super::error::GraphError;
use crate::simulator::billing::sonar::data::{date_of, datetime_of, mac_of};
use crate::simulator::billing::sonar::graphql::{Literal, Position, TypeRef, Valued};
use crate::simulator::billing::sonar::schema::{TypeDef, TypeKind};

const LONGEST_TEXT: usize = 100_000;

/// A value before its type is known.
#[derive(Debug, Clone, Copy)]
pub(super) enum Given<'a> {
    Literal(&'a Valued),
    Json(&'a Value),
}

/// Returns whether a variable of one type is accepted in place of another type.
pub(super) fn fits(declared: &TypeRef, expected: &TypeRef) -> bool {
    match (declared, expected) {
        (TypeRef::NonNull(declared), TypeRef::NonNull(expected)) => fits(declared, expected),
        (TypeRef::NonNull(declared), expected) => fits(declared, expected),
        (TypeRef::List(declared), TypeRef::List(expected)) => fits(declared, expected),
        (declared, expected) => declared == expected,
    }
}

pub(super) fn invalid(kind: &str, given: Given<'_>, at: Position) -> GraphError {
    let found = match given {
        Given::Json(value) => value.to_string(),
        Given::Literal(valued) => match &valued.literal {
            Literal::Text(text) => json!(text).to_string(),
            Literal::Enum(word) => word.clone(),
            Literal::Int(number) => number.to_string(),
            Literal::Float(number) => number.to_string(),
            Literal::Bool(is) => is.to_string(),
            Literal::List(_) => "a list".to_owned(),
            Literal::Object(_) => "an object".to_owned(),
            Literal::Null | Literal::Variable(_) => "null".to_owned(),
        },
    };
    GraphError::at(format!("Expected type {kind}, found {found}."), at)
}

/// Returns a scalar or the value of an enum; `None` if the type does not accept it.
pub(super) fn leaf(def: &TypeDef, given: Given<'_>) -> Option<Value> {
    if def.kind == TypeKind::Enum {
        let word = match given {
            Given::Json(Value::String(word)) => word,
            Given::Literal(Valued {
                literal: Literal::Enum(word),
                ..
            }) => word,
            _ => return None,
        };
        return def.values.contains(&word.as_str()).then(|| json!(word));
    }
    let value = match given {
        Given::Json(value) => value.clone(),
        Given::Literal(valued) => match &valued.literal {
            Literal::Bool(is) => json!(is),
            Literal::Int(number) => json!(number),
            Literal::Float(number) => json!(number),
            Literal::Text(text) => json!(text),
            _ => return None,
        },
    };
    scalar(&def.name, value)
}

fn scalar(name: &str, value: Value) -> Option<Value> {
    let is_accepted = match (&value, name) {
        (Value::Bool(_), "Boolean") => true,
        (Value::Number(number), "Int") => number
            .as_i64()
            .is_some_and(|number| i32::try_from(number).is_ok()),
        (Value::Number(number), "Int64Bit") => number.is_i64(),
        (Value::Number(_), "Float") => true,
        (Value::Number(number), "ID") => return number.as_i64().map(|id| json!(id.to_string())),
        (Value::String(text), "Int64Bit") => {
            return text.parse::<i64>().ok().map(|number| json!(number));
        }
        (Value::String(_), "Boolean" | "Int" | "Float") => false,
        (Value::String(text), "Datetime") => datetime_of(text).is_some(),
        (Value::String(text), "Date") => date_of(text).is_some(),
        (Value::String(text), "MacAddress") => mac_of(text).is_some(),
        (Value::String(text), "Text") => text.chars().count() <= LONGEST_TEXT,
        (Value::String(text), "Numeric") => text.bytes().all(|sign| sign.is_ascii_digit()),
        (Value::String(_), _) => true,
        _ => false,
    };
    is_accepted.then_some(value)
}
