//! Computes the target state of every object: intended, kept as observed, or to be removed.

use crate::model::{Observation, Part, RateLimit, Slot, SubscriberConfig};

use super::item::{Action, Endpoint, Item, Profile, Subscriber};
use super::ownership::{
    BUILT_IN_NAME, BUILT_IN_SLOT, is_built_in, may_remove_unmanaged, owns_endpoint, owns_profile,
    owns_subscriber,
};
use super::planner_state::PlannerState;
use super::unread::{Doubt, not_all_read};
use super::{Cause, Field, Object, Refusal, Sentence};

/// Sets the target of every item, and adds items for objects to create. Returns refusals for protected subscribers.
///
/// Profiles and endpoints come first, because a subscriber refers to their items.
pub(super) fn set_goals(planner: &mut PlannerState<'_>) -> Vec<Refusal> {
    profiles(planner);
    endpoints(planner);
    subscribers(planner);
    let refusals = remove_subscribers(planner);
    remove_endpoints(planner);
    remove_profiles(planner);
    refusals
}

fn profiles(planner: &mut PlannerState<'_>) {
    for (name, profile) in &planner.intended.profiles {
        let mut goal = Profile::of(name.clone(), profile);
        let index = planner.profile_of.get(name).copied();
        match index.and_then(|index| planner.profiles.get_mut(index)) {
            Some(item) => {
                if let Some(start) = &item.start {
                    goal.keep(start, &item.unread);
                }
                item.intend(goal);
            }
            None => {
                planner.profile_of.insert(name, planner.profiles.len());
                planner.profiles.push(Item::new(goal, profile.slot));
            }
        }
    }
}

fn endpoints(planner: &mut PlannerState<'_>) {
    for (mac, endpoint) in &planner.intended.endpoints {
        let mut goal = Endpoint::of(*mac, endpoint);
        let index = planner.endpoint_of.get(mac).copied();
        match index.and_then(|index| planner.endpoints.get_mut(index)) {
            Some(item) => {
                if let Some(start) = &item.start {
                    goal.keep(start, &item.unread);
                }
                item.intend(goal);
            }
            None => {
                planner.endpoint_of.insert(*mac, planner.endpoints.len());
                planner.endpoints.push(Item::new(goal, endpoint.slot));
            }
        }
    }
}

fn subscribers(planner: &mut PlannerState<'_>) {
    for (name, subscriber) in &planner.intended.subscribers {
        // A reference to an object that is not intended is dropped here; such a subscriber is not planned at all.
        let endpoint = subscriber
            .endpoint
            .and_then(|mac| planner.endpoint_of.get(&mac).copied());
        let rate = match &subscriber.rate {
            RateLimit::Unthrottled => None,
            RateLimit::Profile(profile) => planner.profile_of.get(profile).copied(),
        };
        let mut goal = Subscriber::of(name.clone(), subscriber, endpoint, rate);
        let is_lacking = has_missing_reference(planner, subscriber);
        let index = planner.subscriber_of.get(name).copied();
        match index.and_then(|index| planner.subscribers.get_mut(index)) {
            Some(item) => {
                if let Some(start) = &item.start {
                    // An unread field and a power setting that is not intended stay as observed.
                    goal.keep(start, &item.unread);
                    goal.poe = goal.poe.or(start.poe);
                }
                item.intend(goal);
                // It is in the inventory, so it is kept and not removed.
                if is_lacking {
                    item.keep();
                }
            }
            None if is_lacking => {}
            None => {
                planner
                    .subscriber_of
                    .insert(name, planner.subscribers.len());
                planner.subscribers.push(Item::new(goal, subscriber.slot));
            }
        }
        if is_lacking {
            let message = format!(
                "subscriber {name} is not planned: the inventory gives it an endpoint or a profile that the inventory does not have on this device"
            );
            planner.note("blocked", Object::Subscriber(name.clone()), message);
        }
    }
}

/// Returns whether a subscriber refers to an object that the intended configuration does not have.
fn has_missing_reference(planner: &PlannerState<'_>, subscriber: &SubscriberConfig) -> bool {
    let lacks_endpoint = subscriber
        .endpoint
        .is_some_and(|mac| !planner.intended.endpoints.contains_key(&mac));
    let lacks_profile = match &subscriber.rate {
        RateLimit::Unthrottled => false,
        RateLimit::Profile(name) => !planner.intended.profiles.contains_key(name),
    };
    lacks_endpoint || lacks_profile
}

/// Returns the reason that an object must not be removed, apart from its users.
///
/// Nothing is removed if one of the three tables could not be read completely.
fn doubt_of_removal(observation: &Observation, part: Part, slot: Slot, unread: &[Field]) -> Doubt {
    if let Some(unread) = observation.unread.iter().find(|unread| {
        unread.number.is_none()
            && matches!(
                unread.part,
                Part::Profiles | Part::Endpoints | Part::Subscribers
            )
    }) {
        return Some(not_all_read(unread.part, &unread.reason));
    }
    observation
        .unread
        .iter()
        .find(|unread| unread.part == part && unread.number == Some(slot.0))
        .map(|unread| Sentence::because("not all of it could be read", &unread.reason))
        .or_else(|| {
            let field = unread.first()?;
            Some(format!("its `{field}` is not among those that were read").into())
        })
}

/// Returns the cause for removing an object that is not intended; `None` if it stays.
fn removal_cause(planner: &PlannerState<'_>, is_owned: bool) -> Option<Cause> {
    if is_owned {
        Some(Cause::Gone { still: None })
    } else if may_remove_unmanaged(planner.request) {
        Some(Cause::Unmanaged)
    } else {
        None
    }
}

fn remove_subscribers(planner: &mut PlannerState<'_>) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    for index in 0..planner.subscribers.len() {
        let Some((slot, unread, name, is_owned)) =
            unmatched(&planner.subscribers, index, |start| {
                (start.name.clone(), owns_subscriber(planner, start))
            })
        else {
            continue;
        };
        let Some(cause) = removal_cause(planner, is_owned) else {
            continue;
        };
        let object = Object::Subscriber(name.clone());
        let is_protected = planner
            .ledger()
            .is_some_and(|ledger| ledger.protected.contains(&name));
        let action = if is_protected {
            refusals.push(Refusal {
                rule: "protected-subscriber".to_owned(),
                message: format!(
                    "subscriber {name} is protected, and the inventory does not have it any more"
                ),
                hint: "put it back; to remove it, lift `protected` in one commit, apply, and delete it in a later one".to_owned(),
            });
            Action::Kept
        } else if let Some(doubt) =
            doubt_of_removal(planner.observation, Part::Subscribers, slot, &unread)
        {
            let message = doubt.after(&format!("subscriber {name} is not removed: "));
            planner.note("not-read", object, message);
            Action::Kept
        } else {
            Action::Leaving(cause)
        };
        set_action(&mut planner.subscribers, index, action, is_owned);
    }
    refusals
}

fn remove_endpoints(planner: &mut PlannerState<'_>) {
    for index in 0..planner.endpoints.len() {
        let Some((slot, unread, mac, is_owned)) = unmatched(&planner.endpoints, index, |start| {
            (start.mac, owns_endpoint(planner, start))
        }) else {
            continue;
        };
        let Some(cause) = removal_cause(planner, is_owned) else {
            continue;
        };
        let object = Object::Endpoint(mac);
        let doubt = doubt_of_removal(planner.observation, Part::Endpoints, slot, &unread)
            .or_else(|| planner.unread.ties.clone());
        let action = if let Some(doubt) = doubt {
            let message = doubt.after(&format!("endpoint {mac} is not removed: "));
            planner.note("not-read", object, message);
            Action::Kept
        } else if let Some(user) = planner.unread.used_endpoints.get(&slot) {
            let message = user.clone().then(", and uses it");
            let message = message.after(&format!("endpoint {mac} is not removed: "));
            planner.note("still-used", object, message);
            Action::Kept
        } else {
            Action::Leaving(cause)
        };
        set_action(&mut planner.endpoints, index, action, is_owned);
    }
}

fn remove_profiles(planner: &mut PlannerState<'_>) {
    for index in 0..planner.profiles.len() {
        let Some((slot, unread, name, is_owned)) = unmatched(&planner.profiles, index, |start| {
            (start.name.clone(), owns_profile(planner, start))
        }) else {
            continue;
        };
        let Some(cause) = removal_cause(planner, is_owned) else {
            continue;
        };
        let object = Object::Profile(name.clone());
        let doubt = doubt_of_removal(planner.observation, Part::Profiles, slot, &unread)
            .or_else(|| planner.unread.rates.clone());
        let action = if is_built_in(slot, &name) {
            if is_owned {
                let message = format!(
                    "profile {name} is not removed: profile {} and `{BUILT_IN_NAME}` are the device's own",
                    BUILT_IN_SLOT.0
                );
                planner.note("devices-own", object, message);
                Action::Kept
            } else {
                Action::Unmanaged
            }
        } else if let Some(doubt) = doubt {
            let message = doubt.after(&format!("profile {name} is not removed: "));
            planner.note("not-read", object, message);
            Action::Kept
        } else if let Some(user) = planner.unread.used_profiles.get(&slot) {
            let message = user.clone().then(", and uses it");
            let message = message.after(&format!("profile {name} is not removed: "));
            planner.note("still-used", object, message);
            Action::Kept
        } else {
            Action::Leaving(cause)
        };
        set_action(&mut planner.profiles, index, action, is_owned);
    }
}

/// Returns slot, unread fields, key and ownership of an observed item that is not intended.
fn unmatched<S, K>(
    items: &[Item<S>],
    index: usize,
    read: impl Fn(&S) -> (K, bool),
) -> Option<(Slot, Vec<Field>, K, bool)> {
    let item = items.get(index)?;
    if item.action != Action::Unmanaged {
        return None;
    }
    let (key, is_owned) = read(item.start.as_ref()?);
    Some((item.slot, item.unread.clone(), key, is_owned))
}

fn set_action<S>(items: &mut [Item<S>], index: usize, action: Action, is_owned: bool) {
    if let Some(item) = items.get_mut(index) {
        if matches!(action, Action::Leaving(_)) {
            item.goal = None;
        }
        // An unmanaged object that cannot be removed stays unmanaged, so that the plan lists it as such.
        item.action = match action {
            Action::Kept if !is_owned => Action::Unmanaged,
            action => action,
        };
    }
}
