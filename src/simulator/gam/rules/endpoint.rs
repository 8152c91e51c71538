//! Applies an edit of an endpoint by the rules of the device.

use compact_str::CompactString;

use super::HIGHEST_ID;
use crate::model::MacAddress;
use crate::simulator::gam::edit::EndpointOptions;
use crate::simulator::gam::text::{check_description, is_name};
use crate::simulator::gam::{Configuration, Endpoint, ExpectedPort, Hardware, Refusal};

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
        if with.port != ExpectedPort::Unassigned {
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
    if let ExpectedPort::Port(port) = endpoint.port {
        if !(1..=hardware.ghn_ports()).contains(&port) {
            return Err(Refusal::InvalidPort);
        }
        if on_port >= hardware.endpoints_per_port() {
            return Err(Refusal::PortFull);
        }
    }
    // An endpoint without a port does not count, so a new one can be prepared before the old one is removed [assumed].
    if endpoint.port != ExpectedPort::Unassigned && placed >= hardware.model.endpoint_capacity() {
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

pub(super) fn remove_endpoint(configuration: &mut Configuration, id: u16) -> Result<(), Refusal> {
    if !configuration.endpoints.contains_key(&id) {
        return Err(Refusal::NoSuchEndpoint);
    }
    if configuration.subscriber_of(id).is_some() {
        return Err(Refusal::EndpointInUse);
    }
    configuration.endpoints.remove(&id);
    Ok(())
}
