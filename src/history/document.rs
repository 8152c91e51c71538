//! Values as JSON documents that both engines take and give back exactly, and what two documents differ in.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

/// `jsonb` has no U+0000; it is stored as this and a `0`, and this itself as this and a `1`.
const ESCAPE: char = '\u{f8ff}';

/// Returns a value as it is stored.
pub(super) fn stored<T: Serialize>(value: &T) -> Result<Value, serde_json::Error> {
    Ok(each_text(serde_json::to_value(value)?, &escaped))
}

/// Returns a stored value as it was.
pub(super) fn restored<T: DeserializeOwned>(document: Value) -> Result<T, serde_json::Error> {
    serde_json::from_value(each_text(document, &unescaped))
}

/// Returns a text for a column of its own, where Postgres takes no U+0000 and nobody reads it back exactly.
pub(super) fn plain(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

/// Returns SHA-256 over a document, in hexadecimal.
pub(super) fn digest(document: &Value) -> String {
    // Maps of `Value` are sorted, so the same document is the same text.
    let octets = Sha256::digest(document.to_string().as_bytes());
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

fn escaped(text: String) -> String {
    if !text.contains(['\0', ESCAPE]) {
        return text;
    }
    let mut escaped = String::with_capacity(text.len() + 8);
    for sign in text.chars() {
        match sign {
            '\0' => escaped.extend([ESCAPE, '0']),
            ESCAPE => escaped.extend([ESCAPE, '1']),
            sign => escaped.push(sign),
        }
    }
    escaped
}

fn unescaped(text: String) -> String {
    if !text.contains(ESCAPE) {
        return text;
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
    unescaped
}

fn each_text(value: Value, change: &impl Fn(String) -> String) -> Value {
    match value {
        Value::String(text) => Value::String(change(text)),
        Value::Array(items) => {
            let items = items.into_iter().map(|item| each_text(item, change));
            Value::Array(items.collect())
        }
        Value::Object(fields) => {
            let fields = fields.into_iter();
            let fields = fields.map(|(key, value)| (change(key), each_text(value, change)));
            Value::Object(fields.collect())
        }
        other => other,
    }
}

/// Returns what takes `from` to `to`: `{"=": whole}`, or of an object `{"-": [keys that go], "+": {keys that come or change}}`.
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

/// Returns what `difference` was taken to.
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
