//! Writes looks to files, byte for byte reproducible, and reads them back strictly.
//!
//! `check` checks consistency. Files are TOML, so that people can read and change them; JSON is accepted as well. A
//! look cannot contain a secret: an observation has no field for one.

mod check;

use serde_json::Value;

use crate::model::Observation;

pub use check::{Misfit, check};

/// The longest accepted file: a device with 24 ports and 384 subscribers has some 200 KB.
pub const LONGEST: usize = 16 << 20;

/// The reason why a file is not a look.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    #[error("it has {got} bytes; a look has at most {LONGEST}")]
    TooLong { got: usize },
    #[error("it is not text")]
    NotText,
    #[error("it is not a look at a device: {0}")]
    Toml(String),
    #[error("it is not a look at a device")]
    Json(#[source] serde_json::Error),
    #[error("unknown key `{path}`; it may come from another version of gamctl, so look again")]
    UnknownKey { path: String },
    #[error("it is not a look at a device: {0}")]
    Misfit(#[from] Misfit),
}

/// Returns a look as the text of a file.
///
/// # Errors
///
/// Fails if a value cannot be written in TOML, which does not occur in a look.
pub fn to_toml(observation: &Observation) -> Result<String, RecordError> {
    toml::to_string_pretty(observation).map_err(|error| RecordError::Toml(error.to_string()))
}

/// Returns the look in a file: JSON if it starts with a brace, else TOML.
///
/// # Errors
///
/// Fails if a key or value does not belong to a look, or if the look is inconsistent.
pub fn from_bytes(bytes: &[u8]) -> Result<Observation, RecordError> {
    if bytes.len() > LONGEST {
        return Err(RecordError::TooLong { got: bytes.len() });
    }
    let text = std::str::from_utf8(bytes).map_err(|_| RecordError::NotText)?;
    let (observation, read): (Observation, Value) = if text.trim_start().starts_with('{') {
        let observation = serde_json::from_str(text).map_err(RecordError::Json)?;
        (
            observation,
            serde_json::from_str(text).map_err(RecordError::Json)?,
        )
    } else {
        let observation = toml::from_str(text).map_err(|error| placed(text, &error))?;
        (
            observation,
            toml::from_str(text).map_err(|error| placed(text, &error))?,
        )
    };
    let known = serde_json::to_value(&observation).map_err(RecordError::Json)?;
    if let Some(path) = unknown_key(&read, &known, "") {
        return Err(RecordError::UnknownKey { path });
    }
    check(&observation)?;
    Ok(observation)
}

fn placed(text: &str, error: &toml::de::Error) -> RecordError {
    let at = error.span().map_or(0, |span| span.start);
    let line = text.get(..at).unwrap_or_default().matches('\n').count() + 1;
    RecordError::Toml(format!("line {line}: {}", error.message()))
}

/// Returns a key that was read but would not be written, which is an unknown one; empty values are never written.
fn unknown_key(read: &Value, known: &Value, path: &str) -> Option<String> {
    match (read, known) {
        (Value::Object(read), Value::Object(known)) => read.iter().find_map(|(key, value)| {
            let path = match path {
                "" => key.clone(),
                path => format!("{path}.{key}"),
            };
            // A MAC address may be written in other ways than ours.
            let again = known
                .get(key)
                .or_else(|| known.get(&key.to_ascii_lowercase().replace('-', ":")));
            match again {
                Some(known) => unknown_key(value, known, &path),
                None if is_empty(value) => None,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        DeviceName, LinkHealth, Mbps, Part, PortConfig, PortNumber, ProfileConfig, Slot, Unread,
    };

    fn look() -> Observation {
        let mut look = Observation::of(DeviceName::new("maple-a").unwrap());
        let port = PortNumber::new(7).unwrap();
        look.config.ports.insert(port, PortConfig::default());
        let profile = ProfileConfig {
            slot: Some(Slot(2)),
            description: None,
            down: Mbps::new(106).unwrap(),
            up: Mbps::new(106).unwrap(),
        };
        let name = "home 100".parse().unwrap();
        look.config.profiles.insert(name, profile);
        look.health.ports.insert(port, LinkHealth::default());
        look.unread.push(Unread {
            part: Part::Endpoints,
            number: Some(7),
            field: Some("port".to_owned()),
            reason: "it timed out".to_owned(),
        });
        look
    }

    #[test]
    fn a_look_survives_a_trip_through_a_file() {
        let text = to_toml(&look()).unwrap();
        assert_eq!(from_bytes(text.as_bytes()).unwrap(), look());
        let json = serde_json::to_vec(&look()).unwrap();
        assert_eq!(from_bytes(&json).unwrap(), look());
        assert_eq!(to_toml(&look()).unwrap(), text);
    }

    #[test]
    fn a_file_that_is_not_a_look_is_refused_with_a_reason() {
        let good = to_toml(&look()).unwrap();
        let wrong = |text: String| from_bytes(text.as_bytes()).unwrap_err().to_string();
        let unknown = wrong(good.replace("down = 106", "down = 106\nsideways = 3"));
        assert!(
            unknown.contains("config.profiles.home 100.sideways"),
            "{unknown}"
        );
        let line = wrong(good.replace("down = 106", "down = 0"));
        assert!(line.contains("line "), "{line}");
        let slot = wrong(good.replace("slot = 2\n", ""));
        assert!(slot.contains("has no slot"), "{slot}");
        assert!(matches!(from_bytes(&[0xff]), Err(RecordError::NotText)));
        let long = vec![b' '; LONGEST + 1];
        assert!(matches!(
            from_bytes(&long),
            Err(RecordError::TooLong { .. })
        ));
    }
}
