//! Looks in files: written by `observe --save`, read by `plan --offline` and by everybody who wants to see what was seen.

use crate::model::Observation;

/// A device with 24 ports and 384 subscribers has some 200 KB.
const MAX_BYTES: usize = 16 << 20;

/// Why a file is no look at a device.
#[derive(Debug, thiserror::Error)]
pub enum RecordedError {
    #[error("it has {size} bytes, and {MAX_BYTES} are the most a look has")]
    TooLarge { size: usize },
    #[error("it is no text")]
    NotText,
    #[error("it is no look at a device: {0}")]
    Toml(String),
    #[error("it is no look at a device")]
    Json(#[source] serde_json::Error),
}

/// Returns a look as TOML, for people to read and change.
pub fn to_toml(observation: &Observation) -> Result<String, RecordedError> {
    let text = toml::to_string_pretty(observation);
    text.map_err(|error| RecordedError::Toml(error.to_string()))
}

/// Reads a look: JSON where it begins with a brace, else TOML.
pub fn from_bytes(bytes: &[u8]) -> Result<Observation, RecordedError> {
    if bytes.len() > MAX_BYTES {
        return Err(RecordedError::TooLarge { size: bytes.len() });
    }
    let text = std::str::from_utf8(bytes).map_err(|_| RecordedError::NotText)?;
    if text.trim_start().starts_with('{') {
        return serde_json::from_str(text).map_err(RecordedError::Json);
    }
    toml::from_str(text).map_err(|error: toml::de::Error| {
        let at = error.span().map_or(0, |span| span.start);
        let line = text.get(..at).unwrap_or_default().matches('\n').count() + 1;
        RecordedError::Toml(format!("line {line}: {}", error.message()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        DeviceName, LinkHealth, Mbps, PortConfig, PortNumber, ProfileConfig, Slot, Unread,
    };

    #[test]
    fn a_look_survives_a_trip_through_a_file() {
        let mut look = Observation::of(DeviceName::new("maple-a").unwrap());
        let port = PortNumber::new(7).unwrap();
        look.config.ports.insert(port, PortConfig::default());
        let profile = ProfileConfig {
            slot: Some(Slot(2)),
            description: None,
            down: Mbps::new(106).unwrap(),
            up: Mbps::new(106).unwrap(),
        };
        look.config
            .profiles
            .insert("home 100".parse().unwrap(), profile);
        look.health.ports.insert(port, LinkHealth::default());
        look.unread.push(Unread {
            part: crate::model::Part::Ports,
            number: Some(7),
            field: None,
            reason: "timed out".to_owned(),
        });
        let text = to_toml(&look).unwrap();
        assert_eq!(from_bytes(text.as_bytes()).unwrap(), look, "{text}");
        let text = serde_json::to_string(&look).unwrap();
        assert_eq!(from_bytes(text.as_bytes()).unwrap(), look);
        for broken in ["", "x", "{", "{}", "\u{0}"] {
            assert!(from_bytes(broken.as_bytes()).is_err(), "{broken}");
        }
    }
}
