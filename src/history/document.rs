//! Converts values to JSON documents that both engines return exactly, and computes differences.

use std::fmt::Write as _;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

/// `jsonb` has no U+0000; it is stored as this and a `0`, and this character as itself and a `1`.
const ESCAPE: char = '\u{f8ff}';

/// Converts a value to its stored form.
///
/// Maps of `Value` are sorted, so that equal values give equal texts.
pub(super) fn stored<T: Serialize>(value: &T) -> Result<Value, serde_json::Error> {
    let mut document = serde_json::to_value(value)?;
    each_text(&mut document, &escaped);
    Ok(document)
}

/// Converts a stored document back to its value.
pub(super) fn restored<T: DeserializeOwned>(mut document: Value) -> Result<T, serde_json::Error> {
    each_text(&mut document, &unescaped);
    serde_json::from_value(document)
}

/// Converts a text for a column of its own: Postgres accepts no U+0000, and the text is not read back exactly.
pub(super) fn plain(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

/// Returns the SHA-256 of a text, in hexadecimal.
pub(super) fn digest(text: &str) -> String {
    let octets = Sha256::digest(text.as_bytes());
    let mut digits = String::with_capacity(2 * octets.len());
    for octet in octets {
        let _written = write!(digits, "{octet:02x}");
    }
    digits
}

/// Returns the stored form of a text, if it differs.
fn escaped(text: &str) -> Option<String> {
    if !text.contains(['\0', ESCAPE]) {
        return None;
    }
    let mut escaped = String::with_capacity(text.len() + 8);
    for sign in text.chars() {
        match sign {
            '\0' => escaped.extend([ESCAPE, '0']),
            ESCAPE => escaped.extend([ESCAPE, '1']),
            sign => escaped.push(sign),
        }
    }
    Some(escaped)
}

fn unescaped(text: &str) -> Option<String> {
    if !text.contains(ESCAPE) {
        return None;
    }
    let mut unescaped = String::with_capacity(text.len());
    let mut signs = text.chars();
    while let Some(sign) = signs.next() {
        match sign {
            ESCAPE => unescaped.push(match signs.next() {
                Some('0') => '\0',
                _ => ESCAPE,
            }),
            sign => unescaped.push(sign),
        }
    }
    Some(unescaped)
}

/// Changes texts in place: few texts of a large document change.
fn each_text(value: &mut Value, change: &impl Fn(&str) -> Option<String>) {
    match value {
        Value::String(text) => {
            if let Some(changed) = change(text) {
                *text = changed;
            }
        }
        Value::Array(items) => {
            for item in items {
                each_text(item, change);
            }
        }
        Value::Object(fields) => {
            for field in fields.values_mut() {
                each_text(field, change);
            }
            let keys = fields.keys();
            let changed: Vec<_> = keys
                .filter_map(|key| Some((key.clone(), change(key)?)))
                .collect();
            // Remove all first: the new name of one may be the old name of another.
            let taken: Vec<_> = changed
                .into_iter()
                .map(|(key, changed)| (changed, fields.remove(&key).unwrap_or_default()))
                .collect();
            fields.extend(taken);
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Returns the change from `from` to `to`: `{"=": whole}`, or for an object `{"-": [removed keys], "+": {new or changed
/// keys}}`.
pub(super) fn difference(from: &Value, to: &Value) -> Value {
    let (Value::Object(from), Value::Object(to)) = (from, to) else {
        return Value::Object(Map::from_iter([("=".to_owned(), to.clone())]));
    };
    let gone: Vec<Value> = from
        .keys()
        .filter(|key| !to.contains_key(*key))
        .map(|key| Value::String(key.clone()))
        .collect();
    let mut come = Map::new();
    for (key, value) in to {
        match from.get(key) {
            Some(old) if old == value => {}
            Some(old) => {
                come.insert(key.clone(), difference(old, value));
            }
            None => {
                come.insert(key.clone(), difference(&Value::Null, value));
            }
        }
    }
    let mut difference = Map::new();
    if !gone.is_empty() {
        difference.insert("-".to_owned(), Value::Array(gone));
    }
    if !come.is_empty() {
        difference.insert("+".to_owned(), Value::Object(come));
    }
    Value::Object(difference)
}

/// Applies a difference to the value it was computed from.
pub(super) fn applied(from: Value, difference: Value) -> Value {
    let Value::Object(mut difference) = difference else {
        return from;
    };
    if let Some(whole) = difference.remove("=") {
        return whole;
    }
    let Value::Object(mut fields) = from else {
        return from;
    };
    if let Some(Value::Array(gone)) = difference.remove("-") {
        for key in gone.iter().filter_map(Value::as_str) {
            fields.remove(key);
        }
    }
    if let Some(Value::Object(come)) = difference.remove("+") {
        for (key, change) in come {
            let old = fields.remove(&key).unwrap_or_default();
            fields.insert(key, applied(old, change));
        }
    }
    Value::Object(fields)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn any_text_and_any_key_comes_back_and_none_has_what_jsonb_does_not_take() {
        let value = json!({
            "\0": "\0\0", "\u{f8ff}": "\u{f8ff}0", "\u{f8ff}1": ["\u{f8ff}1", 7, null], "\u{f8ff}0": {}, "": "plain",
            "\u{f8ff}11": { "\0": true },
        });
        let stored = stored(&value).unwrap();
        assert!(!stored.to_string().contains("\\u0000"), "{stored}");
        assert_eq!(restored::<Value>(stored).unwrap(), value);
    }

    #[test]
    fn a_difference_takes_any_document_to_any_other() {
        let documents = [
            json!(null),
            json!({}),
            json!({ "=": 1, "-": ["+"], "+": { "=": {} } }),
            json!({ "a": { "b": { "c": 1, "d": [1, 2] } }, "e": null }),
            json!({ "a": { "b": { "c": 2 } }, "-": "-" }),
            json!({ "a": [], "e": { "b": 1 } }),
            json!([{ "a": 1 }]),
        ];
        for from in &documents {
            for to in &documents {
                let difference = difference(from, to);
                assert_eq!(&applied(from.clone(), difference), to, "{from} to {to}");
            }
        }
        let small = difference(&documents[3], &documents[3]);
        assert_eq!(small, json!({}));
    }
}
