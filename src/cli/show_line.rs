//! Builds what all forms of `gamctl show` share: the line of a device, and "did you mean".

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

pub(super) fn did_you_mean(near: Option<&str>) -> String {
    near.map(|near| format!("; did you mean `{near}`?"))
        .unwrap_or_default()
}
