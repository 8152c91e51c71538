//! Builds the line of a device that all forms of `gamctl show` share.

use crate::inventory::{DeviceObject, Inventory};
use crate::model::{DeviceState, SubscriberState};
use crate::report as paper;

pub(super) fn line(inventory: &Inventory, object: &DeviceObject) -> paper::DeviceLine {
    let mut counts = paper::StateCounts::default();
    for subscriber in inventory.subscribers_of(object.id.as_str()) {
        counts.add(subscriber.text.state.unwrap_or(SubscriberState::Active));
    }
    paper::DeviceLine {
        name: object.id.clone(),
        model: object.text.model,
        state: object.text.state.unwrap_or(DeviceState::Managed),
        site: object.text.site.clone(),
        address: object.text.address,
        subscribers: counts,
    }
}
