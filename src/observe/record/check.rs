//! Checks that an observation read from a file is consistent, before a plan is made from it.

use std::collections::BTreeSet;

use crate::model::{Observation, Part, RateLimit, Slot};

/// The inconsistency.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Misfit {
    #[error("{part} `{name}` has no slot; every observed object has one")]
    NoSlot { part: &'static str, name: String },
    #[error("two of its {part} have slot {slot}")]
    SharedSlot { part: &'static str, slot: u16 },
    #[error("subscriber `{name}` has endpoint {endpoint}, which does not exist")]
    NoEndpoint { name: String, endpoint: String },
    #[error("endpoint {endpoint} has more than one subscriber")]
    SharedEndpoint { endpoint: String },
    #[error("subscriber `{name}` has profile `{profile}`, which does not exist")]
    NoProfile { name: String, profile: String },
    #[error("two endpoints are named `{name}`")]
    SharedName { name: String },
}

/// Checks that numbers are unique and references lead to objects.
///
/// # Errors
///
/// Fails with the first inconsistency.
pub fn check(observation: &Observation) -> Result<(), Misfit> {
    let config = &observation.config;
    let profiles = config
        .profiles
        .iter()
        .map(|(name, one)| (name.to_string(), one.slot));
    slots(observation, Part::Profiles, profiles)?;
    let endpoints = config
        .endpoints
        .iter()
        .map(|(mac, one)| (mac.to_string(), one.slot));
    slots(observation, Part::Endpoints, endpoints)?;
    let subscribers = config
        .subscribers
        .iter()
        .map(|(name, one)| (name.to_string(), one.slot));
    slots(observation, Part::Subscribers, subscribers)?;
    let mut names = BTreeSet::new();
    for endpoint in config.endpoints.values() {
        if !names.insert(&endpoint.name) {
            let name = endpoint.name.to_string();
            return Err(Misfit::SharedName { name });
        }
    }
    let mut served = BTreeSet::new();
    for (name, subscriber) in &config.subscribers {
        if let Some(mac) = subscriber.endpoint {
            let endpoint = mac.to_string();
            if !config.endpoints.contains_key(&mac) {
                let name = name.to_string();
                return Err(Misfit::NoEndpoint { name, endpoint });
            }
            if !served.insert(mac) {
                return Err(Misfit::SharedEndpoint { endpoint });
            }
        }
        if let RateLimit::Profile(profile) = &subscriber.rate
            && !config.profiles.contains_key(profile)
        {
            return Err(Misfit::NoProfile {
                name: name.to_string(),
                profile: profile.to_string(),
            });
        }
    }
    Ok(())
}

fn slots(
    observation: &Observation,
    part: Part,
    objects: impl Iterator<Item = (String, Option<Slot>)>,
) -> Result<(), Misfit> {
    let unclear = observation.unclear.iter();
    let unclear = unclear.filter(|unclear| unclear.part == part);
    let mut taken = BTreeSet::new();
    let all = objects.chain(unclear.map(|unclear| (String::new(), Some(unclear.slot))));
    let part = part.as_str();
    for (name, slot) in all {
        let Some(slot) = slot else {
            return Err(Misfit::NoSlot { part, name });
        };
        if !taken.insert(slot) {
            return Err(Misfit::SharedSlot { part, slot: slot.0 });
        }
    }
    Ok(())
}
