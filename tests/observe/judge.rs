//! Compares an observation with the truth: every difference must be reported as unread or unclear.

use std::collections::{BTreeMap, BTreeSet};

use gamctl::model::{DeviceConfig, GamModel, Observation, Part};
use serde_json::Value;

/// Objects of a part by number, each with its fields; the device itself is number 0.
type Objects = BTreeMap<u16, BTreeMap<String, Value>>;

fn fields(value: &Value) -> BTreeMap<String, Value> {
    let map = value.as_object().unwrap().clone();
    map.into_iter().collect()
}

/// Returns the objects by slot, with the key among the fields, so that a wrong name is found.
fn keyed(map: &Value, key: &str) -> Objects {
    let objects = map.as_object().unwrap().iter().map(|(name, object)| {
        let mut object = fields(object);
        let slot = object.remove("slot").unwrap().as_u64().unwrap();
        object.insert(key.to_owned(), Value::from(name.as_str()));
        (u16::try_from(slot).unwrap(), object)
    });
    objects.collect()
}

fn numbered(map: &Value) -> Objects {
    let objects = map.as_object().unwrap().iter();
    objects
        .map(|(number, object)| (number.parse().unwrap(), fields(object)))
        .collect()
}

fn parts(config: &DeviceConfig) -> BTreeMap<Part, Objects> {
    let value = serde_json::to_value(config).unwrap();
    BTreeMap::from([
        (
            Part::System,
            BTreeMap::from([(0, fields(&value["system"]))]),
        ),
        (Part::Uplinks, numbered(&value["uplinks"])),
        (Part::Ports, numbered(&value["ports"])),
        (Part::Profiles, keyed(&value["profiles"], "name")),
        (Part::Endpoints, keyed(&value["endpoints"], "mac")),
        (Part::Subscribers, keyed(&value["subscribers"], "name")),
    ])
}

/// Returns the wrong or incomplete parts that an observation presents as known.
pub(super) fn lies(observation: &Observation, truth: &DeviceConfig) -> Vec<String> {
    let mut lies = Vec::new();
    let (seen, truth) = (parts(&observation.config), parts(truth));
    for part in Part::ALL {
        let unclear: BTreeSet<u16> = observation
            .unclear
            .iter()
            .filter(|unclear| unclear.part == part)
            .map(|unclear| unclear.slot.0)
            .collect();
        let is_all = observation.incomplete(part).is_none();
        for (number, object) in &truth[&part] {
            let Some(found) = seen[&part].get(number) else {
                let is_said = observation.unread_field(part, *number, "*").is_some();
                if is_all && !unclear.contains(number) && !is_said {
                    lies.push(format!("{part:?} {number} is taken for absent"));
                }
                continue;
            };
            let names: BTreeSet<&String> = object.keys().chain(found.keys()).collect();
            for name in names {
                let differs = object.get(name) != found.get(name);
                if differs && observation.unread_field(part, *number, name).is_none() {
                    let (is, said) = (object.get(name), found.get(name));
                    lies.push(format!(
                        "{part:?} {number}: {name} is {is:?}, said {said:?}"
                    ));
                }
            }
        }
        for number in seen[&part]
            .keys()
            .filter(|number| !truth[&part].contains_key(number))
        {
            lies.push(format!("{part:?} {number} does not exist"));
        }
    }
    lies
}

/// Returns whether the observation is complete.
pub(super) fn is_whole(observation: &Observation) -> bool {
    observation.unread.is_empty() && observation.unclear.is_empty()
}

/// The model of the coax device used in these tests.
pub(super) const MODEL: GamModel = GamModel::Gam4Cx;
