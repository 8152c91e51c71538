//! A subscriber on the twin's command line: the words of its line, their help, how it is set, saved and shown.

use std::fmt::Write as _;

use super::given::{number, text, vlan_set};
use super::show::{field, yes_no};
use crate::model::Poe;
use crate::simulator::gam::{Gam, Refusal, Subscriber, SubscriberOptions};
use crate::simulator::grammar::Arguments;

/// The line that sets a subscriber.
pub(super) const LINE: &str = "ghn subscriber <id:int(1-384)> ( name <name:text(1-31)> | description <description:text(0-127)> | endpoint <endpoint:int(1-384)> | vid <vid:int(3-4095)> | {tagged|untagged} | remapped-vid {none|<remapped:int(3-4094)>} | bw-profile {unthrottled|<profile:int(1-15)>} | allowed-vlan {none|<allowed:vlans>} | port2-vid {none|<port2:int(3-4094)>} | poe {disable|enable|force} )*";

/// The help of the words that only this line has.
pub(super) const HELP: &[(&str, &str)] = &[
    ("allowed-vlan", "Tagged VLANs that pass"),
    ("poe", "Power over Ethernet"),
    ("port2-vid", "VLAN of the second Ethernet port"),
    ("remapped-vid", "VLAN toward the network"),
    ("subscriber", "Subscriber"),
    ("tagged", "Frames toward the subscriber are tagged"),
    ("untagged", "Frames toward the subscriber are not tagged"),
    ("vid", "Data VLAN"),
];

/// Returns the edit that a line requests.
pub(super) fn options(given: &Arguments) -> SubscriberOptions {
    let or_none = |option: &str, name: &str| match number(given, name) {
        Some(value) => Some(Some(value)),
        None => given.has(option).then_some(None),
    };
    SubscriberOptions {
        name: text(given, "name"),
        description: text(given, "description"),
        endpoint: number(given, "endpoint").map(Some),
        vlan: number(given, "vid"),
        tagged: if given.has("tagged") {
            Some(true)
        } else {
            given.has("untagged").then_some(false)
        },
        remapped_vlan: or_none("remapped-vid", "remapped"),
        profile: or_none("bw-profile", "profile"),
        allowed_vlans: given
            .has("allowed-vlan")
            .then(|| vlan_set(given, "allowed")),
        port2_vlan: or_none("port2-vid", "port2"),
        poe: Poe::ALL.iter().copied().find(|poe| given.has(poe.as_str())),
    }
}

/// Writes the line of the running-config.
pub(super) fn write(out: &mut String, id: u16, subscriber: &Subscriber) {
    let Subscriber {
        name,
        description,
        endpoint,
        vlan,
        tagged,
        remapped_vlan,
        profile,
        allowed_vlans,
        port2_vlan,
        poe,
    } = subscriber;
    let _ = write!(out, "ghn subscriber {id} name \"{name}\"");
    if !description.is_empty() {
        let _ = write!(out, " description \"{description}\"");
    }
    let _ = write!(out, " vid {vlan}");
    if *tagged {
        out.push_str(" tagged");
    }
    if let Some(endpoint) = endpoint {
        let _ = write!(out, " endpoint {endpoint}");
    }
    if let Some(vlan) = remapped_vlan {
        let _ = write!(out, " remapped-vid {vlan}");
    }
    match profile {
        Some(profile) => {
            let _ = write!(out, " bw-profile {profile}");
        }
        None => out.push_str(" bw-profile unthrottled"),
    }
    if !allowed_vlans.is_empty() {
        let _ = write!(out, " allowed-vlan {allowed_vlans}");
    }
    if let Some(vlan) = port2_vlan {
        let _ = write!(out, " port2-vid {vlan}");
    }
    let _ = writeln!(out, " poe {poe}");
}

/// Prints `show ghn subscriber`.
pub(super) fn show(gam: &Gam, id: u16) -> Result<String, Refusal> {
    let running = gam.running();
    let Subscriber {
        name,
        description,
        endpoint,
        vlan,
        tagged,
        remapped_vlan,
        profile,
        allowed_vlans,
        port2_vlan,
        poe,
    } = running
        .subscribers
        .get(&id)
        .ok_or(Refusal::NoSuchSubscriber)?;
    let mut text = format!("Subscriber {id}\n");
    field(&mut text, "Name", name);
    field(&mut text, "Description", description);
    match endpoint.and_then(|endpoint| {
        let name = &running.endpoints.get(&endpoint)?.name;
        Some((endpoint, name))
    }) {
        Some((endpoint, name)) => {
            field(&mut text, "Endpoint", format_args!("{endpoint} ({name})"));
        }
        None => field(&mut text, "Endpoint", "none"),
    }
    field(&mut text, "VLAN", vlan);
    field(&mut text, "Tagged", yes_no(*tagged));
    field(&mut text, "Remapped VLAN", or_none(*remapped_vlan));
    match profile {
        Some(profile) => {
            let name = running.profiles.get(profile).map_or("", |one| &one.name);
            field(
                &mut text,
                "Bandwidth profile",
                format_args!("{profile} ({name})"),
            );
        }
        None => field(&mut text, "Bandwidth profile", "unthrottled"),
    }
    if allowed_vlans.is_empty() {
        field(&mut text, "Allowed tagged VLANs", "none");
    } else {
        field(&mut text, "Allowed tagged VLANs", allowed_vlans);
    }
    field(&mut text, "Port #2 VLAN", or_none(*port2_vlan));
    field(&mut text, "PoE", poe);
    Ok(text)
}

fn or_none(vlan: Option<u16>) -> String {
    vlan.map_or_else(|| "none".to_owned(), |vlan| vlan.to_string())
}
