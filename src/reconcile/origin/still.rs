//! Finds how the inventory still has an object that a device is to lose: on another device, or in another state.

use std::collections::BTreeMap;

use super::Fleet;
use super::keys::Names;
use crate::inventory::complete_subscriber;
use crate::model::{DeviceName, DeviceState, MacAddress, Subscriber, SubscriberState};
use crate::plan::{Cause, Change, Object, Planned, StillInInventory, Verb};

/// The subscribers of the whole inventory.
#[derive(Default)]
struct Everywhere {
    by_id: BTreeMap<String, Subscriber>,
    by_endpoint: BTreeMap<MacAddress, String>,
}

impl Everywhere {
    fn of(fleet: &Fleet<'_>) -> Self {
        let mut all = Self::default();
        let subscribers = fleet.inventory.subscribers();
        for subscriber in subscribers.filter_map(complete_subscriber) {
            let id = subscriber.id.to_string();
            if let Some(mac) = subscriber.endpoint {
                all.by_endpoint.insert(mac, id.clone());
            }
            all.by_id.insert(id, subscriber);
        }
        all
    }

    fn subscriber(&self, change: &Change, before: Option<&Names>) -> Option<&Subscriber> {
        let (id_before, id_now) = match change.object() {
            // Without a name of its own, a subscriber is named by its id; other names may be those of several subscribers.
            Object::Subscriber(name) => (
                before.and_then(|before| before.subscriber_id(&name)),
                Some(name.to_string()),
            ),
            Object::Endpoint(mac) => (
                before.and_then(|before| before.endpoint_id(mac)),
                self.by_endpoint.get(&mac).cloned(),
            ),
            Object::System | Object::Uplink(_) | Object::Port(_) | Object::Profile(_) => {
                return None;
            }
        };
        self.by_id.get(&id_before.or(id_now)?)
    }
}

/// Completes the reasons of removed objects that the inventory still has.
pub(super) fn add_still(planned: &mut Planned, fleet: &Fleet<'_>) {
    let mut everywhere: Option<Everywhere> = None;
    for plan in &mut planned.devices {
        let removals = |verb: Verb| verb == Verb::Remove;
        if !plan.steps.iter().any(|step| removals(step.change.verb())) {
            continue;
        }
        let everywhere = everywhere.get_or_insert_with(|| Everywhere::of(fleet));
        let applied = fleet.applied.as_ref();
        let before = applied.map(|applied| Names::of(applied.inventory, &plan.device));
        let is_retired = plan.state == DeviceState::Retired;
        for step in &mut plan.steps {
            for because in &mut step.because {
                if let Cause::Gone { still } = &mut because.cause {
                    *still = match is_retired {
                        true => Some(StillInInventory::Retired),
                        false => everywhere
                            .subscriber(&step.change, before.as_ref())
                            .map(|found| of_subscriber(found, &plan.device)),
                    };
                }
            }
        }
    }
}

fn of_subscriber(subscriber: &Subscriber, device: &DeviceName) -> StillInInventory {
    if subscriber.device != *device {
        return StillInInventory::OnDevice {
            device: subscriber.device.clone(),
        };
    }
    match subscriber.state {
        SubscriberState::Pending => StillInInventory::Pending,
        SubscriberState::Active | SubscriberState::Suspended => StillInInventory::Replaced,
    }
}
