//! Assembles profiles and endpoints, the objects that subscribers refer to.

use std::collections::BTreeMap;

use super::{Assembled, HIGHEST_PROFILE, HIGHEST_SLOT, beyond, counted, is_shared, unclear};
use crate::model::{
    EndpointConfig, EndpointName, GamModel, LIMITER_RANGE, MacAddress, Mbps, Part, PortAssignment,
    PortNumber, ProfileConfig, ProfileName, Slot, Unclear,
};
use crate::observe::rows::{EndpointRow, ExpectedPort, Known, ProfileRow, Table};

/// Adds the profiles; returns the name of each, `None` for an unclear one.
pub(super) fn add_profiles(
    table: &Table<ProfileRow>,
    out: &mut Assembled,
) -> BTreeMap<u32, Option<ProfileName>> {
    let part = Part::Profiles;
    out.lost(part, &table.lost);
    let names = counted(table.rows.values().filter_map(|row| row.name.clone().ok()));
    let mut held = BTreeMap::new();
    for (number, row) in &table.rows {
        let Ok(slot) = u16::try_from(*number) else {
            out.unread(
                part,
                None,
                None,
                format!("there is a profile {number}, which is not a valid slot"),
            );
            continue;
        };
        let problem = beyond(Slot(slot), HIGHEST_PROFILE)
            .or_else(|| row.unheld.first().cloned())
            .or_else(|| shared_name(&row.name, &names));
        let made = match problem {
            Some(problem) => Err(problem),
            None => profile(slot, row, out),
        };
        match made {
            Ok((name, config)) => {
                out.config.profiles.insert(name.clone(), config);
                held.insert(*number, Some(name));
            }
            Err(reason) => {
                out.unclear.push(Unclear {
                    name: row.name.clone().ok(),
                    reason,
                    ..unclear(part, Slot(slot))
                });
                held.insert(*number, None);
            }
        }
    }
    held
}

fn profile(
    slot: u16,
    row: &ProfileRow,
    out: &mut Assembled,
) -> Result<(ProfileName, ProfileConfig), String> {
    let ProfileRow {
        name,
        description,
        down,
        up,
        unheld: _,
    } = row;
    let name = name.as_ref().map_err(not_known("name"))?;
    let name = ProfileName::new(name).map_err(|error| format!("name {name:?}: {error}"))?;
    let (down, up) = (speed("down", down)?, speed("up", up)?);
    let description = out.text(Part::Profiles, slot, "description", description);
    let config = ProfileConfig {
        slot: Some(Slot(slot)),
        description,
        down: stand_in(down, "down", slot, out),
        up: stand_in(up, "up", slot, out),
    };
    Ok((name, config))
}

/// Returns the speed of a limiter, the reason why it is unknown, or the reason why it is invalid.
fn speed(field: &str, value: &Known<u32>) -> Result<Known<Mbps>, String> {
    match value {
        Err(reason) => Ok(Err(reason.clone())),
        Ok(number) => Mbps::new(*number)
            .map(Ok)
            .map_err(|error| format!("rate {field} is {number}: {error}")),
    }
}

fn stand_in(speed: Known<Mbps>, field: &str, slot: u16, out: &mut Assembled) -> Mbps {
    let lowest = Mbps::new(*LIMITER_RANGE.start());
    match (speed, lowest) {
        (Ok(speed), _) => speed,
        (Err(reason), Ok(lowest)) => {
            out.unread(Part::Profiles, Some(slot), Some(field), reason);
            lowest
        }
        (Err(_), Err(_)) => unreachable!("limiters begin at a speed"),
    }
}

/// Adds the endpoints; returns the address of each, `None` for an unclear one.
pub(super) fn add_endpoints(
    table: &Table<EndpointRow>,
    model: GamModel,
    out: &mut Assembled,
) -> BTreeMap<u32, Option<MacAddress>> {
    let part = Part::Endpoints;
    out.lost(part, &table.lost);
    let names = counted(table.rows.values().filter_map(|row| row.name.clone().ok()));
    let macs = counted(table.rows.values().filter_map(|row| row.mac.clone().ok()));
    let mut held = BTreeMap::new();
    for (number, row) in &table.rows {
        let Ok(slot) = u16::try_from(*number) else {
            out.unread(
                part,
                None,
                None,
                format!("there is an endpoint {number}, which is not a valid slot"),
            );
            continue;
        };
        let shared_mac = || {
            let mac = row.mac.as_ref().ok()?;
            is_shared(&macs, mac).then(|| "another endpoint has the same MAC address".to_owned())
        };
        let problem = beyond(Slot(slot), HIGHEST_SLOT)
            .or_else(|| row.unheld.first().cloned())
            .or_else(shared_mac)
            .or_else(|| shared_name(&row.name, &names));
        let made = match problem {
            Some(problem) => Err(problem),
            None => endpoint(slot, row, model, out),
        };
        match made {
            Ok((mac, config)) => {
                out.config.endpoints.insert(mac, config);
                held.insert(*number, Some(mac));
            }
            Err(reason) => {
                let octets = row.mac.clone().ok();
                out.unclear.push(Unclear {
                    name: row.name.clone().ok(),
                    mac: octets.and_then(|octets| MacAddress::new(octets).ok()),
                    port: assignment(&row.port, model).ok().and_then(Known::ok),
                    reason,
                    ..unclear(part, Slot(slot))
                });
                held.insert(*number, None);
            }
        }
    }
    held
}

fn endpoint(
    slot: u16,
    row: &EndpointRow,
    model: GamModel,
    out: &mut Assembled,
) -> Result<(MacAddress, EndpointConfig), String> {
    let EndpointRow {
        name,
        mac,
        port,
        unheld: _,
    } = row;
    let octets = mac.as_ref().map_err(not_known("MAC address"))?;
    let mac = MacAddress::new(*octets).map_err(|error| format!("MAC address: {error}"))?;
    let name = name.as_ref().map_err(not_known("name"))?;
    let name = EndpointName::new(name).map_err(|error| format!("name {name:?}: {error}"))?;
    let port = match assignment(port, model)? {
        Ok(port) => port,
        Err(reason) => {
            out.unread(Part::Endpoints, Some(slot), Some("port"), reason);
            PortAssignment::Unassigned
        }
    };
    let config = EndpointConfig {
        slot: Some(Slot(slot)),
        name,
        port,
    };
    Ok((mac, config))
}

/// Returns the port assignment of an endpoint, the reason why it is unknown, or the reason why it is invalid.
fn assignment(
    port: &Known<ExpectedPort>,
    model: GamModel,
) -> Result<Known<PortAssignment>, String> {
    match port {
        Err(reason) => Ok(Err(reason.clone())),
        Ok(ExpectedPort::Auto) => Ok(Ok(PortAssignment::Auto)),
        Ok(ExpectedPort::Unassigned) => Ok(Ok(PortAssignment::Unassigned)),
        Ok(ExpectedPort::Port(number)) => {
            let port = u8::try_from(*number).ok();
            let port = port.and_then(|number| PortNumber::new(number).ok());
            match port.filter(|port| model.has_port(*port)) {
                Some(port) => Ok(Ok(PortAssignment::Port(port))),
                None => Err(format!("a {model} has no port {number}")),
            }
        }
    }
}

/// Returns the reason if another object has the same name.
pub(super) fn shared_name(name: &Known<String>, names: &BTreeMap<String, usize>) -> Option<String> {
    let name = name.as_ref().ok()?;
    is_shared(names, name).then(|| format!("more than one here is named {name:?}"))
}

pub(super) fn not_known(what: &str) -> impl Fn(&String) -> String {
    move |reason| format!("its {what} is unknown: {reason}")
}
