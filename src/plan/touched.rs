//! Collects the objects that steps touch, by slot, because steps change names and addresses.

use std::collections::BTreeSet;

use crate::model::{DeviceConfig, PortNumber, Slot, UplinkNumber};

use super::{Change, Edit, Field, Numbered};

/// The objects that some steps touch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Touched {
    /// Fields of the system.
    pub system: BTreeSet<Field>,
    pub uplinks: BTreeSet<UplinkNumber>,
    pub ports: BTreeSet<PortNumber>,
    pub profiles: BTreeSet<Slot>,
    pub endpoints: BTreeSet<Slot>,
    pub subscribers: BTreeSet<Slot>,
}

impl Touched {
    pub fn by<'a>(changes: impl IntoIterator<Item = &'a Change>) -> Self {
        let mut touched = Self::default();
        for change in changes {
            touched.add(change);
        }
        touched
    }

    fn add(&mut self, change: &Change) {
        match change {
            Change::System(_) => {
                let fields = change.fields().into_iter();
                self.system.extend(fields.map(|view| view.field));
            }
            Change::Uplink(number, _) => {
                self.uplinks.insert(*number);
            }
            Change::Port(number, _) => {
                self.ports.insert(*number);
            }
            Change::Profile(slot, _) => {
                self.profiles.insert(*slot);
            }
            Change::Endpoint(slot, _) => {
                self.endpoints.insert(*slot);
            }
            Change::Subscriber(slot, _) => {
                self.subscribers.insert(*slot);
            }
        }
    }

    /// Returns whether both touch the same object.
    #[must_use]
    pub fn meets(&self, other: &Self) -> bool {
        !self.system.is_disjoint(&other.system)
            || !self.uplinks.is_disjoint(&other.uplinks)
            || !self.ports.is_disjoint(&other.ports)
            || !self.profiles.is_disjoint(&other.profiles)
            || !self.endpoints.is_disjoint(&other.endpoints)
            || !self.subscribers.is_disjoint(&other.subscribers)
    }

    /// Returns the touched objects of a configuration.
    #[must_use]
    pub fn part_of(&self, config: &DeviceConfig) -> DeviceConfig {
        self.filtered(config, true)
    }

    /// Returns the objects of a configuration that were not touched.
    #[must_use]
    pub fn rest_of(&self, config: &DeviceConfig) -> DeviceConfig {
        self.filtered(config, false)
    }

    fn filtered(&self, config: &DeviceConfig, touched: bool) -> DeviceConfig {
        let mut config = config.clone();
        let keeps = |field| self.system.contains(&field) == touched;
        let system = &mut config.system;
        system.hostname = system.hostname.take().filter(|_| keeps(Field::Hostname));
        system.location = system.location.take().filter(|_| keeps(Field::Location));
        system.contact = system.contact.take().filter(|_| keeps(Field::Contact));
        let has = |slots: &BTreeSet<Slot>, slot: Option<Slot>| {
            slot.is_some_and(|slot| slots.contains(&slot)) == touched
        };
        config
            .uplinks
            .retain(|number, _| self.uplinks.contains(number) == touched);
        config
            .ports
            .retain(|number, _| self.ports.contains(number) == touched);
        config
            .profiles
            .retain(|_, profile| has(&self.profiles, profile.slot));
        config
            .endpoints
            .retain(|_, endpoint| has(&self.endpoints, endpoint.slot));
        config
            .subscribers
            .retain(|_, subscriber| has(&self.subscribers, subscriber.slot));
        config
    }
}

/// Returns the names and addresses of objects before and after steps, each with kind and slot. A rollback treats an object
/// with one of these names in that slot as owned.
pub(super) fn names_in<'a>(
    changes: impl IntoIterator<Item = &'a Change>,
) -> BTreeSet<(Kind, Slot, String)> {
    fn keys<K: Numbered<Key: ToString>>(edit: &Edit<K>) -> [String; 2] {
        [edit.key().to_string(), edit.new_key().to_string()]
    }
    let mut names = BTreeSet::new();
    for change in changes {
        let (kind, slot, keys) = match change {
            Change::Profile(slot, edit) => (Kind::Profile, slot, keys(edit)),
            Change::Endpoint(slot, edit) => (Kind::Endpoint, slot, keys(edit)),
            Change::Subscriber(slot, edit) => (Kind::Subscriber, slot, keys(edit)),
            Change::System(_) | Change::Uplink(..) | Change::Port(..) => continue,
        };
        names.extend(keys.map(|key| (kind, *slot, key)));
    }
    names
}

/// The kinds of objects that have slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Profile,
    Endpoint,
    Subscriber,
}
