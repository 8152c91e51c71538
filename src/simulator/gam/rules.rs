//! The device's judgement: what an edit does to a configuration, or why it is refused.

use compact_str::CompactString;

use super::edit::{
    Edit, EndpointOptions, PortOptions, ProfileOptions, SubscriberOptions, UplinkOptions,
};
use super::{
    Configuration, DEFAULT_PROFILE, Endpoint, Hardware, Place, Profile, Refusal, Subscriber,
};
use crate::model::{
    LIMITER_RANGE, MAX_ALLOWED_VLAN_ENTRIES, MacAddress, PortMode, VlanId, VlanSet, highest_limiter,
};

/// Highest number of an endpoint or subscriber, on every model (reference §2).
pub const HIGHEST_ID: u16 = 384;
/// Highest number of a profile.
pub const HIGHEST_PROFILE: u16 = 15;
const LONGEST_NAME: usize = 31;
/// The longest host name that leaves room on a line for what is typed after it (assumed).
const LONGEST_HOSTNAME: usize = 45;

/// A host name is also the prompt: letters, digits, `-`, `_` and `.`, beginning with a letter or digit (assumed).
pub fn is_hostname(name: &str) -> bool {
    let is_inside = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let begins = name.starts_with(|first: char| first.is_ascii_alphanumeric());
    begins && name.len() <= LONGEST_HOSTNAME && name.bytes().all(is_inside)
}

/// Applies one edit whole or not at all.
pub fn apply(
    configuration: &mut Configuration,
    hardware: &Hardware,
    edit: &Edit,
) -> Result<(), Refusal> {
    match edit {
        Edit::Hostname(name) if name.is_empty() => {
            configuration.hostname = Configuration::factory(hardware).hostname;
        }
        Edit::Hostname(name) if !is_hostname(name) => return Err(Refusal::Hostname),
        Edit::Hostname(name) => configuration.hostname.clone_from(name),
        Edit::Location(text) => configuration.location.clone_from(text),
        Edit::Contact(text) => configuration.contact.clone_from(text),
        Edit::Password(password) => configuration.password = password.clone(),
        Edit::ExecTimeout { minutes } => configuration.exec_timeout_minutes = *minutes,
        Edit::VlanInterface { vlan, address } => {
            let kept = configuration.vlan_interfaces.entry(*vlan).or_default();
            if let Some(address) = address {
                kept.clone_from(address);
            }
        }
        Edit::RemoveVlanInterface(vlan) => {
            configuration.vlan_interfaces.remove(vlan);
        }
        Edit::Route(route) => {
            if !configuration.routes.contains(route) {
                configuration.routes.push(route.clone());
            }
        }
        Edit::RemoveRoute(route) => configuration.routes.retain(|other| other != route),
        Edit::Uplink { uplink, options } => set_uplink(configuration, *uplink, options)?,
        Edit::Port { port, options } => set_port(configuration, hardware, *port, options)?,
        Edit::Profile { id, options } => set_profile(configuration, hardware, *id, options)?,
        Edit::RemoveProfile(id) => remove_profile(configuration, *id)?,
        Edit::Endpoint { id, options } => set_endpoint(configuration, hardware, *id, options)?,
        Edit::ChangeEndpoint { id, options } => {
            if !configuration.endpoints.contains_key(id) {
                return Err(Refusal::NoSuchEndpoint);
            }
            set_endpoint(configuration, hardware, *id, options)?;
        }
        Edit::RemoveEndpoint(id) => remove_endpoint(configuration, *id)?,
        Edit::Subscriber { id, options } => {
            set_subscriber(configuration, *id, options)?;
        }
        Edit::ChangeSubscriber { id, options } => {
            if !configuration.subscribers.contains_key(id) {
                return Err(Refusal::NoSuchSubscriber);
            }
            set_subscriber(configuration, *id, options)?;
        }
        Edit::RemoveSubscriber(id) => {
            configuration
                .subscribers
                .remove(id)
                .ok_or(Refusal::NoSuchSubscriber)?;
        }
    }
    Ok(())
}

fn set_uplink(
    configuration: &mut Configuration,
    uplink: u8,
    options: &UplinkOptions,
) -> Result<(), Refusal> {
    let target = configuration
        .uplinks
        .get_mut(&uplink)
        .ok_or(Refusal::InvalidPort)?;
    if let Some(mode) = options.mode {
        target.mode = mode;
    }
    if let Some(allowed) = &options.allowed {
        target.allowed.clone_from(allowed);
    }
    if let Some(native) = options.native {
        target.native = native;
    }
    if let Some(shutdown) = options.shutdown {
        target.shutdown = shutdown;
    }
    Ok(())
}

fn set_port(
    configuration: &mut Configuration,
    hardware: &Hardware,
    number: u8,
    options: &PortOptions,
) -> Result<(), Refusal> {
    if let Some(name) = &options.name {
        let taken = configuration
            .ports
            .iter()
            .any(|(other, port)| *other != number && port.name == *name);
        if !name.is_empty() && (taken || !is_name(name)) {
            return Err(Refusal::PortName);
        }
    }
    if let Some(mode) = options.mode
        && (mode == PortMode::Coax) != hardware.is_coax()
    {
        return Err(Refusal::PortMode);
    }
    let port = configuration
        .ports
        .get_mut(&number)
        .ok_or(Refusal::InvalidPort)?;
    if let Some(name) = &options.name {
        port.name.clone_from(name);
    }
    if let Some(mode) = options.mode {
        port.mode = mode;
    }
    if let Some(shutdown) = options.shutdown {
        port.shutdown = shutdown;
    }
    Ok(())
}

fn set_profile(
    configuration: &mut Configuration,
    hardware: &Hardware,
    id: u16,
    options: &ProfileOptions,
) -> Result<(), Refusal> {
    if !(1..=HIGHEST_PROFILE).contains(&id) {
        return Err(Refusal::TooManyProfiles);
    }
    let fastest = highest_limiter(hardware.model.medium()).get();
    let mut profile = match configuration.profiles.get(&id) {
        Some(profile) => profile.clone(),
        None => Profile {
            name: options.name.clone().ok_or(Refusal::ProfileName)?,
            description: CompactString::default(),
            down: fastest,
            up: fastest,
            service_limit_level: None,
        },
    };
    if let Some(name) = &options.name {
        profile.name.clone_from(name);
    }
    if let Some(description) = &options.description {
        profile.description.clone_from(description);
    }
    let possible = |rate: u32| LIMITER_RANGE.contains(&rate) && rate <= fastest;
    if let Some(down) = options.down {
        if !possible(down) {
            return Err(Refusal::Downstream);
        }
        profile.down = down;
    }
    if let Some(up) = options.up {
        if !possible(up) {
            return Err(Refusal::Upstream);
        }
        profile.up = up;
    }
    if let Some(level) = options.service_limit_level {
        profile.service_limit_level = Some(level);
    }
    check_description(&profile.description)?;
    let taken = configuration
        .profiles
        .iter()
        .any(|(other, with)| *other != id && with.name == profile.name);
    if taken || !is_name(&profile.name) {
        return Err(Refusal::ProfileName);
    }
    configuration.profiles.insert(id, profile);
    Ok(())
}

fn remove_profile(configuration: &mut Configuration, id: u16) -> Result<(), Refusal> {
    if id == DEFAULT_PROFILE {
        return Err(Refusal::DefaultProfile);
    }
    if !configuration.profiles.contains_key(&id) {
        return Err(Refusal::NoSuchProfile);
    }
    if configuration
        .subscribers
        .values()
        .any(|subscriber| subscriber.profile == Some(id))
    {
        return Err(Refusal::ProfileInUse);
    }
    configuration.profiles.remove(&id);
    Ok(())
}

fn set_endpoint(
    configuration: &mut Configuration,
    hardware: &Hardware,
    id: u16,
    options: &EndpointOptions,
) -> Result<(), Refusal> {
    if !(1..=HIGHEST_ID).contains(&id) {
        return Err(Refusal::InvalidEndpoint);
    }
    let mut endpoint = match configuration.endpoints.get(&id) {
        Some(endpoint) => endpoint.clone(),
        None => Endpoint {
            name: options.name.clone().ok_or(Refusal::EndpointName)?,
            mac: options.mac.ok_or(Refusal::EndpointMac)?,
            description: CompactString::default(),
            port: Place::Unassigned,
            allow_management_access: false,
        },
    };
    if let Some(name) = &options.name {
        endpoint.name.clone_from(name);
    }
    if let Some(mac) = options.mac {
        endpoint.mac = mac;
    }
    if let Some(description) = &options.description {
        endpoint.description.clone_from(description);
    }
    if let Some(port) = options.port {
        endpoint.port = port;
    }
    if let Some(allow) = options.allow_management_access {
        endpoint.allow_management_access = allow;
    }
    check_endpoint(configuration, hardware, id, &endpoint)?;
    check_description(&endpoint.description)?;
    configuration.endpoints.insert(id, endpoint);
    Ok(())
}

fn check_endpoint(
    configuration: &Configuration,
    hardware: &Hardware,
    id: u16,
    endpoint: &Endpoint,
) -> Result<(), Refusal> {
    let (mut on_port, mut placed) = (0, 0);
    for (other, with) in &configuration.endpoints {
        if *other == id {
            continue;
        }
        if with.name == endpoint.name {
            return Err(Refusal::EndpointName);
        }
        if with.mac == endpoint.mac {
            return Err(Refusal::EndpointMac);
        }
        if with.port != Place::Unassigned {
            placed += 1;
            on_port += usize::from(with.port == endpoint.port);
        }
    }
    if !is_name(&endpoint.name) {
        return Err(Refusal::EndpointName);
    }
    if is_own_address(hardware, endpoint.mac) {
        return Err(Refusal::EndpointMac);
    }
    if let Place::Port(port) = endpoint.port {
        if !(1..=hardware.ghn_ports()).contains(&port) {
            return Err(Refusal::InvalidPort);
        }
        if on_port >= hardware.endpoints_per_port() {
            return Err(Refusal::PortFull);
        }
    }
    // One without a port takes no place, so that a box can be prepared before the old one goes [assumed].
    if endpoint.port != Place::Unassigned && placed >= hardware.model.endpoint_capacity() {
        return Err(Refusal::TooManyEndpoints);
    }
    Ok(())
}

/// Returns whether an address is one of the box's own ports.
fn is_own_address(hardware: &Hardware, mac: MacAddress) -> bool {
    hardware.mac == mac
        || hardware
            .interfaces()
            .any(|interface| hardware.interface_mac(interface) == mac)
}

fn remove_endpoint(configuration: &mut Configuration, id: u16) -> Result<(), Refusal> {
    if !configuration.endpoints.contains_key(&id) {
        return Err(Refusal::NoSuchEndpoint);
    }
    if configuration.subscriber_of(id).is_some() {
        return Err(Refusal::EndpointInUse);
    }
    configuration.endpoints.remove(&id);
    Ok(())
}

fn set_subscriber(
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
    if subscriber.vlan != super::UNSERVED_VLAN && !is_data_vlan(subscriber.vlan) {
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
    if subscriber.allowed_vlans.entries() > MAX_ALLOWED_VLAN_ENTRIES {
        return Err(Refusal::TooManyAllowedVlans);
    }
    if outside_of_tags(&subscriber.allowed_vlans) {
        return Err(Refusal::AllowedVlan);
    }
    Ok(())
}

/// Returns whether the device carries a subscriber's data over this VLAN: not its own ones (reference §2).
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

/// Returns whether the device takes a text as a name: 1 to 31 printable characters.
fn is_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= LONGEST_NAME && is_printable(name)
}

/// Returns whether a running-config can hold a text between quotes.
fn is_printable(text: &str) -> bool {
    text.bytes()
        .all(|byte| matches!(byte, b' '..=b'~') && byte != b'"')
}

fn check_description(text: &str) -> Result<(), Refusal> {
    if is_printable(text) {
        Ok(())
    } else {
        Err(Refusal::Description)
    }
}
