//! Finds the subscriber that a place in the text of an inventory belongs to.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::inventory::{Inventory, KeyReference, ReferencedObject, locations};
use crate::model::SubscriberId;

/// Returns where subscribers begin: file and line.
pub(super) fn places<'a>(
    inventory: &Inventory,
    ids: impl Iterator<Item = &'a SubscriberId>,
) -> Vec<Option<(Arc<str>, u32)>> {
    let asked: Vec<KeyReference> = ids
        .map(|id| {
            let object = ReferencedObject::Subscriber(id.as_str().to_owned());
            KeyReference::new(object, [])
        })
        .collect();
    let places = locations(inventory, &asked);
    let places = places.into_iter();
    places
        .map(|place| place.map(|place| (place.file, place.line)))
        .collect()
}

/// The subscribers of each file by the lines at which they begin.
pub(super) struct Objects(BTreeMap<Arc<str>, BTreeMap<u32, SubscriberId>>);

impl Objects {
    pub(super) fn of(inventory: &Inventory) -> Self {
        let ids: Vec<&SubscriberId> = inventory.subscribers().map(|object| &object.id).collect();
        let mut objects: BTreeMap<Arc<str>, BTreeMap<u32, SubscriberId>> = BTreeMap::new();
        let places = places(inventory, ids.iter().copied());
        for (id, place) in ids.into_iter().zip(places) {
            if let Some((file, line)) = place {
                objects.entry(file).or_default().insert(line, id.clone());
            }
        }
        Self(objects)
    }

    /// Returns the subscriber that a line belongs to.
    pub(super) fn at(&self, file: &str, line: u32) -> Option<SubscriberId> {
        let before = self.0.get(file)?.range(..=line);
        before.last().map(|(_, id)| id.clone())
    }
}
