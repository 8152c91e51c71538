//! Applies an edit of a subscriber, and checks it against the other objects of the device.

use super::HIGHEST_ID;
use crate::simulator::gam::text::is_name;
use crate::simulator::gam::{Configuration, Refusal, Subscriber, SubscriberOptions};

pub(super) fn set_subscriber(
    configuration: &mut Configuration,
    id: u16,
    options: &SubscriberOptions,
) -> Result<(), Refusal> {
    if !(1..=HIGHEST_ID).contains(&id) {
        return Err(Refusal::InvalidSubscriber);
    }
    let mut subscriber = match configuration.subscribers.get(&id) {
        Some(subscriber) => subscriber.clone(),
        None => Subscriber::named(options.name.as_deref().ok_or(Refusal::SubscriberName)?),
    };
    subscriber.take(options);
    check_subscriber(configuration, id, &subscriber)?;
    subscriber.check_values()?;
    configuration.subscribers.insert(id, subscriber);
    Ok(())
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
