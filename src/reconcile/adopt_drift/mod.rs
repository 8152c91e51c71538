//! Turns drift into edits of the inventory: what devices have takes the place of what is intended.
//!
//! `value` the key of a drifted field and its text · `left_out` drift that the inventory does not get.
//!
//! Only fields that drifted are taken, as the plan and the ledgers say. What the inventory cannot express, or what would change
//! others than the drifted object, is listed and left out.

mod left_out;
mod value;

use std::collections::BTreeSet;

pub use left_out::{LeftOutBecause, LeftOutDrift};

use super::LookResults;
use crate::authoring::edit::{Edit, KeyPath};
use crate::inventory::Inventory;
use crate::model::{DeviceName, Observation};
use crate::plan::{Cause, DevicePlan, Field, Object, Planned, Step, Verb, field_values};
use crate::report::OTHER_DEVICE;
use value::{Names, NewValue};

/// The drift of some devices, as changes of the inventory.
#[derive(Debug, Default)]
pub struct AdoptedDrift {
    /// Sorted by device; each key once.
    pub values: Vec<AdoptedValue>,
    pub left_out: Vec<LeftOutDrift>,
}

/// A value of a device that the inventory gets.
#[derive(Debug, Clone)]
pub struct AdoptedValue {
    pub device: DeviceName,
    /// The object on the device, with the subscriber's id if it is not the name.
    pub object: String,
    pub field: Field,
    /// The intended value before, for people; `None` is none.
    pub before: Option<String>,
    /// The value on the device.
    pub on_device: Option<String>,
    /// Seconds since 1970 when the device was looked at.
    pub looked_at: u64,
    /// The change of the inventory.
    pub edit: Edit,
    /// Gives another key explicitly the value that it had from this one as its default. It comes before all other changes.
    pub keeps: Option<Edit>,
}

impl AdoptedDrift {
    /// Returns the changes of the inventory, in the order in which they are made.
    pub fn edits(&self) -> Vec<Edit> {
        let keeps = self.values.iter().filter_map(|one| one.keeps.clone());
        keeps
            .chain(self.values.iter().map(|one| one.edit.clone()))
            .collect()
    }
}

/// Returns the drift of plans that were made from an inventory and these looks.
pub fn adopt_drift(inventory: &Inventory, planned: &Planned, looks: &LookResults) -> AdoptedDrift {
    let mut adopted = AdoptedDrift::default();
    for plan in &planned.devices {
        let Some(Ok(look)) = looks.get(&plan.device) else {
            continue;
        };
        of_device(inventory, plan, look.observation(), &mut adopted);
    }
    adopted
}

fn of_device(
    inventory: &Inventory,
    plan: &DevicePlan,
    look: &Observation,
    adopted: &mut AdoptedDrift,
) {
    let device = &plan.device;
    // The plan of a locked device has no steps, so its fields are not compared.
    if plan.notes.iter().any(|note| note.rule == "drift") {
        adopted.left_out.push(LeftOutDrift {
            device: device.clone(),
            object: format!("device {device}"),
            field: None,
            because: LeftOutBecause::DeviceLocked,
        });
    }
    let mut refusals = plan.refusals.iter();
    let is_another = refusals.any(|refusal| OTHER_DEVICE.contains(&refusal.rule.as_str()));
    let names = Names::of(inventory, device);
    // A temporary state divides one change into several steps: a key is taken once.
    let mut taken: BTreeSet<String> = BTreeSet::new();
    for step in &plan.steps {
        let object = step.change.object_after().to_string();
        let object = step.subscriber_ids.in_text(&object).into_owned();
        let leave_out = |field, because| LeftOutDrift {
            device: device.clone(),
            object: object.clone(),
            field,
            because,
        };
        for (verb, field) in drifted(step) {
            let Some(field) = field.filter(|_| verb == Verb::Update) else {
                adopted
                    .left_out
                    .push(leave_out(None, LeftOutBecause::MissingOnDevice));
                continue;
            };
            let seen = seen(look, step, field);
            let before = step.change.field(field).and_then(|view| view.to());
            let before = before.map(|before| before.to_string());
            if seen == before {
                // The device has the intended value, and the step returns to it from a temporary one.
                continue;
            }
            let new = match is_another {
                true => Err(LeftOutBecause::OtherDevice),
                false => names.key_of(look, &step.change, field, seen.as_deref()),
            };
            match new {
                Ok(NewValue {
                    object: of,
                    key,
                    value,
                    keeps,
                }) => {
                    if !taken.insert(format!("{of} {key}")) {
                        continue;
                    }
                    let key = KeyPath::new(key.split('.'));
                    adopted.values.push(AdoptedValue {
                        device: device.clone(),
                        object: object.clone(),
                        field,
                        before,
                        on_device: seen,
                        looked_at: look.taken_at,
                        keeps: keeps.map(|(key, value)| Edit::Set {
                            object: of.clone(),
                            key: KeyPath::from([key]),
                            value,
                        }),
                        edit: match value {
                            Some(value) => Edit::Set {
                                object: of,
                                key,
                                value,
                            },
                            None => Edit::Unset { object: of, key },
                        },
                    });
                }
                Err(because) => adopted.left_out.push(leave_out(Some(field), because)),
            }
        }
    }
}

/// Returns the drifted fields of a step; without a field, the whole object.
fn drifted(step: &Step) -> impl Iterator<Item = (Verb, Option<Field>)> + '_ {
    let verb = step.change.verb();
    let drift = step
        .because
        .iter()
        .filter(|because| matches!(because.cause, Cause::Drift { .. }));
    drift.flat_map(move |because| {
        let fields = because.fields.iter().map(move |field| (verb, Some(*field)));
        let whole = because.fields.is_empty().then_some((verb, None));
        fields.chain(whole)
    })
}

/// Returns the text of a field as the look has it. The step may begin at a temporary value, so its own is not used.
fn seen(look: &Observation, step: &Step, field: Field) -> Option<String> {
    let object = seen_object(look, step)?;
    let values = field_values(&look.config, &object)?;
    let mut values = values.into_iter();
    values
        .find(|(known, _)| *known == field)
        .map(|(_, text)| text)
}

/// Returns the object of a step as the look has it: a numbered object is known by its slot, because steps rename objects.
fn seen_object(look: &Observation, step: &Step) -> Option<Object> {
    let slot = step.change.slot();
    let config = &look.config;
    match step.change.object() {
        Object::Profile(_) => {
            let mut profiles = config.profiles.iter();
            let found = profiles.find(|(_, profile)| profile.slot == slot)?;
            Some(Object::Profile(found.0.clone()))
        }
        Object::Endpoint(_) => {
            let mut endpoints = config.endpoints.iter();
            let found = endpoints.find(|(_, endpoint)| endpoint.slot == slot)?;
            Some(Object::Endpoint(*found.0))
        }
        Object::Subscriber(_) => {
            let mut subscribers = config.subscribers.iter();
            let found = subscribers.find(|(_, subscriber)| subscriber.slot == slot)?;
            Some(Object::Subscriber(found.0.clone()))
        }
        object @ (Object::System | Object::Uplink(_) | Object::Port(_)) => Some(object),
    }
}
