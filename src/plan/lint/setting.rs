//! Knows each field for the lint: the words that set it, its value in a new object, and values that no line can write.

use std::collections::BTreeMap;

use super::words::{Word, words};
use crate::model::{
    MAX_RESTORED_VLAN_ENTRIES, MacAddress, Poe, PortAssignment, PortMode, PortNumber, VlanSet,
};
use crate::plan::change::Value;
use crate::plan::{Field, Object};

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

/// Returns the value of a field of a new object if no line sets it.
pub(super) fn fresh_field(object: &Object, field: Field) -> Option<Setting> {
    let is_subscriber = matches!(object, Object::Subscriber(_));
    let of = |is_its: bool, setting: Setting| is_its.then_some(setting);
    match field {
        Field::Description => of(
            is_subscriber || matches!(object, Object::Profile(_)),
            Setting::None,
        ),
        Field::Endpoint | Field::RemappedVlan | Field::Port2Vlan => {
            of(is_subscriber, Setting::None)
        }
        Field::Tagged => of(is_subscriber, Setting::Flag(false)),
        Field::AllowedVlans => of(is_subscriber, Setting::Vlans(VlanSet::default())),
        Field::Port => of(
            matches!(object, Object::Endpoint(_)),
            Setting::Port(crate::model::PortAssignment::Unassigned),
        ),
        Field::Hostname
        | Field::Location
        | Field::Contact
        | Field::Name
        | Field::MacAddress
        | Field::Enabled
        | Field::Mode
        | Field::Down
        | Field::Up
        | Field::Rate
        | Field::Vlan
        | Field::Poe => None,
    }
}

/// Returns the setting that gives a field this value. Returns `None` for a missing value if no line can remove the value.
pub(super) fn setting(field: Field, value: Option<Value>) -> Option<Setting> {
    let Some(value) = value else {
        return match field {
            Field::AllowedVlans => Some(Setting::Vlans(VlanSet::default())),
            Field::Description
            | Field::Endpoint
            | Field::RemappedVlan
            | Field::Port2Vlan
            | Field::Hostname
            | Field::Location
            | Field::Contact => Some(Setting::None),
            Field::Name
            | Field::MacAddress
            | Field::Port
            | Field::Enabled
            | Field::Mode
            | Field::Down
            | Field::Up
            | Field::Rate
            | Field::Vlan
            | Field::Tagged
            | Field::Poe => None,
        };
    };
    Some(match value {
        Value::Text(text) => Setting::Text(text),
        Value::Mac(mac) => Setting::Mac(mac),
        Value::Speed(speed) => Setting::Speed(speed.get()),
        Value::Flag(flag) => Setting::Flag(flag),
        Value::Vlan(vlan) => Setting::Vlan(vlan.get()),
        Value::Vlans(vlans) => Setting::Vlans(vlans),
        Value::Port(port) => Setting::Port(port),
        Value::Mode(mode) => Setting::Mode(mode),
        Value::Poe(poe) => Setting::Poe(poe),
        Value::Endpoint { slot, .. } | Value::Profile { slot, .. } => Setting::Slot(slot.0),
        Value::Unthrottled => Setting::Unthrottled,
    })
}

/// An option of a line: its field, its value, and the number of words of the value.
type Read = (Field, Setting, usize);

/// Parses the options after `ghn KIND NUMBER`: each at most once, and at least one.
pub(super) fn options(
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

pub(super) fn port_option(key: &str, value: Option<&Word<'_>>) -> Result<Read, String> {
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

pub(super) fn profile_option(key: &str, value: Option<&Word<'_>>) -> Result<Read, String> {
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

pub(super) fn endpoint_option(key: &str, value: Option<&Word<'_>>) -> Result<Read, String> {
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

pub(super) fn subscriber_option(key: &str, value: Option<&Word<'_>>) -> Result<Read, String> {
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

/// Returns whether a line of a plan could give a field of an object this value. `setting` decides whether one could remove it.
pub(super) fn can_set(object: &Object, field: Field, to: &Setting) -> bool {
    type ReadOption = fn(&str, Option<&Word<'_>>) -> Result<Read, String>;
    let text = |is_possible: &dyn Fn(&str) -> bool| match to {
        Setting::Text(text) => is_possible(text),
        _ => true,
    };
    let number = |option: ReadOption, key: &str| {
        let number = match to {
            Setting::Vlan(vlan) => vlan.to_string(),
            Setting::Speed(speed) => speed.to_string(),
            _ => return true,
        };
        let word = Word {
            text: &number,
            is_quoted: false,
        };
        option(key, Some(&word)).is_ok()
    };
    match field {
        Field::Hostname => text(&is_hostname),
        Field::Location | Field::Contact => {
            text(&|text| is_plain(text, 127) && !text.contains("  "))
        }
        Field::Description => text(&|text| is_plain(text, 63)),
        Field::Name => text(&|text| is_plain(text, 31)),
        Field::Down => number(profile_option, "rate-downstream"),
        Field::Up => number(profile_option, "rate-upstream"),
        Field::Vlan => number(subscriber_option, "vid"),
        Field::RemappedVlan => number(subscriber_option, "remapped-vid"),
        Field::Port2Vlan => number(subscriber_option, "port2-vid"),
        Field::AllowedVlans => match (object, to) {
            (Object::Uplink(_), Setting::Vlans(list)) => {
                words(&format!("switchport trunk allowed vlan {list}")).is_ok()
            }
            (_, Setting::Vlans(list)) => list.is_empty() || tags(&list.to_string()).is_ok(),
            _ => true,
        },
        // Every value of their types has a word.
        Field::MacAddress
        | Field::Port
        | Field::Enabled
        | Field::Mode
        | Field::Endpoint
        | Field::Rate
        | Field::Tagged
        | Field::Poe => true,
    }
}

fn is_plain(text: &str, most: usize) -> bool {
    text.len() <= most
        && !text.starts_with(' ')
        && !text.ends_with(' ')
        && text
            .chars()
            .all(|one| (' '..='~').contains(&one) && !matches!(one, '?' | '"' | '\\'))
}

/// Returns whether a text is a host name that a line may set.
pub(super) fn is_hostname(name: &str) -> bool {
    name.len() <= 45
        && name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn number(text: &str) -> Option<u32> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    is_number.then(|| text.parse().ok()).flatten()
}

pub(super) fn ranged(text: &str, least: u16, most: u16, what: &str) -> Result<u16, String> {
    number(text)
        .and_then(|number| u16::try_from(number).ok())
        .filter(|number| (least..=most).contains(number))
        .ok_or_else(|| format!("`{text}` is out of range: {what} {least} to {most}"))
}

/// Parses a list in the only form that is sent: sorted, with joined ranges, without spaces.
pub(super) fn vlans(text: &str) -> Result<VlanSet, String> {
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
