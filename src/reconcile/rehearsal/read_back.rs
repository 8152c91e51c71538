//! Reads the configuration of a simulated device as a look at it would, beginning with the look that it was made from.
//!
//! What the lines did not touch stays as it was observed, also fields that no look could read.

use std::collections::BTreeMap;

use crate::model::{
    DeviceConfig, EndpointConfig, HeldText, Mbps, Observation, Part, PortAssignment, PortConfig,
    PortNumber, ProfileConfig, RateLimit, Slot, SubscriberConfig, UplinkConfig, UplinkNumber,
    VlanId,
};
use crate::simulator::gam::{Configuration, Endpoint, ExpectedPort, Profile, Subscriber};

/// Returns the configuration after the lines; the error names what no look could read.
pub(super) fn read_back(
    observation: &Observation,
    begins: &Configuration,
    ends: &Configuration,
) -> Result<DeviceConfig, String> {
    let before = &observation.config;
    let mut config = DeviceConfig {
        system: before.system.clone(),
        uplinks: before.uplinks.clone(),
        ports: before.ports.clone(),
        ..DeviceConfig::default()
    };
    system(&mut config, begins, ends);
    uplinks(&mut config, begins, ends);
    ports(&mut config, begins, ends);
    let is_unclear = |part: Part, id: u16| {
        let mut unclear = observation.unclear.iter();
        unclear.any(|unclear| unclear.part == part && unclear.slot == Slot(id))
    };
    let known: BTreeMap<Slot, _> = by_slot(&before.profiles, |one| one.slot);
    for (id, profile) in &ends.profiles {
        if is_unclear(Part::Profiles, *id) {
            continue;
        }
        let is_as_before = begins.profiles.get(id) == Some(profile);
        match known.get(&Slot(*id)).filter(|_| is_as_before) {
            Some((name, before)) => {
                config.profiles.insert((*name).clone(), (*before).clone());
            }
            // The device had it, and the look that began did not: a table that could not be read.
            None if is_as_before => {}
            None => {
                let name = profile.name.parse();
                let name =
                    name.map_err(|_| format!("a profile with the name `{}`", profile.name))?;
                config.profiles.insert(name, read_profile(*id, profile)?);
            }
        }
    }
    let known: BTreeMap<Slot, _> = by_slot(&before.endpoints, |one| one.slot);
    for (id, endpoint) in &ends.endpoints {
        if is_unclear(Part::Endpoints, *id) {
            continue;
        }
        let is_as_before = begins.endpoints.get(id) == Some(endpoint);
        match known.get(&Slot(*id)).filter(|_| is_as_before) {
            Some((mac, before)) => {
                config.endpoints.insert(**mac, (*before).clone());
            }
            None if is_as_before => {}
            None => {
                config
                    .endpoints
                    .insert(endpoint.mac, read_endpoint(*id, endpoint)?);
            }
        }
    }
    let known: BTreeMap<Slot, _> = by_slot(&before.subscribers, |one| one.slot);
    for (id, subscriber) in &ends.subscribers {
        if is_unclear(Part::Subscribers, *id) {
            continue;
        }
        let is_as_before = begins.subscribers.get(id) == Some(subscriber)
            && uses(begins, subscriber) == uses(ends, subscriber);
        match known.get(&Slot(*id)).filter(|_| is_as_before) {
            Some((name, before)) => {
                config
                    .subscribers
                    .insert((*name).clone(), (*before).clone());
            }
            None if is_as_before => {}
            None => {
                let name = subscriber.name.parse();
                let name =
                    name.map_err(|_| format!("a subscriber with the name `{}`", subscriber.name))?;
                let read = read_subscriber(*id, subscriber, ends)?;
                config.subscribers.insert(name, read);
            }
        }
    }
    Ok(config)
}

fn by_slot<K, V>(
    objects: &BTreeMap<K, V>,
    slot: impl Fn(&V) -> Option<Slot>,
) -> BTreeMap<Slot, (&K, &V)> {
    let known = objects.iter();
    known
        .filter_map(|(key, value)| Some((slot(value)?, (key, value))))
        .collect()
}

/// Returns the endpoint and the profile that a subscriber's numbers stand for.
fn uses<'a>(
    configuration: &'a Configuration,
    subscriber: &Subscriber,
) -> (Option<&'a Endpoint>, Option<&'a str>) {
    let endpoint = subscriber.endpoint;
    let profile = subscriber.profile;
    (
        endpoint.and_then(|id| configuration.endpoints.get(&id)),
        profile.and_then(|id| Some(configuration.profiles.get(&id)?.name.as_str())),
    )
}

fn system(config: &mut DeviceConfig, begins: &Configuration, ends: &Configuration) {
    for (text, before, after) in [
        (
            &mut config.system.hostname,
            &begins.hostname,
            &ends.hostname,
        ),
        (
            &mut config.system.location,
            &begins.location,
            &ends.location,
        ),
        (&mut config.system.contact, &begins.contact, &ends.contact),
    ] {
        if before != after {
            *text = held(after);
        }
    }
}

fn uplinks(config: &mut DeviceConfig, begins: &Configuration, ends: &Configuration) {
    for (number, uplink) in &ends.uplinks {
        let is_as_before = begins.uplinks.get(number) == Some(uplink);
        if let (false, Ok(number)) = (is_as_before, UplinkNumber::new(*number)) {
            let allowed_vlans = Some(uplink.allowed.clone());
            config
                .uplinks
                .insert(number, UplinkConfig { allowed_vlans });
        }
    }
}

fn ports(config: &mut DeviceConfig, begins: &Configuration, ends: &Configuration) {
    for (number, port) in &ends.ports {
        let (Some(before), Ok(number)) = (begins.ports.get(number), PortNumber::new(*number))
        else {
            continue;
        };
        if before == port {
            continue;
        }
        let read: &mut PortConfig = config.ports.entry(number).or_default();
        if before.name != port.name {
            read.name = held(&port.name);
        }
        if before.shutdown != port.shutdown {
            read.enabled = Some(!port.shutdown);
        }
        if before.mode != port.mode {
            read.mode = Some(port.mode);
        }
    }
}

fn read_profile(id: u16, profile: &Profile) -> Result<ProfileConfig, String> {
    let rate = |rate: u32| Mbps::new(rate).map_err(|_| format!("a rate of {rate} Mbps"));
    Ok(ProfileConfig {
        slot: Some(Slot(id)),
        description: held(&profile.description),
        down: rate(profile.down)?,
        up: rate(profile.up)?,
    })
}

fn read_endpoint(id: u16, endpoint: &Endpoint) -> Result<EndpointConfig, String> {
    let name = endpoint.name.parse();
    Ok(EndpointConfig {
        slot: Some(Slot(id)),
        name: name.map_err(|_| format!("an endpoint with the name `{}`", endpoint.name))?,
        port: match endpoint.port {
            ExpectedPort::Port(port) => {
                let port = PortNumber::new(port).map_err(|_| format!("a port {port}"))?;
                PortAssignment::Port(port)
            }
            ExpectedPort::Auto => PortAssignment::Auto,
            ExpectedPort::Unassigned => PortAssignment::Unassigned,
        },
    })
}

fn read_subscriber(
    id: u16,
    subscriber: &Subscriber,
    ends: &Configuration,
) -> Result<SubscriberConfig, String> {
    let vlan = |vlan: u16| VlanId::new(vlan).map_err(|_| format!("a VLAN {vlan}"));
    let optional = |id: Option<u16>| id.map(vlan).transpose();
    let rate = match subscriber.profile {
        None => RateLimit::Unthrottled,
        Some(id) => {
            let profile = ends.profiles.get(&id);
            let name = profile.and_then(|profile| profile.name.parse().ok());
            RateLimit::Profile(name.ok_or_else(|| format!("a subscriber with profile {id}"))?)
        }
    };
    Ok(SubscriberConfig {
        slot: Some(Slot(id)),
        description: held(&subscriber.description),
        endpoint: subscriber
            .endpoint
            .and_then(|id| Some(ends.endpoints.get(&id)?.mac)),
        rate,
        vlan: vlan(subscriber.vlan)?,
        tagged: subscriber.tagged,
        remapped_vlan: optional(subscriber.remapped_vlan)?,
        allowed_vlans: subscriber.allowed_vlans.clone(),
        port2_vlan: optional(subscriber.port2_vlan)?,
        poe: Some(subscriber.poe),
    })
}

fn held(text: &str) -> Option<HeldText> {
    HeldText::new(text).ok().filter(|_| !text.is_empty())
}
