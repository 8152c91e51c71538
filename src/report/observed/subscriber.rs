//! Renders one observed subscriber, with its line.

use crate::model::{EndpointState, Observation, RateLimit, SubscriberName};
use crate::report::{Align, Paint, Table};

/// Renders the service of a subscriber on the device, and the state of its line.
pub fn observed_subscriber(name: &SubscriberName, look: &Observation, paint: Paint) -> String {
    let title = format!(
        "{} {}\n",
        paint.bold(name.as_str()),
        paint.dim("(observed)")
    );
    let Some(served) = look.config.subscribers.get(name) else {
        let why = look.incomplete(crate::model::Part::Subscribers);
        let said = match why {
            Some(reason) => format!("unknown: {reason}"),
            None => format!("{} has no subscriber of that name", look.device),
        };
        return format!("{title}  {}\n", crate::report::visible(&said));
    };
    let endpoint = served
        .endpoint
        .and_then(|mac| look.config.endpoints.get(&mac));
    let line = served
        .endpoint
        .and_then(|mac| look.health.endpoints.get(&mac));
    let rate = match &served.rate {
        RateLimit::Unthrottled => "unthrottled".to_owned(),
        RateLimit::Profile(profile) => profile.to_string(),
    };
    let state = line.and_then(|line| line.state).map(|state| match state {
        EndpointState::Fine => "heard on its port",
        EndpointState::NotDetected => "not detected",
        EndpointState::WrongPort => "on the wrong port",
        EndpointState::Unknown => "unknown to the inventory",
    });
    let speed = line.and_then(|line| {
        let (down, up) = (line.down_most?, line.up_most?);
        Some(format!("{down} Mbps down and {up} up at most"))
    });
    let mut table = Table::new([("", Align::Left), ("", Align::Left)]);
    for (key, value) in [
        ("number", served.slot.map(|slot| slot.0.to_string())),
        ("rate", Some(rate)),
        ("VLAN", Some(served.vlan.to_string())),
        ("endpoint", served.endpoint.map(|mac| mac.to_string())),
        ("port", endpoint.map(|endpoint| endpoint.port.to_string())),
        ("line", state.map(str::to_owned)),
        ("can do", speed),
    ] {
        if let Some(value) = value {
            table.push([format!("  {key}"), value]);
        }
    }
    format!("{title}{}", table.render(paint))
}
