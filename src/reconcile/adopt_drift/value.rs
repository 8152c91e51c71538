//! Finds the key of the inventory that a drifted field belongs to, and the value that the key gets.

use super::left_out::LeftOutBecause;
use crate::authoring::edit::Object as InventoryObject;
use crate::inventory::{
    FileKind, Inventory, complete_service_plans, complete_subscriber, key_value,
};
use crate::model::{
    Description, DeviceName, Hostname, MacAddress, Observation, PortName, RateLimit, ServicePlan,
    Subscriber, SubscriberName, SubscriberState, SystemText,
};
use crate::plan::{Change, Field, Object};

/// A key of an object, with its new value; `None` removes the key, so that its default applies.
pub(super) struct NewValue {
    pub(super) object: InventoryObject,
    pub(super) key: String,
    pub(super) value: Option<toml_edit::Value>,
    /// A key that has this one's value as its default, with the value that it keeps.
    pub(super) keeps: Option<(&'static str, toml_edit::Value)>,
}

/// The objects of the inventory behind those of one device.
pub(super) struct Names {
    device: DeviceName,
    subscribers: Vec<Subscriber>,
    plans: Vec<ServicePlan>,
}

impl Names {
    pub(super) fn of(inventory: &Inventory, device: &DeviceName) -> Self {
        let subscribers = inventory.subscribers_of(device.as_str());
        Self {
            device: device.clone(),
            subscribers: subscribers.filter_map(complete_subscriber).collect(),
            plans: complete_service_plans(inventory).into_values().collect(),
        }
    }

    /// Returns the key and the value for a field of a change; `seen` is the text of the field on the device.
    pub(super) fn key_of(
        &self,
        look: &Observation,
        change: &Change,
        field: Field,
        seen: Option<&str>,
    ) -> Result<NewValue, LeftOutBecause> {
        let key = field.inventory_key();
        match change.object_after() {
            object @ Object::System => self.of_device(&object, key.to_owned(), field, seen),
            object @ Object::Uplink(number) => {
                self.of_device(&object, format!("uplink.{number}.{key}"), field, seen)
            }
            object @ Object::Port(number) => {
                self.of_device(&object, format!("port.{number}.{key}"), field, seen)
            }
            Object::Profile(profile) => Err(LeftOutBecause::ServicePlan {
                profile: profile.to_string(),
            }),
            Object::Endpoint(mac) => self.of_endpoint(mac, field, seen),
            Object::Subscriber(name) => self.of_subscriber(look, &name, change, field, seen),
        }
    }

    fn of_device(
        &self,
        object: &Object,
        key: String,
        field: Field,
        seen: Option<&str>,
    ) -> Result<NewValue, LeftOutBecause> {
        // An empty list of VLANs is a value of the device, and none of the inventory.
        let seen = seen.filter(|seen| field != Field::AllowedVlans || *seen != "none");
        let seen = seen.ok_or(LeftOutBecause::NoValue)?;
        check_text(object, field, seen)?;
        set(InventoryObject::device(self.device.to_string()), key, seen)
    }

    fn of_endpoint(
        &self,
        mac: MacAddress,
        field: Field,
        seen: Option<&str>,
    ) -> Result<NewValue, LeftOutBecause> {
        let mut subscribers = self.subscribers.iter();
        let subscriber = subscribers
            .find(|known| known.endpoint == Some(mac))
            .ok_or(LeftOutBecause::NotInInventory)?;
        if subscriber.protected {
            return Err(LeftOutBecause::Protected);
        }
        let key = match field {
            Field::Name => "endpoint_name",
            Field::Port => "port",
            _ => return Err(LeftOutBecause::OtherEndpoint),
        };
        let seen = seen.ok_or(LeftOutBecause::NoValue)?;
        set(of(subscriber), key.to_owned(), seen)
    }

    fn of_subscriber(
        &self,
        look: &Observation,
        name: &SubscriberName,
        change: &Change,
        field: Field,
        seen: Option<&str>,
    ) -> Result<NewValue, LeftOutBecause> {
        let mut subscribers = self.subscribers.iter();
        let subscriber = subscribers
            .find(|known| known.name == *name)
            .ok_or(LeftOutBecause::NotInInventory)?;
        if subscriber.protected {
            return Err(LeftOutBecause::Protected);
        }
        if field.is_service() && subscriber.state == SubscriberState::Suspended {
            return Err(LeftOutBecause::Suspended);
        }
        let object = of(subscriber);
        let key = field.inventory_key().to_owned();
        match (field, seen) {
            (Field::Endpoint, _) => Err(LeftOutBecause::OtherEndpoint),
            (Field::Rate, _) => set(object, key, &self.service_plan(look, change)?),
            // The default of `tagged`; these keys have none otherwise, and a device without them is expressed by their absence.
            (Field::Tagged, Some("false"))
            | (
                Field::Description | Field::RemappedVlan | Field::AllowedVlans | Field::Port2Vlan,
                None,
            ) => Ok(NewValue {
                object,
                key,
                value: None,
                keeps: None,
            }),
            (_, None) => Err(LeftOutBecause::NoValue),
            // The endpoint is named like the subscriber by default, and it was not renamed.
            (Field::Name, Some(seen)) => Ok(NewValue {
                keeps: Some(("endpoint_name", subscriber.endpoint_name.as_str().into())),
                ..set(object, key, seen)?
            }),
            (_, Some(seen)) => {
                check_text(&change.object_after(), field, seen)?;
                set(object, key, seen)
            }
        }
    }

    /// Returns the one service plan that gives a subscriber the rate limit that the device has.
    fn service_plan(&self, look: &Observation, change: &Change) -> Result<String, LeftOutBecause> {
        let slot = change.slot();
        let mut subscribers = look.config.subscribers.values();
        let seen = subscribers
            .find(|seen| seen.slot == slot)
            .ok_or(LeftOutBecause::NoValue)?;
        let (rates, profile) = match &seen.rate {
            RateLimit::Unthrottled => (None, None),
            RateLimit::Profile(name) => {
                let known = look.config.profiles.get(name);
                let known = known.ok_or(LeftOutBecause::NoValue)?;
                (Some((known.down, known.up)), Some(name))
            }
        };
        let matching = self.plans.iter().filter(|plan| {
            plan.speed.limiter() == rates
                && profile.is_none_or(|profile| plan.profile_name == *profile)
        });
        let matching: Vec<&ServicePlan> = matching.collect();
        match (matching.as_slice(), profile) {
            ([plan], _) => Ok(plan.id.to_string()),
            (plans, Some(profile)) => Err(LeftOutBecause::NoServicePlan {
                profile: profile.to_string(),
                matching: plans.len(),
            }),
            (plans, None) => Err(LeftOutBecause::NoUnthrottledPlan {
                matching: plans.len(),
            }),
        }
    }
}

fn of(subscriber: &Subscriber) -> InventoryObject {
    InventoryObject::subscriber(subscriber.id.to_string())
}

fn set(object: InventoryObject, key: String, seen: &str) -> Result<NewValue, LeftOutBecause> {
    let kind: FileKind = object.kind();
    let (_, value) = key_value(kind, &key, seen).map_err(|error| LeftOutBecause::NotAValue {
        error: error.to_string(),
    })?;
    Ok(NewValue {
        object,
        key,
        value: Some(value),
        keeps: None,
    })
}

/// Checks a text of a device, which may be one that the inventory does not accept.
fn check_text(object: &Object, field: Field, seen: &str) -> Result<(), LeftOutBecause> {
    fn text<T, E: ToString>(checked: Result<T, E>) -> Result<(), String> {
        checked.map(drop).map_err(|error| error.to_string())
    }
    let checked = match (object, field) {
        (_, Field::Hostname) => text(Hostname::new(seen)),
        (_, Field::Location | Field::Contact) => text(SystemText::new(seen)),
        (_, Field::Description) => text(Description::new(seen)),
        (Object::Port(_), Field::Name) => text(PortName::new(seen)),
        _ => Ok(()),
    };
    checked.map_err(|error| LeftOutBecause::Text { error })
}
