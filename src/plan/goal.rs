//! Computes the target state of every object: intended, kept as observed, or to be removed.

use crate::model::{Observation, Part, RateLimit, Slot, SubscriberConfig};

use super::item::{Action, Endpoint, Item, Profile, Subscriber};
use super::ownership::{clears, is_devices_own, owns_endpoint, owns_profile, owns_subscriber};
use super::planner_state::PlannerState;
use super::{Cause, Field, Object, Refusal};

/// Sets the goal of every item, and adds items for objects to be created.
pub(super) fn set_goals(scene: &mut PlannerState<'_>) -> Vec<Refusal> {
    profiles(scene);
    endpoints(scene);
    subscribers(scene);
    let refusals = leave_subscribers(scene);
    leave_endpoints(scene);
    leave_profiles(scene);
    refusals
}

fn profiles(scene: &mut PlannerState<'_>) {
    for (name, profile) in &scene.intended.profiles {
        let mut goal = Profile::of(name.clone(), profile);
        let place = scene.profile_of.get(name).copied();
        match place.and_then(|place| scene.profiles.get_mut(place)) {
            Some(item) => {
                if let Some(start) = &item.start {
                    goal.keep(start, &item.unread);
                }
                item.intend(goal);
            }
            None => {
                scene.profile_of.insert(name, scene.profiles.len());
                scene.profiles.push(Item::new(goal, profile.slot));
            }
        }
    }
}

fn endpoints(scene: &mut PlannerState<'_>) {
    for (mac, endpoint) in &scene.intended.endpoints {
        let mut goal = Endpoint::of(*mac, endpoint);
        let place = scene.endpoint_of.get(mac).copied();
        match place.and_then(|place| scene.endpoints.get_mut(place)) {
            Some(item) => {
                if let Some(start) = &item.start {
                    goal.keep(start, &item.unread);
                }
                item.intend(goal);
            }
            None => {
                scene.endpoint_of.insert(*mac, scene.endpoints.len());
                scene.endpoints.push(Item::new(goal, endpoint.slot));
            }
        }
    }
}

fn subscribers(scene: &mut PlannerState<'_>) {
    for (name, subscriber) in &scene.intended.subscribers {
        // `lacks`, below, leaves out references that the inventory itself does not have.
        let endpoint = subscriber
            .endpoint
            .and_then(|mac| scene.endpoint_of.get(&mac).copied());
        let rate = match &subscriber.rate {
            RateLimit::Unthrottled => None,
            RateLimit::Profile(profile) => scene.profile_of.get(profile).copied(),
        };
        let mut goal = Subscriber::of(name.clone(), subscriber, endpoint, rate);
        let is_lacking = lacks(scene, subscriber);
        let place = scene.subscriber_of.get(name).copied();
        match place.and_then(|place| scene.subscribers.get_mut(place)) {
            Some(item) => {
                if let Some(start) = &item.start {
                    goal.keep(start, &item.unread);
                    goal.poe = goal.poe.or(start.poe);
                }
                item.intend(goal);
                if is_lacking {
                    item.keep();
                }
            }
            None if is_lacking => {}
            None => {
                scene.subscriber_of.insert(name, scene.subscribers.len());
                scene.subscribers.push(Item::new(goal, subscriber.slot));
            }
        }
        if is_lacking {
            let message = format!(
                "subscriber {name} is not planned: the inventory gives it an endpoint or a profile that the inventory does not have on this device"
            );
            scene.note("blocked", Object::Subscriber(name.clone()), message);
        }
    }
}

/// Returns whether a subscriber refers to an object that the intended configuration does not have.
fn lacks(scene: &PlannerState<'_>, subscriber: &SubscriberConfig) -> bool {
    let lacks_endpoint = subscriber
        .endpoint
        .is_some_and(|mac| !scene.intended.endpoints.contains_key(&mac));
    let lacks_profile = match &subscriber.rate {
        RateLimit::Unthrottled => false,
        RateLimit::Profile(name) => !scene.intended.profiles.contains_key(name),
    };
    lacks_endpoint || lacks_profile
}

/// The reason, other than its users, that an object must not be removed.
fn doubt_of_removal(
    observation: &Observation,
    part: Part,
    slot: Slot,
    unread: &[Field],
) -> Option<String> {
    if let Some(unread) = observation.unread.iter().find(|unread| {
        unread.number.is_none()
            && matches!(
                unread.part,
                Part::Profiles | Part::Endpoints | Part::Subscribers
            )
    }) {
        let reason = format!("not all {} could be read", unread.part.as_str());
        return Some(format!("{reason} ({})", unread.reason));
    }
    observation
        .unread
        .iter()
        .find(|unread| unread.part == part && unread.number == Some(slot.0))
        .map(|unread| format!("not all of it could be read ({})", unread.reason))
        .or_else(|| {
            let field = unread.first()?;
            Some(format!("its `{field}` is not among those that were read"))
        })
}

/// Returns the cause for removing an object that is not intended; `None` if it stays.
fn leaving(scene: &PlannerState<'_>, is_ours: bool) -> Option<Cause> {
    if is_ours {
        Some(Cause::Gone)
    } else if clears(scene.request) {
        Some(Cause::Unmanaged)
    } else {
        None
    }
}

fn leave_subscribers(scene: &mut PlannerState<'_>) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    for place in 0..scene.subscribers.len() {
        let Some((slot, unread, name, is_ours)) = unmatched(&scene.subscribers, place, |start| {
            (start.name.clone(), owns_subscriber(scene, start))
        }) else {
            continue;
        };
        let Some(cause) = leaving(scene, is_ours) else {
            continue;
        };
        let object = Object::Subscriber(name.clone());
        let is_protected = scene
            .ledger()
            .is_some_and(|ledger| ledger.protected.contains(&name));
        let fate = if is_protected {
            refusals.push(Refusal {
                rule: "protected-subscriber".to_owned(),
                message: format!(
                    "subscriber {name} is protected, and the inventory does not have it any more"
                ),
                hint: "put it back; to remove it, lift `protected` in one commit, apply, and delete it in a later one".to_owned(),
            });
            Action::Kept
        } else if let Some(doubt) =
            doubt_of_removal(scene.observation, Part::Subscribers, slot, &unread)
        {
            let message = format!("subscriber {name} is not removed: {doubt}");
            scene.note("not-read", object, message);
            Action::Kept
        } else {
            Action::Leaving(cause)
        };
        set_fate(&mut scene.subscribers, place, fate, is_ours);
    }
    refusals
}

fn leave_endpoints(scene: &mut PlannerState<'_>) {
    for place in 0..scene.endpoints.len() {
        let Some((slot, unread, mac, is_ours)) = unmatched(&scene.endpoints, place, |start| {
            (start.mac, owns_endpoint(scene, start))
        }) else {
            continue;
        };
        let Some(cause) = leaving(scene, is_ours) else {
            continue;
        };
        let object = Object::Endpoint(mac);
        let doubt = doubt_of_removal(scene.observation, Part::Endpoints, slot, &unread)
            .or_else(|| scene.blind.ties.clone());
        let fate = if let Some(doubt) = doubt {
            let message = format!("endpoint {mac} is not removed: {doubt}");
            scene.note("not-read", object, message);
            Action::Kept
        } else if let Some(user) = scene.blind.used_endpoints.get(&slot) {
            let message = format!("endpoint {mac} is not removed: {user}, and uses it");
            scene.note("still-used", object, message);
            Action::Kept
        } else {
            Action::Leaving(cause)
        };
        set_fate(&mut scene.endpoints, place, fate, is_ours);
    }
}

fn leave_profiles(scene: &mut PlannerState<'_>) {
    for place in 0..scene.profiles.len() {
        let Some((slot, unread, name, is_ours)) = unmatched(&scene.profiles, place, |start| {
            (start.name.clone(), owns_profile(scene, start))
        }) else {
            continue;
        };
        let Some(cause) = leaving(scene, is_ours) else {
            continue;
        };
        let object = Object::Profile(name.clone());
        let doubt = doubt_of_removal(scene.observation, Part::Profiles, slot, &unread)
            .or_else(|| scene.blind.rates.clone());
        let fate = if is_devices_own(slot, &name) {
            if is_ours {
                let message = format!(
                    "profile {name} is not removed: profile 1 and `default` are the device's own"
                );
                scene.note("devices-own", object, message);
                Action::Kept
            } else {
                Action::Unmanaged
            }
        } else if let Some(doubt) = doubt {
            let message = format!("profile {name} is not removed: {doubt}");
            scene.note("not-read", object, message);
            Action::Kept
        } else if let Some(user) = scene.blind.used_profiles.get(&slot) {
            let message = format!("profile {name} is not removed: {user}, and uses it");
            scene.note("still-used", object, message);
            Action::Kept
        } else {
            Action::Leaving(cause)
        };
        set_fate(&mut scene.profiles, place, fate, is_ours);
    }
}

/// Returns number, unread fields, key and ownership of an observed item that the inventory does not have.
fn unmatched<S, K>(
    items: &[Item<S>],
    place: usize,
    read: impl Fn(&S) -> (K, bool),
) -> Option<(Slot, Vec<Field>, K, bool)> {
    let item = items.get(place)?;
    if item.fate != Action::Unmanaged {
        return None;
    }
    let (key, is_ours) = read(item.start.as_ref()?);
    Some((item.slot, item.unread.clone(), key, is_ours))
}

fn set_fate<S>(items: &mut [Item<S>], place: usize, fate: Action, is_ours: bool) {
    if let Some(item) = items.get_mut(place) {
        if matches!(fate, Action::Leaving(_)) {
            item.goal = None;
        }
        // An unmanaged object stays unmanaged.
        item.fate = match fate {
            Action::Kept if !is_ours => Action::Unmanaged,
            fate => fate,
        };
    }
}
