//! Determines the cause of a step, such as a change of the inventory or a drift of the device.

use super::item::{Action, Endpoint, Item, Profile};
use super::planner_state::PlannerState;
use super::{Because, Cause, Change, Field, FieldView, Kind, Ledger, Object, Verb, change};
use crate::model::DeviceConfig;

/// The object of a step: a setting, or an item by its index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Subject {
    Settings,
    Profile(usize),
    Endpoint(usize),
    Subscriber(usize),
}

/// Returns one reason for each cause among the fields of a change, in the order of the fields.
pub(super) fn because(
    planner: &PlannerState<'_>,
    subject: Subject,
    change: &Change,
) -> Vec<Because> {
    if change.verb() == Verb::Remove {
        return vec![whole(removal(planner, subject))];
    }
    let Some(ledger) = planner.ledger() else {
        return vec![by_fields(change, |_| Cause::FirstAdoption)];
    };
    let Some(verified) = verified(planner, ledger, subject, change) else {
        // The ledger does not have the object. If it is created, the inventory changed; if it exists already, it is adopted.
        let cause = match change.verb() {
            Verb::Create => Cause::Inventory,
            Verb::Update | Verb::Remove => Cause::FirstAdoption,
        };
        return vec![by_fields(change, |_| cause.clone())];
    };
    if change.verb() == Verb::Create {
        return vec![whole(Cause::Drift { was: None })];
    }
    let mut reasons: Vec<Because> = Vec::new();
    for view in change.fields() {
        let was = verified.iter().find(|(field, _)| *field == view.field);
        let was = was.map(|(_, was)| was.clone());
        let cause = match (was, subject) {
            // A setting that was never verified is adopted.
            (None, Subject::Settings) => Cause::FirstAdoption,
            // The device had the intended value when it was last verified, so the device changed.
            (was, _) if was == view.to().map(|to| to.to_string()) => Cause::Drift {
                was: Some(was.unwrap_or_else(|| "none".to_owned())),
            },
            (_, _) => Cause::Inventory,
        };
        match reasons.iter_mut().find(|reason| reason.cause == cause) {
            Some(reason) => reason.fields.push(view.field),
            None => reasons.push(Because {
                cause,
                fields: vec![view.field],
                origin: None,
            }),
        }
    }
    reasons
}

/// Returns the reason for a temporary state.
pub(super) fn temporary(change: &Change) -> Vec<Because> {
    vec![by_fields(change, |_| Cause::Temporary)]
}

fn whole(cause: Cause) -> Because {
    Because {
        cause,
        fields: Vec::new(),
        origin: None,
    }
}

fn by_fields(change: &Change, cause: impl Fn(Field) -> Cause) -> Because {
    let fields: Vec<Field> = match change.verb() {
        Verb::Update => change.fields().iter().map(|view| view.field).collect(),
        Verb::Create | Verb::Remove => Vec::new(),
    };
    Because {
        cause: cause(fields.first().copied().unwrap_or(Field::Name)),
        fields,
        origin: None,
    }
}

fn removal(planner: &PlannerState<'_>, subject: Subject) -> Cause {
    let action = match subject {
        Subject::Settings => None,
        Subject::Profile(index) => planner.profiles.get(index).map(|item| &item.action),
        Subject::Endpoint(index) => planner.endpoints.get(index).map(|item| &item.action),
        Subject::Subscriber(index) => planner.subscribers.get(index).map(|item| &item.action),
    };
    match action {
        Some(Action::Leaving(cause)) => cause.clone(),
        Some(Action::Unmanaged | Action::Kept | Action::Intended) | None => {
            Cause::Gone { still: None }
        }
    }
}

/// Returns the fields of an object when it was last verified. The ledger has it under its observed or its target name.
///
/// If two objects exchange their names, the ledger has both names. The observed name is used if the ledger has another value
/// of the object under it too: the rates, the name of the endpoint, or the endpoint of the subscriber. Otherwise the object may
/// have been renamed on the device, so the target name comes first.
fn verified(
    planner: &PlannerState<'_>,
    ledger: &Ledger,
    subject: Subject,
    change: &Change,
) -> Option<Verified> {
    let then = &ledger.verified;
    match subject {
        Subject::Settings => Some(settings(then, &change.object())),
        Subject::Profile(index) => {
            let item = planner.profiles.get(index)?;
            let is_itself = item.start.as_ref().is_some_and(|start| {
                let known = then.profiles.get(&start.name);
                known.is_some_and(|known| (known.down, known.up) == (start.down, start.up))
            });
            let mut found = either(item, is_itself);
            found.find_map(|state| field_values(then, &Object::Profile(state.name.clone())))
        }
        Subject::Endpoint(index) => {
            let item = planner.endpoints.get(index)?;
            let is_itself = item.start.as_ref().is_some_and(|start| {
                let known = then.endpoints.get(&start.mac);
                known.is_some_and(|known| known.name == start.name)
            });
            let mut found = either(item, is_itself);
            found.find_map(|state| field_values(then, &Object::Endpoint(state.mac)))
        }
        Subject::Subscriber(index) => {
            let item = planner.subscribers.get(index)?;
            let is_itself = item.start.as_ref().is_some_and(|start| {
                let has = start.endpoint.and_then(|index| {
                    let endpoint = planner.endpoints.get(index)?.start.as_ref()?;
                    Some(endpoint.mac)
                });
                let known = then.subscribers.get(&start.name);
                known.is_some_and(|known| known.endpoint.is_some() && known.endpoint == has)
            });
            let mut found = either(item, is_itself);
            found.find_map(|state| field_values(then, &Object::Subscriber(state.name.clone())))
        }
    }
}

/// Returns the observed state and the target of an object, the observed state first if the ledger has the object as that.
fn either<S>(item: &Item<S>, is_itself: bool) -> impl Iterator<Item = &S> {
    let (start, goal) = (item.start.as_ref(), item.goal.as_ref());
    let states = if is_itself {
        [start, goal]
    } else {
        [goal, start]
    };
    states.into_iter().flatten()
}

/// Returns the fields of an object in a configuration, as text; `None` if the configuration does not have the object.
///
/// An endpoint and a profile count by MAC address and name, not by slot.
pub fn field_values(config: &DeviceConfig, object: &Object) -> Option<Vec<(Field, String)>> {
    Some(match object {
        Object::System | Object::Uplink(_) | Object::Port(_) => settings(config, object),
        Object::Profile(name) => {
            let known = config.profiles.get(name)?;
            texts(Profile::of(name.clone(), known).values())
        }
        Object::Endpoint(mac) => {
            let known = config.endpoints.get(mac)?;
            texts(Endpoint::of(*mac, known).values())
        }
        Object::Subscriber(name) => {
            let known = config.subscribers.get(name)?;
            texts(change::Subscriber::without_numbers(name.clone(), known).values())
        }
    })
}

/// The verified fields of an object, as text. An endpoint and a profile count by MAC address and name, not by slot.
type Verified = Vec<(Field, String)>;

fn texts(views: Vec<FieldView<'_>>) -> Verified {
    let known = views.into_iter();
    known
        .filter_map(|view| Some((view.field, view.to()?.to_string())))
        .collect()
}

fn settings(then: &DeviceConfig, object: &Object) -> Verified {
    match object {
        Object::System => texts(then.system.values()),
        Object::Port(number) => {
            let port = then.ports.get(number);
            port.map(|port| texts(port.values())).unwrap_or_default()
        }
        Object::Uplink(number) => {
            let uplink = then.uplinks.get(number);
            uplink
                .map(|uplink| texts(uplink.values()))
                .unwrap_or_default()
        }
        Object::Profile(_) | Object::Endpoint(_) | Object::Subscriber(_) => Vec::new(),
    }
}
