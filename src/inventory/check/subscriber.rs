//! Checks the subscribers of one device: ports, endpoints, names.

use foldhash::{HashSet, HashSetExt};

use super::{CheckedDevice, Member};
use crate::inventory::locate::Pending;
use crate::inventory::record::{Fields, TOO_LONG};
use crate::inventory::rules::rules;
use crate::model::{
    DeviceState, ENDPOINTS_PER_COAX_PORT, GamModel, PortAssignment, PortNumber, SubscriberModel,
    SubscriberName, SubscriberState,
};

rules! {
    /// An active subscriber on a port that is switched off is not served.
    SUBSCRIBER_ON_DISABLED_PORT = "subscriber-on-disabled-port", Warning, "a subscriber on a port that is switched off",
    wrong: [("devices/maple.toml", "[device.maple-a]\nmodel = \"GAM-24-C\"\naddress = \"10.20.0.11\"\n[device.maple-a.port.1]\nenabled = false\n")],
    right: [("devices/maple.toml", "[device.maple-a]\nmodel = \"GAM-24-C\"\naddress = \"10.20.0.11\"\n[device.maple-a.port.1]\nenabled = true\n")];

    /// The model decides how many ports there are.
    SUBSCRIBER_PORT = "subscriber-on-missing-port", Error, "a subscriber on a port that the model does not have",
    wrong: [("subscribers/maple.toml", "[subscriber.acct-1]\ndevice = \"maple-a\"\nport = 5\nendpoint = \"00:0e:d8:00:00:01\"\nservice_plan = \"home-100\"\nvlan = 101\n"), ("devices/maple.toml", "[device.maple-a]\nmodel = \"GAM-4-CX\"\naddress = \"10.20.0.11\"\n")],
    right: [("subscribers/maple.toml", "[subscriber.acct-1]\ndevice = \"maple-a\"\nport = 4\nendpoint = \"00:0e:d8:00:00:01\"\nservice_plan = \"home-100\"\nvlan = 101\n"), ("devices/maple.toml", "[device.maple-a]\nmodel = \"GAM-4-CX\"\naddress = \"10.20.0.11\"\n")];

    /// A copper port supports one endpoint, a coax port 16 behind its splitters, and a device 384 in all.
    TOO_MANY_ENDPOINTS = "too-many-endpoints", Error, "more endpoints than a port or a device accepts",
    wrong: [("devices/maple.toml", "[device.maple-a]\nmodel = \"GAM-24-M\"\naddress = \"10.20.0.11\"\n"), ("subscribers/more.toml", "[subscriber.acct-2]\ndevice = \"maple-a\"\nport = 1\nendpoint = \"00:0e:d8:00:00:02\"\nservice_plan = \"home-100\"\nvlan = 102\n")],
    right: [("devices/maple.toml", "[device.maple-a]\nmodel = \"GAM-24-M\"\naddress = \"10.20.0.11\"\n"), ("subscribers/more.toml", "[subscriber.acct-2]\ndevice = \"maple-a\"\nport = 2\nendpoint = \"00:0e:d8:00:00:02\"\nservice_plan = \"home-100\"\nvlan = 102\n")];

    /// A served subscriber needs an endpoint; only a pending subscriber may wait for one.
    NO_ENDPOINT = "no-endpoint", Error, "a subscriber without an endpoint",
    wrong: [("subscribers/maple.toml", "[subscriber.acct-1]\ndevice = \"maple-a\"\nport = 1\nservice_plan = \"home-100\"\nvlan = 101\n")],
    right: [("subscribers/maple.toml", "[subscriber.acct-1]\ndevice = \"maple-a\"\nport = 1\nservice_plan = \"home-100\"\nvlan = 101\nstate = \"pending\"\n")];

    /// A device identifies subscribers and endpoints by name. The default name is the subscriber's id.
    DUPLICATE_NAME = "duplicate-name", Error, "two subscribers or endpoints of a device have the same name",
    wrong: [("subscribers/more.toml", "[subscriber.acct-2]\ndevice = \"maple-a\"\nport = 1\nendpoint = \"00:0e:d8:00:00:02\"\nservice_plan = \"home-100\"\nvlan = 102\nname = \"acct-1\"\n")],
    right: [("subscribers/more.toml", "[subscriber.acct-2]\ndevice = \"maple-a\"\nport = 1\nendpoint = \"00:0e:d8:00:00:02\"\nservice_plan = \"home-100\"\nvlan = 102\nname = \"apt-2\"\n")];

    /// The vendor documents letters and digits for names and uses spaces; gamctl has seen that space, `.`, `_`, `-`, `+`
    /// and `/` work. What is outside of that may work on one firmware and not on the next.
    UNUSUAL_NAME = "unusual-name", Warning, "a name with characters that the vendor does not promise",
    wrong: [("subscribers/maple.toml", "[subscriber.acct-1]\ndevice = \"maple-a\"\nport = 1\nendpoint = \"00:0e:d8:00:00:01\"\nservice_plan = \"home-100\"\nvlan = 101\nname = \"apt #1\"\n")],
    right: [("subscribers/maple.toml", "[subscriber.acct-1]\ndevice = \"maple-a\"\nport = 1\nendpoint = \"00:0e:d8:00:00:01\"\nservice_plan = \"home-100\"\nvlan = 101\nname = \"apt 1\"\n")];
}

/// Endpoints are numbered 1 to 384 on every device (docs/gam.md), whatever its ports take.
const MAX_ENDPOINTS: usize = 384;

pub(super) fn check(checked: &CheckedDevice<'_>, pending: &mut Vec<Pending>) {
    places(checked, pending);
    endpoints(checked, pending);
    names(checked, pending);
}

fn places(checked: &CheckedDevice<'_>, pending: &mut Vec<Pending>) {
    let Some(model) = checked.model else { return };
    let device = &checked.device.id;
    let mut on_port = [0usize; PortNumber::MAX as usize + 1];
    let (mut in_all, mut on_ports) = (0, 0);
    let capacity = model.endpoint_capacity();
    let mut counted = HashSet::with_capacity(checked.subscribers.len());
    for member in &checked.subscribers {
        let id = &member.object.id;
        if !counted.insert(id.as_str()) {
            // A duplicate object, which another rule reports.
            continue;
        }
        // Nothing of a pending subscriber is on the device, but an endpoint that is named waits for its port.
        if member.state() == SubscriberState::Pending && member.object.text.endpoint.is_none() {
            port_exists(checked, member, model, pending);
            continue;
        }
        in_all += 1;
        // One that is unassigned waits on no port.
        on_ports += usize::from(member.object.text.port != Some(PortAssignment::Unassigned));
        let is_over =
            on_ports == capacity + 1 || (in_all == MAX_ENDPOINTS + 1 && on_ports <= capacity);
        if is_over {
            let most = capacity.min(in_all - 1);
            let message = format!(
                "`{id}` is subscriber {} of `{device}`, and a {model} accepts {most}",
                most + 1
            );
            pending.push(
                Pending::new(&TOO_MANY_ENDPOINTS, checked.point_at(member), message)
                    .hint("move subscribers to another device"),
            );
        }
        let Some(port) = port_exists(checked, member, model, pending) else {
            continue;
        };
        let at = || checked.point_at(member).value("port");
        if let Some(count) = on_port.get_mut(usize::from(port.get())) {
            *count += 1;
            let most = model.medium().endpoints_per_port();
            if *count == most + 1 {
                let hint = if most == ENDPOINTS_PER_COAX_PORT {
                    "use another port"
                } else {
                    "a copper port serves one home"
                };
                pending.push(
                    Pending::new(&TOO_MANY_ENDPOINTS, at(), format!("`{id}` is endpoint {count} on port {port} of `{device}`, and a {} port accepts {most}", model.medium()))
                        .hint(hint)
                        .related(first_on(checked, port, member), "the first one on this port"),
                );
            }
        }
        check_enabled(checked, member, port, pending);
    }
}

/// Returns the port of a subscriber, where it has one that the device has as well.
fn port_exists(
    checked: &CheckedDevice<'_>,
    member: &Member<'_>,
    model: GamModel,
    pending: &mut Vec<Pending>,
) -> Option<PortNumber> {
    let Some(PortAssignment::Port(port)) = member.object.text.port else {
        return None;
    };
    if model.has_port(port) {
        return Some(port);
    }
    let (id, device) = (&member.object.id, &checked.device.id);
    let message = format!(
        "`{id}` is on port {port}, and `{device}` is a {model} with ports 1 to {}",
        model.port_count()
    );
    pending.push(
        Pending::new(
            &SUBSCRIBER_PORT,
            checked.point_at(member).value("port"),
            message,
        )
        .hint("correct the port, the device or the device's model"),
    );
    None
}

fn first_on(
    checked: &CheckedDevice<'_>,
    port: PortNumber,
    besides: &Member<'_>,
) -> crate::inventory::locate::Pointer {
    let first = checked
        .subscribers
        .iter()
        .find(|member| member.object.text.port == Some(PortAssignment::Port(port)))
        .unwrap_or(besides);
    checked.point_at(first).value("port")
}

fn check_enabled(
    checked: &CheckedDevice<'_>,
    member: &Member<'_>,
    port: PortNumber,
    pending: &mut Vec<Pending>,
) {
    let Some(ports) = &checked.device.text.port else {
        return;
    };
    let is_off = ports
        .0
        .iter()
        .any(|(number, text)| *number == port && text.enabled == Some(false));
    if is_off && member.state() == SubscriberState::Active {
        pending.push(
            Pending::new(
                &SUBSCRIBER_ON_DISABLED_PORT,
                checked.point_at(member).value("port"),
                format!(
                    "`{}` is on port {port} of `{}`, which is switched off",
                    member.object.id, checked.device.id
                ),
            )
            .hint("switch the port on, or suspend or move the subscriber if that is meant")
            .related(
                checked
                    .inventory
                    .point_at_device(checked.position)
                    .key("port")
                    .key(port)
                    .value("enabled"),
                "switched off here",
            ),
        );
    }
}

fn endpoints(checked: &CheckedDevice<'_>, pending: &mut Vec<Pending>) {
    // Before installation the endpoints are not known; a port-aware device, refused elsewhere, would take any.
    let takes_any = checked.device.text.subscriber_model == Some(SubscriberModel::PortAware);
    if checked.state() == DeviceState::Preprovision || !checked.knows_state() || takes_any {
        return;
    }
    for member in &checked.subscribers {
        let is_served = member.knows_state() && member.state() != SubscriberState::Pending;
        if is_served
            && member.object.text.is_absent("endpoint")
            && !checked.inventory.is_partial_at(member.position)
        {
            let id = &member.object.id;
            pending.push(
                Pending::new(
                    &NO_ENDPOINT,
                    checked.point_at(member),
                    format!("subscriber `{id}` has no endpoint"),
                )
                .hint("add `endpoint = \"MAC\"`, or `state = \"pending\"` until it is installed"),
            );
        }
    }
}

fn names(checked: &CheckedDevice<'_>, pending: &mut Vec<Pending>) {
    let mut of_subscribers: Vec<(&str, &Member<'_>)> =
        Vec::with_capacity(checked.subscribers.len());
    let mut of_endpoints: Vec<(&str, &Member<'_>)> = Vec::with_capacity(checked.subscribers.len());
    let mut has_own_endpoint_names = false;
    for member in &checked.subscribers {
        let text = &member.object.text;
        let id = member.object.id.as_str();
        let name = text.name.as_ref().map_or(id, |name| name.as_str());
        if text.is_absent("name") && id.len() > SubscriberName::MAX {
            pending.push(
                Pending::new(&TOO_LONG, checked.point_at(member), format!("the id `{id}` is too long for the name on the device, which keeps {} characters", SubscriberName::MAX))
                    .hint("add a shorter `name`"),
            );
        }
        for (key, value) in [
            ("name", text.name.as_ref().map(|n| n.as_str())),
            (
                "endpoint_name",
                text.endpoint_name.as_ref().map(|n| n.as_str()),
            ),
        ] {
            if let Some(odd) = value.and_then(outside_of_promise) {
                pending.push(
                    Pending::new(
                        &UNUSUAL_NAME,
                        checked.point_at(member).value(key),
                        format!("`{key}` of `{}` has `{odd}`", member.object.id),
                    )
                    .hint("letters, digits, space, `.`, `_`, `-`, `+` and `/` are safe"),
                );
            }
        }
        // A pending subscriber gets its name later, and no other subscriber may have it then.
        of_subscribers.push((name, member));
        if let Some(endpoint_name) = &text.endpoint_name {
            has_own_endpoint_names = true;
            of_endpoints.push((endpoint_name.as_str(), member));
        } else {
            of_endpoints.push((name, member));
        }
    }
    duplicates(checked, "name", "subscribers", of_subscribers, pending);
    // Endpoints that are called as their subscribers clash where those do.
    if has_own_endpoint_names {
        duplicates(
            checked,
            "endpoint_name",
            "endpoints of",
            of_endpoints,
            pending,
        );
    }
}

fn outside_of_promise(name: &str) -> Option<char> {
    name.chars()
        .find(|c| !c.is_ascii_alphanumeric() && !" ._-+/".contains(*c))
}

fn duplicates(
    checked: &CheckedDevice<'_>,
    key: &'static str,
    what: &str,
    mut names: Vec<(&str, &Member<'_>)>,
    pending: &mut Vec<Pending>,
) {
    names.sort_unstable_by_key(|(name, member)| (*name, member.position));
    for group in names.chunk_by(|left, right| left.0 == right.0) {
        let [(name, first), others @ ..] = group else {
            continue;
        };
        for (_, member) in others {
            if member.object.id == first.object.id {
                // A duplicate object, which another rule reports.
                continue;
            }
            let is_by_default = |member: &Member<'_>| member.object.text.endpoint_name.is_none();
            if key == "endpoint_name" && is_by_default(first) && is_by_default(member) {
                continue;
            }
            pending.push(
                Pending::new(
                    &DUPLICATE_NAME,
                    checked.point_at(member).value(key),
                    format!(
                        "on `{}` the {what} `{}` and `{}` are both called `{name}`",
                        checked.device.id, first.object.id, member.object.id
                    ),
                )
                .hint(format!("give one of the two another `{key}`"))
                .related(checked.point_at(first).value(key), "the other one"),
            );
        }
    }
}
