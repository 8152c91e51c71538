//! Applies an edit of a subscriber by the rules of the device.

use super::{HIGHEST_ID, check_description, is_name};
use crate::model::{VlanId, VlanSet};
use crate::simulator::gam::edit::SubscriberOptions;
use crate::simulator::gam::{Configuration, Refusal, Subscriber, UNSERVED_VLAN};

/// The most entries in a list of allowed VLANs, the twin's own number (docs/gam.md).
const MOST_ALLOWED_VLANS: usize = 12;

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
    take_subscriber_options(&mut subscriber, options);
    check_subscriber(configuration, id, &subscriber)?;
    check_vlans(&subscriber)?;
    check_description(&subscriber.description)?;
    configuration.subscribers.insert(id, subscriber);
    Ok(())
}

fn take_subscriber_options(subscriber: &mut Subscriber, options: &SubscriberOptions) {
    if let Some(name) = &options.name {
        subscriber.name.clone_from(name);
    }
    if let Some(description) = &options.description {
        subscriber.description.clone_from(description);
    }
    if let Some(endpoint) = options.endpoint {
        subscriber.endpoint = endpoint;
    }
    if let Some(vlan) = options.vlan {
        subscriber.vlan = vlan;
    }
    if let Some(tagged) = options.tagged {
        subscriber.tagged = tagged;
    }
    if let Some(remapped) = options.remapped_vlan {
        subscriber.remapped_vlan = remapped;
    }
    if let Some(profile) = options.profile {
        subscriber.profile = profile;
    }
    if let Some(allowed) = &options.allowed_vlans {
        subscriber.allowed_vlans.clone_from(allowed);
    }
    if let Some(port2) = options.port2_vlan {
        subscriber.port2_vlan = port2;
    }
    if let Some(poe) = options.poe {
        subscriber.poe = poe;
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

fn check_vlans(subscriber: &Subscriber) -> Result<(), Refusal> {
    if subscriber.vlan != UNSERVED_VLAN && !is_data_vlan(subscriber.vlan) {
        return Err(Refusal::DataVlan);
    }
    if let Some(remapped) = subscriber.remapped_vlan
        && !is_tag(remapped)
    {
        return Err(Refusal::RemappedVlan);
    }
    if let Some(port2) = subscriber.port2_vlan {
        if !is_data_vlan(port2) {
            return Err(Refusal::Port2Vlan);
        }
        if port2 == subscriber.vlan {
            return Err(Refusal::SameAsPort2Vlan);
        }
    }
    if subscriber.allowed_vlans.iter().count() > MOST_ALLOWED_VLANS {
        return Err(Refusal::TooManyAllowedVlans);
    }
    if outside_of_tags(&subscriber.allowed_vlans) {
        return Err(Refusal::AllowedVlan);
    }
    Ok(())
}

/// Returns whether the device carries subscriber data on this VLAN: not on its own ones (docs/gam.md).
fn is_data_vlan(vlan: u16) -> bool {
    (3..=4093).contains(&vlan) && !(3840..=3842).contains(&vlan)
}

fn is_tag(vlan: u16) -> bool {
    (3..=4093).contains(&vlan)
}

fn outside_of_tags(vlans: &VlanSet) -> bool {
    let lowest = vlans.ranges().first().map_or(3, |range| range.first.get());
    let highest = vlans
        .ranges()
        .last()
        .map_or(4093, |range| VlanId::get(range.last));
    !is_tag(lowest) || !is_tag(highest)
}
