//! Applies an edit of a subscriber, and checks it against the other objects of the device.

use super::HIGHEST_ID;
use crate::simulator::gam::text::{check_length, is_name};
use crate::simulator::gam::{
    Configuration, DEFAULT_PROFILE, Hardware, Refusal, Subscriber, SubscriberOptions,
    UnnamedProfile,
};

pub(super) fn set_subscriber(
    configuration: &mut Configuration,
    hardware: &Hardware,
    id: u16,
    options: &SubscriberOptions,
) -> Result<(), Refusal> {
    if !(1..=HIGHEST_ID).contains(&id) {
        return Err(Refusal::InvalidSubscriber);
    }
    let mut subscriber = match configuration.subscribers.get(&id) {
        Some(subscriber) => subscriber.clone(),
        None => Subscriber {
            profile: unnamed_profile(hardware),
            ..Subscriber::named(options.name.as_deref().ok_or(Refusal::SubscriberName)?)
        },
    };
    subscriber.take(options);
    check_subscriber(configuration, id, &subscriber)?;
    subscriber.check_values(hardware)?;
    check_length(hardware, options.description.as_ref())?;
    configuration.subscribers.insert(id, subscriber);
    Ok(())
}

/// Returns the profile of a new subscriber whose line names none.
fn unnamed_profile(hardware: &Hardware) -> Option<u16> {
    match hardware.assumptions.unnamed_profile {
        UnnamedProfile::None => None,
        UnnamedProfile::BuiltIn => Some(DEFAULT_PROFILE),
    }
}

fn check_subscriber(
    configuration: &Configuration,
    id: u16,
    subscriber: &Subscriber,
) -> Result<(), Refusal> {
    for (other, with) in &configuration.subscribers {
        if *other == id {
            continue;
        }
        if with.name == subscriber.name {
            return Err(Refusal::SubscriberName);
        }
        if with.endpoint.is_some() && with.endpoint == subscriber.endpoint {
            return Err(Refusal::EndpointTaken);
        }
    }
    if !is_name(&subscriber.name) {
        return Err(Refusal::SubscriberName);
    }
    if let Some(endpoint) = subscriber.endpoint
        && !configuration.endpoints.contains_key(&endpoint)
    {
        return Err(Refusal::NoSuchEndpoint);
    }
    if let Some(profile) = subscriber.profile
        && !configuration.profiles.contains_key(&profile)
    {
        return Err(Refusal::NoSuchProfile);
    }
    Ok(())
}
