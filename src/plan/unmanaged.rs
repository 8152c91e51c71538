//! Lists the unmanaged objects on a device, and notes the unread fields of intended objects.

use crate::model::{Part, ProfileName, Slot, SubscriberName};

use super::item::{Action, Item};
use super::ownership::is_built_in;
use super::planner_state::PlannerState;
use super::{Field, Object, Sentence, Unmanaged};

/// Lists the unmanaged and unclear objects, sorted by kind and slot. The built-in profile is not one of them.
pub(super) fn list(planner: &PlannerState<'_>) -> Vec<Unmanaged> {
    let mut found = Vec::new();
    for item in unmanaged_items(&planner.profiles) {
        if let Some(start) = &item.start
            && !is_built_in(item.slot, &start.name)
        {
            found.push(of("profile", item.slot, start.name.to_string(), None));
        }
    }
    for item in unmanaged_items(&planner.endpoints) {
        if let Some(start) = &item.start {
            let name = format!("{} {}", start.mac, start.name);
            found.push(of("endpoint", item.slot, name, Some(start.port)));
        }
    }
    for item in unmanaged_items(&planner.subscribers) {
        if let Some(start) = &item.start {
            let endpoint = start
                .endpoint
                .and_then(|index| planner.endpoints.get(index));
            let port = endpoint.and_then(|endpoint| Some(endpoint.start.as_ref()?.port));
            found.push(of("subscriber", item.slot, start.name.to_string(), port));
        }
    }
    for unclear in &planner.observation.unclear {
        let name = unclear.name.clone().unwrap_or_else(|| "?".to_owned());
        let kind = super::unread::singular(unclear.part);
        found.push(of(kind, unclear.slot, name, unclear.port));
    }
    found.sort_by(|left, right| (&left.kind, left.slot).cmp(&(&right.kind, right.slot)));
    found
}

pub(super) fn of(
    kind: &str,
    slot: Slot,
    name: String,
    port: Option<crate::model::PortAssignment>,
) -> Unmanaged {
    Unmanaged {
        kind: kind.to_owned(),
        slot,
        name,
        port,
    }
}

fn unmanaged_items<S>(items: &[Item<S>]) -> impl Iterator<Item = &Item<S>> {
    items
        .iter()
        .filter(|item| item.action == Action::Unmanaged && item.start.is_some())
}

/// Notes every unread field of an intended object, because no step mentions it.
pub(super) fn note_unread(planner: &mut PlannerState<'_>) {
    let mut found: Vec<(Object, Part, Slot, Vec<Field>)> = Vec::new();
    for item in &planner.profiles {
        if let (Some(goal), false, true) = (&item.goal, item.unread.is_empty(), item.is_intended())
        {
            let object = Object::Profile(goal.name.clone());
            found.push((object, Part::Profiles, item.slot, item.unread.clone()));
        }
    }
    for item in &planner.endpoints {
        if let (Some(goal), false, true) = (&item.goal, item.unread.is_empty(), item.is_intended())
        {
            let object = Object::Endpoint(goal.mac);
            found.push((object, Part::Endpoints, item.slot, item.unread.clone()));
        }
    }
    for item in &planner.subscribers {
        if let (Some(goal), false, true) = (&item.goal, item.unread.is_empty(), item.is_intended())
        {
            let object = Object::Subscriber(goal.name.clone());
            found.push((object, Part::Subscribers, item.slot, item.unread.clone()));
        }
    }
    note_unclear(planner);
    for (object, part, slot, fields) in found {
        let reason = fields
            .iter()
            .find_map(|field| {
                planner
                    .observation
                    .unread_field(part, slot.0, field.as_str())
            })
            .unwrap_or("what it refers to was not read");
        let fields: Vec<&str> = fields.iter().map(|field| field.as_str()).collect();
        let fields = fields.join("`, `");
        let what = format!("`{fields}` of {object} is not compared: it could not be read");
        let message = Sentence::because(what, reason);
        planner.note("not-read", object, message);
    }
}

/// Notes every owned object that is no longer intended and cannot be removed, because it is unclear.
fn note_unclear(planner: &mut PlannerState<'_>) {
    let Some(ledger) = planner.ledger() else {
        return;
    };
    let intended = planner.intended;
    for unclear in &planner.observation.unclear {
        let name = unclear.name.as_deref().unwrap_or_default();
        let object = match unclear.part {
            Part::Profiles => ProfileName::new(name)
                .ok()
                .filter(|name| ledger.owns_profile(name) && !intended.profiles.contains_key(name))
                .map(Object::Profile),
            Part::Endpoints => unclear
                .mac
                .filter(|mac| ledger.owns_endpoint(*mac) && !intended.endpoints.contains_key(mac))
                .map(Object::Endpoint),
            Part::Subscribers => SubscriberName::new(name)
                .ok()
                .filter(|name| {
                    ledger.owns_subscriber(name) && !intended.subscribers.contains_key(name)
                })
                .map(Object::Subscriber),
            Part::System | Part::Uplinks | Part::Ports => None,
        };
        if let Some(object) = object {
            let what = format!("{object} is not removed: it is not understood");
            let message = Sentence::because(what, &unclear.reason);
            planner.note("unclear", object, message);
        }
    }
}
