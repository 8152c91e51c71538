//! Breaks dependency cycles by moving one object to a temporary state.

use std::collections::BTreeSet;

use crate::model::{EndpointName, HeldText, SubscriberName};

use super::check::{Claim, ItemRef, StepCheck};

/// What one thing lets go of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Release {
    /// It is called something else for a while.
    Name(ItemRef),
    /// A subscriber goes without a limit for a while, which is never slower.
    Limit(usize),
    /// An endpoint is on no port for a while.
    Place(usize),
    /// A subscriber is without an endpoint for a while.
    Tie(usize),
}

/// Returns the cheapest way out of a circle among what is stuck.
///
/// Each stuck thing has an obstacle, and each obstacle is stuck itself, so following the first obstacles leads round a
/// circle. What a thing lets go of must not be the only thing that it is known by: whoever plans again after a crash
/// finds endpoints by address, and subscribers by name or endpoint.
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

/// Returns how an obstacle lets go of what somebody waits for.
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
        (Claim::Slot | Claim::Absent, _)
        | (Claim::Name, ItemRef::Profile(_))
        | (
            Claim::Tie | Claim::Place | Claim::Use | Claim::Rate,
            ItemRef::Port(_) | ItemRef::Profile(_) | ItemRef::Endpoint(_) | ItemRef::Subscriber(_),
        ) => None,
    }
}

/// Returns what a way out costs: first of all whether a crash on the way could be repaired, then interruptions.
fn price(check: &StepCheck<'_>, release: Release) -> u32 {
    match release {
        Release::Name(ItemRef::Port(_) | ItemRef::Profile(_)) => 0,
        Release::Name(ItemRef::Endpoint(index)) => {
            let item = check.planner.endpoints.get(index);
            let is_known_by_address = item.is_some_and(|item| match (&item.start, &item.goal) {
                (Some(start), Some(goal)) => start.mac == goal.mac,
                (Some(_), None) | (None, _) => true,
            });
            if is_known_by_address { 0 } else { 100 }
        }
        Release::Name(ItemRef::Subscriber(index)) => {
            if keeps_endpoint(check, index) {
                0
            } else {
                100
            }
        }
        Release::Limit(_) => 1,
        Release::Place(index) => 2 + u32::from(check.partial.ties.contains_key(&index)),
        Release::Tie(index) => {
            if keeps_endpoint(check, index) {
                50
            } else {
                3
            }
        }
    }
}

fn keeps_endpoint(check: &StepCheck<'_>, index: usize) -> bool {
    let item = check.planner.subscribers.get(index);
    item.is_some_and(|item| match (&item.start, &item.goal) {
        (Some(start), Some(goal)) => start.endpoint.is_some() && start.endpoint == goal.endpoint,
        (Some(_), None) | (None, _) => false,
    })
}

/// Returns a name that nobody has or shall have, and that says whose it is: `gamctl-tmp-12`.
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
