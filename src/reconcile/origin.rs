//! Finds the inventory line behind each step's reason, and the commit and author of that line.

use std::collections::{BTreeMap, BTreeSet};

use super::Fleet;
use crate::inventory::blame::{History, Line, Told, Written};
use crate::inventory::source::SourceError;
use crate::inventory::{
    Inventory, KeyReference, ReferencedObject, complete_service_plans, complete_subscriber,
    locations,
};
use crate::model::{DeviceName, DeviceState, Subscriber, SubscriberState};
use crate::plan::{
    Because, Cause, Change, Field, Object, Origin, OriginCommit, Planned, Step, Verb,
};

/// The state of the search for origins.
#[derive(Debug, Default)]
struct Origins {
    now: Words,
    before: Words,
}

/// An inventory's objects, by their names on devices.
#[derive(Debug, Default)]
struct Words {
    /// By device and name on the device.
    subscribers: BTreeMap<(DeviceName, String), Subscriber>,
    /// By device and MAC.
    endpoints: BTreeMap<(DeviceName, String), Subscriber>,
    by_id: BTreeMap<String, Subscriber>,
    /// By the name of the profile.
    plans: BTreeMap<String, String>,
}

/// The origin that a reason is searched for: an existing line, or a removed object.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Question {
    Written(KeyReference),
    /// Its position in the inventory that was applied, with its id.
    TakenOut(KeyReference, String),
}

/// Fills in the inventory line behind each step, and its author; also for drift and objects that were never applied.
///
/// Without git, or if the inventory is not committed, there are file and line but no commit.
pub fn find_origins(
    planned: &mut Planned,
    fleet: &Fleet<'_>,
    history: Option<&History>,
) -> Result<(), SourceError> {
    let origins = Origins::of(planned, fleet);
    let mut asked: BTreeMap<(usize, usize, usize), Question> = BTreeMap::new();
    for (at, device, step, because) in reasons(planned) {
        if let Some(question) = origins.question(fleet, device, step, because) {
            asked.insert(at, question);
        }
    }
    let answers = answer(&asked, fleet, history, planned)?;
    for (at, question) in asked {
        let Some(origin) = answers.get(&question) else {
            continue;
        };
        let step = planned
            .devices
            .get_mut(at.0)
            .and_then(|plan| plan.steps.get_mut(at.1));
        if let Some(because) = step.and_then(|step| step.because.get_mut(at.2)) {
            because.origin = Some(origin.clone());
        }
    }
    Ok(())
}

type At = (usize, usize, usize);

fn reasons(planned: &Planned) -> impl Iterator<Item = (At, &DeviceName, &Step, &Because)> {
    let devices = planned.devices.iter().enumerate();
    devices.flat_map(|(device, plan)| {
        let steps = plan.steps.iter().enumerate();
        steps.flat_map(move |(index, step)| {
            let reasons = step.because.iter().enumerate();
            reasons
                .map(move |(which, because)| ((device, index, which), &plan.device, step, because))
        })
    })
}

fn answer(
    asked: &BTreeMap<At, Question>,
    fleet: &Fleet<'_>,
    history: Option<&History>,
    planned: &mut Planned,
) -> Result<BTreeMap<Question, Origin>, SourceError> {
    let written = asked.values().filter_map(|question| match question {
        Question::Written(said) => Some((question.clone(), said.clone())),
        Question::TakenOut(..) => None,
    });
    let lines = lines(fleet.inventory, written);
    let mut told = Told::default();
    if let (Some(history), Some(commit)) = (history, fleet.inventory.commit()) {
        let all: BTreeSet<Line> = lines.values().cloned().collect();
        told = history.lines(commit, &all)?;
        planned.origins_cut |= told.is_cut;
    }
    let mut answers: BTreeMap<Question, Origin> = BTreeMap::new();
    for (question, line) in lines {
        let commit = told.lines.get(&line).map(commit);
        answers.insert(question, origin(&line, commit));
    }
    let Some(applied) = &fleet.applied else {
        return Ok(answers);
    };
    let commits = (
        history,
        fleet.inventory.commit(),
        applied.inventory.commit(),
    );
    let (Some(history), Some(commit_now), Some(commit_before)) = commits else {
        return Ok(answers);
    };
    let gone = asked.values().filter_map(|question| match question {
        Question::TakenOut(said, _) => Some((question.clone(), said.clone())),
        Question::Written(_) => None,
    });
    let lines = self::lines(applied.inventory, gone);
    let mut needles = BTreeMap::new();
    for (question, line) in &lines {
        if let Question::TakenOut(_, id) = question {
            needles.insert(line.clone(), id.clone());
        }
    }
    let told = history.taken_out(commit_before, commit_now, &needles)?;
    planned.origins_cut |= told.is_cut;
    for (question, line) in lines {
        if let Some(taken) = told.taken_out.get(&line) {
            answers.insert(question, origin(&taken.at, Some(commit(&taken.by))));
        }
    }
    Ok(answers)
}

fn lines(
    inventory: &Inventory,
    asked: impl Iterator<Item = (Question, KeyReference)>,
) -> BTreeMap<Question, Line> {
    let asked: BTreeMap<Question, KeyReference> = asked.collect();
    let said: Vec<KeyReference> = asked.values().cloned().collect();
    let places = locations(inventory, &said);
    let found = asked
        .into_keys()
        .zip(places)
        .filter_map(|(question, place)| {
            let place = place?;
            let file = place.file.to_string();
            let line = place.line;
            Some((question, Line { file, line }))
        });
    found.collect()
}

fn origin(line: &Line, commit: Option<OriginCommit>) -> Origin {
    Origin {
        file: line.file.clone(),
        line: usize::try_from(line.line).unwrap_or(usize::MAX),
        commit,
    }
}

fn commit(written: &Written) -> OriginCommit {
    let Written {
        commit,
        author,
        date,
        subject,
    } = written.clone();
    OriginCommit {
        id: commit,
        author,
        date,
        subject,
    }
}

impl Words {
    fn of(inventory: &Inventory, devices: &BTreeSet<&DeviceName>) -> Self {
        let mut words = Self::default();
        for device in devices {
            for object in inventory.subscribers_of(device.as_str()) {
                let Some(subscriber) = complete_subscriber(object) else {
                    continue;
                };
                let key = |name: String| (DeviceName::clone(device), name);
                if let Some(mac) = subscriber.endpoint {
                    words
                        .endpoints
                        .insert(key(mac.to_string()), subscriber.clone());
                }
                words
                    .subscribers
                    .insert(key(subscriber.name.to_string()), subscriber);
            }
        }
        words.plans = complete_service_plans(inventory)
            .into_values()
            .map(|plan| (plan.profile_name.to_string(), plan.id.to_string()))
            .collect();
        words
    }
}

impl Origins {
    fn of(planned: &Planned, fleet: &Fleet<'_>) -> Self {
        let devices = planned.devices.iter().filter(|plan| !plan.steps.is_empty());
        let devices: BTreeSet<&DeviceName> = devices.map(|plan| &plan.device).collect();
        let applied = fleet.applied.as_ref();
        let mut now = Words::of(fleet.inventory, &devices);
        // The new place of a subscriber that left its device.
        let subscribers = fleet
            .inventory
            .subscribers()
            .filter_map(complete_subscriber);
        now.by_id = match devices.is_empty() {
            true => BTreeMap::new(),
            false => subscribers
                .map(|subscriber| (subscriber.id.to_string(), subscriber))
                .collect(),
        };
        Self {
            now,
            before: applied.map_or_else(Words::default, |applied| {
                Words::of(applied.inventory, &devices)
            }),
        }
    }

    fn question(
        &self,
        fleet: &Fleet<'_>,
        device: &DeviceName,
        step: &Step,
        because: &Because,
    ) -> Option<Question> {
        match because.cause {
            Cause::Inventory | Cause::Drift { .. } | Cause::FirstAdoption => {
                let field = because.fields.first().copied();
                let said = self.said(device, &step.change, field)?;
                Some(Question::Written(said))
            }
            Cause::Gone => self.gone(fleet, device, &step.change),
            Cause::Unmanaged | Cause::Temporary => None,
        }
    }

    /// Returns the key that sets a field; without a field, the object's table.
    fn said(
        &self,
        device: &DeviceName,
        change: &Change,
        field: Option<Field>,
    ) -> Option<KeyReference> {
        let field = field.filter(|_| change.verb() != Verb::Create);
        let on_device = |keys: &[&str]| {
            Some(KeyReference::new(
                ReferencedObject::Device(device.to_string()),
                keys.iter().copied(),
            ))
        };
        match &change.object_after() {
            Object::System => on_device(&[field?.inventory_key()]),
            Object::Uplink(number) => on_device(&["uplink", &number.to_string(), "allowed_vlans"]),
            Object::Port(number) => {
                on_device(&["port", &number.to_string(), field?.inventory_key()])
            }
            Object::Profile(name) => {
                let plan = self.now.plans.get(name.as_str())?;
                let plan = ReferencedObject::ServicePlan(plan.clone());
                Some(KeyReference::new(
                    plan,
                    field.map(|field| match field {
                        Field::Name => "profile_name",
                        field => field.inventory_key(),
                    }),
                ))
            }
            Object::Endpoint(mac) => {
                let key = (device.clone(), mac.to_string());
                let subscriber = self.now.endpoints.get(&key)?;
                let key = match field {
                    Some(Field::Name) => "endpoint_name",
                    Some(field) => field.inventory_key(),
                    None => "endpoint",
                };
                Some(said_of(subscriber, Some(key)))
            }
            Object::Subscriber(name) => {
                let key = (device.clone(), name.to_string());
                let subscriber = self.now.subscribers.get(&key)?;
                Some(said_of(
                    subscriber,
                    field.map(|field| self.subscriber_key(device, subscriber, field)),
                ))
            }
        }
    }

    /// Returns the key behind a subscriber's field: its own, or the state that overrides it.
    fn subscriber_key(
        &self,
        device: &DeviceName,
        subscriber: &Subscriber,
        field: Field,
    ) -> &'static str {
        let before = self
            .before
            .subscribers
            .get(&(device.clone(), subscriber.name.to_string()));
        let has_other_state = before.is_some_and(|before| before.state != subscriber.state);
        let is_suspended = subscriber.state == SubscriberState::Suspended;
        if field.is_service() && (has_other_state || is_suspended) {
            return "state";
        }
        field.inventory_key()
    }

    /// Returns the line or commit that removed an object of the last applied inventory.
    fn gone(&self, fleet: &Fleet<'_>, device: &DeviceName, change: &Change) -> Option<Question> {
        let intended = fleet
            .devices
            .iter()
            .find(|intended| intended.name == *device)?;
        if intended.state == DeviceState::Retired {
            let said = KeyReference::new(ReferencedObject::Device(device.to_string()), ["state"]);
            return Some(Question::Written(said));
        }
        let before = match &change.object() {
            Object::Profile(name) => {
                let plan = self.before.plans.get(name.as_str())?;
                let said = KeyReference::new(ReferencedObject::ServicePlan(plan.clone()), []);
                let is_there = fleet.inventory.service_plan(plan).is_some();
                // A service plan without subscribers has no single line that removed its profile.
                return (!is_there).then(|| Question::TakenOut(said, plan.clone()));
            }
            Object::Endpoint(mac) => self
                .before
                .endpoints
                .get(&(device.clone(), mac.to_string()))?,
            Object::Subscriber(name) => self
                .before
                .subscribers
                .get(&(device.clone(), name.to_string()))?,
            Object::System | Object::Uplink(_) | Object::Port(_) => return None,
        };
        let id = before.id.to_string();
        match self.now.by_id.get(&id) {
            None => {
                let said = KeyReference::new(ReferencedObject::Subscriber(id.clone()), []);
                Some(Question::TakenOut(said, id))
            }
            Some(now) => {
                let key = if now.device != *device {
                    "device"
                } else if now.state != before.state {
                    "state"
                } else if matches!(change.object(), Object::Endpoint(_)) {
                    "endpoint"
                } else {
                    "name"
                };
                Some(Question::Written(said_of(now, Some(key))))
            }
        }
    }
}

fn said_of(subscriber: &Subscriber, key: Option<&str>) -> KeyReference {
    KeyReference::new(ReferencedObject::Subscriber(subscriber.id.to_string()), key)
}
