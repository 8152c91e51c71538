//! An observation as people write it by hand, for examples: what is left out is as it usually is.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::{Misfit, check};
use crate::model::{
    ConfigSource, Description, DeviceName, EndpointConfig, EndpointName, GamModel, Hostname,
    Identity, MacAddress, Mbps, Observation, Part, Poe, PortAssignment, PortConfig, PortMode,
    PortName, PortNumber, ProfileConfig, ProfileName, RateLimit, Serial, Slot, SubscriberConfig,
    SubscriberName, SystemConfig, SystemText, Unclear, Unread, UplinkConfig, UplinkFacts,
    UplinkMode, UplinkNumber, VlanId, VlanSet, highest_limiter,
};

/// Why a text is no observation.
#[derive(Debug, thiserror::Error)]
pub enum WrittenError {
    #[error("it is not an observation as people write it: {0}")]
    Toml(toml::de::Error),
    #[error("`{table}.{key}`: {problem}")]
    Number {
        table: &'static str,
        key: String,
        problem: String,
    },
    #[error(transparent)]
    Misfit(#[from] Misfit),
}

/// What a box is delivered with.
const OWN_PROFILE: &str = "default";
const OWN_SLOT: u16 = 1;
const PASSED_VLANS: &str = "3-4094";
const NATIVE_VLAN: u16 = 1;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    device: DeviceName,
    model: GamModel,
    serial: Option<Serial>,
    mac: Option<MacAddress>,
    firmware: Option<String>,
    management_vlan: Option<VlanId>,
    hostname: Option<Hostname>,
    location: Option<SystemText>,
    contact: Option<SystemText>,
    #[serde(default)]
    sequence: u64,
    #[serde(default)]
    taken_at: u64,
    /// All parts were read over the command line.
    #[serde(default)]
    from_running_config: bool,
    #[serde(default)]
    uplink: BTreeMap<String, WrittenUplink>,
    #[serde(default)]
    port: BTreeMap<String, WrittenPort>,
    #[serde(default)]
    profile: BTreeMap<ProfileName, WrittenProfile>,
    #[serde(default)]
    endpoint: BTreeMap<MacAddress, WrittenEndpoint>,
    #[serde(default)]
    subscriber: BTreeMap<SubscriberName, WrittenSubscriber>,
    #[serde(default)]
    unread: Vec<Unread>,
    #[serde(default)]
    unclear: Vec<Unclear>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenUplink {
    allowed_vlans: Option<VlanSet>,
    mode: Option<UplinkMode>,
    native_vlan: Option<VlanId>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenPort {
    name: Option<PortName>,
    enabled: Option<bool>,
    mode: Option<PortMode>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenProfile {
    slot: Option<Slot>,
    description: Option<Description>,
    down: Mbps,
    up: Mbps,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenEndpoint {
    slot: Option<Slot>,
    name: EndpointName,
    port: PortAssignment,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenSubscriber {
    slot: Option<Slot>,
    description: Option<Description>,
    endpoint: Option<MacAddress>,
    /// Left out: unthrottled.
    profile: Option<ProfileName>,
    vlan: VlanId,
    #[serde(default)]
    tagged: bool,
    remapped_vlan: Option<VlanId>,
    #[serde(default)]
    allowed_vlans: VlanSet,
    port2_vlan: Option<VlanId>,
    poe: Option<Poe>,
}

/// Returns the observation that a text describes.
///
/// What is left out: the ports of the model, enabled and without a name; one uplink, a trunk for 3–4094 with native VLAN 1; the device's
/// own profile in slot 1; power over Ethernet off; the lowest free slots, in the order of names.
///
/// # Errors
///
/// Fails where the text says what no device can be.
pub fn from_toml(text: &str) -> Result<Observation, WrittenError> {
    let written: Written = toml::from_str(text).map_err(WrittenError::Toml)?;
    let mut observation = Observation::of(written.device.clone());
    observation.sequence = written.sequence;
    observation.taken_at = written.taken_at;
    observation.identity = Identity {
        product: Some(written.model.product_number()),
        model: Some(written.model),
        name: written.hostname.as_ref().map(ToString::to_string),
        serial: written.serial.clone(),
        mac: written.mac,
        firmware: written.firmware.clone(),
        uptime_seconds: None,
    };
    observation.management_vlan = written.management_vlan;
    let source = match written.from_running_config {
        true => ConfigSource::RunningConfig,
        false => ConfigSource::Snmp,
    };
    observation.sources = Part::ALL.map(|part| (part, source)).into();
    observation.config.system = SystemConfig {
        hostname: written.hostname,
        location: written.location,
        contact: written.contact,
    };
    add_ports(written.port, written.model, &mut observation)?;
    add_uplinks(written.uplink, &mut observation)?;
    add_profiles(
        written.profile,
        written.model,
        &written.unclear,
        &mut observation,
    );
    let endpoints = written.endpoint.iter().map(|(mac, one)| (*mac, one.slot));
    let mut slots = free_slots(endpoints.collect(), Part::Endpoints, &written.unclear, 1);
    for (mac, one) in written.endpoint {
        let config = EndpointConfig {
            slot: slots.remove(&mac),
            name: one.name,
            port: one.port,
        };
        observation.config.endpoints.insert(mac, config);
    }
    let subscribers = written.subscriber.iter();
    let subscribers = subscribers.map(|(name, one)| (name.clone(), one.slot));
    let mut slots = free_slots(
        subscribers.collect(),
        Part::Subscribers,
        &written.unclear,
        1,
    );
    for (name, one) in written.subscriber {
        let config = subscriber(one, slots.remove(&name));
        observation.config.subscribers.insert(name, config);
    }
    observation.unread = written.unread;
    observation.unclear = written.unclear;
    check(&observation)?;
    Ok(observation)
}

fn subscriber(one: WrittenSubscriber, slot: Option<Slot>) -> SubscriberConfig {
    let WrittenSubscriber {
        slot: _,
        description,
        endpoint,
        profile,
        vlan,
        tagged,
        remapped_vlan,
        allowed_vlans,
        port2_vlan,
        poe,
    } = one;
    SubscriberConfig {
        slot,
        description,
        endpoint,
        rate: profile.map_or(RateLimit::Unthrottled, RateLimit::Profile),
        vlan,
        tagged,
        remapped_vlan,
        allowed_vlans,
        port2_vlan,
        poe: Some(poe.unwrap_or(Poe::Disable)),
    }
}

fn add_ports(
    written: BTreeMap<String, WrittenPort>,
    model: GamModel,
    observation: &mut Observation,
) -> Result<(), WrittenError> {
    let usual = match model.medium() {
        crate::model::Medium::Coax => PortMode::Coax,
        crate::model::Medium::Copper => PortMode::Mimo,
    };
    let mut all: BTreeMap<PortNumber, WrittenPort> = (1..=model.port_count())
        .filter_map(|number| Some((PortNumber::new(number).ok()?, WrittenPort::default())))
        .collect();
    for (key, port) in written {
        let number = number("port", &key, PortNumber::new)?;
        if all.insert(number, port).is_none() {
            let problem = format!("a {model} has {} ports", model.port_count());
            let table = "port";
            return Err(WrittenError::Number {
                table,
                key,
                problem,
            });
        }
    }
    for (number, port) in all {
        let config = PortConfig {
            name: port.name,
            enabled: Some(port.enabled.unwrap_or(true)),
            mode: Some(port.mode.unwrap_or(usual)),
        };
        observation.config.ports.insert(number, config);
    }
    Ok(())
}

fn add_uplinks(
    mut written: BTreeMap<String, WrittenUplink>,
    observation: &mut Observation,
) -> Result<(), WrittenError> {
    written.entry("1".to_owned()).or_default();
    for (key, uplink) in written {
        let number = number("uplink", &key, UplinkNumber::new)?;
        let facts = UplinkFacts {
            mode: Some(uplink.mode.unwrap_or(UplinkMode::Trunk)),
            native_vlan: uplink.native_vlan.or(VlanId::new(NATIVE_VLAN).ok()),
        };
        let config = UplinkConfig {
            allowed_vlans: uplink.allowed_vlans.or(PASSED_VLANS.parse().ok()),
        };
        observation.uplink_facts.insert(number, facts);
        observation.config.uplinks.insert(number, config);
    }
    Ok(())
}

/// Adds the profiles, and the device's own where nothing is in its place.
fn add_profiles(
    written: BTreeMap<ProfileName, WrittenProfile>,
    model: GamModel,
    unclear: &[Unclear],
    observation: &mut Observation,
) {
    let has_own = written
        .iter()
        .any(|(name, one)| name.as_str() == OWN_PROFILE || one.slot == Some(Slot(OWN_SLOT)));
    let own_slot = |name: &ProfileName| (name.as_str() == OWN_PROFILE).then_some(Slot(OWN_SLOT));
    let given = written
        .iter()
        .map(|(name, one)| (name.clone(), one.slot.or_else(|| own_slot(name))));
    let mut slots = free_slots(given.collect(), Part::Profiles, unclear, OWN_SLOT + 1);
    let profiles = &mut observation.config.profiles;
    for (name, one) in written {
        let config = ProfileConfig {
            slot: slots.remove(&name),
            description: one.description,
            down: one.down,
            up: one.up,
        };
        profiles.insert(name, config);
    }
    if let (false, Ok(name)) = (has_own, ProfileName::new(OWN_PROFILE)) {
        let fastest = highest_limiter(model.medium());
        let config = ProfileConfig {
            slot: Some(Slot(OWN_SLOT)),
            description: None,
            down: fastest,
            up: fastest,
        };
        profiles.insert(name, config);
    }
}

fn number<T, E: std::fmt::Display>(
    table: &'static str,
    key: &str,
    new: impl Fn(u8) -> Result<T, E>,
) -> Result<T, WrittenError> {
    let failed = |problem: String| WrittenError::Number {
        table,
        key: key.to_owned(),
        problem,
    };
    let number: u8 = key
        .parse()
        .map_err(|_| failed("it is no number".to_owned()))?;
    new(number).map_err(|error| failed(error.to_string()))
}

/// Gives every object its slot, or the lowest that is free.
fn free_slots<K: Ord + Clone>(
    given: BTreeMap<K, Option<Slot>>,
    part: Part,
    unclear: &[Unclear],
    first: u16,
) -> BTreeMap<K, Slot> {
    let unclear = unclear.iter().filter(|unclear| unclear.part == part);
    let taken: BTreeSet<u16> = given
        .values()
        .flatten()
        .map(|slot| slot.0)
        .chain(unclear.map(|unclear| unclear.slot.0))
        .collect();
    let mut free = (first..=u16::MAX).filter(|slot| !taken.contains(slot));
    given
        .into_iter()
        .filter_map(|(key, slot)| Some((key, slot.or_else(|| free.next().map(Slot))?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_is_as_it_usually_is() {
        let observation = from_toml(
            r#"
            device = "oak"
            model = "GAM-4-CX"

            [profile.home-100]
            down = 106
            up = 106

            [endpoint."00:0e:d8:00:00:01"]
            name = "apt-1"
            port = 1

            [subscriber.apt-1]
            endpoint = "00:0e:d8:00:00:01"
            profile = "home-100"
            vlan = 101
            "#,
        )
        .unwrap();
        let config = &observation.config;
        assert_eq!(config.ports.len(), 4);
        assert_eq!(config.uplinks.len(), 1);
        assert_eq!(config.profiles["default"].slot, Some(Slot(1)));
        assert_eq!(config.profiles["home-100"].slot, Some(Slot(2)));
        assert_eq!(config.subscribers["apt-1"].slot, Some(Slot(1)));
        assert_eq!(config.subscribers["apt-1"].poe, Some(Poe::Disable));
    }

    #[test]
    fn what_no_device_can_be_is_refused() {
        let head = "device = \"oak\"\nmodel = \"GAM-4-CX\"\n";
        for (text, says) in [
            ("[port.5]\n", "a GAM-4-CX has 4 ports"),
            ("[uplink.x]\n", "no number"),
            (
                "[subscriber.a]\nvlan = 5\nprofile = \"x\"\n",
                "which is not there",
            ),
            ("[subscriber.a]\nvlan = 5\nspeed = 3\n", "unknown field"),
            (
                "[profile.a]\nslot = 2\ndown = 10\nup = 10\n[profile.b]\nslot = 2\ndown = 10\nup = 10\n",
                "two of its profiles have slot 2",
            ),
        ] {
            let error = from_toml(&format!("{head}{text}")).unwrap_err().to_string();
            assert!(error.contains(says), "{text}: {error}");
        }
    }
}
