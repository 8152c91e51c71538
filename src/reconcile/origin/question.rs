//! Defines what is asked of the history: a value that a device is intended to have, followed through renames.

use std::collections::BTreeMap;

use super::keys::Names;
use crate::inventory::{Inventory, complete_service_plans, complete_subscriber, resolve_device};
use crate::model::{DeviceConfig, DeviceName, ProfileName, SubscriberName};
use crate::plan::{Change, Field, Object, Verb, field_values};

/// A question about the intended configuration of a device at a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Question {
    pub(super) subject: Subject,
    /// The field whose value is asked; nothing: whether the device has the object.
    pub(super) field: Option<Field>,
    /// The object is removed.
    pub(super) is_gone: bool,
}

/// The object that a question is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Subject {
    /// An object that is found under the same name at every commit.
    Fixed(Object),
    /// A profile, followed by the id of its service plan.
    Profile(Option<String>, ProfileName),
    /// A subscriber, followed by its id.
    Subscriber(Option<String>, SubscriberName),
}

impl Question {
    pub(super) fn of(change: &Change, field: Option<Field>, now: &Names) -> Self {
        let subject = match change.object_after() {
            Object::Profile(name) => Subject::Profile(now.plan(&name), name),
            Object::Subscriber(name) => Subject::Subscriber(now.subscriber_id(&name), name),
            object => Subject::Fixed(object),
        };
        Self {
            subject,
            field,
            is_gone: change.verb() == Verb::Remove,
        }
    }

    /// Returns the table whose text decides the answer, besides that of the device and what all devices share; `None` if
    /// others may.
    pub(super) fn table(&self) -> Option<Option<(&'static str, String)>> {
        match &self.subject {
            Subject::Subscriber(Some(id), _) if !self.is_gone => {
                Some(Some(("subscriber", id.clone())))
            }
            // Written in tables within that of the device, and so in the same file.
            Subject::Fixed(Object::System) => Some(None),
            Subject::Fixed(_) | Subject::Profile(..) | Subject::Subscriber(..) => None,
        }
    }

    /// Returns how to ask an earlier version, where an object may have had another id.
    pub(super) fn earlier(&self, before: &Version, after: &Version) -> Self {
        let Subject::Subscriber(Some(id), name) = &self.subject else {
            return self.clone();
        };
        if before.subscribers.contains_key(id) {
            return self.clone();
        }
        let moved_from = after.subscribers.get(id);
        let moved_from = moved_from.and_then(|known| known.moved_from.clone());
        let by_name = || {
            let mut known = before.subscribers.iter();
            Some(known.find(|(_, known)| known.name == *name)?.0.clone())
        };
        let earlier = moved_from
            .filter(|old| before.subscribers.contains_key(old))
            .or_else(by_name);
        Self {
            subject: Subject::Subscriber(earlier.or(Some(id.clone())), name.clone()),
            ..self.clone()
        }
    }
}

/// The intended configuration of a device at a commit, with the names that its objects had.
pub(super) struct Version {
    config: DeviceConfig,
    subscribers: BTreeMap<String, Known>,
    /// The profile of each service plan.
    profiles: BTreeMap<String, ProfileName>,
}

/// A subscriber of the device.
struct Known {
    name: SubscriberName,
    moved_from: Option<String>,
}

impl Version {
    pub(super) fn of(inventory: &Inventory, device: &DeviceName) -> Self {
        let intended = resolve_device(inventory, device.as_str());
        let subscribers = inventory.subscribers_of(device.as_str());
        let subscribers = subscribers.filter_map(|object| {
            let subscriber = complete_subscriber(object)?;
            let known = Known {
                name: subscriber.name,
                moved_from: subscriber.moved_from.map(|id| id.to_string()),
            };
            Some((subscriber.id.to_string(), known))
        });
        let plans = complete_service_plans(inventory).into_iter();
        Self {
            config: intended.map(|intended| intended.config).unwrap_or_default(),
            subscribers: subscribers.collect(),
            profiles: plans.map(|(id, plan)| (id, plan.profile_name)).collect(),
        }
    }

    /// Returns the answer to a question.
    pub(super) fn value(&self, question: &Question) -> Option<String> {
        let object = match &question.subject {
            Subject::Fixed(object) => object.clone(),
            Subject::Profile(plan, name) => {
                let name_then = plan.as_ref().and_then(|plan| self.profiles.get(plan));
                Object::Profile(name_then.unwrap_or(name).clone())
            }
            Subject::Subscriber(Some(id), _) => {
                Object::Subscriber(self.subscribers.get(id)?.name.clone())
            }
            Subject::Subscriber(None, name) => Object::Subscriber(name.clone()),
        };
        let values = field_values(&self.config, &object)?;
        match question.field {
            None => Some(String::new()),
            Some(field) => {
                let mut values = values.into_iter();
                values
                    .find(|(named, _)| *named == field)
                    .map(|(_, value)| value)
            }
        }
    }
}
