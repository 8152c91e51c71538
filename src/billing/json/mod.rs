//! Parses JSON of billing systems: limited depth, no double keys, secrets dropped unread.
//!
//! `record` reads the fields of an object tolerantly, `shape` describes a value that is not what was expected.

mod record;
mod shape;

use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

pub use record::Record;
pub use shape::{ShapeError, shape_of};

/// The deepest nesting; Sonar's accounts with addresses, items and fields have seventeen levels.
const MOST_DEPTH: usize = 40;

/// Returns whether the value of a key is dropped unread: a secret, or personal data that has no use here.
pub type IsDropped = fn(&str) -> bool;

/// An answer that is not JSON, or not a complete one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not JSON")]
pub struct NotJson;

/// Parses a whole answer.
pub fn parse(body: &[u8], is_dropped: IsDropped) -> Result<Value, NotJson> {
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let seed = Checked {
        depth: MOST_DEPTH,
        is_dropped,
    };
    let value = seed.deserialize(&mut deserializer).map_err(|_| NotJson)?;
    deserializer.end().map_err(|_| NotJson)?;
    Ok(value)
}

/// Parses an answer that is a list, one entry after the other, so that a long list is never in memory as JSON values.
///
/// If the answer ends early or is not JSON, the caller discards what `each` was given: half a list is none. Returns the
/// number of entries; an answer that is not a list is returned as `Err(Ok(value))`.
pub fn parse_list(
    body: &[u8],
    is_dropped: IsDropped,
    each: &mut dyn FnMut(Value),
) -> Result<usize, Result<Value, NotJson>> {
    let first = body.iter().find(|byte| !byte.is_ascii_whitespace());
    if first != Some(&b'[') {
        return Err(parse(body, is_dropped));
    }
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let entries = Entries { is_dropped, each };
    let count = deserializer.deserialize_seq(entries);
    let count = count.map_err(|_| Err(NotJson))?;
    deserializer.end().map_err(|_| Err(NotJson))?;
    Ok(count)
}

/// Reads a list entry by entry.
struct Entries<'e> {
    is_dropped: IsDropped,
    each: &'e mut dyn FnMut(Value),
}

impl<'de> Visitor<'de> for Entries<'_> {
    type Value = usize;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<usize, A::Error> {
        let mut count = 0;
        let seed = Checked {
            depth: MOST_DEPTH,
            is_dropped: self.is_dropped,
        };
        while let Some(entry) = list.next_element_seed(seed)? {
            (self.each)(entry);
            count += 1;
        }
        Ok(count)
    }
}

/// Reads one value, with the levels that it may still have.
#[derive(Clone, Copy)]
struct Checked {
    depth: usize,
    is_dropped: IsDropped,
}

impl Checked {
    fn deeper<E: de::Error>(self) -> Result<Self, E> {
        let depth = self.depth.checked_sub(1);
        let depth = depth.ok_or_else(|| E::custom("too deep"))?;
        Ok(Self { depth, ..self })
    }
}

impl<'de> DeserializeSeed<'de> for Checked {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Checked {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        let number = serde_json::Number::from_f64(value);
        Ok(number.map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let deeper = self.deeper()?;
        let mut read = Vec::new();
        while let Some(entry) = list.next_element_seed(deeper)? {
            read.push(entry);
        }
        Ok(Value::Array(read))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let deeper = self.deeper()?;
        let mut read = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            if (self.is_dropped)(&key) {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            let value = map.next_value_seed(deeper)?;
            // Which of two values counts is not ours to guess.
            if read.insert(key, value).is_some() {
                return Err(de::Error::custom("double key"));
            }
        }
        Ok(Value::Object(read))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn keep(_: &str) -> bool {
        false
    }

    fn list(text: &str) -> Result<Vec<Value>, Result<Value, NotJson>> {
        let mut read = Vec::new();
        let count = parse_list(text.as_bytes(), keep, &mut |entry| read.push(entry))?;
        assert_eq!(count, read.len());
        Ok(read)
    }

    #[test]
    fn a_list_is_read_entry_by_entry() {
        assert_eq!(
            list(" [1, {\"a\": []}] "),
            Ok(vec![json!(1), json!({"a": []})])
        );
        assert_eq!(list("[]"), Ok(vec![]));
    }

    #[test]
    fn half_a_list_and_text_after_a_list_are_not_json() {
        for text in ["[1, 2", "[1,]", "[1] x", "[", "", "<html>", "{\"a\":"] {
            assert_eq!(list(text), Err(Err(NotJson)), "{text}");
        }
    }

    #[test]
    fn an_object_in_place_of_a_list_is_returned() {
        assert_eq!(list("{\"error\":{}}"), Err(Ok(json!({"error": {}}))));
        assert_eq!(list("null"), Err(Ok(Value::Null)));
    }

    #[test]
    fn a_dropped_key_is_not_kept_at_any_depth() {
        let text = br#"{"a":[{"password":{"x":["hunter2"]},"b":1}],"password":"hunter2"}"#;
        let read = parse(text, |key| key == "password").unwrap();
        assert_eq!(read, json!({"a": [{"b": 1}]}));
    }

    #[test]
    fn a_double_key_and_bottomless_nesting_are_refused() {
        assert_eq!(parse(br#"{"a":1,"a":2}"#, keep), Err(NotJson));
        let deep = "[".repeat(60) + &"]".repeat(60);
        assert_eq!(parse(deep.as_bytes(), keep), Err(NotJson));
        let endless = "[".repeat(1_000_000);
        assert_eq!(parse(endless.as_bytes(), keep), Err(NotJson));
    }

    proptest! {
        #[test]
        fn what_is_read_is_what_the_ordinary_parser_reads(text in "[\\[\\]{}\",:0-9a-e. -]{0,40}") {
            if let Ok(value) = parse(text.as_bytes(), keep) {
                prop_assert_eq!(value, serde_json::from_str::<Value>(&text).unwrap());
            }
        }
    }
}
