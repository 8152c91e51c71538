//! Breaks dependency cycles by moving one object to a temporary state.

use std::collections::BTreeSet;

use crate::model::{EndpointName, HeldText, SubscriberName};

use super::check::{Claim, ItemRef, StepCheck};

/// A value that an item gives up temporarily.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Release {
    /// The item gets a temporary name.
    Name(ItemRef),
    /// A subscriber is unthrottled, which is never slower.
    Limit(usize),
    /// An endpoint is on no port.
    Place(usize),
    /// A subscriber has no endpoint.
    Tie(usize),
}

/// Returns the cheapest release that breaks a cycle of changes that wait for each other.
///
/// Each pending change has an obstacle, and each obstacle is pending too. So the path along the first obstacles ends in a
/// cycle. An object in a temporary state must still be identifiable: after a crash, planning again finds an endpoint by its
/// MAC address, and a subscriber by its name or its endpoint.
pub(super) fn cheapest_release(check: &StepCheck<'_>) -> Option<Release> {
    let first = *check.pending.iter().next()?;
    let mut path: Vec<ItemRef> = Vec::new();
    let mut seen: BTreeSet<ItemRef> = BTreeSet::new();
    let mut at = first;
    while seen.insert(at) {
        path.push(at);
        let obstacles = check.obstacles(at);
        let next = obstacles
            .iter()
            .find(|obstacle| check.pending.contains(&obstacle.by))?;
        at = next.by;
    }
    // The path may begin outside of the cycle.
    let start = path.iter().position(|item_ref| *item_ref == at)?;
    let cycle = path.get(start..)?;
    let mut candidates: Vec<(u32, Release)> = Vec::new();
    for (index, item_ref) in cycle.iter().enumerate() {
        let next = cycle.get((index + 1) % cycle.len())?;
        for obstacle in check.obstacles(*item_ref) {
            if obstacle.by == *next
                && let Some(release) = release(*item_ref, obstacle.by, obstacle.claim)
            {
                candidates.push((price(check, release), release));
            }
        }
    }
    candidates.into_iter().min().map(|(_, release)| release)
}

/// Returns the release by which an obstacle gives up the claimed value; `None` if it cannot.
fn release(waiting: ItemRef, by: ItemRef, claim: Claim) -> Option<Release> {
    match (claim, by) {
        (Claim::Name, ItemRef::Port(_) | ItemRef::Endpoint(_) | ItemRef::Subscriber(_)) => {
            Some(Release::Name(by))
        }
        (Claim::Tie, ItemRef::Subscriber(index)) => Some(Release::Tie(index)),
        (Claim::Place, ItemRef::Endpoint(index)) => Some(Release::Place(index)),
        (Claim::Use | Claim::Rate, ItemRef::Subscriber(index)) => Some(match waiting {
            ItemRef::Endpoint(_) => Release::Tie(index),
            ItemRef::Port(_) | ItemRef::Profile(_) | ItemRef::Subscriber(_) => {
                Release::Limit(index)
            }
        }),
        (Claim::Slot | Claim::Row | Claim::Absent, _)
        | (Claim::Name, ItemRef::Profile(_))
        | (
            Claim::Tie | Claim::Place | Claim::Use | Claim::Rate,
            ItemRef::Port(_) | ItemRef::Profile(_) | ItemRef::Endpoint(_) | ItemRef::Subscriber(_),
        ) => None,
    }
}

/// Returns the price of a release: most for an object that planning again could not identify, then for interruptions.
fn price(check: &StepCheck<'_>, release: Release) -> u32 {
    match release {
        Release::Name(ItemRef::Port(_) | ItemRef::Profile(_)) => 0,
        Release::Name(ItemRef::Endpoint(index)) => {
            let item = check.planner.endpoints.get(index);
            // Planning again finds it by its address, unless the plan changes that too.
            let is_known_by_address = item.is_some_and(|item| match (&item.start, &item.goal) {
                (Some(start), Some(goal)) => start.mac == goal.mac,
                (Some(_), None) | (None, _) => true,
            });
            if is_known_by_address { 0 } else { 100 }
        }
        Release::Name(ItemRef::Subscriber(index)) => {
            // Planning again finds it by its endpoint, unless the plan changes that too.
            if keeps_endpoint(check, index) { 0 } else { 100 }
        }
        Release::Limit(_) => 1,
        Release::Place(index) => 2 + u32::from(check.partial.ties.contains_key(&index)),
        Release::Tie(index) => {
            // A subscriber that changes its endpoint is interrupted anyway.
            if keeps_endpoint(check, index) { 50 } else { 3 }
        }
    }
}

/// Returns whether a subscriber has the same endpoint before and after the plan.
fn keeps_endpoint(check: &StepCheck<'_>, index: usize) -> bool {
    let item = check.planner.subscribers.get(index);
    item.is_some_and(|item| match (&item.start, &item.goal) {
        (Some(start), Some(goal)) => start.endpoint.is_some() && start.endpoint == goal.endpoint,
        (Some(_), None) | (None, _) => false,
    })
}

/// Returns a name that no object has or gets. It shows that gamctl made it: `gamctl-tmp-12`.
fn free_name<N>(
    number: u16,
    make: impl Fn(&str) -> Option<N>,
    is_taken: impl Fn(&N) -> bool,
) -> Option<N> {
    (0..=u16::MAX).find_map(|turn| {
        let text = match turn {
            0 => format!("gamctl-tmp-{number}"),
            turn => format!("gamctl-tmp-{number}-{turn}"),
        };
        make(&text).filter(|name| !is_taken(name))
    })
}

pub(super) fn port_name(check: &StepCheck<'_>, number: u16) -> Option<HeldText> {
    let is_taken = |name: &HeldText| {
        check.partial.port_names.contains_key(name)
            || check
                .settings
                .ports
                .values()
                .any(|pair| pair.goal.name.as_ref() == Some(name))
    };
    free_name(number, |text| HeldText::new(text).ok(), is_taken)
}

pub(super) fn endpoint_name(check: &StepCheck<'_>, number: u16) -> Option<EndpointName> {
    let unclear = &check.planner.unread.endpoints.unclear_names;
    let is_taken = |name: &EndpointName| {
        check.partial.endpoint_names.contains_key(name)
            || unclear.contains_key(name.as_str())
            || check
                .planner
                .endpoints
                .iter()
                .any(|item| item.goal.as_ref().is_some_and(|goal| goal.name == *name))
    };
    free_name(number, |text| EndpointName::new(text).ok(), is_taken)
}

pub(super) fn subscriber_name(check: &StepCheck<'_>, number: u16) -> Option<SubscriberName> {
    let unclear = &check.planner.unread.subscribers.unclear_names;
    let is_taken = |name: &SubscriberName| {
        check.partial.subscriber_names.contains_key(name)
            || unclear.contains_key(name.as_str())
            || check
                .planner
                .subscribers
                .iter()
                .any(|item| item.goal.as_ref().is_some_and(|goal| goal.name == *name))
    };
    free_name(number, |text| SubscriberName::new(text).ok(), is_taken)
}
