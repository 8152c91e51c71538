//! Renders the intended configuration of one device as tables.

use std::collections::BTreeSet;

use super::subscriber::{options, rate};
use super::{DeviceLine, held, shown};
use crate::model::{
    DeviceConfig, EndpointConfig, PortConfig, ProfileConfig, SystemConfig, UplinkConfig,
    natural_order,
};
use crate::report::{Align, Paint, Table};

/// Renders the intended configuration of a device.
pub fn device(line: &DeviceLine, config: &DeviceConfig, paint: Paint) -> String {
    let DeviceConfig {
        system,
        uplinks: _,
        ports: _,
        profiles: _,
        endpoints: _,
        subscribers: _,
    } = config;
    let mut text = format!(
        "{} {}\n",
        paint.bold(line.name.as_str()),
        paint.dim("(intended)")
    );
    text.push_str(&facts(line, system, paint));
    text.push_str(&tables(config, paint));
    text
}

/// Renders the configuration of a device, a table for each kind of object.
pub fn tables(config: &DeviceConfig, paint: Paint) -> String {
    let mut text = String::new();
    for (title, table) in [
        ("Uplinks", uplinks(config)),
        ("Ports", ports(config)),
        ("Profiles", profiles(config)),
        ("Subscribers", subscribers(config)),
        ("Endpoints without a subscriber", loose_endpoints(config)),
    ] {
        if !table.is_empty() {
            text.push_str(&format!("\n{title}\n{}", table.render(paint)));
        }
    }
    if config.subscribers.is_empty() {
        text.push_str("\n  no subscribers\n");
    }
    text
}

fn facts(line: &DeviceLine, system: &SystemConfig, paint: Paint) -> String {
    let DeviceLine {
        name: _,
        model,
        state,
        site,
        address,
        subscribers: _,
    } = line;
    let SystemConfig {
        hostname,
        location,
        contact,
    } = system;
    let model =
        model.map(|model| format!("{model}, {} {} ports", model.port_count(), model.medium()));
    let mut table = Table::new([("", Align::Left), ("", Align::Left)]);
    for (key, value) in [
        ("model", model),
        ("state", Some(state.to_string())),
        ("address", address.map(|address| address.to_string())),
        ("site", site.as_ref().map(ToString::to_string)),
        ("host name", held(hostname.as_ref())),
        ("location", held(location.as_ref())),
        ("contact", held(contact.as_ref())),
    ] {
        if let Some(value) = value {
            table.push([format!("  {key}"), value]);
        }
    }
    table.render(paint)
}

fn uplinks(config: &DeviceConfig) -> Table {
    let mut table = Table::new([("  UPLINK", Align::Left), ("ALLOWED VLANS", Align::Left)]);
    for (number, UplinkConfig { allowed_vlans }) in &config.uplinks {
        table.push([format!("  {number}"), shown(allowed_vlans.as_ref())]);
    }
    table
}

fn ports(config: &DeviceConfig) -> Table {
    let mut table = Table::new([
        ("  PORT", Align::Left),
        ("NAME", Align::Left),
        ("ENABLED", Align::Left),
        ("MODE", Align::Left),
    ]);
    for (
        number,
        PortConfig {
            name,
            enabled,
            mode,
        },
    ) in &config.ports
    {
        let enabled = enabled.map(|is_on| if is_on { "yes" } else { "no" });
        table.push([
            format!("  {number}"),
            shown(held(name.as_ref())),
            shown(enabled),
            shown(*mode),
        ]);
    }
    table
}

fn profiles(config: &DeviceConfig) -> Table {
    let mut table = Table::new([
        ("  PROFILE", Align::Left),
        ("DOWN", Align::Right),
        ("UP", Align::Right),
        ("DESCRIPTION", Align::Left),
    ]);
    let mut profiles: Vec<_> = config.profiles.iter().collect();
    profiles.sort_by(|(left, _), (right, _)| natural_order(left.as_str(), right.as_str()));
    for (name, profile) in profiles {
        let ProfileConfig {
            slot: _,
            description,
            down,
            up,
        } = profile;
        table.push([
            format!("  {name}"),
            down.to_string(),
            up.to_string(),
            shown(held(description.as_ref())),
        ]);
    }
    table
}

fn subscribers(config: &DeviceConfig) -> Table {
    let mut table = Table::new([
        ("  SUBSCRIBER", Align::Left),
        ("PORT", Align::Right),
        ("ENDPOINT", Align::Left),
        ("ENDPOINT NAME", Align::Left),
        ("VLAN", Align::Right),
        ("RATE", Align::Left),
        ("BESIDES", Align::Left),
    ]);
    let mut subscribers: Vec<_> = config.subscribers.iter().collect();
    subscribers.sort_by(|(left, _), (right, _)| natural_order(left.as_str(), right.as_str()));
    for (name, served) in subscribers {
        let endpoint = served.endpoint.and_then(|mac| config.endpoints.get(&mac));
        table.push([
            format!("  {name}"),
            shown(endpoint.map(|EndpointConfig { port, .. }| *port)),
            shown(served.endpoint),
            shown(endpoint.map(|EndpointConfig { name, .. }| name)),
            served.vlan.to_string(),
            rate(&served.rate),
            options(served),
        ]);
    }
    table
}

/// Returns the endpoints without a subscriber, such as those of detached ones.
fn loose_endpoints(config: &DeviceConfig) -> Table {
    let used: BTreeSet<_> = config
        .subscribers
        .values()
        .filter_map(|served| served.endpoint)
        .collect();
    let mut table = Table::new([
        ("  ENDPOINT", Align::Left),
        ("NAME", Align::Left),
        ("PORT", Align::Right),
    ]);
    for (mac, endpoint) in &config.endpoints {
        let EndpointConfig {
            slot: _,
            name,
            port,
        } = endpoint;
        if !used.contains(mac) {
            table.push([format!("  {mac}"), name.to_string(), port.to_string()]);
        }
    }
    table
}
