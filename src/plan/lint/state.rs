//! Tracks the objects of a device with their slots and values, from the observation and step by step.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::command::Target;
use super::setting::{Setting, fresh_field, setting};
use crate::model::{MacAddress, Observation, Part, RateLimit, Slot};
use crate::plan::change::{Endpoint, FieldView, Kind, Profile, Subscriber};
use crate::plan::{Cause, Change, DevicePlan, Field, Object, Step, Verb};

type Fields = BTreeMap<Field, Setting>;

/// The objects of a device at a step. A field that is missing is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct State {
    /// Each step compares two copies of all objects, of which it changes one or two: the others are shared.
    objects: BTreeMap<Target, Rc<Fields>>,
    /// Unmanaged objects, which no line may name as its target.
    untouchable: Rc<BTreeSet<Target>>,
}

impl State {
    pub(super) fn of<L>(observation: &Observation, plan: &DevicePlan<Step<L>>) -> Self {
        let mut state = Self {
            objects: BTreeMap::new(),
            untouchable: Rc::new(untouchable(observation, plan)),
        };
        state.add_ports(observation);
        state.add_objects(observation);
        for unclear in &observation.unclear {
            let Some(target) = target_of_part(unclear.part, unclear.slot) else {
                continue;
            };
            let mut fields = Fields::new();
            if let Some(name) = &unclear.name {
                fields.insert(Field::Name, Setting::Text(name.clone()));
            }
            if let Some(mac) = unclear.mac {
                fields.insert(Field::MacAddress, Setting::Mac(mac));
            }
            if let Some(port) = unclear.port {
                fields.insert(Field::Port, Setting::Port(port));
            }
            if let Some(slot) = unclear.uses_endpoint {
                fields.insert(Field::Endpoint, Setting::Slot(slot.0));
            }
            if let Some(slot) = unclear.uses_profile {
                fields.insert(Field::Rate, Setting::Slot(slot.0));
            }
            state.put(target, fields);
        }
        state
    }

    fn add_ports(&mut self, observation: &Observation) {
        let config = &observation.config;
        self.put(Target::System, known(config.system.values()));
        for (number, uplink) in &config.uplinks {
            let target = Target::Uplink(u16::from(number.get()));
            self.put(target, known(uplink.values()));
        }
        for (number, port) in &config.ports {
            let target = Target::Port(u16::from(number.get()));
            self.put(target, known(port.values()));
        }
    }

    fn add_objects(&mut self, observation: &Observation) {
        let config = &observation.config;
        let mut profile_slots = BTreeMap::new();
        for (name, profile) in &config.profiles {
            let Some(Slot(slot)) = profile.slot else {
                continue;
            };
            profile_slots.insert(name, slot);
            let state = Profile::of(name.clone(), profile);
            let fields = all(&Object::Profile(name.clone()), state.values());
            self.put(Target::Profile(slot), fields);
        }
        let mut endpoint_slots: BTreeMap<MacAddress, u16> = BTreeMap::new();
        for (mac, endpoint) in &config.endpoints {
            let Some(Slot(slot)) = endpoint.slot else {
                continue;
            };
            endpoint_slots.insert(*mac, slot);
            let state = Endpoint::of(*mac, endpoint);
            let fields = all(&Object::Endpoint(*mac), state.values());
            self.put(Target::Endpoint(slot), fields);
        }
        for (name, subscriber) in &config.subscribers {
            let Some(Slot(slot)) = subscriber.slot else {
                continue;
            };
            let state = Subscriber::without_numbers(name.clone(), subscriber);
            let mut fields = all(&Object::Subscriber(name.clone()), state.values());
            fields.remove(&Field::Endpoint);
            fields.remove(&Field::Rate);
            // A reference to an object that was not read stays unknown.
            let endpoint = match &subscriber.endpoint {
                None => Some(Setting::None),
                Some(mac) => endpoint_slots.get(mac).copied().map(Setting::Slot),
            };
            fields.extend(endpoint.map(|endpoint| (Field::Endpoint, endpoint)));
            let rate = match &subscriber.rate {
                RateLimit::Unthrottled => Some(Setting::Unthrottled),
                RateLimit::Profile(name) => profile_slots.get(name).copied().map(Setting::Slot),
            };
            fields.extend(rate.map(|rate| (Field::Rate, rate)));
            self.put(Target::Subscriber(slot), fields);
        }
    }

    fn put(&mut self, target: Target, fields: Fields) {
        self.objects.insert(target, Rc::new(fields));
    }

    pub(super) fn has(&self, target: Target) -> bool {
        self.objects.contains_key(&target)
    }

    pub(super) fn is_untouchable(&self, target: Target) -> bool {
        self.untouchable.contains(&target)
    }

    pub(super) fn field(&self, target: Target, field: Field) -> Option<&Setting> {
        self.objects.get(&target)?.get(&field)
    }

    /// Returns the other objects of the same kind as `target` that have this value in a field.
    pub(super) fn others_with<'a>(
        &'a self,
        target: Target,
        field: Field,
        value: &'a Setting,
    ) -> impl Iterator<Item = Target> + 'a {
        let kind = std::mem::discriminant(&target);
        let objects = self.objects.iter();
        objects
            .filter(move |(other, fields)| {
                **other != target
                    && std::mem::discriminant(*other) == kind
                    && fields.get(&field) == Some(value)
            })
            .map(|(other, _)| *other)
    }

    /// Returns the subscribers that use an endpoint or a profile.
    pub(super) fn users(&self, target: Target) -> Vec<Target> {
        let (field, slot) = match target {
            Target::Endpoint(slot) => (Field::Endpoint, slot),
            Target::Profile(slot) => (Field::Rate, slot),
            Target::System | Target::Uplink(_) | Target::Port(_) | Target::Subscriber(_) => {
                return Vec::new();
            }
        };
        let objects = self.objects.iter();
        objects
            .filter(|(other, fields)| {
                matches!(other, Target::Subscriber(_))
                    && fields.get(&field) == Some(&Setting::Slot(slot))
            })
            .map(|(other, _)| *other)
            .collect()
    }

    /// Applies a change, even if its lines are wrong, so that each step is checked by itself.
    pub(super) fn apply(&mut self, target: Target, change: &Change) {
        if change.verb() == Verb::Remove {
            self.objects.remove(&target);
            return;
        }
        let mut fields = match (change.verb(), self.objects.remove(&target)) {
            (Verb::Update, Some(fields)) => Rc::unwrap_or_clone(fields),
            (Verb::Create | Verb::Update | Verb::Remove, _) => fresh(&change.object()),
        };
        for view in change.fields() {
            match setting(view.field, view.value_after()) {
                Some(setting) => fields.insert(view.field, setting),
                None => fields.remove(&view.field),
            };
        }
        self.put(target, fields);
    }

    /// Returns whether this equals `before`, as far as that was known.
    pub(super) fn is_back_at(&self, before: &Self) -> bool {
        // Ports and uplinks exist even if they were not read.
        let numbered = |target: &&Target| target.is_numbered();
        let now = self.objects.keys().filter(numbered);
        now.eq(before.objects.keys().filter(numbered))
            && self.objects.iter().all(|(target, fields)| {
                let Some(known) = before.objects.get(target) else {
                    return true;
                };
                let mut known_fields = known.iter();
                Rc::ptr_eq(fields, known)
                    || known_fields.all(|(field, value)| fields.get(field) == Some(value))
            })
    }
}

fn untouchable<L>(observation: &Observation, plan: &DevicePlan<Step<L>>) -> BTreeSet<Target> {
    let removed: BTreeSet<Target> = plan
        .steps
        .iter()
        .filter(|step| step.change.verb() == Verb::Remove)
        .filter(|step| {
            step.because
                .iter()
                .any(|because| because.cause == Cause::Unmanaged)
        })
        .map(|step| target(&step.change))
        .collect();
    let unmanaged = plan.unmanaged.iter().filter_map(|object| {
        let slot = object.slot.0;
        match object.kind.as_str() {
            "profile" => Some(Target::Profile(slot)),
            "endpoint" => Some(Target::Endpoint(slot)),
            "subscriber" => Some(Target::Subscriber(slot)),
            _ => None,
        }
    });
    let unclear = observation.unclear.iter();
    let unclear = unclear.filter_map(|unclear| target_of_part(unclear.part, unclear.slot));
    unmanaged
        .filter(|target| !removed.contains(target))
        .chain(unclear)
        .collect()
}

fn target_of_part(part: Part, slot: Slot) -> Option<Target> {
    match part {
        Part::Profiles => Some(Target::Profile(slot.0)),
        Part::Endpoints => Some(Target::Endpoint(slot.0)),
        Part::Subscribers => Some(Target::Subscriber(slot.0)),
        Part::System | Part::Uplinks | Part::Ports => None,
    }
}

/// Returns the object that the lines of a change must name.
pub(super) fn target(change: &Change) -> Target {
    match change {
        Change::System(_) => Target::System,
        Change::Uplink(number, _) => Target::Uplink(u16::from(number.get())),
        Change::Port(number, _) => Target::Port(u16::from(number.get())),
        Change::Profile(slot, _) => Target::Profile(slot.0),
        Change::Endpoint(slot, _) => Target::Endpoint(slot.0),
        Change::Subscriber(slot, _) => Target::Subscriber(slot.0),
    }
}

/// Returns the fields that have a value.
fn known(values: Vec<FieldView<'_>>) -> Fields {
    let values = values.into_iter();
    values
        .filter_map(|view| Some((view.field, setting(view.field, view.value_after())?)))
        .collect()
}

/// Returns the fields of an object that was read. A field without a value is known to have none.
fn all(object: &Object, values: Vec<FieldView<'_>>) -> Fields {
    let mut fields = fresh(object);
    if let Object::Endpoint(_) = object {
        fields.remove(&Field::Port);
    }
    fields.extend(known(values));
    fields
}

/// Returns the identifying field of an object, with its value.
pub(super) fn identity(object: &Object) -> Option<(Field, Setting)> {
    match object {
        Object::System | Object::Uplink(_) | Object::Port(_) => None,
        Object::Profile(name) => Some((Field::Name, text(name))),
        Object::Endpoint(mac) => Some((Field::MacAddress, Setting::Mac(*mac))),
        Object::Subscriber(name) => Some((Field::Name, text(name))),
    }
}

/// Returns the fields of a new object that no line sets, as far as they are documented.
fn fresh(object: &Object) -> Fields {
    let mut fields: Fields = identity(object).into_iter().collect();
    let own = Field::ALL.iter().filter_map(|field| {
        let setting = fresh_field(object, *field)?;
        Some((*field, setting))
    });
    fields.extend(own);
    fields
}

fn text(text: &impl ToString) -> Setting {
    Setting::Text(text.to_string())
}
