//! Finds changes of a device since its plan was made: the values then, now and intended.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{DeviceConfig, Observation};
use crate::plan::{DevicePlan, Verb};

use super::Difference;
use super::compare::{Facts, facts, facts_of};

/// Returns the differences between the device now and when the plan was made.
///
/// If the store no longer has that look, the steps of the plan still give the values of the objects that they change.
/// The list is never empty: if nothing more is known, it says that the device changed.
pub(super) fn differences(
    then: Option<&Observation>,
    plan: &DevicePlan,
    now: &Observation,
    intended: &DeviceConfig,
) -> Vec<Difference> {
    let intended = facts(intended);
    let has = facts_of(now);
    let mut found = match then {
        Some(then) => whole(&facts_of(then), &has, &intended),
        None => by_steps(plan, &has, &intended),
    };
    if found.is_empty() {
        let fingerprint = |text: &str| text.chars().take(12).collect::<String>();
        let then = plan.observed.as_ref();
        let now = crate::model::Fingerprint::of(now);
        found.push(Difference {
            object: "device".to_owned(),
            field: Some("fingerprint".to_owned()),
            then: then.map(|then| fingerprint(then.fingerprint.as_str())),
            now: Some(fingerprint(now.as_str())),
            intended: None,
        });
    }
    found
}

fn whole(then: &Facts, now: &Facts, intended: &Facts) -> Vec<Difference> {
    let objects: BTreeSet<&String> = then.keys().chain(now.keys()).collect();
    let mut found = Vec::new();
    for object in objects {
        let (then, now, intended) = (then.get(object), now.get(object), intended.get(object));
        match (then, now) {
            (Some(then), Some(now)) => {
                for (field, (then, now)) in super::compare::both(then, now) {
                    found.push(Difference {
                        object: object.clone(),
                        field: Some(field.to_owned()),
                        then: then.cloned(),
                        now: now.cloned(),
                        intended: intended.and_then(|intended| intended.get(field).cloned()),
                    });
                }
            }
            (then, now) => found.push(Difference {
                object: object.clone(),
                field: None,
                then: then.map(summary),
                now: now.map(summary),
                intended: intended.map(summary),
            }),
        }
    }
    found
}

fn summary(fields: &BTreeMap<String, String>) -> String {
    let fields: Vec<String> = fields
        .iter()
        .map(|(name, value)| format!("{name} {value}"))
        .collect();
    match fields.is_empty() {
        true => "there".to_owned(),
        false => fields.join(", "),
    }
}

/// Takes the earlier value of each field from the first step that changes it.
fn by_steps(plan: &DevicePlan, now: &Facts, intended: &Facts) -> Vec<Difference> {
    let mut listed = BTreeSet::new();
    let mut found = Vec::new();
    for change in plan.steps.iter().map(|step| &step.change) {
        let object = change.object().to_string();
        let has = now.get(&object);
        if (change.verb() == Verb::Create) == has.is_some() {
            if listed.insert((object.clone(), None)) {
                found.push(Difference {
                    field: None,
                    then: (change.verb() != Verb::Create).then(|| "there".to_owned()),
                    now: has.map(summary),
                    intended: intended.get(&object).map(summary),
                    object,
                });
            }
            continue;
        }
        let Some(has) = has else { continue };
        for view in change.fields() {
            let name = view.field.as_str();
            let (then, now) = (view.from().map(|from| from.to_string()), has.get(name));
            let is_first = listed.insert((object.clone(), Some(name)));
            // A renamed object appears under its other name.
            if is_first && has.contains_key(name) && then.as_ref() != now {
                found.push(Difference {
                    object: object.clone(),
                    field: Some(name.to_owned()),
                    then,
                    now: now.cloned(),
                    intended: intended
                        .get(&object)
                        .and_then(|known| known.get(name).cloned()),
                });
            }
        }
    }
    found
}
