//! Between a twin's configuration and an observation of it, without a network.

use gamctl::model::{
    DeviceConfig, EndpointConfig, HeldText, Mbps, Observation, Part, PortAssignment, PortConfig,
    PortNumber, ProfileConfig, RateLimit, Slot, SubscriberConfig, Unread, UplinkConfig,
    UplinkNumber, VlanId,
};
use gamctl::simulator::commands::merge;
use gamctl::simulator::gam::{Configuration, ExpectedPort, Hardware};

use super::case::unclear;

fn held(text: &str) -> Option<HeldText> {
    (!text.is_empty()).then(|| HeldText::new(text).unwrap())
}

fn port_of(place: ExpectedPort) -> PortAssignment {
    match place {
        ExpectedPort::Port(port) => PortAssignment::Port(PortNumber::new(port).unwrap()),
        ExpectedPort::Auto => PortAssignment::Auto,
        ExpectedPort::Unassigned => PortAssignment::Unassigned,
    }
}

/// Returns everything that is on a twin, with numbers.
pub(crate) fn observed(running: &Configuration) -> DeviceConfig {
    let mut config = DeviceConfig::default();
    config.system.hostname = held(&running.hostname);
    config.system.location = held(&running.location);
    config.system.contact = held(&running.contact);
    for (number, uplink) in &running.uplinks {
        config.uplinks.insert(
            UplinkNumber::new(*number).unwrap(),
            UplinkConfig {
                allowed_vlans: Some(uplink.allowed.clone()),
            },
        );
    }
    for (number, port) in &running.ports {
        config.ports.insert(
            PortNumber::new(*number).unwrap(),
            PortConfig {
                name: held(&port.name),
                enabled: Some(!port.shutdown),
                mode: Some(port.mode),
            },
        );
    }
    for (id, profile) in &running.profiles {
        config.profiles.insert(
            profile.name.parse().unwrap(),
            ProfileConfig {
                slot: Some(Slot(*id)),
                description: held(&profile.description),
                down: Mbps::new(profile.down).unwrap(),
                up: Mbps::new(profile.up).unwrap(),
            },
        );
    }
    for (id, endpoint) in &running.endpoints {
        config.endpoints.insert(
            endpoint.mac,
            EndpointConfig {
                slot: Some(Slot(*id)),
                name: endpoint.name.parse().unwrap(),
                port: port_of(endpoint.port),
            },
        );
    }
    let vlan = |id: u16| VlanId::new(id).unwrap();
    for (id, subscriber) in &running.subscribers {
        config.subscribers.insert(
            subscriber.name.parse().unwrap(),
            SubscriberConfig {
                slot: Some(Slot(*id)),
                description: held(&subscriber.description),
                endpoint: subscriber.endpoint.map(|id| running.endpoints[&id].mac),
                rate: match subscriber.profile {
                    None => RateLimit::Unthrottled,
                    Some(id) => RateLimit::Profile(running.profiles[&id].name.parse().unwrap()),
                },
                vlan: vlan(subscriber.vlan),
                tagged: subscriber.tagged,
                remapped_vlan: subscriber.remapped_vlan.map(vlan),
                allowed_vlans: subscriber.allowed_vlans.clone(),
                port2_vlan: subscriber.port2_vlan.map(vlan),
                poe: Some(subscriber.poe),
            },
        );
    }
    config
}

/// Takes an object out of an observation's types and says of it what a look would.
pub(super) fn make_unclear(
    observation: &mut Observation,
    running: &Configuration,
    part: Part,
    number: u16,
) {
    let slot = Some(Slot(number));
    let mut spot = unclear(part, number);
    match part {
        Part::Profiles => {
            let Some(profile) = running.profiles.get(&number) else {
                return;
            };
            spot.name = Some(profile.name.to_string());
            observation
                .config
                .profiles
                .retain(|_, one| one.slot != slot);
            // Those who use it refer to something that is not there.
        }
        Part::Endpoints => {
            let Some(endpoint) = running.endpoints.get(&number) else {
                return;
            };
            spot.name = Some(endpoint.name.to_string());
            spot.mac = Some(endpoint.mac);
            spot.port = Some(port_of(endpoint.port));
            observation
                .config
                .endpoints
                .retain(|_, one| one.slot != slot);
        }
        _ => {
            let Some(subscriber) = running.subscribers.get(&number) else {
                return;
            };
            spot.name = Some(subscriber.name.to_string());
            spot.uses_endpoint = subscriber.endpoint.map(Slot);
            spot.uses_profile = subscriber.profile.map(Slot);
            spot.vlans = VlanId::new(subscriber.vlan).into_iter().collect();
            observation
                .config
                .subscribers
                .retain(|_, one| one.slot != slot);
        }
    }
    observation.unclear.push(spot);
}

/// Puts a stand-in where a field's value was.
pub(super) fn lose_field(
    observation: &mut Observation,
    part: Part,
    number: u16,
    field: &'static str,
) {
    let slot = Some(Slot(number));
    let config = &mut observation.config;
    let is_there = match part {
        Part::Profiles => {
            let mut found = config.profiles.values_mut().filter(|one| one.slot == slot);
            found.next().map(|one| match field {
                "down" => one.down = Mbps::new(1).unwrap(),
                _ => one.description = None,
            })
        }
        Part::Endpoints => {
            let mut found = config.endpoints.values_mut().filter(|one| one.slot == slot);
            found.next().map(|one| match field {
                "port" => one.port = PortAssignment::Unassigned,
                _ => one.name = "stand-in".parse().unwrap(),
            })
        }
        _ => {
            let mut found = config.subscribers.values_mut();
            found.find(|one| one.slot == slot).map(|one| match field {
                "endpoint" => one.endpoint = None,
                "rate" => one.rate = RateLimit::Unthrottled,
                "vlan" => one.vlan = VlanId::UNSERVED,
                "tagged" => one.tagged = false,
                "poe" => one.poe = None,
                _ => one.description = None,
            })
        }
    };
    if is_there.is_some() {
        observation.unread.push(Unread {
            part,
            number: Some(number),
            field: Some(field.to_owned()),
            reason: "it did not decode".to_owned(),
        });
    }
}

/// Runs the lines of one step; what the device objects to is the error.
pub(crate) fn run<L: AsRef<str>>(
    lines: &[L],
    running: &mut Configuration,
    hardware: &Hardware,
) -> Result<(), String> {
    let rejected = merge(
        &lines
            .iter()
            .map(AsRef::as_ref)
            .collect::<Vec<&str>>()
            .join("\n"),
        running,
        hardware,
    );
    match rejected.first() {
        None => Ok(()),
        Some(line) => Err(line.to_string()),
    }
}
