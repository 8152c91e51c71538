//! Finds the file, line and text of an object or a key.

use foldhash::{HashMap, HashMapExt};

use super::assemble::{Inventory, ObjectPosition};
use super::locate::{self, Pointer};
use super::source::Limits;
use super::tree::TreeLimits;
use crate::model::SourceLocation;

/// An object, or a key of it; a key that is not written means the object.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyReference {
    pub object: ReferencedObject,
    /// Keys from the object inward, such as `port`, `7`, `mode`.
    pub keys: Vec<String>,
}

/// An object of the inventory, or its network settings.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReferencedObject {
    Network,
    Device(String),
    ServicePlan(String),
    Billing(String),
    Subscriber(String),
}

impl KeyReference {
    pub fn new<'a>(object: ReferencedObject, keys: impl IntoIterator<Item = &'a str>) -> Self {
        Self {
            object,
            keys: keys.into_iter().map(str::to_owned).collect(),
        }
    }
}

/// Returns the place of each, in the order asked; nothing for an object that the inventory does not have.
///
/// Each file that is asked about is read once more, so ask for everything at once.
pub fn locations(inventory: &Inventory, asked: &[KeyReference]) -> Vec<Option<SourceLocation>> {
    let pointers = pointers(inventory, asked);
    let places = locate::places(&inventory.files, pointers.iter().flatten(), limits());
    pointers
        .iter()
        .map(|pointer| places.get(pointer.as_ref()?).cloned())
        .collect()
}

/// Returns the text of each value as it is written; of an object an empty one. Nothing for what is not written.
pub fn written_values(inventory: &Inventory, asked: &[KeyReference]) -> Vec<Option<String>> {
    let pointers = pointers(inventory, asked);
    let values = locate::values(&inventory.files, pointers.iter().flatten(), limits());
    pointers
        .iter()
        .map(|pointer| values.get(pointer.as_ref()?).cloned())
        .collect()
}

fn limits() -> TreeLimits {
    let limits = Limits::default();
    TreeLimits {
        depth: limits.toml_depth,
        keys: limits.keys,
    }
}

fn pointers(inventory: &Inventory, asked: &[KeyReference]) -> Vec<Option<Pointer>> {
    let subscribers = subscriber_positions(inventory, asked);
    let pointers = asked.iter().map(|said| {
        let start = start(inventory, &said.object, &subscribers)?;
        let (last, before) = match said.keys.split_last() {
            Some((last, before)) => (Some(last), before),
            None => (None, &[] as &[String]),
        };
        let inner = before.iter().fold(start, Pointer::key);
        Some(match last {
            Some(last) => inner.key(last),
            None => inner,
        })
    });
    pointers.collect()
}

fn subscriber_positions<'a>(
    inventory: &'a Inventory,
    asked: &[KeyReference],
) -> HashMap<&'a str, ObjectPosition> {
    let mut positions = HashMap::new();
    let is_asked = asked
        .iter()
        .any(|said| matches!(said.object, ReferencedObject::Subscriber(_)));
    if is_asked {
        for position in &inventory.subscribers {
            if let Some(object) = inventory.subscriber_at(*position) {
                positions.entry(object.id.as_str()).or_insert(*position);
            }
        }
    }
    positions
}

fn start(
    inventory: &Inventory,
    object: &ReferencedObject,
    subscribers: &HashMap<&str, ObjectPosition>,
) -> Option<Pointer> {
    match object {
        ReferencedObject::Network => Some(Pointer::to_file(*inventory.networks.first()?)),
        ReferencedObject::Device(name) => {
            Some(inventory.point_at_device(inventory.device_position(name)?))
        }
        ReferencedObject::ServicePlan(id) => {
            Some(inventory.point_at_service_plan(inventory.service_plan_position(id)?))
        }
        ReferencedObject::Billing(name) => {
            Some(inventory.point_at_billing(inventory.billing_position(name)?))
        }
        ReferencedObject::Subscriber(id) => {
            Some(inventory.point_at_subscriber(*subscribers.get(id.as_str())?))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::inventory::{GOOD_INVENTORY, read_texts};

    fn place(object: ReferencedObject, keys: &[&str]) -> Option<String> {
        let texts = GOOD_INVENTORY.iter();
        let texts = texts.map(|(path, text)| (Arc::from(*path), Arc::from(*text)));
        let reading = read_texts(&texts.collect(), &Limits::default());
        let found = locations(
            &reading.inventory,
            &[KeyReference::new(object, keys.iter().copied())],
        );
        let found = found.into_iter().next().flatten();
        found.map(|place| format!("{}:{}", place.file, place.line))
    }

    fn line_of(file: &str, needle: &str) -> String {
        let (_, text) = GOOD_INVENTORY
            .iter()
            .find(|(path, _)| *path == file)
            .unwrap();
        let line = text.lines().position(|line| line.contains(needle)).unwrap() + 1;
        format!("{file}:{line}")
    }

    #[test]
    fn a_key_is_found_on_its_line_and_one_that_is_not_written_at_its_object() {
        let acct = || ReferencedObject::Subscriber("acct-1".to_owned());
        let file = "subscribers/maple.toml";
        assert_eq!(place(acct(), &["vlan"]), Some(line_of(file, "vlan")));
        assert_eq!(
            place(acct(), &["poe"]),
            Some(line_of(file, "[subscriber.acct-1]"))
        );
        assert_eq!(
            place(ReferencedObject::Subscriber("nobody".to_owned()), &[]),
            None
        );
        let device = ReferencedObject::Device("maple-a".to_owned());
        assert_eq!(
            place(device, &["model"]),
            Some(line_of("devices/maple.toml", "model"))
        );
    }
}
