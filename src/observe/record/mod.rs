//! Observations as files: written so that the same observation gives the same bytes, and read back as strictly as anything from outside.
//!
//! `check` what must fit together in one · `written` the form that people write by hand.
//!
//! No secret can be in one: an observation has no place for any.

mod check;
mod written;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::model::Observation;

pub use check::{Misfit, check};
pub use written::{WrittenError, from_toml};

/// The largest file that is read: a full device has a quarter of a megabyte.
pub const LONGEST: usize = 8 << 20;

const FORMAT: &str = "gamctl-observation";
const VERSION: u32 = 1;

/// Why a file is no recorded observation.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    #[error("it has {got} bytes, and a recorded observation has at most {LONGEST}")]
    TooLong { got: usize },
    #[error(
        "it is no JSON that an observation is recorded in; record it anew with `gamctl observe --save`"
    )]
    Json(#[source] serde_json::Error),
    #[error("it is no recorded observation (`format` is not `{FORMAT}`)")]
    Format,
    #[error("it is of version {got}, and this gamctl reads version {VERSION}; record it anew")]
    Version { got: u64 },
    #[error("it has a key that an observation does not have: `{path}`")]
    UnknownKey { path: String },
    #[error(transparent)]
    Misfit(#[from] Misfit),
}

#[derive(Serialize, Deserialize)]
struct Record {
    format: String,
    version: u32,
    observation: Observation,
}

/// Returns an observation as the text of a file.
pub fn to_json(observation: &Observation) -> String {
    let record = Record {
        format: FORMAT.to_owned(),
        version: VERSION,
        observation: observation.clone(),
    };
    // Maps with keys that are texts or numbers, and nothing else that could fail.
    let mut text = serde_json::to_string_pretty(&record).unwrap_or_default();
    text.push('\n');
    text
}

/// Returns the observation that a file holds.
///
/// # Errors
///
/// Fails where a single key or value is not as `to_json` writes it, or does not fit the others.
pub fn from_json(bytes: &[u8]) -> Result<Observation, RecordError> {
    if bytes.len() > LONGEST {
        return Err(RecordError::TooLong { got: bytes.len() });
    }
    let value: Value = serde_json::from_slice(bytes).map_err(RecordError::Json)?;
    if value.get("format").and_then(Value::as_str) != Some(FORMAT) {
        return Err(RecordError::Format);
    }
    let version = value.get("version").and_then(Value::as_u64).unwrap_or(0);
    if version != u64::from(VERSION) {
        return Err(RecordError::Version { got: version });
    }
    // From the bytes once more: a key that is there twice is an error then.
    let record: Record = serde_json::from_slice(bytes).map_err(RecordError::Json)?;
    let known = serde_json::to_value(&record).map_err(RecordError::Json)?;
    if let Some(path) = unknown_key(&value, &known, "") {
        return Err(RecordError::UnknownKey { path });
    }
    check(&record.observation)?;
    Ok(record.observation)
}

/// Returns a key that was read and is not written again; what is empty is left out when it is written.
fn unknown_key(read: &Value, known: &Value, path: &str) -> Option<String> {
    match (read, known) {
        (Value::Object(read), Value::Object(known)) => read.iter().find_map(|(key, value)| {
            let path = match path {
                "" => key.clone(),
                path => format!("{path}.{key}"),
            };
            match known.get(key) {
                Some(known) => unknown_key(value, known, &path),
                None if is_empty(value) && is_key(key) => None,
                None => Some(path),
            }
        }),
        (Value::Array(read), Value::Array(known)) => read
            .iter()
            .zip(known)
            .find_map(|(read, known)| unknown_key(read, known, path)),
        _ => None,
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Whether it looks like a name of a field at all.
fn is_key(key: &str) -> bool {
    key.bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}
