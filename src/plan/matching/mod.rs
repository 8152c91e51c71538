//! Matches each object of the inventory to one on the device, so that renames and moves keep it.
//!
//! `subscribers` matches subscribers while their endpoints are known by address only.

mod subscribers;

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{MacAddress, ProfileName, Slot};

use super::Field;
use super::item::Item;
use super::ownership::{
    is_built_in, may_remove_unmanaged, owns_endpoint, owns_profile, owns_subscriber,
};
use super::planner_state::PlannerState;

/// Matches profiles, endpoints and subscribers of the inventory to items.
///
/// Subscribers are matched by the addresses of their endpoints. Only then can a replaced endpoint be found by its subscriber,
/// and last a renamed subscriber by its replaced endpoint.
pub(super) fn find_items(planner: &mut PlannerState<'_>) {
    let mut taken = endpoints_by_mac(planner);
    let new_macs = new_macs(planner, &taken);
    subscribers::by_service_and_name(planner, &new_macs);
    endpoints_by_name(planner, &mut taken);
    endpoints_by_subscriber(planner, &mut taken);
    subscribers_by_endpoint(planner);
    // Last: a profile may be renamed only if no unmanaged subscriber uses it, and one that gets a name of the inventory is none.
    profiles(planner);
}

/// Matches by slot if the intended object names one and the object there is owned; then by name; then the first owned
/// profile with the same rates, if no unmanaged subscriber uses it.
fn profiles(planner: &mut PlannerState<'_>) {
    let by_name: BTreeMap<&ProfileName, usize> = planner
        .profiles
        .iter()
        .enumerate()
        .filter_map(|(index, item)| Some((&item.start.as_ref()?.name, index)))
        .collect();
    let mut taken = BTreeSet::new();
    let mut found = BTreeMap::new();
    for (name, profile) in &planner.intended.profiles {
        let index = at_number(&planner.profiles, profile.slot, |start| {
            owns_profile(planner, start)
        });
        if let Some(index) = index {
            taken.insert(index);
            found.insert(name, index);
        }
    }
    for name in planner.intended.profiles.keys() {
        if let Some(index) = by_name.get(name)
            && !found.contains_key(name)
            && taken.insert(*index)
        {
            found.insert(name, *index);
        }
    }
    for (name, profile) in &planner.intended.profiles {
        // Only a rollback names slots. A profile that is no longer in its slot is created again there.
        if found.contains_key(name) || profile.slot.is_some() {
            continue;
        }
        // The first of several, so that it is the same one again half-way through a plan, when another one may be gone.
        let candidate = planner.profiles.iter().enumerate().find(|(index, item)| {
            item.start.as_ref().is_some_and(|start| {
                !taken.contains(index)
                    && item.unread.is_empty()
                    && (start.down, start.up) == (profile.down, profile.up)
                    && owns_profile(planner, start)
                    && !is_built_in(item.slot, &start.name)
                    && !may_have_unmanaged_users(planner, *index)
            })
        });
        if let Some((index, _)) = candidate {
            taken.insert(index);
            found.insert(name, index);
        }
    }
    planner.profile_of = found;
}

/// Returns whether an unmanaged subscriber uses, or may use, a profile.
fn may_have_unmanaged_users(planner: &PlannerState<'_>, profile: usize) -> bool {
    let slot = planner.profiles.get(profile).map(|item| item.slot);
    let is_used_by_unclear =
        slot.is_some_and(|slot| planner.unread.used_profiles.contains_key(&slot));
    planner.unread.rates.is_some()
        || is_used_by_unclear
        || planner.subscribers.iter().enumerate().any(|(index, item)| {
            let is_matched = || planner.subscriber_of.values().any(|one| *one == index);
            item.start.as_ref().is_some_and(|start| {
                start.rate == Some(profile) && !owns_subscriber(planner, start) && !is_matched()
            })
        })
}

/// Matches by slot if the intended object names one and the object there is owned; then by address.
fn endpoints_by_mac(planner: &mut PlannerState<'_>) -> BTreeSet<usize> {
    let mut taken = BTreeSet::new();
    let mut found = BTreeMap::new();
    for (mac, endpoint) in &planner.intended.endpoints {
        let index = at_number(&planner.endpoints, endpoint.slot, |start| {
            owns_endpoint(planner, start)
        });
        if let Some(index) = index {
            taken.insert(index);
            found.insert(*mac, index);
        }
    }
    for (index, item) in planner.endpoints.iter().enumerate() {
        if let Some(start) = &item.start
            && planner.intended.endpoints.contains_key(&start.mac)
            && !found.contains_key(&start.mac)
            && taken.insert(index)
        {
            found.insert(start.mac, index);
        }
    }
    planner.endpoint_of = found;
    taken
}

/// Returns the owned item in the slot that an intended object names. A rollback identifies an object by its slot, because a
/// step may have renamed it. An inventory does not name slots.
fn at_number<S>(
    items: &[Item<S>],
    slot: Option<Slot>,
    is_owned: impl Fn(&S) -> bool,
) -> Option<usize> {
    let slot = slot?;
    items
        .iter()
        .position(|item| item.slot == slot && item.start.as_ref().is_some_and(&is_owned))
}

/// Matches a new address to the endpoint with the intended name: after a CPE swap, the endpoint keeps its name.
fn endpoints_by_name(planner: &mut PlannerState<'_>, taken: &mut BTreeSet<usize>) {
    for (mac, index) in with_same_name(planner, taken) {
        if may_be_swapped(planner, index, mac) && taken.insert(index) {
            planner.endpoint_of.insert(mac, index);
        }
    }
}

/// Returns the new addresses that `endpoints_by_name` will certainly give to endpoints with a subscriber.
///
/// A subscriber counts as on the new address from the start. Otherwise, planning again after the step with that address would
/// match subscribers differently.
fn new_macs(planner: &PlannerState<'_>, taken: &BTreeSet<usize>) -> BTreeMap<usize, MacAddress> {
    let is_certain = |index: usize| {
        let endpoint = planner.endpoints.get(index);
        let is_owned = endpoint
            .and_then(|item| item.start.as_ref())
            .is_some_and(|start| owns_endpoint(planner, start))
            || may_remove_unmanaged(planner.request);
        let users = planner.subscribers.iter();
        let mut users = users.filter_map(|item| item.start.as_ref());
        let user = users.find(|start| start.endpoint == Some(index));
        // With its name intended, the user is matched, or it is removed.
        is_owned
            && user.is_some_and(|start| {
                planner.intended.subscribers.contains_key(&start.name)
                    || owns_subscriber(planner, start)
                    || may_remove_unmanaged(planner.request)
            })
            && endpoint.is_some_and(|item| !planner.unread.used_endpoints.contains_key(&item.slot))
    };
    with_same_name(planner, taken)
        .into_iter()
        .filter(|(_, index)| is_certain(*index))
        .map(|(mac, index)| (index, mac))
        .collect()
}

/// Returns each intended address that is not on the device, with the endpoint that has the intended name.
fn with_same_name(planner: &PlannerState<'_>, taken: &BTreeSet<usize>) -> Vec<(MacAddress, usize)> {
    let intended = || {
        let endpoints = planner.intended.endpoints.iter();
        endpoints.filter(|(mac, endpoint)| {
            !planner.endpoint_of.contains_key(*mac) && endpoint.slot.is_none()
        })
    };
    if intended().next().is_none() {
        return Vec::new();
    }
    let open: BTreeMap<&str, usize> = planner
        .endpoints
        .iter()
        .enumerate()
        .filter(|(index, item)| !taken.contains(index) && !item.is_unread(Field::Name))
        .filter_map(|(index, item)| Some((item.start.as_ref()?.name.as_str(), index)))
        .collect();
    intended()
        .filter_map(|(mac, endpoint)| Some((*mac, *open.get(endpoint.name.as_str())?)))
        .collect()
}

/// Matches a new address to the present endpoint of the subscriber that is intended to have it.
fn endpoints_by_subscriber(planner: &mut PlannerState<'_>, taken: &mut BTreeSet<usize>) {
    let mut found = Vec::new();
    for (name, index) in &planner.subscriber_of {
        let target = planner
            .intended
            .subscribers
            .get(*name)
            .and_then(|subscriber| subscriber.endpoint);
        let has = planner
            .subscribers
            .get(*index)
            .and_then(|item| item.start.as_ref()?.endpoint);
        let (Some(mac), Some(endpoint)) = (target, has) else {
            continue;
        };
        let endpoints = &planner.intended.endpoints;
        let may_be_another = endpoints.get(&mac).is_some_and(|one| one.slot.is_none());
        if !planner.endpoint_of.contains_key(&mac)
            && may_be_another
            && !taken.contains(&endpoint)
            && may_be_swapped(planner, endpoint, mac)
        {
            found.push((mac, endpoint));
        }
    }
    for (mac, index) in found {
        if !planner.endpoint_of.contains_key(&mac) && taken.insert(index) {
            planner.endpoint_of.insert(mac, index);
        }
    }
}

/// Matches the remaining subscribers by endpoint: an endpoint that gets another address keeps its subscriber.
fn subscribers_by_endpoint(planner: &mut PlannerState<'_>) {
    let taken: BTreeSet<usize> = planner.subscriber_of.values().copied().collect();
    let users: BTreeMap<usize, usize> = planner
        .subscribers
        .iter()
        .enumerate()
        .filter(|(index, _)| !taken.contains(index))
        .filter_map(|(index, item)| Some((item.start.as_ref()?.endpoint?, index)))
        .collect();
    for (name, target) in &planner.intended.subscribers {
        if target.slot.is_some() {
            continue;
        }
        let endpoint = target
            .endpoint
            .and_then(|mac| planner.endpoint_of.get(&mac));
        if let Some(user) = endpoint.and_then(|endpoint| users.get(endpoint)) {
            planner.subscriber_of.entry(name).or_insert(*user);
        }
    }
}

/// Returns whether an endpoint whose address is not intended may get this one. It must be owned, or serve a subscriber that is
/// intended to have this address. No unmanaged or unclear subscriber may use it.
///
/// With these conditions, planning again half-way through a plan decides the same.
fn may_be_swapped(planner: &PlannerState<'_>, index: usize, mac: MacAddress) -> bool {
    let Some((slot, start)) = planner
        .endpoints
        .get(index)
        .and_then(|item| Some((item.slot, item.start.as_ref()?)))
    else {
        return false;
    };
    if planner.unread.used_endpoints.contains_key(&slot) {
        return false;
    }
    let is_owned = owns_endpoint(planner, start) || may_remove_unmanaged(planner.request);
    let user = planner.subscribers.iter().position(|item| {
        let start = item.start.as_ref();
        start.is_some_and(|start| start.endpoint == Some(index))
    });
    let Some(user) = user else {
        // A subscriber that could not be read may use it.
        return is_owned && planner.unread.ties.is_none();
    };
    let matched = planner
        .subscriber_of
        .iter()
        .find(|(_, index)| **index == user);
    match matched {
        Some((name, _)) => {
            let target = planner.intended.subscribers.get(*name);
            is_owned || target.is_some_and(|target| target.endpoint == Some(mac))
        }
        None => {
            let is_removed = planner
                .subscribers
                .get(user)
                .and_then(|item| item.start.as_ref())
                .is_some_and(|start| {
                    owns_subscriber(planner, start) || may_remove_unmanaged(planner.request)
                });
            // An unmanaged subscriber stays, so its endpoint is not replaced.
            is_owned && is_removed
        }
    }
}
