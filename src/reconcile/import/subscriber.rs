//! Drafts subscribers, and lists those that the inventory cannot express.

use std::collections::{BTreeMap, BTreeSet};

use super::FoundDevice;
use super::draft::{Draft, Keys, SubscriberDraft, quoted, subscriber_id};
use crate::authoring::new_id::{Ids, slug};
use crate::inventory::{Reading, complete_subscriber};
use crate::model::{
    DeviceName, EndpointConfig, MAX_ALLOWED_VLANS, MacAddress, Observation, Part, Poe, Slot,
    SubscriberConfig, SubscriberName, VlanId,
};

/// The first VLAN that is used as a placeholder.
const FIRST_PLACEHOLDER: u16 = 100;

pub(super) fn add(found: &[FoundDevice], before: &Reading, ids: &mut Ids, draft: &mut Draft) {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for one in found {
        for name in one.observation.config.subscribers.keys() {
            *counts.entry(slug(name.as_str(), "")).or_default() += 1;
        }
    }
    for (place, one) in found.iter().enumerate() {
        let Some(device) = draft.names.get(&place).cloned() else {
            continue;
        };
        let observation = &one.observation;
        say_unknown(observation, &device, draft);
        let known = known_names(before, one.known.as_ref());
        let mut taken: BTreeSet<VlanId> = vlans(observation);
        for (name, config) in &observation.config.subscribers {
            let slot = config.slot.unwrap_or(Slot(0));
            if known.contains(name) {
                continue;
            }
            let what = format!("subscriber `{name}`");
            let endpoint = match fit(observation, name, config) {
                Ok(endpoint) => endpoint,
                Err(why) => {
                    draft.leave_out(&device, &what, &why);
                    continue;
                }
            };
            let plain = slug(name.as_str(), "");
            let with_device = format!("{name}-{device}");
            let is_shared = counts.get(&plain).is_some_and(|count| *count > 1);
            let wishes = match is_shared {
                true => vec![with_device],
                false => vec![name.to_string(), with_device],
            };
            let Some(id) = subscriber_id(&wishes, ids, slot.0) else {
                draft.leave_out(&device, &what, "no id can be made of its name");
                continue;
            };
            let is_suspended = config.vlan == VlanId::UNSERVED;
            let vlan = match is_suspended {
                true => placeholder(&mut taken),
                false => config.vlan,
            };
            let mut keys = keys(id.as_str(), name, config, endpoint, vlan);
            if is_suspended {
                keys.push(("state", quoted("suspended")));
            }
            let one = SubscriberDraft {
                found: place,
                name: name.clone(),
                is_suspended,
                keys,
            };
            draft.subscribers.insert(id, one);
        }
        say_unused(observation, &device, draft);
    }
}

/// Returns the endpoint of a subscriber that can be written, or why it cannot.
fn fit<'a>(
    observation: &'a Observation,
    name: &SubscriberName,
    config: &SubscriberConfig,
) -> Result<(MacAddress, &'a EndpointConfig), String> {
    let slot = config.slot.unwrap_or(Slot(0)).0;
    let unread = |part: Part, number: u16| {
        let mut all = observation.unread.iter();
        all.find(|unread| unread.part == part && unread.number == Some(number))
            .map(|unread| unread.reason.clone())
    };
    if let Some(reason) = unread(Part::Subscribers, slot) {
        return Err(format!("not all of it could be read: {reason}"));
    }
    let Some(mac) = config.endpoint else {
        return Err("it has no endpoint, which the inventory cannot express".to_owned());
    };
    let Some(endpoint) = observation.config.endpoints.get(&mac) else {
        return Err(format!("its endpoint {mac} is not known"));
    };
    let of_endpoint = endpoint
        .slot
        .and_then(|slot| unread(Part::Endpoints, slot.0));
    if let Some(reason) = of_endpoint {
        return Err(format!("not all of its endpoint could be read: {reason}"));
    }
    if let crate::model::RateLimit::Profile(profile) = &config.rate {
        let slot = observation
            .config
            .profiles
            .get(profile)
            .and_then(|one| one.slot);
        if let Some(reason) = slot.and_then(|slot| unread(Part::Profiles, slot.0)) {
            return Err(format!("not all of its profile could be read: {reason}"));
        }
    }
    let has_more = config.tagged
        || config.remapped_vlan.is_some()
        || config.port2_vlan.is_some()
        || !config.allowed_vlans.is_empty();
    if config.vlan == VlanId::UNSERVED && has_more {
        return Err(format!(
            "`{name}` is in VLAN 4094, without service, but has other VLANs"
        ));
    }
    let allowed = config.allowed_vlans.count();
    if allowed > MAX_ALLOWED_VLANS {
        return Err(format!(
            "it has {allowed} allowed VLANs, and the inventory accepts {MAX_ALLOWED_VLANS}"
        ));
    }
    Ok((mac, endpoint))
}

fn keys(
    id: &str,
    name: &SubscriberName,
    config: &SubscriberConfig,
    (mac, endpoint): (MacAddress, &EndpointConfig),
    vlan: VlanId,
) -> Keys {
    let SubscriberConfig {
        slot: _,
        description,
        endpoint: _,
        rate: _,
        vlan: _,
        tagged,
        remapped_vlan,
        allowed_vlans,
        port2_vlan,
        poe,
    } = config;
    let port = match endpoint.port {
        crate::model::PortAssignment::Port(number) => number.to_string(),
        word => quoted(&word.to_string()),
    };
    let mut keys = vec![
        ("port", port),
        ("endpoint", quoted(&mac.to_string())),
        ("vlan", vlan.to_string()),
    ];
    let mut key = |key, value: Option<String>| keys.extend(value.map(|value| (key, value)));
    key("name", (id != name.as_str()).then(|| quoted(name.as_str())));
    let endpoint_name = endpoint.name.as_str();
    key(
        "endpoint_name",
        (endpoint_name != name.as_str()).then(|| quoted(endpoint_name)),
    );
    key(
        "description",
        description.as_ref().map(|text| quoted(text.as_str())),
    );
    key("tagged", tagged.then(|| "true".to_owned()));
    key("remapped_vlan", remapped_vlan.map(|vlan| vlan.to_string()));
    let allowed = (!allowed_vlans.is_empty()).then(|| quoted(&allowed_vlans.to_string()));
    key("allowed_vlans", allowed);
    key("port2_vlan", port2_vlan.map(|vlan| vlan.to_string()));
    let poe = poe.filter(|poe| *poe != Poe::Disable);
    key("poe", poe.map(|poe| quoted(poe.as_str())));
    keys
}

/// Returns a VLAN that is free on the device: the device does not report the earlier VLAN of the subscriber.
fn placeholder(taken: &mut BTreeSet<VlanId>) -> VlanId {
    let free = (FIRST_PLACEHOLDER..4000)
        .filter_map(|id| VlanId::new(id).ok())
        .find(|vlan| vlan.check_data().is_ok() && !taken.contains(vlan));
    let vlan = free.unwrap_or(VlanId::DEFAULT_MANAGEMENT);
    taken.insert(vlan);
    vlan
}

/// Returns every VLAN that means something on a device.
fn vlans(observation: &Observation) -> BTreeSet<VlanId> {
    let subscribers = observation.config.subscribers.values();
    let of_subscribers = subscribers.flat_map(|one| {
        let single = [Some(one.vlan), one.remapped_vlan, one.port2_vlan];
        single.into_iter().flatten().chain(one.allowed_vlans.iter())
    });
    let unclear = observation.unclear.iter().flat_map(|one| one.vlans.iter());
    of_subscribers
        .chain(unclear)
        .chain(observation.management_vlan)
        .collect()
}

/// Returns the names that a described device's subscribers have already.
fn known_names(before: &Reading, device: Option<&DeviceName>) -> BTreeSet<SubscriberName> {
    let Some(device) = device else {
        return BTreeSet::new();
    };
    let subscribers = before.inventory.subscribers_of(device.as_str());
    subscribers
        .filter_map(|object| complete_subscriber(object).map(|one| one.name))
        .collect()
}

fn say_unknown(observation: &Observation, device: &DeviceName, draft: &mut Draft) {
    for unclear in &observation.unclear {
        let part = unclear.part.as_str().trim_end_matches('s');
        let name = unclear.name.as_deref().unwrap_or("nameless");
        let what = format!("{part} {} ({name:?})", unclear.slot.0);
        draft.leave_out(device, &what, &unclear.reason);
    }
    for unread in observation.unread.iter().filter(|one| one.number.is_none()) {
        let what = format!("some of its {}", unread.part.as_str());
        draft.leave_out(device, &what, &unread.reason);
    }
}

/// Lists the unused objects: they stay on the device, unmanaged.
fn say_unused(observation: &Observation, device: &DeviceName, draft: &mut Draft) {
    let subscribers = || observation.config.subscribers.values();
    let endpoints: BTreeSet<MacAddress> = subscribers().filter_map(|one| one.endpoint).collect();
    for (mac, endpoint) in &observation.config.endpoints {
        if !endpoints.contains(mac) {
            let what = format!("endpoint `{}` ({mac})", endpoint.name);
            draft.leave_out(device, &what, "it has no subscriber");
        }
    }
    for name in observation.config.profiles.keys() {
        let is_used = subscribers()
            .any(|one| matches!(&one.rate, crate::model::RateLimit::Profile(used) if used == name));
        // Every device has that one from the factory.
        let is_factory_default = name.as_str() == "default";
        if !is_used && !is_factory_default {
            draft.leave_out(device, &format!("profile `{name}`"), "no subscriber has it");
        }
    }
}
