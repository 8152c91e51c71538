//! Parses the words of a line as one of the few commands that a plan may contain.

use std::collections::BTreeMap;

use super::words::{Word, words};
use crate::model::{
    MAX_RESTORED_VLAN_ENTRIES, MacAddress, Poe, PortAssignment, PortMode, PortNumber, VlanSet,
};
use crate::plan::{Field, Object};

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

/// The value that a line gives a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Setting {
    Text(String),
    Mac(MacAddress),
    Speed(u32),
    Flag(bool),
    Vlan(u16),
    Vlans(VlanSet),
    Port(PortAssignment),
    Mode(PortMode),
    Poe(Poe),
    /// The slot of an endpoint or of a profile.
    Slot(u16),
    Unthrottled,
    /// The field has no value afterwards.
    None,
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

fn number(text: &str) -> Option<u32> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    is_number.then(|| text.parse().ok()).flatten()
}

fn ranged(text: &str, least: u16, most: u16, what: &str) -> Result<u16, String> {
    number(text)
        .and_then(|number| u16::try_from(number).ok())
        .filter(|number| (least..=most).contains(number))
        .ok_or_else(|| format!("`{text}` is out of range: {what} {least} to {most}"))
}

fn uplink(place: &str) -> Result<Command, String> {
    let number = place
        .strip_prefix("1/")
        .ok_or_else(|| format!("`{place}` is not an uplink"))?;
    Ok(Command::EnterUplink(ranged(number, 1, 2, "uplink")?))
}

fn hostname(name: &str) -> Result<Command, String> {
    let is_good = name.len() <= 45
        && name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if !is_good {
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

/// An option of a line: its field, its value, and the number of words of the value.
type Read = (Field, Setting, usize);

/// Parses the options after `ghn KIND NUMBER`: each at most once, and at least one.
fn options(
    words: &[Word<'_>],
    option: fn(&str, Option<&Word<'_>>) -> Result<Read, String>,
) -> Result<BTreeMap<Field, Setting>, String> {
    let mut settings = BTreeMap::new();
    let mut rest = words.get(3..).unwrap_or_default();
    while let Some((key, after)) = rest.split_first() {
        let (field, setting, taken) = option(key.text, after.first())?;
        if settings.insert(field, setting).is_some() {
            return Err(format!("`{}` is given twice", key.text));
        }
        rest = after.get(taken..).unwrap_or_default();
    }
    if settings.is_empty() {
        return Err("the line sets nothing".to_owned());
    }
    Ok(settings)
}

fn unknown(key: &str) -> String {
    format!("`{key}` is not an option that a plan may set here")
}

fn given<'a>(key: &str, value: Option<&'a Word<'a>>) -> Result<&'a Word<'a>, String> {
    value.ok_or_else(|| format!("nothing follows `{key}`"))
}

fn name(value: &Word<'_>) -> Result<Setting, String> {
    let text = value.text;
    if !(1..=31).contains(&text.len()) {
        return Err(format!(
            "a name has 1 to 31 characters, and `{text}` has {}",
            text.len()
        ));
    }
    if text.starts_with(' ') || text.ends_with(' ') {
        return Err(format!("the name `{text}` has a space at its edge"));
    }
    Ok(Setting::Text(text.to_owned()))
}

fn description(value: &Word<'_>) -> Result<Setting, String> {
    match value.text {
        "" => Ok(Setting::None),
        text if text.len() <= 63 => Ok(Setting::Text(text.to_owned())),
        text => Err(format!(
            "a description has at most 63 characters, not {}",
            text.len()
        )),
    }
}

fn port_option(key: &str, value: Option<&Word<'_>>) -> Result<Read, String> {
    Ok(match key {
        "name" => (Field::Name, name(given(key, value)?)?, 1),
        "mode" => {
            let mode = match given(key, value)?.text {
                "mimo" => PortMode::Mimo,
                "siso" => PortMode::Siso,
                other => return Err(format!("`{other}` is not a mode of a port")),
            };
            (Field::Mode, Setting::Mode(mode), 1)
        }
        _ => return Err(unknown(key)),
    })
}

fn profile_option(key: &str, value: Option<&Word<'_>>) -> Result<Read, String> {
    let speed = |text: &str| {
        // The range of the MIB. The inventory checks the limits of the medium.
        ranged(text, 10, 1999, "speed in Mbps").map(|speed| Setting::Speed(u32::from(speed)))
    };
    Ok(match key {
        "name" => (Field::Name, name(given(key, value)?)?, 1),
        "description" => (Field::Description, description(given(key, value)?)?, 1),
        "rate-downstream" => (Field::Down, speed(given(key, value)?.text)?, 1),
        "rate-upstream" => (Field::Up, speed(given(key, value)?.text)?, 1),
        _ => return Err(unknown(key)),
    })
}

fn endpoint_option(key: &str, value: Option<&Word<'_>>) -> Result<Read, String> {
    Ok(match key {
        "name" => (Field::Name, name(given(key, value)?)?, 1),
        "mac-address" => {
            let text = given(key, value)?.text;
            let mac: Option<MacAddress> = text.parse().ok();
            // The parser accepts any notation, but only one is sent.
            let mac = mac.filter(|mac| mac.to_string() == text);
            let mac =
                mac.ok_or_else(|| format!("`{text}` is not a MAC address in the device's form"))?;
            (Field::MacAddress, Setting::Mac(mac), 1)
        }
        "port" => {
            let assignment = match given(key, value)?.text {
                "auto" => PortAssignment::Auto,
                "unassigned" => PortAssignment::Unassigned,
                number => {
                    let number = ranged(number, 1, 24, "port")?;
                    let number = u8::try_from(number)
                        .ok()
                        .and_then(|n| PortNumber::new(n).ok());
                    PortAssignment::Port(number.ok_or("no such port")?)
                }
            };
            (Field::Port, Setting::Port(assignment), 1)
        }
        _ => return Err(unknown(key)),
    })
}

fn subscriber_option(key: &str, value: Option<&Word<'_>>) -> Result<Read, String> {
    // The device uses VLANs 3840 to 3842 internally, so they carry no data (docs/gam.md).
    let data_vlan = |text: &str| match ranged(text, 3, 4094, "VLAN")? {
        3840..=3842 => Err(format!("VLAN {text} is the device's own")),
        vlan => Ok(Setting::Vlan(vlan)),
    };
    let tag = |text: &str| match text {
        "none" => Ok(Setting::None),
        text => ranged(text, 3, 4093, "VLAN").map(Setting::Vlan),
    };
    Ok(match key {
        "name" => (Field::Name, name(given(key, value)?)?, 1),
        "description" => (Field::Description, description(given(key, value)?)?, 1),
        "endpoint" => {
            let slot = ranged(given(key, value)?.text, 1, 384, "endpoint")?;
            (Field::Endpoint, Setting::Slot(slot), 1)
        }
        "vid" => (Field::Vlan, data_vlan(given(key, value)?.text)?, 1),
        "tagged" => (Field::Tagged, Setting::Flag(true), 0),
        "untagged" => (Field::Tagged, Setting::Flag(false), 0),
        "remapped-vid" => (Field::RemappedVlan, tag(given(key, value)?.text)?, 1),
        "port2-vid" => (Field::Port2Vlan, tag(given(key, value)?.text)?, 1),
        "allowed-vlan" => {
            let list = match given(key, value)?.text {
                "none" => VlanSet::default(),
                list => tags(list)?,
            };
            (Field::AllowedVlans, Setting::Vlans(list), 1)
        }
        "bw-profile" => {
            let rate = match given(key, value)?.text {
                "unthrottled" => Setting::Unthrottled,
                slot => Setting::Slot(ranged(slot, 1, 15, "profile")?),
            };
            (Field::Rate, rate, 1)
        }
        "poe" => {
            let poe = match given(key, value)?.text {
                "disable" => Poe::Disable,
                "enable" => Poe::Enable,
                "force" => Poe::Force,
                other => return Err(format!("`{other}` is not a power setting")),
            };
            (Field::Poe, Setting::Poe(poe), 1)
        }
        _ => return Err(unknown(key)),
    })
}

/// Returns whether a line of a plan could give a field of an object this value.
pub(super) fn can_set(object: &Object, field: Field, to: &Setting) -> bool {
    let is_plain = |text: &str, most: usize| {
        text.len() <= most
            && !text.starts_with(' ')
            && !text.ends_with(' ')
            && text
                .chars()
                .all(|one| (' '..='~').contains(&one) && !matches!(one, '?' | '"' | '\\'))
    };
    let word =
        |text: &str, option: fn(&str, Option<&Word<'_>>) -> Result<Read, String>, key: &str| {
            let word = Word {
                text,
                is_quoted: false,
            };
            option(key, Some(&word)).is_ok()
        };
    match (field, to) {
        (Field::Hostname, Setting::Text(text)) => hostname(text).is_ok(),
        (Field::Location | Field::Contact, Setting::Text(text)) => {
            is_plain(text, 127) && !text.contains("  ")
        }
        (Field::Description, Setting::Text(text)) => is_plain(text, 63),
        (Field::Name, Setting::Text(text)) => is_plain(text, 31),
        (Field::Vlan, Setting::Vlan(vlan)) => word(&vlan.to_string(), subscriber_option, "vid"),
        (_, Setting::Vlan(vlan)) => word(&vlan.to_string(), subscriber_option, "remapped-vid"),
        (_, Setting::Vlans(list)) => match object {
            Object::Uplink(_) => words(&format!("switchport trunk allowed vlan {list}")).is_ok(),
            _ => list.is_empty() || tags(&list.to_string()).is_ok(),
        },
        (_, Setting::Speed(speed)) => word(&speed.to_string(), profile_option, "rate-upstream"),
        (_, _) => true,
    }
}

/// Parses a list in the only form that is sent: sorted, with joined ranges, without spaces.
fn vlans(text: &str) -> Result<VlanSet, String> {
    let set: VlanSet = text
        .parse()
        .map_err(|error| format!("`{text}` is not a list of VLANs: {error}"))?;
    if set.to_string() == text {
        Ok(set)
    } else {
        Err(format!("the list `{text}` is not in order"))
    }
}

fn tags(text: &str) -> Result<VlanSet, String> {
    let set = vlans(text)?;
    // Inverse lines may restore a longer list than a line may set; `agree` checks that limit.
    if set.entries() > MAX_RESTORED_VLAN_ENTRIES {
        return Err(format!(
            "the list `{text}` has more than {MAX_RESTORED_VLAN_ENTRIES} entries"
        ));
    }
    let outside = set.iter().find(|vlan| !(3..=4093).contains(&vlan.get()));
    match outside {
        Some(vlan) => Err(format!("VLAN {vlan} cannot pass as a tag")),
        None => Ok(set),
    }
}
