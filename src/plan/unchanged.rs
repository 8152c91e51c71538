//! Detects a device that already matches the inventory, in one pass over both sides.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use crate::model::{DeviceConfig, Observation, PortConfig, SystemConfig, UplinkConfig};

use super::ownership::is_built_in;
use super::same_object::{same_endpoint, same_profile, same_subscriber};
use super::{Ledger, Request, Unmanaged};

/// Returns the unmanaged objects of a device without changes; `None` if the full planner has to compare it.
///
/// Most devices have no changes at most looks, so this path decides how fast thousands of devices are planned.
pub(super) fn only_unmanaged(
    request: &Request<'_>,
    observation: &Observation,
    intended: &DeviceConfig,
) -> Option<Vec<Unmanaged>> {
    // These cases need the full planner: it adds notes for unread parts, and removes unmanaged objects.
    let removes = request.authoritative && request.removes_unmanaged;
    if !observation.unread.is_empty() || !observation.unclear.is_empty() || removes {
        return None;
    }
    let observed = &observation.config;
    if !are_settings_unchanged(intended, observed) {
        return None;
    }
    let ledger = request.ledger;
    let mut found = Vec::new();
    let is_owned = |owns: &dyn Fn(&Ledger) -> bool| ledger.is_some_and(owns);
    unmanaged_in(
        &intended.endpoints,
        &observed.endpoints,
        same_endpoint,
        |mac, has| {
            // An owned object that is not intended must be removed.
            if is_owned(&|ledger| ledger.owns_endpoint(*mac)) {
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
    unmanaged_in(
        &intended.profiles,
        &observed.profiles,
        same_profile,
        |name, has| {
            let slot = has.slot?;
            if is_built_in(slot, name) {
                return (!is_owned(&|ledger| ledger.owns_profile(name))).then_some(());
            }
            if is_owned(&|ledger| ledger.owns_profile(name)) {
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
    unmanaged_in(
        &intended.subscribers,
        &observed.subscribers,
        same_subscriber,
        |name, has| {
            if is_owned(&|ledger| ledger.owns_subscriber(name)) {
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

fn are_settings_unchanged(intended: &DeviceConfig, observed: &DeviceConfig) -> bool {
    is_system_unchanged(&intended.system, &observed.system)
        && intended.ports.iter().all(|(number, port)| {
            let has = observed.ports.get(number);
            has.is_some_and(|has| is_port_unchanged(port, has))
        })
        && intended.uplinks.iter().all(|(number, uplink)| {
            let UplinkConfig { allowed_vlans } = uplink;
            let has = observed.uplinks.get(number);
            allowed_vlans.is_none() || has.is_some_and(|has| has.allowed_vlans == *allowed_vlans)
        })
}

/// Compares two sorted maps in one pass. Returns `None` if an intended value is missing or differs.
fn unmanaged_in<K: Ord, V>(
    intended: &BTreeMap<K, V>,
    observed: &BTreeMap<K, V>,
    is_same: impl Fn(&V, &V) -> bool,
    mut unmanaged: impl FnMut(&K, &V) -> Option<()>,
) -> Option<()> {
    let mut targets = intended.iter().peekable();
    for (key, has) in observed {
        match targets.peek().map(|(next, value)| (next.cmp(&key), value)) {
            Some((Ordering::Less, _)) => return None,
            Some((Ordering::Equal, value)) => {
                if !is_same(value, has) {
                    return None;
                }
                targets.next();
            }
            Some((Ordering::Greater, _)) | None => unmanaged(key, has)?,
        }
    }
    targets.peek().is_none().then_some(())
}

fn is_system_unchanged(intended: &SystemConfig, has: &SystemConfig) -> bool {
    let SystemConfig {
        hostname,
        location,
        contact,
    } = intended;
    (hostname.is_none() || *hostname == has.hostname)
        && (location.is_none() || *location == has.location)
        && (contact.is_none() || *contact == has.contact)
}

fn is_port_unchanged(intended: &PortConfig, has: &PortConfig) -> bool {
    let PortConfig {
        name,
        enabled,
        mode,
    } = intended;
    (name.is_none() || *name == has.name)
        && (enabled.is_none() || *enabled == has.enabled)
        && (mode.is_none() || *mode == has.mode)
}
