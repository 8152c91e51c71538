//! Computes a short value that is equal for two observations of an unchanged device.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Observation, Unclear};

/// SHA-256 over the managed part of an observation, in hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint(String);

impl Fingerprint {
    /// Returns the fingerprint of everything that a plan can depend on: without health, time and the sources of parts.
    pub fn of(observation: &Observation) -> Self {
        // Reasons are for people and may contain durations, so they are left out.
        let unread = observation.unread.iter();
        let unread: Vec<_> = unread
            .map(|unread| (unread.part, unread.number, &unread.field))
            .collect();
        let unclear = observation.unclear.iter();
        let unclear: Vec<_> = unclear
            .map(|unclear| Unclear {
                reason: String::new(),
                ..unclear.clone()
            })
            .collect();
        let parts = (
            &observation.identity.serial,
            observation.identity.mac,
            observation.identity.model,
            &observation.config,
            &observation.uplink_facts,
            observation.management_vlan,
            unread,
            unclear,
        );
        // Maps are sorted and nothing here can fail to serialise; an empty text would only make every plan refuse.
        let text = serde_json::to_vec(&parts).unwrap_or_default();
        let mut hex = String::with_capacity(64);
        for octet in Sha256::digest(&text) {
            let _written = write!(hex, "{octet:02x}");
        }
        Self(hex)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for Fingerprint {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{DeviceName, Part, Unread};

    #[test]
    fn health_and_time_do_not_change_it_and_an_unread_part_does() {
        let mut observation = Observation::of(DeviceName::new("oak").unwrap());
        let before = Fingerprint::of(&observation);
        observation.taken_at = 7;
        observation.health.cpu_percent = Some(90);
        assert_eq!(Fingerprint::of(&observation), before);
        observation.unread.push(Unread {
            part: Part::Profiles,
            number: None,
            field: None,
            reason: "timed out".to_owned(),
        });
        assert_ne!(Fingerprint::of(&observation), before);
    }
}
