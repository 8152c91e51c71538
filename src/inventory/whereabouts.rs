//! Where in the inventory something is said: from an object and a key to file and line.

use foldhash::{HashMap, HashMapExt};

use super::assemble::{Inventory, Spot};
use super::locate::{self, Pointer};
use super::source::Limits;
use super::tree::TreeLimits;
use crate::model::SourceLocation;

/// What is asked for: an object, or a key of it; a key that is not written stands for the object.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Said {
    pub object: SaidObject,
    /// Keys from the object inward, such as `port`, `7`, `mode`.
    pub keys: Vec<String>,
}

/// An object that has something to say.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SaidObject {
    Network,
    Device(String),
    ServicePlan(String),
    Subscriber(String),
}

impl Said {
    pub fn new<'a>(object: SaidObject, keys: impl IntoIterator<Item = &'a str>) -> Self {
        Self {
            object,
            keys: keys.into_iter().map(str::to_owned).collect(),
        }
    }
}

/// Returns the place of each, in the order asked; nothing for an object that the inventory does not have.
///
/// Each file that is asked about is read once more, so ask for everything at once.
pub fn whereabouts(inventory: &Inventory, asked: &[Said]) -> Vec<Option<SourceLocation>> {
    let subscribers = subscriber_spots(inventory, asked);
    let pointers: Vec<Option<Pointer>> = asked
        .iter()
        .map(|said| {
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
        })
        .collect();
    let limits = Limits::default();
    let limits = TreeLimits {
        depth: limits.toml_depth,
        keys: limits.keys,
    };
    let places = locate::places(&inventory.files, pointers.iter().flatten(), limits);
    pointers
        .iter()
        .map(|pointer| places.get(pointer.as_ref()?).cloned())
        .collect()
}

fn subscriber_spots<'a>(inventory: &'a Inventory, asked: &[Said]) -> HashMap<&'a str, Spot> {
    let mut spots = HashMap::new();
    let is_asked = asked
        .iter()
        .any(|said| matches!(said.object, SaidObject::Subscriber(_)));
    if is_asked {
        for spot in &inventory.subscribers {
            if let Some(object) = inventory.subscriber_at(*spot) {
                spots.entry(object.id.as_str()).or_insert(*spot);
            }
        }
    }
    spots
}

fn start(
    inventory: &Inventory,
    object: &SaidObject,
    subscribers: &HashMap<&str, Spot>,
) -> Option<Pointer> {
    match object {
        SaidObject::Network => Some(Pointer::to_file(*inventory.networks.first()?)),
        SaidObject::Device(name) => Some(inventory.point_at_device(inventory.device_spot(name)?)),
        SaidObject::ServicePlan(id) => {
            Some(inventory.point_at_service_plan(inventory.service_plan_spot(id)?))
        }
        SaidObject::Subscriber(id) => {
            Some(inventory.point_at_subscriber(*subscribers.get(id.as_str())?))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::inventory::{GOOD_INVENTORY, read_texts};

    fn place(object: SaidObject, keys: &[&str]) -> Option<String> {
        let texts = GOOD_INVENTORY.iter();
        let texts = texts.map(|(path, text)| (Arc::from(*path), Arc::from(*text)));
        let reading = read_texts(&texts.collect(), &Limits::default());
        let found = whereabouts(
            &reading.inventory,
            &[Said::new(object, keys.iter().copied())],
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
        let acct = || SaidObject::Subscriber("acct-1".to_owned());
        let file = "subscribers/maple.toml";
        assert_eq!(place(acct(), &["vlan"]), Some(line_of(file, "vlan")));
        assert_eq!(
            place(acct(), &["poe"]),
            Some(line_of(file, "[subscriber.acct-1]"))
        );
        assert_eq!(
            place(SaidObject::Subscriber("nobody".to_owned()), &[]),
            None
        );
        let device = SaidObject::Device("maple-a".to_owned());
        assert_eq!(
            place(device, &["model"]),
            Some(line_of("devices/maple.toml", "model"))
        );
    }
}
