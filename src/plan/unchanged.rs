//! Detects a device that already matches the inventory, in one pass over both sides.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use crate::model::{
    DeviceConfig, EndpointConfig, Observation, PortConfig, ProfileConfig, Slot, SubscriberConfig,
    SystemConfig, UplinkConfig,
};

use super::ownership::is_devices_own;
use super::{Ledger, Request, Unmanaged};

/// Returns what is nobody's on a device where nothing is to be done; nothing where a closer look is needed.
pub(super) fn only_unmanaged(
    request: &Request<'_>,
    observation: &Observation,
    intended: &DeviceConfig,
) -> Option<Vec<Unmanaged>> {
    let removes = request.authoritative && request.removes_unmanaged;
    if !observation.unread.is_empty() || !observation.unclear.is_empty() || removes {
        return None;
    }
    let observed = &observation.config;
    if !are_settings_settled(intended, observed) {
        return None;
    }
    let ledger = request.ledger;
    let mut found = Vec::new();
    let is_ours = |owns: &dyn Fn(&Ledger) -> bool| ledger.is_some_and(owns);
    strangers(
        &intended.endpoints,
        &observed.endpoints,
        same_endpoint,
        |mac, has| {
            if is_ours(&|ledger| ledger.owns_endpoint(*mac)) {
                return None;
            }
            let name = format!("{mac} {}", has.name);
            found.push(super::unmanaged::of(
                "endpoint",
                has.slot?,
                name,
                Some(has.port),
            ));
            Some(())
        },
    )?;
    strangers(
        &intended.profiles,
        &observed.profiles,
        same_profile,
        |name, has| {
            let slot = has.slot?;
            if is_devices_own(slot, name) {
                return (!is_ours(&|ledger| ledger.owns_profile(name))).then_some(());
            }
            if is_ours(&|ledger| ledger.owns_profile(name)) {
                return None;
            }
            found.push(super::unmanaged::of(
                "profile",
                slot,
                name.to_string(),
                None,
            ));
            Some(())
        },
    )?;
    strangers(
        &intended.subscribers,
        &observed.subscribers,
        same_subscriber,
        |name, has| {
            if is_ours(&|ledger| ledger.owns_subscriber(name)) {
                return None;
            }
            let port = has
                .endpoint
                .and_then(|mac| Some(observed.endpoints.get(&mac)?.port));
            found.push(super::unmanaged::of(
                "subscriber",
                has.slot?,
                name.to_string(),
                port,
            ));
            Some(())
        },
    )?;
    found.sort_by(|left, right| (&left.kind, left.slot).cmp(&(&right.kind, right.slot)));
    Some(found)
}

fn are_settings_settled(intended: &DeviceConfig, observed: &DeviceConfig) -> bool {
    is_system_settled(&intended.system, &observed.system)
        && intended.ports.iter().all(|(number, port)| {
            let has = observed.ports.get(number);
            has.is_some_and(|has| is_port_settled(port, has))
        })
        && intended.uplinks.iter().all(|(number, uplink)| {
            let UplinkConfig { allowed_vlans } = uplink;
            let has = observed.uplinks.get(number);
            allowed_vlans.is_none() || has.is_some_and(|has| has.allowed_vlans == *allowed_vlans)
        })
}

/// Walks two sorted maps side by side; nothing where the first has what the second lacks or has otherwise.
fn strangers<K: Ord, V>(
    intended: &BTreeMap<K, V>,
    observed: &BTreeMap<K, V>,
    is_same: impl Fn(&V, &V) -> bool,
    mut stranger: impl FnMut(&K, &V) -> Option<()>,
) -> Option<()> {
    let mut wanted = intended.iter().peekable();
    for (key, has) in observed {
        match wanted.peek().map(|(next, value)| (next.cmp(&key), value)) {
            Some((Ordering::Less, _)) => return None,
            Some((Ordering::Equal, value)) => {
                if !is_same(value, has) {
                    return None;
                }
                wanted.next();
            }
            Some((Ordering::Greater, _)) | None => stranger(key, has)?,
        }
    }
    wanted.peek().is_none().then_some(())
}

fn is_system_settled(wanted: &SystemConfig, has: &SystemConfig) -> bool {
    let SystemConfig {
        hostname,
        location,
        contact,
    } = wanted;
    (hostname.is_none() || *hostname == has.hostname)
        && (location.is_none() || *location == has.location)
        && (contact.is_none() || *contact == has.contact)
}

fn is_port_settled(wanted: &PortConfig, has: &PortConfig) -> bool {
    let PortConfig {
        name,
        enabled,
        mode,
    } = wanted;
    (name.is_none() || *name == has.name)
        && (enabled.is_none() || *enabled == has.enabled)
        && (mode.is_none() || *mode == has.mode)
}

fn has_slot(slot: Option<Slot>) -> bool {
    slot.is_some()
}

pub(super) fn same_profile(wanted: &ProfileConfig, has: &ProfileConfig) -> bool {
    let ProfileConfig {
        slot: _,
        description,
        down,
        up,
    } = wanted;
    has_slot(has.slot) && *description == has.description && *down == has.down && *up == has.up
}

pub(super) fn same_endpoint(wanted: &EndpointConfig, has: &EndpointConfig) -> bool {
    let EndpointConfig {
        slot: _,
        name,
        port,
    } = wanted;
    has_slot(has.slot) && *name == has.name && *port == has.port
}

pub(super) fn same_subscriber(wanted: &SubscriberConfig, has: &SubscriberConfig) -> bool {
    let SubscriberConfig {
        slot: _,
        description,
        endpoint,
        rate,
        vlan,
        tagged,
        remapped_vlan,
        allowed_vlans,
        port2_vlan,
        poe,
    } = wanted;
    has_slot(has.slot)
        && *vlan == has.vlan
        && *endpoint == has.endpoint
        && *rate == has.rate
        && *tagged == has.tagged
        && *description == has.description
        && *remapped_vlan == has.remapped_vlan
        && *allowed_vlans == has.allowed_vlans
        && *port2_vlan == has.port2_vlan
        && (poe.is_none() || *poe == has.poe)
}
