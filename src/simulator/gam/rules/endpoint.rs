//! Applies an edit of an endpoint by the rules of the device.

use compact_str::CompactString;

use super::HIGHEST_ID;
use crate::model::MacAddress;
use crate::simulator::gam::edit::EndpointOptions;
use crate::simulator::gam::text::{check_description, check_length, is_name};
use crate::simulator::gam::{
    Configuration, Endpoint, EndpointsCounted, ExpectedPort, Hardware, Refusal, RemovalInUse,
};

pub(super) fn set_endpoint(
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
            port: ExpectedPort::Unassigned,
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
    check_length(hardware, options.description.as_ref())?;
    configuration.endpoints.insert(id, endpoint);
    Ok(())
}

fn check_endpoint(
    configuration: &Configuration,
    hardware: &Hardware,
    id: u16,
    endpoint: &Endpoint,
) -> Result<(), Refusal> {
    let counts = |port: ExpectedPort| match hardware.assumptions.endpoints {
        EndpointsCounted::WithAPort => port != ExpectedPort::Unassigned,
        EndpointsCounted::All => true,
    };
    let (mut on_port, mut counted) = (0, 0);
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
        counted += usize::from(counts(with.port));
        on_port += usize::from(with.port == endpoint.port);
    }
    if !is_name(&endpoint.name) {
        return Err(Refusal::EndpointName);
    }
    if is_own_address(hardware, endpoint.mac) {
        return Err(Refusal::EndpointMac);
    }
    if let ExpectedPort::Port(port) = endpoint.port {
        if !(1..=hardware.ghn_ports()).contains(&port) {
            return Err(Refusal::InvalidPort);
        }
        if on_port >= hardware.endpoints_per_port() {
            return Err(Refusal::PortFull);
        }
    }
    // One that counted before is not counted again: the device has it.
    let counted_before = configuration.endpoints.get(&id);
    let is_new = !counted_before.is_some_and(|before| counts(before.port));
    if counts(endpoint.port) && is_new && counted >= hardware.model.endpoint_capacity() {
        return Err(Refusal::TooManyEndpoints);
    }
    Ok(())
}

/// Returns whether an address belongs to one of the device's own ports.
fn is_own_address(hardware: &Hardware, mac: MacAddress) -> bool {
    hardware.mac == mac
        || hardware
            .interfaces()
            .any(|interface| hardware.interface_mac(interface) == mac)
}

pub(super) fn remove_endpoint(
    configuration: &mut Configuration,
    hardware: &Hardware,
    id: u16,
) -> Result<(), Refusal> {
    if !configuration.endpoints.contains_key(&id) {
        return Err(Refusal::NoSuchEndpoint);
    }
    if let Some((user, _)) = configuration.subscriber_of(id) {
        match hardware.assumptions.removal {
            RemovalInUse::Refused => return Err(Refusal::EndpointInUse),
            RemovalInUse::Detached => {
                if let Some(user) = configuration.subscribers.get_mut(&user) {
                    user.endpoint = None;
                }
            }
            RemovalInUse::ServiceGone => {
                configuration.subscribers.remove(&user);
            }
        }
    }
    configuration.endpoints.remove(&id);
    Ok(())
}
