//! Why a step is there: the inventory moved, the device moved, or nobody has looked after it yet.

use super::item::{Endpoint, Fate, Item, Profile, Subscriber};
use super::scene::Scene;
use super::step::{self, Uses};
use super::{Because, Cause, Change, Field, FieldChange, Ledger, Object, Value, Verb};
use crate::model::{DeviceConfig, RateLimit, Slot};

/// What is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Subject {
    Settings,
    Profile(usize),
    Endpoint(usize),
    Subscriber(usize),
}

/// Returns one reason for each cause among the fields of a change, in the order of the fields.
pub(super) fn because(scene: &Scene<'_>, subject: Subject, change: &Change) -> Vec<Because> {
    if change.verb == Verb::Remove {
        return vec![whole(removal(scene, subject))];
    }
    let Some(ledger) = scene.ledger() else {
        return vec![by_fields(change, |_| Cause::FirstAdoption)];
    };
    let Some(verified) = verified(scene, ledger, subject, change) else {
        // Something new in the inventory is the inventory's doing; something that was there already is adopted.
        let cause = match change.verb {
            Verb::Create => Cause::Inventory,
            Verb::Update | Verb::Remove => Cause::FirstAdoption,
        };
        return vec![by_fields(change, |_| cause.clone())];
    };
    if change.verb == Verb::Create {
        return vec![whole(Cause::Drift { was: None })];
    }
    let mut reasons: Vec<Because> = Vec::new();
    for field in &change.fields {
        let cause = match (text_of(&verified, field.field), subject) {
            // A setting that nobody verified before is new to gamctl.
            (None, Subject::Settings) => Cause::FirstAdoption,
            (was, _) if was == field.to.as_ref().map(Value::to_string) => Cause::Drift {
                was: Some(was.unwrap_or_else(|| "none".to_owned())),
            },
            (_, _) => Cause::Inventory,
        };
        match reasons.iter_mut().find(|reason| reason.cause == cause) {
            Some(reason) => reason.fields.push(field.field),
            None => reasons.push(Because {
                cause,
                fields: vec![field.field],
                origin: None,
            }),
        }
    }
    reasons
}

/// Returns the reason of a stop on the way.
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
    let fields: Vec<Field> = match change.verb {
        Verb::Update => change.fields.iter().map(|field| field.field).collect(),
        Verb::Create | Verb::Remove => Vec::new(),
    };
    Because {
        cause: cause(fields.first().copied().unwrap_or(Field::Name)),
        fields,
        origin: None,
    }
}

/// Returns a field as people read it: what something else is called counts, and not the number that it has.
fn text_of(verified: &[FieldChange], field: Field) -> Option<String> {
    let found = verified.iter().find(|change| change.field == field)?;
    found.to.as_ref().map(Value::to_string)
}

fn removal(scene: &Scene<'_>, subject: Subject) -> Cause {
    let fate = match subject {
        Subject::Settings => None,
        Subject::Profile(place) => scene.profiles.get(place).map(|item| &item.fate),
        Subject::Endpoint(place) => scene.endpoints.get(place).map(|item| &item.fate),
        Subject::Subscriber(place) => scene.subscribers.get(place).map(|item| &item.fate),
    };
    match fate {
        Some(Fate::Leaving(cause)) => cause.clone(),
        Some(Fate::Unmanaged | Fate::Kept | Fate::Intended) | None => Cause::Gone,
    }
}

/// Returns an object's fields as they were when it was last verified, under the name that it has or had.
///
/// Where two objects trade names, the ledger has both names: the one that the object has now counts where the ledger
/// knows the object by more than that name. Else the device moved, and the name that it shall have tells what it was.
fn verified(
    scene: &Scene<'_>,
    ledger: &Ledger,
    subject: Subject,
    change: &Change,
) -> Option<Vec<FieldChange>> {
    let then = &ledger.verified;
    match subject {
        Subject::Settings => Some(settings(then, &change.object)),
        Subject::Profile(place) => {
            let item = scene.profiles.get(place)?;
            let is_itself = item.start.as_ref().is_some_and(|start| {
                let known = then.profiles.get(&start.name);
                known.is_some_and(|known| (known.down, known.up) == (start.down, start.up))
            });
            let mut found = either(item, is_itself);
            found.find_map(|state| profile(then, state))
        }
        Subject::Endpoint(place) => {
            let item = scene.endpoints.get(place)?;
            let is_itself = item.start.as_ref().is_some_and(|start| {
                let known = then.endpoints.get(&start.mac);
                known.is_some_and(|known| known.name == start.name)
            });
            let mut found = either(item, is_itself);
            found.find_map(|state| endpoint(then, state))
        }
        Subject::Subscriber(place) => {
            let item = scene.subscribers.get(place)?;
            let is_itself = item.start.as_ref().is_some_and(|start| {
                let has = start.endpoint.and_then(|place| {
                    let endpoint = scene.endpoints.get(place)?.start.as_ref()?;
                    Some(endpoint.mac)
                });
                let known = then.subscribers.get(&start.name);
                known.is_some_and(|known| known.endpoint.is_some() && known.endpoint == has)
            });
            let mut found = either(item, is_itself);
            found.find_map(|state| subscriber(then, state))
        }
    }
}

/// Returns what an object is and shall be; what it is comes first where the ledger has it as that.
fn either<S>(item: &Item<S>, is_itself: bool) -> impl Iterator<Item = &S> {
    let (start, goal) = (item.start.as_ref(), item.goal.as_ref());
    let states = if is_itself {
        [start, goal]
    } else {
        [goal, start]
    };
    states.into_iter().flatten()
}

fn fields(change: Option<Change>) -> Vec<FieldChange> {
    change.map(|change| change.fields).unwrap_or_default()
}

fn settings(then: &DeviceConfig, object: &Object) -> Vec<FieldChange> {
    match object {
        Object::System => fields(Some(step::system(&Default::default(), &then.system))),
        Object::Port(number) => fields(
            then.ports
                .get(number)
                .map(|port| step::port(*number, &Default::default(), port)),
        ),
        Object::Uplink(number) => fields(then.uplinks.get(number).and_then(|uplink| {
            let allowed = uplink.allowed_vlans.as_ref()?;
            Some(step::uplink(*number, &Default::default(), allowed))
        })),
        Object::Profile(_) | Object::Endpoint(_) | Object::Subscriber(_) => Vec::new(),
    }
}

fn profile(then: &DeviceConfig, state: &Profile) -> Option<Vec<FieldChange>> {
    let config = then.profiles.get(&state.name)?;
    let was = Profile {
        name: state.name.clone(),
        description: config.description.clone(),
        down: config.down,
        up: config.up,
    };
    Some(fields(step::profile(Slot(0), None, Some(&was))))
}

fn endpoint(then: &DeviceConfig, state: &Endpoint) -> Option<Vec<FieldChange>> {
    let config = then.endpoints.get(&state.mac)?;
    let was = Endpoint {
        mac: state.mac,
        name: config.name.clone(),
        port: config.port,
    };
    Some(fields(step::endpoint(Slot(0), None, Some(&was))))
}

fn subscriber(then: &DeviceConfig, state: &Subscriber) -> Option<Vec<FieldChange>> {
    let config = then.subscribers.get(&state.name)?;
    let was = Subscriber {
        name: state.name.clone(),
        description: config.description.clone(),
        endpoint: config.endpoint.map(|_| 0),
        profile: match &config.rate {
            RateLimit::Unthrottled => None,
            RateLimit::Profile(_) => Some(0),
        },
        vlan: config.vlan,
        tagged: config.tagged,
        remapped_vlan: config.remapped_vlan,
        allowed_vlans: config.allowed_vlans.clone(),
        port2_vlan: config.port2_vlan,
        poe: config.poe,
    };
    let uses = Uses {
        endpoint: &|_| {
            Some(Value::Endpoint {
                mac: config.endpoint?,
                slot: Slot(0),
            })
        },
        profile: &|_| match &config.rate {
            RateLimit::Unthrottled => None,
            RateLimit::Profile(name) => Some(Value::Profile {
                name: name.clone(),
                slot: Slot(0),
            }),
        },
    };
    Some(fields(step::subscriber(Slot(0), None, Some(&was), &uses)))
}
