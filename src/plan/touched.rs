//! What steps touch on a device: objects by their numbers, since names and addresses move.

use std::collections::BTreeSet;

use crate::model::{DeviceConfig, PortNumber, Slot, UplinkNumber};

use super::{Change, Field, Object, Step, Value};

/// What some steps touch.
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
    pub fn by(steps: &[Step]) -> Self {
        let mut touched = Self::default();
        for step in steps {
            touched.take(&step.change);
        }
        touched
    }

    fn take(&mut self, change: &Change) {
        match (&change.object, change.slot) {
            (Object::System, _) => {
                self.system
                    .extend(change.fields.iter().map(|field| field.field));
            }
            (Object::Uplink(number), _) => {
                self.uplinks.insert(*number);
            }
            (Object::Port(number), _) => {
                self.ports.insert(*number);
            }
            (Object::Profile(_), slot) => self.profiles.extend(slot),
            (Object::Endpoint(_), slot) => self.endpoints.extend(slot),
            (Object::Subscriber(_), slot) => self.subscribers.extend(slot),
        }
    }

    /// Returns whether both touch an object.
    #[must_use]
    pub fn meets(&self, other: &Self) -> bool {
        !self.system.is_disjoint(&other.system)
            || !self.uplinks.is_disjoint(&other.uplinks)
            || !self.ports.is_disjoint(&other.ports)
            || !self.profiles.is_disjoint(&other.profiles)
            || !self.endpoints.is_disjoint(&other.endpoints)
            || !self.subscribers.is_disjoint(&other.subscribers)
    }

    /// Returns only what was touched.
    #[must_use]
    pub fn part_of(&self, config: &DeviceConfig) -> DeviceConfig {
        self.filtered(config, true)
    }

    /// Returns all that was not touched.
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

/// The names and addresses that steps give, take or find, by what kind of object has them: what is called so under a number that the
/// steps touch is of their making.
pub(super) fn names_in(steps: &[Step]) -> BTreeSet<(Kind, Slot, String)> {
    let mut names = BTreeSet::new();
    for change in steps.iter().map(|step| &step.change) {
        let (kind, known) = match &change.object {
            Object::Profile(name) => (Kind::Profile, name.to_string()),
            Object::Endpoint(mac) => (Kind::Endpoint, mac.to_string()),
            Object::Subscriber(name) => (Kind::Subscriber, name.to_string()),
            Object::System | Object::Uplink(_) | Object::Port(_) => continue,
        };
        let Some(slot) = change.slot else { continue };
        names.insert((kind, slot, known));
        let key = match kind {
            Kind::Endpoint => Field::MacAddress,
            Kind::Profile | Kind::Subscriber => Field::Name,
        };
        let given = change.field(key);
        for value in given.into_iter().flat_map(|given| [&given.from, &given.to]) {
            match value {
                Some(Value::Text(text)) => names.insert((kind, slot, text.clone())),
                Some(Value::Mac(mac)) => names.insert((kind, slot, mac.to_string())),
                _ => false,
            };
        }
    }
    names
}

/// Objects that have numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Profile,
    Endpoint,
    Subscriber,
}
