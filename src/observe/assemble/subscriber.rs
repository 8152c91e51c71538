//! Assembles subscribers, with their references to endpoints and profiles.

use std::collections::BTreeMap;

use super::object::{not_known, shared_name};
use super::{Assembled, HIGHEST_SLOT, Held, beyond, counted, unclear, vlan_of};
use crate::model::{
    MacAddress, Part, RateLimit, Slot, SubscriberConfig, SubscriberName, Unclear, VlanId, VlanSet,
};
use crate::observe::rows::{Known, SubscriberRow, Table};

const PART: Part = Part::Subscribers;

pub(super) fn add_subscribers(table: &Table<SubscriberRow>, held: &Held, out: &mut Assembled) {
    out.lost(PART, &table.lost);
    let rows = table.rows.values();
    let names = counted(rows.clone().filter_map(|row| row.name.clone().ok()));
    let served = counted(rows.filter_map(|row| row.endpoint.clone().ok().flatten()));
    for (number, row) in &table.rows {
        let Ok(slot) = u16::try_from(*number) else {
            let reason = format!("there is a subscriber {number}, which is not a valid slot");
            out.unread(PART, None, None, reason);
            continue;
        };
        let problem = beyond(Slot(slot), HIGHEST_SLOT)
            .or_else(|| row.unheld.first().cloned())
            .or_else(|| shared_name(&row.name, &names))
            .or_else(|| shared_endpoint(row, &served));
        let made = match problem {
            Some(problem) => Err(problem),
            None => subscriber(slot, row, held, out),
        };
        match made {
            Ok((name, config)) => {
                out.config.subscribers.insert(name, config);
            }
            Err(reason) => out.unclear.push(Unclear {
                name: row.name.clone().ok(),
                uses_endpoint: slot_of(&row.endpoint),
                uses_profile: slot_of(&row.profile),
                vlans: vlans_of(row),
                reason,
                ..unclear(PART, Slot(slot))
            }),
        }
    }
}

fn subscriber(
    slot: u16,
    row: &SubscriberRow,
    held: &Held,
    out: &mut Assembled,
) -> Result<(SubscriberName, SubscriberConfig), String> {
    let SubscriberRow {
        name,
        description,
        endpoint,
        profile,
        vlan,
        tagged,
        remapped_vlan,
        allowed_vlans,
        port2_vlan,
        poe,
        unheld: _,
    } = row;
    let name = name.as_ref().map_err(not_known("name"))?;
    let name = SubscriberName::new(name).map_err(|error| format!("name {name:?}: {error}"))?;
    // Check everything that makes it unclear first: an unclear subscriber must leave no unread fields.
    let endpoint = endpoint_of(endpoint, held)?;
    let rate = rate_of(profile, held)?;
    let vlan = number_of("VLAN", &vlan.clone().map(Some))?;
    let remapped_vlan = number_of("remapped VLAN", remapped_vlan)?;
    let port2_vlan = number_of("second port's VLAN", port2_vlan)?;
    let endpoint = out.known(PART, slot, "endpoint", &endpoint).flatten();
    let rate = out.known(PART, slot, "rate", &rate);
    let vlan = out.known(PART, slot, "vlan", &vlan).flatten();
    let allowed_vlans = out.known(PART, slot, "allowed_vlans", allowed_vlans);
    let config = SubscriberConfig {
        slot: Some(Slot(slot)),
        description: out.text(PART, slot, "description", description),
        endpoint,
        rate: rate.unwrap_or(RateLimit::Unthrottled),
        vlan: vlan.unwrap_or(VlanId::UNSERVED),
        tagged: out.known(PART, slot, "tagged", tagged).unwrap_or(false),
        remapped_vlan: out
            .known(PART, slot, "remapped_vlan", &remapped_vlan)
            .flatten(),
        allowed_vlans: allowed_vlans.unwrap_or_default(),
        port2_vlan: out.known(PART, slot, "port2_vlan", &port2_vlan).flatten(),
        poe: out.known(PART, slot, "poe", poe),
    };
    Ok((name, config))
}

/// Returns the address behind a reference, the reason why it is unknown, or the reason why the reference is invalid.
fn endpoint_of(
    number: &Known<Option<u32>>,
    held: &Held,
) -> Result<Known<Option<MacAddress>>, String> {
    let number = match number {
        Err(reason) => return Ok(Err(reason.clone())),
        Ok(None) => return Ok(Ok(None)),
        Ok(Some(number)) => *number,
    };
    match held.endpoints.get(&number) {
        Some(Some(mac)) => Ok(Ok(Some(*mac))),
        Some(None) => Err(format!("its endpoint {number} is unclear itself")),
        None if held.all_endpoints_known => Err(format!(
            "it is served over endpoint {number}, which the device does not have"
        )),
        None => Ok(Err(format!("its endpoint {number} could not be read"))),
    }
}

fn rate_of(number: &Known<Option<u32>>, held: &Held) -> Result<Known<RateLimit>, String> {
    let number = match number {
        Err(reason) => return Ok(Err(reason.clone())),
        Ok(None) => return Ok(Ok(RateLimit::Unthrottled)),
        Ok(Some(number)) => *number,
    };
    match held.profiles.get(&number) {
        Some(Some(name)) => Ok(Ok(RateLimit::Profile(name.clone()))),
        Some(None) => Err(format!("its profile {number} is unclear itself")),
        None if held.all_profiles_known => Err(format!(
            "it uses profile {number}, which the device does not have"
        )),
        None => Ok(Err(format!("its profile {number} could not be read"))),
    }
}

fn number_of(what: &str, number: &Known<Option<u32>>) -> Result<Known<Option<VlanId>>, String> {
    match number {
        Err(reason) => Ok(Err(reason.clone())),
        Ok(None) => Ok(Ok(None)),
        Ok(Some(number)) => match vlan_of(*number) {
            Some(vlan) => Ok(Ok(Some(vlan))),
            None => Err(format!(
                "its {what} is {number}: VLAN ids go from 1 to 4095"
            )),
        },
    }
}

fn shared_endpoint(row: &SubscriberRow, served: &BTreeMap<u32, usize>) -> Option<String> {
    let number = row.endpoint.clone().ok().flatten()?;
    super::is_shared(served, &number)
        .then(|| format!("endpoint {number} serves more than one subscriber"))
}

fn slot_of(number: &Known<Option<u32>>) -> Option<Slot> {
    let number = number.clone().ok().flatten()?;
    u16::try_from(number).ok().map(Slot)
}

/// Returns the known VLANs of a subscriber.
fn vlans_of(row: &SubscriberRow) -> VlanSet {
    let single = [
        row.vlan.clone().ok(),
        row.remapped_vlan.clone().ok().flatten(),
        row.port2_vlan.clone().ok().flatten(),
    ];
    let single = single.into_iter().flatten().filter_map(vlan_of);
    let allowed = row.allowed_vlans.iter().flat_map(VlanSet::iter);
    single.chain(allowed).collect()
}
