//! Applies an edit to a simulated configuration by the rules of the device, or refuses it.

mod endpoint;
mod profile;
mod subscriber;

use endpoint::{remove_endpoint, set_endpoint};
use profile::{remove_profile, set_profile};
use subscriber::set_subscriber;

use super::edit::{Edit, PortOptions, UplinkOptions};
use super::text::{is_hostname, is_name};
use super::{Configuration, Hardware, KeptLine, Refusal};
use crate::model::PortMode;

/// Highest number of an endpoint or subscriber, on every model (docs/gam.md).
pub const HIGHEST_ID: u16 = 384;
/// Highest number of a profile.
pub const HIGHEST_PROFILE: u16 = 15;

/// Applies one edit completely or not at all.
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
        Edit::Keep { replacing, line } => {
            drop_kept(configuration, replacing);
            configuration.kept.push(line.clone());
        }
        Edit::DropKept(start) => drop_kept(configuration, start),
        Edit::Uplink { uplink, options } => set_uplink(configuration, *uplink, options)?,
        Edit::Port { port, options } => set_port(configuration, hardware, *port, options)?,
        Edit::Profile { id, options } => set_profile(configuration, hardware, *id, options)?,
        Edit::RemoveProfile(id) => remove_profile(configuration, hardware, *id)?,
        Edit::Endpoint { id, options } => set_endpoint(configuration, hardware, *id, options)?,
        Edit::ChangeEndpoint { id, options } => {
            if !configuration.endpoints.contains_key(id) {
                return Err(Refusal::NoSuchEndpoint);
            }
            set_endpoint(configuration, hardware, *id, options)?;
        }
        Edit::RemoveEndpoint(id) => remove_endpoint(configuration, hardware, *id)?,
        Edit::Subscriber { id, options } => {
            set_subscriber(configuration, hardware, *id, options)?;
        }
        Edit::ChangeSubscriber { id, options } => {
            if !configuration.subscribers.contains_key(id) {
                return Err(Refusal::NoSuchSubscriber);
            }
            set_subscriber(configuration, hardware, *id, options)?;
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

fn drop_kept(configuration: &mut Configuration, start: &KeptLine) {
    configuration
        .kept
        .retain(|line| !format!("{} ", line.0).starts_with(start.0.as_str()));
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
