//! Matches each object of the inventory to one on the device, so that renames and moves keep it.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{MacAddress, ProfileName, RateLimit, Slot, SubscriberConfig, SubscriberName};

use super::Field;
use super::item::{Item, Subscriber};
use super::ownership::{
    is_built_in, may_remove_unmanaged, owns_endpoint, owns_profile, owns_subscriber,
};
use super::planner_state::PlannerState;

/// Matches profiles, endpoints and subscribers of the inventory to items.
///
/// Subscribers are matched by the addresses of their endpoints. Only then can a replaced endpoint be found by its subscriber,
/// and last a renamed subscriber by its replaced endpoint.
pub(super) fn find_items(planner: &mut PlannerState<'_>) {
    profiles(planner);
    let mut taken = endpoints_by_mac(planner);
    subscribers(planner);
    endpoints_by_name(planner, &mut taken);
    endpoints_by_subscriber(planner, &mut taken);
    subscribers_by_endpoint(planner);
}

/// Matches by slot if the intended object names one and the object there is owned; then by name; then the only owned
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
        let mut candidates = planner.profiles.iter().enumerate().filter(|(index, item)| {
            item.start.as_ref().is_some_and(|start| {
                !taken.contains(index)
                    && item.unread.is_empty()
                    && (start.down, start.up) == (profile.down, profile.up)
                    && owns_profile(planner, start)
                    && !is_built_in(item.slot, &start.name)
                    && !may_have_unmanaged_users(planner, *index)
            })
        });
        if let (Some((index, _)), None) = (candidates.next(), candidates.next()) {
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
        || planner.subscribers.iter().any(|item| {
            item.start.as_ref().is_some_and(|start| {
                start.rate == Some(profile)
                    && !owns_subscriber(planner, start)
                    && !planner.intended.subscribers.contains_key(&start.name)
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
    let open: BTreeMap<&str, usize> = planner
        .endpoints
        .iter()
        .enumerate()
        .filter(|(index, item)| !taken.contains(index) && !item.is_unread(Field::Name))
        .filter_map(|(index, item)| Some((item.start.as_ref()?.name.as_str(), index)))
        .collect();
    let mut found = Vec::new();
    for (mac, endpoint) in &planner.intended.endpoints {
        if planner.endpoint_of.contains_key(mac) || endpoint.slot.is_some() {
            continue;
        }
        if let Some(index) = open.get(endpoint.name.as_str())
            && may_be_swapped(planner, *index, *mac)
        {
            found.push((*mac, *index));
        }
    }
    for (mac, index) in found {
        if taken.insert(index) {
            planner.endpoint_of.insert(mac, index);
        }
    }
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

/// Matches subscribers so that the fewest are interrupted. In this order: the slot of a rollback, the same name and endpoint,
/// the same service under another name, the same name, the earlier name, the same endpoint.
///
/// A match by name alone, if it came first, would move a service that a rename could keep.
fn subscribers(planner: &mut PlannerState<'_>) {
    let intended = &planner.intended.subscribers;
    let mac_of = |start: &Subscriber| -> Option<MacAddress> {
        let endpoint = planner.endpoints.get(start.endpoint?)?;
        Some(endpoint.start.as_ref()?.mac)
    };
    let mut by_name: BTreeMap<&SubscriberName, usize> = BTreeMap::new();
    let mut by_mac: BTreeMap<MacAddress, usize> = BTreeMap::new();
    for (index, item) in planner.subscribers.iter().enumerate() {
        let Some(start) = &item.start else { continue };
        by_name.insert(&start.name, index);
        if let Some(mac) = mac_of(start) {
            by_mac.insert(mac, index);
        }
    }
    let same_mac = |target: &SubscriberConfig| target.endpoint.and_then(|mac| by_mac.get(&mac));
    let mut found: BTreeMap<&SubscriberName, usize> = BTreeMap::new();
    let mut taken: BTreeSet<usize> = BTreeSet::new();
    for (name, target) in intended {
        let index = at_number(&planner.subscribers, target.slot, |start| {
            owns_subscriber(planner, start)
        });
        if let Some(index) = index {
            taken.insert(index);
            found.insert(name, index);
        }
    }
    let start_at = |index: usize| planner.subscribers.get(index)?.start.as_ref();
    for (name, target) in intended {
        let index = by_name.get(name).copied();
        if let Some(index) = index
            && start_at(index).is_some_and(|start| mac_of(start) == target.endpoint)
            && !found.contains_key(name)
            && taken.insert(index)
        {
            found.insert(name, index);
        }
    }
    let mut round = |finds: &dyn Fn(&SubscriberName, &SubscriberConfig) -> Option<usize>| {
        for (name, target) in intended {
            if found.contains_key(name) {
                continue;
            }
            // Only a rollback names slots. A subscriber that is no longer in its slot is created again there.
            if target.slot.is_some() && !by_name.contains_key(name) {
                continue;
            }
            if let Some(index) = finds(name, target)
                && taken.insert(index)
            {
                found.insert(name, index);
            }
        }
    };
    let same_service = |target: &SubscriberConfig| {
        let index = *same_mac(target)?;
        is_same_service(planner, target, start_at(index)?).then_some(index)
    };
    round(&|name, target| {
        let index = same_service(target)?;
        // A new name is only free if the subscriber that has it can give it up. If it cannot, the names stay and the endpoints
        // move: half-way through that, the service is the same already, and planning again must not turn to the names.
        let gives_up = |holder: &usize| {
            start_at(*holder).is_some_and(|start| {
                let is_trade = intended
                    .values()
                    .any(|other| same_service(other) == Some(*holder));
                is_trade || owns_subscriber(planner, start) || may_remove_unmanaged(planner.request)
            })
        };
        let holder = by_name.get(name).filter(|holder| **holder != index);
        holder.is_none_or(gives_up).then_some(index)
    });
    round(&|name, _| by_name.get(name).copied());
    round(&|name, _| {
        let before = planner.request.renamed.get(name)?;
        by_name.get(before).copied()
    });
    round(&|_, target| same_mac(target).copied());
    planner.subscriber_of = found;
}

/// Returns whether an observed subscriber has the intended service, apart from its endpoint.
fn is_same_service(
    planner: &PlannerState<'_>,
    target: &SubscriberConfig,
    start: &Subscriber,
) -> bool {
    let is_same_rate = match (&target.rate, start.rate) {
        (RateLimit::Unthrottled, None) => true,
        (RateLimit::Profile(name), Some(profile)) => planner.profile_of.get(name) == Some(&profile),
        (RateLimit::Unthrottled, Some(_)) | (RateLimit::Profile(_), None) => false,
    };
    is_same_rate && start.has_settings_of(target)
}
