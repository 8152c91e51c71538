//! Prints `show ghn bw-profile` and `show ghn subscriber`.

use super::{field, yes_no};
use crate::simulator::gam::{Gam, Refusal};

pub(crate) fn profile(gam: &Gam, id: u16) -> Result<String, Refusal> {
    let profile = gam
        .running()
        .profiles
        .get(&id)
        .ok_or(Refusal::NoSuchProfile)?;
    let mut text = format!("Bandwidth profile {id}\n");
    field(&mut text, "Name", &profile.name);
    field(&mut text, "Description", &profile.description);
    field(
        &mut text,
        "Downstream",
        format_args!("{} Mbps", profile.down),
    );
    field(&mut text, "Upstream", format_args!("{} Mbps", profile.up));
    if let Some(level) = profile.service_limit_level {
        field(&mut text, "Service limit level", level);
    }
    Ok(text)
}

pub(crate) fn subscriber(gam: &Gam, id: u16) -> Result<String, Refusal> {
    let running = gam.running();
    let subscriber = running
        .subscribers
        .get(&id)
        .ok_or(Refusal::NoSuchSubscriber)?;
    let mut text = format!("Subscriber {id}\n");
    field(&mut text, "Name", &subscriber.name);
    field(&mut text, "Description", &subscriber.description);
    match subscriber.endpoint.and_then(|endpoint| {
        let name = &running.endpoints.get(&endpoint)?.name;
        Some((endpoint, name))
    }) {
        Some((endpoint, name)) => {
            field(&mut text, "Endpoint", format_args!("{endpoint} ({name})"));
        }
        None => field(&mut text, "Endpoint", "none"),
    }
    field(&mut text, "VLAN", subscriber.vlan);
    field(&mut text, "Tagged", yes_no(subscriber.tagged));
    field(
        &mut text,
        "Remapped VLAN",
        or_none(subscriber.remapped_vlan),
    );
    match subscriber.profile {
        Some(profile) => {
            let name = running.profiles.get(&profile).map_or("", |one| &one.name);
            field(
                &mut text,
                "Bandwidth profile",
                format_args!("{profile} ({name})"),
            );
        }
        None => field(&mut text, "Bandwidth profile", "unthrottled"),
    }
    if subscriber.allowed_vlans.is_empty() {
        field(&mut text, "Allowed tagged VLANs", "none");
    } else {
        field(&mut text, "Allowed tagged VLANs", &subscriber.allowed_vlans);
    }
    field(&mut text, "Port #2 VLAN", or_none(subscriber.port2_vlan));
    field(&mut text, "PoE", subscriber.poe);
    Ok(text)
}

fn or_none(vlan: Option<u16>) -> String {
    vlan.map_or_else(|| "none".to_owned(), |vlan| vlan.to_string())
}
