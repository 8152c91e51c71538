//! Changes and impacts as people say them.

use std::borrow::Cow;

use super::super::{counted, listed, visible};
use crate::plan::{CannotUndo, Change, Field, FieldChange, Impact, Object, Step, Value, Verb};

/// How many names are given before the rest is counted.
const NAMES: usize = 6;

/// Returns the object of a change with its number on the device: `subscriber apt-1 (3)`.
pub(in crate::report) fn object(change: &Change) -> String {
    let name = change.object.to_string();
    let name = visible(&name);
    match change.slot {
        Some(slot) => format!("{name} ({})", slot.0),
        None => name.into_owned(),
    }
}

/// Returns what happens to the object: `rate home-100 → home-200, VLAN 3 → 4`.
pub(in crate::report) fn what(change: &Change) -> String {
    let fields: Vec<String> = change
        .fields
        .iter()
        // Who comes or goes is said already.
        .filter(|field| change.verb == Verb::Update || !is_identity(&change.object, field.field))
        .filter_map(|field| match change.verb {
            Verb::Create => with(field.field, field.to.as_ref()),
            Verb::Remove => with(field.field, field.from.as_ref()),
            Verb::Update => Some(moved(field)),
        })
        .collect();
    fields.join(", ")
}

fn is_identity(object: &Object, field: Field) -> bool {
    match object {
        Object::Profile(_) | Object::Subscriber(_) => field == Field::Name,
        Object::Endpoint(_) => field == Field::MacAddress,
        Object::System | Object::Uplink(_) | Object::Port(_) => false,
    }
}

fn with(field: Field, value: Option<&Value>) -> Option<String> {
    let value = value?;
    // What is off or empty says nothing about an object that comes or goes.
    let is_empty = match value {
        Value::Flag(flag) => !flag && field == Field::Tagged,
        Value::Vlans(vlans) => vlans.is_empty(),
        _ => false,
    };
    (!is_empty).then(|| format!("{} {}", label(field), said(field, Some(value))))
}

fn moved(change: &FieldChange) -> String {
    let FieldChange { field, from, to } = change;
    format!(
        "{} {} → {}",
        label(*field),
        said(*field, from.as_ref()),
        said(*field, to.as_ref())
    )
}

pub(super) fn label(field: Field) -> &'static str {
    match field {
        Field::Hostname => "host name",
        Field::Location => "location",
        Field::Contact => "contact",
        Field::Name => "name",
        Field::MacAddress => "MAC",
        Field::Description => "description",
        Field::Port => "port",
        Field::Enabled => "enabled",
        Field::Mode => "mode",
        Field::Down => "down",
        Field::Up => "up",
        Field::Endpoint => "endpoint",
        Field::Rate => "rate",
        Field::Vlan => "VLAN",
        Field::Tagged => "tagged",
        Field::RemappedVlan => "remapped VLAN",
        Field::AllowedVlans => "allowed VLANs",
        Field::Port2Vlan => "VLAN of port 2",
        Field::Poe => "power",
    }
}

pub(super) fn said(field: Field, value: Option<&Value>) -> String {
    let Some(value) = value else {
        return match field {
            Field::Description
            | Field::Endpoint
            | Field::RemappedVlan
            | Field::Port2Vlan
            | Field::Name
            | Field::Location
            | Field::Contact => "none",
            _ => "unknown",
        }
        .to_owned();
    };
    match value {
        Value::Text(text) => match visible(text) {
            text if text.contains([' ', ',']) => format!("\"{text}\""),
            text => text.into_owned(),
        },
        Value::Mac(mac) => mac.to_string(),
        Value::Speed(speed) => format!("{speed} Mbps"),
        Value::Flag(flag) => if *flag { "yes" } else { "no" }.to_owned(),
        Value::Vlan(vlan) => vlan.to_string(),
        Value::Vlans(vlans) if vlans.is_empty() => "none".to_owned(),
        Value::Vlans(vlans) => vlans.to_string(),
        Value::Port(port) => port.to_string(),
        Value::Mode(mode) => mode.to_string(),
        Value::Poe(poe) => poe.to_string(),
        // The number is the device's business; people know endpoints and profiles by what they are called.
        Value::Endpoint { mac, .. } => mac.to_string(),
        Value::Profile { name, .. } => visible(name.as_str()).into_owned(),
        Value::Unthrottled => "unthrottled".to_owned(),
    }
}

/// Returns what a step does to people, where it does something.
pub(in crate::report) fn impact(step: &Step) -> Option<String> {
    let own = match &step.change.object {
        Object::Subscriber(name) => Some(name),
        _ => None,
    };
    let names = |verb: &str| {
        let subscribers = step.impact.subscribers();
        // The subscriber that the line is about need not be named again.
        if matches!(subscribers, [only] if Some(only) == own) {
            return format!("{verb} it");
        }
        format!(
            "{verb} {}",
            some_names(subscribers.iter().map(|name| visible(name.as_str())))
        )
    };
    match &step.impact {
        Impact::None => None,
        Impact::Interrupts { .. } => Some(names("interrupts")),
        Impact::Disconnects { .. } => Some(names("disconnects")),
        Impact::TouchesManagement => Some("may cut our own way to the device".to_owned()),
    }
}

/// Returns names as a list; of many, the first ones and a count.
pub(super) fn some_names<'a>(names: impl ExactSizeIterator<Item = Cow<'a, str>>) -> String {
    let count = names.len();
    let mut shown: Vec<String> = names.take(NAMES).map(Cow::into_owned).collect();
    if count > NAMES {
        shown.push(format!(
            "{} more",
            super::super::count::grouped(count - NAMES)
        ));
    }
    listed(&shown)
}

/// Returns why a step cannot be undone, where it cannot.
pub(super) fn cannot_undo(step: &Step) -> Option<String> {
    let had = |field: &Field| format!("the {} it had", label(*field));
    let because = match step.cannot_undo.as_ref()? {
        CannotUndo::UnsafeCharacter {
            field,
            character,
            position,
        } => {
            let character = character.to_string();
            format!(
                "{} has `{}` at position {position}, which no line may hold",
                had(field),
                visible(&character)
            )
        }
        CannotUndo::TooLong {
            field,
            length,
            most,
        } => format!(
            "{} has {length} characters, and gamctl writes at most {most}",
            had(field)
        ),
        CannotUndo::LostSpaces { field } => {
            format!("{} has spaces that a command does not keep", had(field))
        }
        CannotUndo::NotAHostname { field } => {
            format!("{} is not one that gamctl writes", had(field))
        }
        CannotUndo::OutOfRange { field } => {
            format!("gamctl cannot write {}", had(field))
        }
        CannotUndo::NotKnown { field } => format!("{} is not known", had(field)),
        CannotUndo::CutsManagement { vlan } => {
            format!("undoing it would stop VLAN {vlan}, through which gamctl may reach the device")
        }
    };
    Some(format!("cannot be undone, because {because}"))
}

/// Returns what stays of a step although its lines are undone.
pub(super) fn lasting(step: &Step) -> Option<String> {
    if step.cannot_undo.is_some() {
        // That is told whether lines are shown or not.
        return None;
    }
    if step.inverse.is_empty() {
        return (!step.lines.is_empty()).then(|| "nothing undoes this".to_owned());
    }
    let is_port = matches!(step.change.object, Object::Port(_));
    let name = step.change.field(Field::Name).filter(|_| is_port)?;
    name.from
        .is_none()
        .then(|| "a port that has a name keeps one: undoing gives it another, not none".to_owned())
}

/// Returns "1 device" or "97 devices".
pub(super) fn on_devices(count: usize) -> String {
    counted(count, "device")
}
