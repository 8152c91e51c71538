//! Renders the intended configuration of one subscriber as a list of facts.

use super::shown;
use crate::model::{External, Hold, RateLimit, ServicePlan, Speed, Subscriber, SubscriberConfig};
use crate::report::{Align, Paint, Table};

/// Renders the service of a subscriber.
pub fn subscriber(
    subscriber: &Subscriber,
    plan: Option<&ServicePlan>,
    served: Option<&SubscriberConfig>,
    paint: Paint,
) -> String {
    let mut table = Table::new([("", Align::Left), ("", Align::Left)]);
    for (key, value) in facts(subscriber, plan) {
        if let Some(value) = value {
            table.push([format!("  {key}"), value]);
        }
    }
    table.push(["  on the device".to_owned(), on_the_device(served)]);
    let id = paint.bold(subscriber.id.as_str());
    format!("{id} {}\n{}", paint.dim("(intended)"), table.render(paint))
}

fn facts(
    subscriber: &Subscriber,
    plan: Option<&ServicePlan>,
) -> Vec<(&'static str, Option<String>)> {
    let Subscriber {
        id: _,
        device,
        port,
        endpoint,
        service_plan,
        vlan,
        state,
        name,
        endpoint_name,
        description,
        // The device's configuration shows the effect of these.
        tagged: _,
        remapped_vlan: _,
        allowed_vlans: _,
        port2_vlan: _,
        poe: _,
        protected,
        moved_from,
        external,
        hold,
    } = subscriber;
    let speed = match plan.map(|plan| plan.speed) {
        Some(Speed::Limited { down, up, .. }) => {
            format!("{service_plan}, {down} down and {up} up as sold")
        }
        Some(Speed::Unthrottled) => format!("{service_plan}, unthrottled"),
        None => service_plan.to_string(),
    };
    let own_endpoint_name =
        (endpoint_name.as_str() != name.as_str()).then(|| endpoint_name.to_string());
    vec![
        ("state", Some(state.to_string())),
        ("device", Some(device.to_string())),
        ("port", Some(port.to_string())),
        ("endpoint", Some(shown(*endpoint))),
        ("service plan", Some(speed)),
        ("VLAN", Some(vlan.to_string())),
        ("name on the device", Some(name.to_string())),
        ("endpoint's name", own_endpoint_name),
        ("description", description.as_ref().map(ToString::to_string)),
        ("protected", protected.then(|| "yes".to_owned())),
        ("moved from", moved_from.as_ref().map(ToString::to_string)),
        ("billing", external.as_ref().map(billing)),
        ("hold", hold.as_deref().map(on_hold)),
    ]
}

fn billing(external: &External) -> String {
    let External {
        system,
        account,
        service,
    } = external;
    let service = service
        .as_ref()
        .map(|service| format!(", service {}", service.as_str()));
    format!(
        "{}, account {}{}",
        system.as_str(),
        account.as_str(),
        service.unwrap_or_default()
    )
}

fn on_hold(hold: &Hold) -> String {
    let Hold { keys, why, until } = hold;
    let keys: Vec<&str> = keys.iter().map(|key| key.as_str()).collect();
    format!("{} until {until}: {}", keys.join(", "), why.as_str())
}

fn on_the_device(served: Option<&SubscriberConfig>) -> String {
    let Some(served) = served else {
        return "nothing yet".to_owned();
    };
    let options = options(served);
    let separator = if options.is_empty() { "" } else { ", " };
    let endpoint = if served.endpoint.is_some() {
        ""
    } else {
        "no endpoint, "
    };
    format!(
        "{endpoint}VLAN {}, {}{separator}{options}",
        served.vlan,
        rate(&served.rate)
    )
}

pub(super) fn rate(rate: &RateLimit) -> String {
    match rate {
        RateLimit::Unthrottled => "unthrottled".to_owned(),
        RateLimit::Profile(name) => name.to_string(),
    }
}

/// Renders the options that few subscribers have.
pub(super) fn options(served: &SubscriberConfig) -> String {
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
            .map(|description| format!("\"{}\"", description.as_str())),
    );
    parts.join(", ")
}
