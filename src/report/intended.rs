//! What is intended, for people: the whole inventory, one device, one subscriber.

use std::fmt::Write;

use serde::Serialize;

use super::{Align, Paint, Summary, Table, counted};
use crate::model::{
    Address, DeviceConfig, DeviceName, DeviceState, EndpointConfig, GamModel, PortAssignment,
    PortConfig, ProfileConfig, RateLimit, ServicePlan, SiteName, Speed, Subscriber,
    SubscriberConfig, SubscriberState, SystemConfig, UplinkConfig,
};

/// How many subscribers of a device are in which state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct StateCounts {
    pub active: usize,
    pub suspended: usize,
    pub pending: usize,
}

impl StateCounts {
    pub fn add(&mut self, state: SubscriberState) {
        match state {
            SubscriberState::Active => self.active += 1,
            SubscriberState::Suspended => self.suspended += 1,
            SubscriberState::Pending => self.pending += 1,
        }
    }
}

/// A device in one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeviceLine {
    pub name: DeviceName,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<GamModel>,
    pub state: DeviceState,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site: Option<SiteName>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<Address>,
    pub subscribers: StateCounts,
}

fn shown<T: ToString>(value: Option<T>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| value.to_string())
}

/// Returns the whole inventory as a table of devices.
pub fn overview(devices: &[DeviceLine], summary: &Summary, paint: Paint) -> String {
    let mut text = format!(
        "{}, {} and {} in {}.\n",
        counted(summary.devices, "device"),
        counted(summary.subscribers, "subscriber"),
        counted(summary.service_plans, "service plan"),
        counted(summary.files, "file"),
    );
    if devices.is_empty() {
        return text;
    }
    let mut table = Table::new([
        ("DEVICE", Align::Left),
        ("MODEL", Align::Left),
        ("STATE", Align::Left),
        ("SITE", Align::Left),
        ("ADDRESS", Align::Left),
        ("ACTIVE", Align::Right),
        ("SUSPENDED", Align::Right),
        ("PENDING", Align::Right),
    ]);
    for device in devices {
        let DeviceLine {
            name,
            model,
            state,
            site,
            address,
            subscribers,
        } = device;
        let StateCounts {
            active,
            suspended,
            pending,
        } = subscribers;
        table.push([
            name.to_string(),
            shown(*model),
            state.to_string(),
            shown(site.as_ref()),
            shown(*address),
            active.to_string(),
            suspended.to_string(),
            pending.to_string(),
        ]);
    }
    text.push('\n');
    text.push_str(&table.render(paint));
    text
}

/// Returns what a device should look like.
pub fn device(line: &DeviceLine, config: &DeviceConfig, paint: Paint) -> String {
    let DeviceLine {
        name,
        model,
        state,
        site,
        address,
        subscribers: _,
    } = line;
    let mut text = format!(
        "{} {}\n",
        paint.bold(name.as_str()),
        paint.dim("(intended)")
    );
    let DeviceConfig {
        system,
        uplinks,
        ports,
        profiles,
        endpoints,
        subscribers,
    } = config;
    let SystemConfig {
        hostname,
        location,
        contact,
    } = system;
    let mut facts = Table::new([("", Align::Left), ("", Align::Left)]);
    let mut fact = |key: &str, value: Option<String>| {
        if let Some(value) = value {
            facts.push([format!("  {key}"), value]);
        }
    };
    fact(
        "model",
        model.map(|model| format!("{model}, {} {} ports", model.port_count(), model.medium())),
    );
    fact("state", Some(state.to_string()));
    fact("address", address.map(|address| address.to_string()));
    fact("site", site.as_ref().map(ToString::to_string));
    fact("host name", hostname.as_ref().map(ToString::to_string));
    fact("location", location.as_ref().map(ToString::to_string));
    fact("contact", contact.as_ref().map(ToString::to_string));
    text.push_str(&facts.render(paint));
    section(&mut text, "Uplinks", uplinks.is_empty(), || {
        let mut table = Table::new([("  UPLINK", Align::Left), ("ALLOWED VLANS", Align::Left)]);
        for (number, UplinkConfig { allowed_vlans }) in uplinks {
            table.push([format!("  {number}"), shown(allowed_vlans.as_ref())]);
        }
        table.render(paint)
    });
    section(&mut text, "Ports", ports.is_empty(), || {
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
        ) in ports
        {
            let enabled = enabled.map(|is_on| if is_on { "yes" } else { "no" });
            table.push([
                format!("  {number}"),
                shown(name.as_ref()),
                shown(enabled),
                shown(*mode),
            ]);
        }
        table.render(paint)
    });
    section(&mut text, "Profiles", profiles.is_empty(), || {
        let mut table = Table::new([
            ("  PROFILE", Align::Left),
            ("DOWN", Align::Right),
            ("UP", Align::Right),
            ("DESCRIPTION", Align::Left),
        ]);
        for (
            name,
            ProfileConfig {
                slot: _,
                description,
                down,
                up,
            },
        ) in profiles
        {
            table.push([
                format!("  {name}"),
                down.to_string(),
                up.to_string(),
                shown(description.as_ref()),
            ]);
        }
        table.render(paint)
    });
    section(&mut text, "Subscribers", subscribers.is_empty(), || {
        let mut table = Table::new([
            ("  SUBSCRIBER", Align::Left),
            ("PORT", Align::Right),
            ("ENDPOINT", Align::Left),
            ("ENDPOINT NAME", Align::Left),
            ("VLAN", Align::Right),
            ("RATE", Align::Left),
            ("BESIDES", Align::Left),
        ]);
        for (name, served) in subscribers {
            let endpoint = served.endpoint.and_then(|mac| endpoints.get(&mac));
            table.push([
                format!("  {name}"),
                shown(endpoint.map(|EndpointConfig { port, .. }| *port)),
                shown(served.endpoint),
                shown(endpoint.map(|EndpointConfig { name, .. }| name)),
                served.vlan.to_string(),
                rate(&served.rate),
                besides(served),
            ]);
        }
        table.render(paint)
    });
    if subscribers.is_empty() {
        text.push_str("\n  no subscribers\n");
    }
    text
}

fn section(text: &mut String, title: &str, is_empty: bool, table: impl FnOnce() -> String) {
    if !is_empty {
        let _ = write!(text, "\n{title}\n{}", table());
    }
}

fn rate(rate: &RateLimit) -> String {
    match rate {
        RateLimit::Unthrottled => "unthrottled".to_owned(),
        RateLimit::Profile(name) => name.to_string(),
    }
}

/// Returns the options that few subscribers have.
fn besides(served: &SubscriberConfig) -> String {
    let SubscriberConfig {
        slot: _,
        description,
        endpoint: _,
        rate: _,
        vlan: _,
        tagged,
        remapped_vlan,
        allowed_vlans,
        port2_vlan,
        poe,
    } = served;
    let mut parts = Vec::new();
    if *tagged {
        parts.push("tagged".to_owned());
    }
    parts.extend(remapped_vlan.map(|vlan| format!("remapped {vlan}")));
    if !allowed_vlans.is_empty() {
        parts.push(format!("allowed {allowed_vlans}"));
    }
    parts.extend(port2_vlan.map(|vlan| format!("port 2 in {vlan}")));
    parts.extend(poe.map(|poe| format!("PoE {poe}")));
    parts.extend(
        description
            .as_ref()
            .map(|description| format!("\"{description}\"")),
    );
    parts.join(", ")
}

/// Returns what a subscriber gets.
pub fn subscriber(
    subscriber: &Subscriber,
    plan: Option<&ServicePlan>,
    served: Option<&SubscriberConfig>,
    paint: Paint,
) -> String {
    let Subscriber {
        id,
        device,
        port,
        endpoint,
        service_plan,
        vlan,
        state,
        name,
        endpoint_name,
        description,
        tagged: _,
        remapped_vlan: _,
        allowed_vlans: _,
        port2_vlan: _,
        poe: _,
        protected,
        moved_from,
        external,
    } = subscriber;
    let mut facts = Table::new([("", Align::Left), ("", Align::Left)]);
    let mut fact = |key: &str, value: String| facts.push([format!("  {key}"), value]);
    fact("state", state.to_string());
    fact("device", device.to_string());
    fact(
        "port",
        match port {
            PortAssignment::Port(number) => number.to_string(),
            PortAssignment::Auto | PortAssignment::Unassigned => port.to_string(),
        },
    );
    fact("endpoint", shown(*endpoint));
    fact(
        "service plan",
        match plan.map(|plan| plan.speed) {
            Some(Speed::Limited { down, up, .. }) => {
                format!("{service_plan}, {down} down and {up} up as sold")
            }
            Some(Speed::Unthrottled) => format!("{service_plan}, unthrottled"),
            None => service_plan.to_string(),
        },
    );
    fact("VLAN", vlan.to_string());
    fact("name on the device", name.to_string());
    if endpoint_name.as_str() != name.as_str() {
        fact("endpoint's name", endpoint_name.to_string());
    }
    if let Some(description) = description {
        fact("description", description.to_string());
    }
    if *protected {
        fact("protected", "yes".to_owned());
    }
    if let Some(old) = moved_from {
        fact("moved from", old.to_string());
    }
    if let Some(external) = external {
        let service = external
            .service
            .as_ref()
            .map(|service| format!(", service {}", service.as_str()));
        fact(
            "billing",
            format!(
                "{}, account {}{}",
                external.system.as_str(),
                external.account.as_str(),
                service.unwrap_or_default()
            ),
        );
    }
    fact(
        "on the device",
        match served {
            None => "nothing yet".to_owned(),
            Some(served) => {
                let besides = besides(served);
                let separator = if besides.is_empty() { "" } else { ", " };
                let endpoint = if served.endpoint.is_some() {
                    ""
                } else {
                    "no endpoint, "
                };
                format!(
                    "{endpoint}VLAN {}, {}{separator}{besides}",
                    served.vlan,
                    rate(&served.rate)
                )
            }
        },
    );
    format!(
        "{} {}\n{}",
        paint.bold(id.as_str()),
        paint.dim("(intended)"),
        facts.render(paint)
    )
}
