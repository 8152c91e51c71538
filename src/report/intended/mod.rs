//! Renders the intended configuration: of the whole inventory, one device, one subscriber.

mod device;
mod subscriber;

use serde::Serialize;

pub use device::{device, tables};
pub use subscriber::subscriber;

use super::{Align, Paint, Summary, Table, counted};
use crate::model::{
    Address, DeviceName, DeviceState, GamModel, HeldText, SiteName, SubscriberState,
};

/// The number of subscribers of a device by state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct StateCounts {
    pub active: usize,
    pub suspended: usize,
    pub pending: usize,
}

impl StateCounts {
    pub fn add(&mut self, state: SubscriberState) {
        match state {
            SubscriberState::Active => self.active += 1,
            SubscriberState::Suspended => self.suspended += 1,
            SubscriberState::Pending => self.pending += 1,
        }
    }
}

/// A device in one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct DeviceLine {
    pub name: DeviceName,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<GamModel>,
    pub state: DeviceState,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site: Option<SiteName>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<Address>,
    pub subscribers: StateCounts,
}

/// Returns a text of a device; the table's cell makes it safe to print.
fn held(text: Option<&HeldText>) -> Option<String> {
    text.map(|text| text.as_str().to_owned())
}

fn shown<T: ToString>(value: Option<T>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| value.to_string())
}

/// Renders the whole inventory as a table of devices.
pub fn overview(devices: &[DeviceLine], summary: &Summary, paint: Paint) -> String {
    let mut text = format!(
        "{}, {} and {} in {}.\n",
        counted(summary.devices, "device"),
        counted(summary.subscribers, "subscriber"),
        counted(summary.service_plans, "service plan"),
        counted(summary.files, "file"),
    );
    if devices.len() < summary.devices {
        let others = counted(summary.devices - devices.len(), "device");
        text.push_str(&format!("Out of scope: {others}.\n"));
    }
    if devices.is_empty() {
        return text;
    }
    let mut table = Table::new([
        ("DEVICE", Align::Left),
        ("MODEL", Align::Left),
        ("STATE", Align::Left),
        ("SITE", Align::Left),
        ("ADDRESS", Align::Left),
        ("ACTIVE", Align::Right),
        ("SUSPENDED", Align::Right),
        ("PENDING", Align::Right),
    ]);
    for device in devices {
        let DeviceLine {
            name,
            model,
            state,
            site,
            address,
            subscribers,
        } = device;
        let StateCounts {
            active,
            suspended,
            pending,
        } = subscribers;
        table.push([
            name.to_string(),
            shown(*model),
            state.to_string(),
            shown(site.as_ref()),
            shown(*address),
            active.to_string(),
            suspended.to_string(),
            pending.to_string(),
        ]);
    }
    text.push('\n');
    text.push_str(&table.render(paint));
    text
}
