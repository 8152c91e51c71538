//! Judges who gets slower, faster or is served again, by the twin before and after a plan.

use std::collections::BTreeSet;

use gamctl::model::{Part, SubscriberName};
use gamctl::plan::{DevicePlan, Object, Verb};
use gamctl::simulator::gam::Configuration;

use super::case::{BlindSpot, Case};
use super::judge::way;

/// Down and up; a subscriber without a profile has no limit.
fn speed(state: &Configuration, id: u16) -> Option<(u32, u32)> {
    Some(match state.subscribers.get(&id)?.profile {
        None => (u32::MAX, u32::MAX),
        Some(profile) => {
            let profile = &state.profiles[&profile];
            (profile.down, profile.up)
        }
    })
}

/// Checks that the effects of the steps name exactly the subscribers that get slower, faster or are served again.
pub(super) fn effects(
    case: &Case,
    plan: &DevicePlan,
    start: &Configuration,
    end: &Configuration,
) -> Result<(), String> {
    let is_plain = case.blinds.is_empty();
    let effects = || plan.steps.iter().map(|step| &step.effects);
    let slower: BTreeSet<&SubscriberName> = effects().flat_map(|one| one.slower()).collect();
    let faster: BTreeSet<&SubscriberName> = effects().flat_map(|one| one.faster()).collect();
    let restored: BTreeSet<&SubscriberName> = effects().flat_map(|one| &one.restores).collect();
    for (id, subscriber) in &start.subscribers {
        let name: SubscriberName = subscriber.name.parse().unwrap();
        let is_removed = plan.steps.iter().any(|step| {
            step.change.verb() == Verb::Remove
                && step.change.slot().is_some_and(|slot| slot.0 == *id)
                && matches!(step.change.object(), Object::Subscriber(_))
        });
        let is_unclear = case.blinds.iter().any(
            |spot| matches!(spot, BlindSpot::Unclear(Part::Subscribers, number) if number == id),
        );
        if is_removed || is_unclear {
            continue;
        }
        let [served, still_served] = [start, end].map(|state| way(state, *id).is_some());
        let (Some(from), Some(to)) = (speed(start, *id), speed(end, *id)) else {
            continue;
        };
        let is_slower = to.0 < from.0 || to.1 < from.1;
        let is_faster = !is_slower && from != to;
        let is_both = served && still_served;
        if is_both && is_slower && !slower.contains(&name) {
            return Err(format!(
                "{name} gets slower, {from:?} to {to:?}, and the plan does not name it"
            ));
        }
        if is_both && is_plain && is_faster != faster.contains(&name) {
            return Err(format!("faster: {name} is {from:?} and then {to:?}"));
        }
        if is_plain && slower.contains(&name) && !(is_both && is_slower) {
            return Err(format!(
                "{name} is named as slower: {from:?} and then {to:?}"
            ));
        }
        let is_restored = restored.contains(&name);
        if is_plain && is_restored != (!served && still_served) {
            return Err(format!("{name}: served again is {is_restored}"));
        }
    }
    Ok(())
}
