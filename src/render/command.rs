//! Renders each kind of change as the commands of docs/gam.md.

use super::RenderError;
use super::line::{LONGEST_LINE, Line};
use super::value::{Options, list_or_none, unsafe_text};
use crate::model::{
    ConfigLine, EndpointName, HeldText, Hostname, PortConfig, PortMode, PortName, PortNumber,
    ProfileName, Slot, SubscriberName, SystemConfig, SystemText, UplinkNumber,
};
use crate::plan::{
    Change, Edit, Endpoint, EndpointFields, Field, Kind, PortFields, PortUpdate, Profile,
    ProfileFields, Rate, Subscriber, SubscriberFields, SystemFields, SystemUpdate, UplinkUpdate,
    Verb,
};

/// Returns the lines of configuration mode that carry out a change, in their order.
///
/// # Errors
///
/// When the device has no command for it.
pub fn lines(change: &Change) -> Result<Vec<ConfigLine>, RenderError> {
    let lines = match change {
        Change::System(update) => system(change, update)?,
        Change::Uplink(number, update) => uplink(change, *number, update)?,
        Change::Port(number, update) => port(change, *number, update)?,
        Change::Profile(slot, edit) => match edit.verb() {
            Verb::Remove => vec![removal("no ghn bw-profile", *slot)],
            Verb::Create | Verb::Update => profile(change, *slot, edit)?,
        },
        Change::Endpoint(slot, edit) => match edit.verb() {
            Verb::Remove => vec![removal("no ghn endpoint", *slot)],
            Verb::Create | Verb::Update => endpoint(change, *slot, edit)?,
        },
        Change::Subscriber(slot, edit) => match edit.verb() {
            Verb::Remove => vec![removal("no ghn subscriber", *slot)],
            Verb::Create | Verb::Update => subscriber(change, *slot, edit)?,
        },
    };
    let ended = lines.into_iter().map(|line| {
        let text = line.end();
        if text.len() > LONGEST_LINE {
            return Err(RenderError::TooLong {
                object: change.object(),
                length: text.len(),
                most: LONGEST_LINE,
            });
        }
        ConfigLine::try_from(text).map_err(|why| RenderError::NotALine {
            object: change.object(),
            why,
        })
    });
    ended.collect()
}

/// Returns the lines that undo a change.
///
/// A port's first name cannot be undone: no command removes one (docs/gam.md). The port gets a name that no other object has
/// or will get, so that its earlier name is free again for the object that had it before.
pub(super) fn undoing(change: &Change) -> Result<Vec<ConfigLine>, RenderError> {
    let mut inverse = change.inverse();
    if let Change::Port(number, update) = &mut inverse
        && let Some(name) = &mut update.name
        && name.to.is_none()
    {
        name.to = HeldText::new(&format!("gamctl-tmp-{number}")).ok();
    }
    lines(&inverse)
}

fn removal(command: &'static str, slot: Slot) -> Line {
    let mut line = Line::begin(command);
    line.number(slot.0);
    line
}

fn system(change: &Change, update: &SystemUpdate) -> Result<Vec<Line>, RenderError> {
    let SystemFields {
        hostname,
        location,
        contact,
    } = SystemConfig::after(update);
    let mut lines = Vec::new();
    match hostname {
        None => {}
        Some(None) => lines.push(Line::begin("no hostname")),
        Some(Some(text)) => {
            let refused = |why| unsafe_text(change, Field::Hostname, why);
            let name =
                Hostname::new(text.as_str()).map_err(|_| refused("it is not a valid host name"))?;
            let mut line = Line::begin("hostname");
            line.bare(name.as_str()).map_err(refused)?;
            lines.push(line);
        }
    }
    let (set, unset) = ("snmp-server location", "no snmp-server location");
    lines.extend(system_text(change, Field::Location, location, set, unset)?);
    let (set, unset) = ("snmp-server contact", "no snmp-server contact");
    lines.extend(system_text(change, Field::Contact, contact, set, unset)?);
    Ok(lines)
}

fn system_text(
    change: &Change,
    field: Field,
    text: Option<&Option<HeldText>>,
    set: &'static str,
    unset: &'static str,
) -> Result<Option<Line>, RenderError> {
    Ok(match text {
        None => None,
        Some(None) => Some(Line::begin(unset)),
        Some(Some(text)) => {
            let mut line = Line::begin(set);
            line.rest(text.as_str(), SystemText::MAX)
                .map_err(|why| unsafe_text(change, field, why))?;
            Some(line)
        }
    })
}

fn uplink(
    change: &Change,
    number: UplinkNumber,
    update: &UplinkUpdate,
) -> Result<Vec<Line>, RenderError> {
    let UplinkUpdate { allowed_vlans } = update;
    let Some(moved) = allowed_vlans else {
        return Ok(Vec::new());
    };
    let refused = |why| unsafe_text(change, Field::AllowedVlans, why);
    let mut interface = Line::begin("interface 10GigabitEthernet");
    interface.bare(&format!("1/{number}")).map_err(refused)?;
    let mut allowed = Line::begin("switchport trunk allowed vlan");
    list_or_none(&mut allowed, &moved.to.0).map_err(refused)?;
    Ok(vec![interface, allowed, Line::begin("exit")])
}

fn port(
    change: &Change,
    number: PortNumber,
    update: &PortUpdate,
) -> Result<Vec<Line>, RenderError> {
    let PortFields {
        name,
        enabled,
        mode,
    } = PortConfig::after(update);
    let cannot_be_taken = |field| RenderError::CannotBeTaken {
        object: change.object(),
        field,
    };
    let mut settings = Options::of(change, "ghn port", u16::from(number.get()));
    if let Some(name) = name {
        let name = name.as_ref().ok_or_else(|| cannot_be_taken(Field::Name))?;
        settings.name(Some(name.as_str()), PortName::MAX)?;
    }
    let mode_word = match mode {
        None => None,
        Some(PortMode::Mimo) => Some("mimo"),
        Some(PortMode::Siso) => Some("siso"),
        // Coax ports have no other mode, and no command says so.
        Some(PortMode::Coax) => {
            return Err(unsafe_text(
                change,
                Field::Mode,
                "no command sets a port to coax",
            ));
        }
    };
    settings.word_and("mode", mode_word);
    let mut lines = Vec::new();
    if name.is_some() || mode.is_some() {
        lines.push(settings.end());
    }
    if let Some(enabled) = enabled {
        let mut line = Line::begin(if *enabled { "no ghn port" } else { "ghn port" });
        line.number(number.get()).word("shutdown");
        lines.push(line);
    }
    Ok(lines)
}

fn profile(change: &Change, slot: Slot, edit: &Edit<Profile>) -> Result<Vec<Line>, RenderError> {
    let ProfileFields {
        name,
        description,
        down,
        up,
    } = edit.after();
    let is_new = edit.verb() == Verb::Create;
    let mut line = Options::of(change, "ghn bw-profile", slot.0);
    line.name(name.map(ProfileName::as_str), ProfileName::MAX)?;
    line.description(description, is_new)?;
    line.speed("rate-downstream", down);
    line.speed("rate-upstream", up);
    Ok(vec![line.end()])
}

fn endpoint(change: &Change, slot: Slot, edit: &Edit<Endpoint>) -> Result<Vec<Line>, RenderError> {
    let EndpointFields { name, mac, port } = edit.after();
    let mut line = Options::of(change, "ghn endpoint", slot.0);
    line.name(name.map(EndpointName::as_str), EndpointName::MAX)?;
    line.mac(mac)?;
    line.port(port);
    Ok(vec![line.end()])
}

fn subscriber(
    change: &Change,
    slot: Slot,
    edit: &Edit<Subscriber>,
) -> Result<Vec<Line>, RenderError> {
    let SubscriberFields {
        name,
        description,
        endpoint,
        rate,
        vlan,
        tagged,
        remapped_vlan,
        allowed_vlans,
        port2_vlan,
        poe,
    } = edit.after();
    let is_new = edit.verb() == Verb::Create;
    let mut lines = Vec::new();
    if !is_new && endpoint == Some(&None) {
        // Nothing but the `no` form detaches; what else changes is a line of its own behind it.
        let mut line = removal("no ghn subscriber", slot);
        line.word("endpoint");
        lines.push(line);
        if change.fields().len() == 1 {
            return Ok(lines);
        }
    }
    let mut line = Options::of(change, "ghn subscriber", slot.0);
    line.name(name.map(SubscriberName::as_str), SubscriberName::MAX)?;
    line.description(description, is_new)?;
    line.number(
        "endpoint",
        endpoint.and_then(|used| Some(used.as_ref()?.slot.0)),
    );
    match rate {
        None => {}
        Some(Rate::Unthrottled) => line.word_and("bw-profile", Some("unthrottled")),
        Some(Rate::Profile { slot, name: _ }) => line.number("bw-profile", Some(slot.0)),
    }
    line.number("vid", vlan.map(|vlan| vlan.get()));
    line.word(tagged.map(|is_tagged| if *is_tagged { "tagged" } else { "untagged" }));
    let remapped = (Field::RemappedVlan, "remapped-vid");
    line.or_none(remapped, remapped_vlan, is_new)?;
    line.allowed_vlans(allowed_vlans, is_new)?;
    line.or_none((Field::Port2Vlan, "port2-vid"), port2_vlan, is_new)?;
    match poe {
        None => {}
        Some(None) if is_new => {}
        Some(None) => {
            return Err(RenderError::CannotBeTaken {
                object: change.object(),
                field: Field::Poe,
            });
        }
        Some(Some(poe)) => line.word_and("poe", Some(poe.as_str())),
    }
    lines.push(line.end());
    Ok(lines)
}
