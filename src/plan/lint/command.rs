//! Parses the words of a line as one of the few commands that a plan may contain.

use std::collections::BTreeMap;

use super::setting::{
    Setting, endpoint_option, is_hostname, options, port_option, profile_option, ranged,
    subscriber_option, vlans,
};
use super::words::{Word, words};
use crate::model::{PortAssignment, VlanSet};
use crate::plan::Field;

/// The object of a command, by the number in the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Target {
    System,
    Uplink(u16),
    Port(u16),
    Profile(u16),
    Endpoint(u16),
    Subscriber(u16),
}

impl Target {
    /// Returns whether the object has a slot, so that a plan can create and remove it.
    pub(super) fn is_numbered(self) -> bool {
        match self {
            Self::System | Self::Uplink(_) | Self::Port(_) => false,
            Self::Profile(_) | Self::Endpoint(_) | Self::Subscriber(_) => true,
        }
    }
}

/// The command of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Command {
    /// Sets fields of an object, and creates it if the slot is free.
    Set {
        target: Target,
        settings: BTreeMap<Field, Setting>,
    },
    Remove(Target),
    /// `interface 10GigabitEthernet 1/N`: the next lines are about that uplink.
    EnterUplink(u16),
    AllowVlans(VlanSet),
    /// `exit`: the end of the lines about an interface.
    Leave,
}

/// Returns the command of a line, or the reason that it is not one.
pub(super) fn command(line: &str) -> Result<Command, String> {
    let words = words(line)?;
    // The device uses the rest of these lines as the text, quotes included.
    for (start, field) in [
        ("snmp-server location ", Field::Location),
        ("snmp-server contact ", Field::Contact),
    ] {
        if let Some(text) = line.strip_prefix(start) {
            if text.contains('"') {
                return Err("quotes would become part of the text".to_owned());
            }
            return Ok(set(Target::System, field, Setting::Text(text.to_owned())));
        }
    }
    let plain: Vec<&str> = words.iter().map(|word| word.text).collect();
    match plain.as_slice() {
        ["ghn", "port", number, rest @ ..] => port(number, &words, rest),
        ["no", "ghn", "port", number, "shutdown"] => Ok(set(
            Target::Port(ranged(number, 1, 24, "port")?),
            Field::Enabled,
            Setting::Flag(true),
        )),
        ["ghn", "bw-profile", slot, ..] => Ok(Command::Set {
            target: Target::Profile(ranged(slot, 1, 15, "profile")?),
            settings: options(&words, profile_option)?,
        }),
        ["ghn", "endpoint", slot, ..] => Ok(Command::Set {
            target: Target::Endpoint(ranged(slot, 1, 384, "endpoint")?),
            settings: options(&words, endpoint_option)?,
        }),
        ["ghn", "subscriber", slot, ..] => Ok(Command::Set {
            target: Target::Subscriber(ranged(slot, 1, 384, "subscriber")?),
            settings: options(&words, subscriber_option)?,
        }),
        ["no", "ghn", "bw-profile", slot] => Ok(Command::Remove(Target::Profile(ranged(
            slot, 1, 15, "profile",
        )?))),
        ["no", "ghn", "endpoint", slot] => Ok(Command::Remove(Target::Endpoint(ranged(
            slot, 1, 384, "endpoint",
        )?))),
        ["no", "ghn", "endpoint", slot, "port"] => Ok(set(
            Target::Endpoint(ranged(slot, 1, 384, "endpoint")?),
            Field::Port,
            Setting::Port(PortAssignment::Unassigned),
        )),
        ["no", "ghn", "subscriber", slot] => Ok(Command::Remove(Target::Subscriber(ranged(
            slot,
            1,
            384,
            "subscriber",
        )?))),
        ["no", "ghn", "subscriber", slot, "endpoint"] => Ok(set(
            Target::Subscriber(ranged(slot, 1, 384, "subscriber")?),
            Field::Endpoint,
            Setting::None,
        )),
        ["hostname", name] => hostname(name),
        ["no", "hostname"] => Ok(set(Target::System, Field::Hostname, Setting::None)),
        ["no", "snmp-server", "location"] => {
            Ok(set(Target::System, Field::Location, Setting::None))
        }
        ["no", "snmp-server", "contact"] => Ok(set(Target::System, Field::Contact, Setting::None)),
        ["interface", "10GigabitEthernet", place] => uplink(place),
        ["switchport", "trunk", "allowed", "vlan", list] => Ok(Command::AllowVlans(match *list {
            "none" => VlanSet::default(),
            "all" => vlans("1-4095")?,
            list => vlans(list)?,
        })),
        ["exit"] => Ok(Command::Leave),
        _ => Err("no plan may hold such a command".to_owned()),
    }
    .and_then(|command| no_stray_quotes(&words, command))
}

fn set(target: Target, field: Field, setting: Setting) -> Command {
    Command::Set {
        target,
        settings: BTreeMap::from([(field, setting)]),
    }
}

/// Refuses quotes around anything but names and descriptions.
fn no_stray_quotes(words: &[Word<'_>], command: Command) -> Result<Command, String> {
    let mut before = "";
    for word in words {
        if word.is_quoted && !matches!(before, "name" | "description") {
            return Err(format!("`{}` must not be between quotes", word.text));
        }
        before = if word.is_quoted { "" } else { word.text };
    }
    Ok(command)
}

fn uplink(place: &str) -> Result<Command, String> {
    let number = place
        .strip_prefix("1/")
        .ok_or_else(|| format!("`{place}` is not an uplink"))?;
    Ok(Command::EnterUplink(ranged(number, 1, 2, "uplink")?))
}

fn hostname(name: &str) -> Result<Command, String> {
    if !is_hostname(name) {
        return Err(format!("`{name}` is not a host name"));
    }
    Ok(set(
        Target::System,
        Field::Hostname,
        Setting::Text(name.to_owned()),
    ))
}

fn port(number: &str, words: &[Word<'_>], rest: &[&str]) -> Result<Command, String> {
    let target = Target::Port(ranged(number, 1, 24, "port")?);
    if rest == ["shutdown"] {
        return Ok(set(target, Field::Enabled, Setting::Flag(false)));
    }
    let settings = options(words, port_option)?;
    Ok(Command::Set { target, settings })
}
