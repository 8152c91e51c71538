//! The commands: which line each change of each kind of object is, as docs/gam.md has them.

use super::RenderError;
use super::line::{LONGEST_LINE, Line};
use super::value::Given;
use crate::model::{Hostname, PortNumber, Slot, SystemText, UplinkNumber};
use crate::plan::{Change, Field, Object, Value, Verb};

/// Returns the lines of configuration mode that carry out a change, in their order.
///
/// # Errors
///
/// When the change cannot be said in the device's words.
pub fn lines(change: &Change) -> Result<Vec<String>, RenderError> {
    let lines = match &change.object {
        Object::System => system(change)?,
        Object::Uplink(number) => uplink(change, *number)?,
        Object::Port(number) => port(change, *number)?,
        Object::Profile(_) => numbered(change, "ghn bw-profile", "no ghn bw-profile", profile)?,
        Object::Endpoint(_) => numbered(change, "ghn endpoint", "no ghn endpoint", endpoint)?,
        Object::Subscriber(_) => subscriber(change)?,
    };
    match lines
        .iter()
        .map(String::len)
        .find(|len| *len > LONGEST_LINE)
    {
        None => Ok(lines),
        Some(length) => Err(RenderError::TooLong {
            object: change.object.clone(),
            length,
            most: LONGEST_LINE,
        }),
    }
}

/// Returns the lines that undo a change.
///
/// A port's first name has no way back, since no form takes one away (docs/gam.md): it stays, and does no harm.
pub(super) fn undoing(change: &Change) -> Result<Vec<String>, RenderError> {
    let mut inverse = change.inverse();
    if matches!(inverse.object, Object::Port(_)) {
        let is_first_name = |field: Field, to: &Option<Value>| field == Field::Name && to.is_none();
        inverse
            .fields
            .retain(|change| !is_first_name(change.field, &change.to));
    }
    lines(&inverse)
}

fn given(change: &Change) -> impl Iterator<Item = Given<'_>> {
    change.fields.iter().map(move |field| Given {
        change,
        field: field.field,
        to: field.to.as_ref(),
    })
}

fn slot(change: &Change) -> Result<u16, RenderError> {
    match change.slot {
        Some(Slot(number)) if number > 0 => Ok(number),
        Some(_) | None => Err(RenderError::NoSlot {
            object: change.object.clone(),
        }),
    }
}

fn only_updates(change: &Change) -> Result<(), RenderError> {
    match change.verb {
        Verb::Update => Ok(()),
        Verb::Create | Verb::Remove => Err(RenderError::ForGood {
            object: change.object.clone(),
        }),
    }
}

fn must_have(change: &Change, fields: &[Field]) -> Result<(), RenderError> {
    let missing = fields
        .iter()
        .find(|field| change.field(**field).is_none_or(|given| given.to.is_none()));
    match missing {
        None => Ok(()),
        Some(field) => Err(RenderError::Missing {
            object: change.object.clone(),
            field: *field,
        }),
    }
}

fn system(change: &Change) -> Result<Vec<String>, RenderError> {
    only_updates(change)?;
    given(change).map(system_line).collect()
}

fn system_line(given: Given<'_>) -> Result<String, RenderError> {
    let (set, unset) = match given.field {
        Field::Hostname => ("hostname", "no hostname"),
        Field::Location => ("snmp-server location", "no snmp-server location"),
        Field::Contact => ("snmp-server contact", "no snmp-server contact"),
        Field::Name
        | Field::MacAddress
        | Field::Description
        | Field::Port
        | Field::Enabled
        | Field::Mode
        | Field::Down
        | Field::Up
        | Field::Endpoint
        | Field::Rate
        | Field::Vlan
        | Field::Tagged
        | Field::RemappedVlan
        | Field::AllowedVlans
        | Field::Port2Vlan
        | Field::Poe => return Err(given.wrong_field()),
    };
    if given.to.is_none() {
        return Ok(Line::begin(unset).end());
    }
    let mut line = Line::begin(set);
    let text = given.text()?;
    if given.field == Field::Hostname {
        let name = Hostname::new(text).map_err(|_| given.unsafe_text("it is no host name"))?;
        line.bare(name.as_str())
    } else {
        line.rest(text, SystemText::MAX)
    }
    .map_err(|why| given.unsafe_text(why))?;
    Ok(line.end())
}

fn uplink(change: &Change, number: UplinkNumber) -> Result<Vec<String>, RenderError> {
    only_updates(change)?;
    let mut lines = Vec::with_capacity(3);
    for given in given(change) {
        if given.field != Field::AllowedVlans {
            return Err(given.wrong_field());
        }
        // Unknown is not none: only a list that is known may be typed.
        given.value()?;
        let mut interface = Line::begin("interface 10GigabitEthernet");
        interface
            .bare(&format!("1/{number}"))
            .map_err(|why| given.unsafe_text(why))?;
        let mut allowed = Line::begin("switchport trunk allowed vlan");
        given.vlans(&mut allowed)?;
        lines.extend([interface.end(), allowed.end(), Line::begin("exit").end()]);
    }
    Ok(lines)
}

fn port(change: &Change, number: PortNumber) -> Result<Vec<String>, RenderError> {
    only_updates(change)?;
    let mut settings = Line::begin("ghn port");
    settings.number(number.get());
    let (mut has_settings, mut enabled) = (false, None);
    for given in given(change) {
        match given.field {
            Field::Name => given.name(&mut settings)?,
            Field::Mode => {
                let Value::Mode(mode) = given.value()? else {
                    return Err(given.wrong_value());
                };
                let word = match mode {
                    crate::model::PortMode::Mimo => "mimo",
                    crate::model::PortMode::Siso => "siso",
                    // Coax ports have no other mode, and no command says so.
                    crate::model::PortMode::Coax => return Err(given.wrong_value()),
                };
                settings.word("mode").word(word);
            }
            Field::Enabled => {
                enabled = Some(given.flag()?);
                continue;
            }
            Field::Hostname
            | Field::Location
            | Field::Contact
            | Field::MacAddress
            | Field::Description
            | Field::Port
            | Field::Down
            | Field::Up
            | Field::Endpoint
            | Field::Rate
            | Field::Vlan
            | Field::Tagged
            | Field::RemappedVlan
            | Field::AllowedVlans
            | Field::Port2Vlan
            | Field::Poe => return Err(given.wrong_field()),
        }
        has_settings = true;
    }
    let mut lines = Vec::new();
    if has_settings {
        lines.push(settings.end());
    }
    if let Some(enabled) = enabled {
        let mut line = Line::begin(if enabled { "no ghn port" } else { "ghn port" });
        line.number(number.get()).word("shutdown");
        lines.push(line.end());
    }
    Ok(lines)
}

/// Returns the one line about an object with a number: all options on it, or its removal.
fn numbered(
    change: &Change,
    set: &'static str,
    remove: &'static str,
    options: fn(&Change, &mut Line) -> Result<(), RenderError>,
) -> Result<Vec<String>, RenderError> {
    let number = slot(change)?;
    match change.verb {
        Verb::Remove => {
            let mut line = Line::begin(remove);
            line.number(number);
            Ok(vec![line.end()])
        }
        Verb::Update if change.fields.is_empty() => Ok(Vec::new()),
        Verb::Create | Verb::Update => {
            let mut line = Line::begin(set);
            line.number(number);
            options(change, &mut line)?;
            Ok(vec![line.end()])
        }
    }
}

fn profile(change: &Change, line: &mut Line) -> Result<(), RenderError> {
    if change.verb == Verb::Create {
        must_have(change, &[Field::Name, Field::Down, Field::Up])?;
    }
    for given in given(change) {
        match given.field {
            Field::Name => given.name(line)?,
            Field::Description => given.description(line)?,
            Field::Down => given.speed(line, "rate-downstream")?,
            Field::Up => given.speed(line, "rate-upstream")?,
            Field::Hostname
            | Field::Location
            | Field::Contact
            | Field::MacAddress
            | Field::Port
            | Field::Enabled
            | Field::Mode
            | Field::Endpoint
            | Field::Rate
            | Field::Vlan
            | Field::Tagged
            | Field::RemappedVlan
            | Field::AllowedVlans
            | Field::Port2Vlan
            | Field::Poe => return Err(given.wrong_field()),
        }
    }
    Ok(())
}

fn endpoint(change: &Change, line: &mut Line) -> Result<(), RenderError> {
    if change.verb == Verb::Create {
        must_have(change, &[Field::Name, Field::MacAddress])?;
    }
    for given in given(change) {
        match given.field {
            Field::Name => given.name(line)?,
            Field::MacAddress => given.mac(line)?,
            Field::Port => given.port(line)?,
            Field::Hostname
            | Field::Location
            | Field::Contact
            | Field::Description
            | Field::Enabled
            | Field::Mode
            | Field::Down
            | Field::Up
            | Field::Endpoint
            | Field::Rate
            | Field::Vlan
            | Field::Tagged
            | Field::RemappedVlan
            | Field::AllowedVlans
            | Field::Port2Vlan
            | Field::Poe => return Err(given.wrong_field()),
        }
    }
    Ok(())
}

fn subscriber(change: &Change) -> Result<Vec<String>, RenderError> {
    let is_detached = change.verb == Verb::Update
        && change
            .field(Field::Endpoint)
            .is_some_and(|endpoint| endpoint.to.is_none());
    let mut lines = Vec::new();
    if is_detached {
        // Nothing but the `no` form detaches; what else changes is a line of its own behind it.
        let mut line = Line::begin("no ghn subscriber");
        line.number(slot(change)?).word("endpoint");
        lines.push(line.end());
    }
    if is_detached && change.fields.len() == 1 {
        return Ok(lines);
    }
    lines.extend(numbered(
        change,
        "ghn subscriber",
        "no ghn subscriber",
        subscriber_options,
    )?);
    Ok(lines)
}

fn subscriber_options(change: &Change, line: &mut Line) -> Result<(), RenderError> {
    if change.verb == Verb::Create {
        must_have(change, &[Field::Name, Field::Rate, Field::Vlan])?;
    }
    for given in given(change) {
        match given.field {
            Field::Name => given.name(line)?,
            Field::Description => given.description(line)?,
            Field::Endpoint => match given.to {
                None => {}
                Some(Value::Endpoint { slot, .. }) => {
                    line.word("endpoint").number(slot.0);
                }
                Some(_) => return Err(given.wrong_value()),
            },
            Field::Rate => {
                line.word("bw-profile");
                match given.value()? {
                    Value::Unthrottled => line.word("unthrottled"),
                    Value::Profile { slot, .. } => line.number(slot.0),
                    Value::Text(_)
                    | Value::Mac(_)
                    | Value::Speed(_)
                    | Value::Flag(_)
                    | Value::Vlan(_)
                    | Value::Vlans(_)
                    | Value::Port(_)
                    | Value::Mode(_)
                    | Value::Poe(_)
                    | Value::Endpoint { .. } => return Err(given.wrong_value()),
                };
            }
            Field::Vlan => {
                let Value::Vlan(vlan) = given.value()? else {
                    return Err(given.wrong_value());
                };
                line.word("vid").number(vlan.get());
            }
            Field::Tagged => {
                line.word(if given.flag()? { "tagged" } else { "untagged" });
            }
            Field::RemappedVlan => given.vlan_or_none(line, "remapped-vid")?,
            Field::AllowedVlans => {
                line.word("allowed-vlan");
                given.vlans(line)?;
            }
            Field::Port2Vlan => given.vlan_or_none(line, "port2-vid")?,
            Field::Poe => {
                let Value::Poe(poe) = given.value()? else {
                    return Err(given.wrong_value());
                };
                line.word("poe").word(poe.as_str());
            }
            Field::Hostname
            | Field::Location
            | Field::Contact
            | Field::MacAddress
            | Field::Port
            | Field::Enabled
            | Field::Mode
            | Field::Down
            | Field::Up => return Err(given.wrong_field()),
        }
    }
    Ok(())
}
