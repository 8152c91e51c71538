//! Lists the keys of the inventory that a value on a device is derived from, the likeliest first.

use super::question::{Question, Subject};
use crate::inventory::{
    Inventory, KeyReference, ReferencedObject, complete_service_plans, complete_subscriber,
};
use crate::model::{
    DeviceName, MacAddress, ProfileName, ServicePlan, Subscriber, SubscriberName, SubscriberState,
};
use crate::plan::{Field, Object};

/// The subscribers of a device and all service plans, by their names on devices.
pub(super) struct Names {
    subscribers: Vec<Subscriber>,
    plans: Vec<ServicePlan>,
}

impl Names {
    pub(super) fn of(inventory: &Inventory, device: &DeviceName) -> Self {
        let subscribers = inventory.subscribers_of(device.as_str());
        let mut subscribers: Vec<Subscriber> =
            subscribers.filter_map(complete_subscriber).collect();
        subscribers.sort_by(|one, other| one.name.cmp(&other.name));
        Self {
            subscribers,
            plans: complete_service_plans(inventory).into_values().collect(),
        }
    }

    pub(super) fn subscriber_id(&self, name: &SubscriberName) -> Option<String> {
        Some(self.named(name)?.id.to_string())
    }

    pub(super) fn endpoint_id(&self, mac: MacAddress) -> Option<String> {
        Some(self.at(mac)?.id.to_string())
    }

    /// Returns the service plan of a profile.
    pub(super) fn plan(&self, profile: &ProfileName) -> Option<String> {
        let mut plans = self.plans.iter();
        let plan = plans.find(|plan| plan.profile_name == *profile)?;
        Some(plan.id.to_string())
    }

    fn named(&self, name: &SubscriberName) -> Option<&Subscriber> {
        let found = self
            .subscribers
            .binary_search_by(|known| known.name.cmp(name));
        self.subscribers.get(found.ok()?)
    }

    fn at(&self, mac: MacAddress) -> Option<&Subscriber> {
        let mut subscribers = self.subscribers.iter();
        subscribers.find(|subscriber| subscriber.endpoint == Some(mac))
    }
}

impl Question {
    /// Returns the keys that the answer is derived from.
    pub(super) fn keys(&self, device: &DeviceName, names: &Names) -> Vec<KeyReference> {
        let mut keys = match &self.subject {
            Subject::Fixed(Object::Endpoint(mac)) => names
                .at(*mac)
                .map(|subscriber| endpoint(self, subscriber))
                .unwrap_or_default(),
            Subject::Fixed(object) => setting(device, object, self.field),
            Subject::Profile(plan, name) => {
                let plan = plan.clone().or_else(|| names.plan(name));
                plan.map(|plan| profile(self.field, &plan, names))
                    .unwrap_or_default()
            }
            Subject::Subscriber(_, name) => names
                .named(name)
                .map(|known| subscriber(self, known, names))
                .unwrap_or_default(),
        };
        if self.is_gone {
            keys.insert(0, of_device(device, &["state"]));
        } else if self.field.is_none() {
            keys.push(of_device(device, &["state"]));
        }
        keys
    }
}

fn setting(device: &DeviceName, object: &Object, field: Option<Field>) -> Vec<KeyReference> {
    let Some(field) = field else {
        return Vec::new();
    };
    vec![match object {
        Object::Uplink(number) => {
            of_device(device, &["uplink", &number.to_string(), "allowed_vlans"])
        }
        Object::Port(number) => of_device(
            device,
            &["port", &number.to_string(), field.inventory_key()],
        ),
        Object::System | Object::Profile(_) | Object::Endpoint(_) | Object::Subscriber(_) => {
            of_device(device, &[field.inventory_key()])
        }
    }]
}

/// A profile is on a device if a subscriber there uses it; its rates are those of the service plan with headroom.
fn profile(field: Option<Field>, plan: &str, names: &Names) -> Vec<KeyReference> {
    let of_plan = |key: &str| of_plan(plan, &[key]);
    match field {
        Some(Field::Name) => vec![of_plan("profile_name")],
        Some(field @ (Field::Down | Field::Up)) => vec![
            of_plan(field.inventory_key()),
            of_plan("headroom_percent"),
            of_network(&["profiles", "headroom_percent"]),
            of_plan("unthrottled"),
        ],
        Some(field) => vec![of_plan(field.inventory_key())],
        None => {
            let mut keys = vec![
                self::of_plan(plan, &[]),
                of_plan("profile_name"),
                of_plan("unthrottled"),
                of_network(&["suspension", "service_plan"]),
                of_network(&["suspension", "how"]),
            ];
            for subscriber in &names.subscribers {
                let own = ["service_plan", "state", "device"];
                keys.extend(own.map(|key| of_subscriber(subscriber, Some(key))));
            }
            keys
        }
    }
}

fn endpoint(question: &Question, subscriber: &Subscriber) -> Vec<KeyReference> {
    let own = |key| of_subscriber(subscriber, key);
    match question.field {
        Some(Field::Name) => vec![own(Some("endpoint_name")), own(Some("name")), own(None)],
        Some(field) => vec![own(Some(field.inventory_key()))],
        None if question.is_gone => {
            ["device", "state", "endpoint"]
                .into_iter()
                .fold(vec![own(None)], |mut keys, key| {
                    keys.push(own(Some(key)));
                    keys
                })
        }
        None => vec![
            own(Some("endpoint")),
            own(None),
            own(Some("device")),
            own(Some("state")),
        ],
    }
}

fn subscriber(question: &Question, subscriber: &Subscriber, names: &Names) -> Vec<KeyReference> {
    let own = |key| of_subscriber(subscriber, Some(key));
    let Some(field) = question.field else {
        let table = of_subscriber(subscriber, None);
        return vec![table, own("device"), own("state"), own("name")];
    };
    let key = own(field.inventory_key());
    if !field.is_service() {
        return vec![key];
    }
    let suspension = |key| of_network(&["suspension", key]);
    let mut keys = match subscriber.state {
        SubscriberState::Suspended => vec![
            own("state"),
            suspension("how"),
            suspension("service_plan"),
            key,
        ],
        SubscriberState::Active | SubscriberState::Pending => vec![
            key,
            own("state"),
            suspension("how"),
            suspension("service_plan"),
        ],
    };
    if field == Field::Rate {
        let plans = names.plans.iter().map(|plan| plan.id.to_string());
        keys.extend(
            plans
                .flat_map(|plan| ["profile_name", "unthrottled"].map(|key| of_plan(&plan, &[key]))),
        );
    }
    keys
}

fn of_network(keys: &[&str]) -> KeyReference {
    KeyReference::new(ReferencedObject::Network, keys.iter().copied())
}

fn of_device(device: &DeviceName, keys: &[&str]) -> KeyReference {
    let device = ReferencedObject::Device(device.to_string());
    KeyReference::new(device, keys.iter().copied())
}

fn of_plan(plan: &str, keys: &[&str]) -> KeyReference {
    let plan = ReferencedObject::ServicePlan(plan.to_owned());
    KeyReference::new(plan, keys.iter().copied())
}

fn of_subscriber(subscriber: &Subscriber, key: Option<&str>) -> KeyReference {
    let subscriber = ReferencedObject::Subscriber(subscriber.id.to_string());
    KeyReference::new(subscriber, key)
}
