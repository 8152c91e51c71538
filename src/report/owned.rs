//! Renders owned objects: the number for each device, or each object with the run since which it is owned.

use serde::Serialize;

use super::{Align, Paint, Table, short_id};
use crate::plan::Object;

/// The objects that gamctl owns on one device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct OwnedDevice {
    pub device: String,
    pub is_in_inventory: bool,
    pub profiles: usize,
    pub endpoints: usize,
    pub subscribers: usize,
    /// Objects that the inventory does not have: the next apply removes them.
    pub not_in_inventory: usize,
    /// The time of the last change of ownership.
    #[cfg_attr(test, schemars(with = "crate::report::document::types::Time"))]
    pub verified: String,
    /// The commit that they were last verified against; left out: it was not committed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// Only for devices that are shown in full.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub objects: Option<Vec<OwnedObject>>,
    /// The time for people.
    #[serde(skip)]
    pub when: String,
}

/// An owned object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct OwnedObject {
    #[serde(flatten)]
    pub object: Object,
    pub is_in_inventory: bool,
    pub is_protected: bool,
    /// Left out: the versions of the ledger do not reach back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<SinceLine>,
}

/// The time and the run since which an object is owned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SinceLine {
    #[cfg_attr(test, schemars(with = "crate::report::document::types::Time"))]
    pub at: String,
    /// Left out: no run; the object was found as intended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<uuid::Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The time for people.
    #[serde(skip)]
    pub when: String,
}

fn short(commit: Option<&String>) -> String {
    commit.map_or_else(
        || "-".to_owned(),
        |commit| commit.get(..12).unwrap_or(commit).to_owned(),
    )
}

/// Renders a line for each device.
pub fn owned_devices(devices: &[OwnedDevice], paint: Paint) -> String {
    let mut table = Table::new([
        ("DEVICE", Align::Left),
        ("PROFILES", Align::Right),
        ("ENDPOINTS", Align::Right),
        ("SUBSCRIBERS", Align::Right),
        ("CHANGED", Align::Left),
        ("COMMIT", Align::Left),
        ("REMARKS", Align::Left),
    ]);
    for one in devices {
        let remark = match (one.is_in_inventory, one.not_in_inventory) {
            (false, _) => "not in the inventory: gamctl does not contact it".to_owned(),
            (true, 0) => String::new(),
            (true, number) => format!("{number} not in the inventory"),
        };
        table.push([
            one.device.clone(),
            one.profiles.to_string(),
            one.endpoints.to_string(),
            one.subscribers.to_string(),
            one.when.clone(),
            short(one.commit.as_ref()),
            remark,
        ]);
    }
    table.render(paint)
}

/// Renders every object of a device.
pub fn owned_objects(device: &OwnedDevice, paint: Paint) -> String {
    let mut table = Table::new([
        ("  OBJECT", Align::Left),
        ("OWNED SINCE", Align::Left),
        ("RUN", Align::Left),
        ("COMMIT", Align::Left),
        ("REMARKS", Align::Left),
    ]);
    for one in device.objects.iter().flatten() {
        let mut remarks = Vec::new();
        if !one.is_in_inventory {
            remarks.push("not in the inventory");
        }
        if one.is_protected {
            remarks.push("protected");
        }
        let since = one.since.as_ref();
        let run = since.and_then(|since| since.run);
        table.push([
            format!("  {}", one.object),
            since.map_or_else(|| "-".to_owned(), |since| since.when.clone()),
            run.map_or_else(|| "-".to_owned(), short_id),
            short(since.and_then(|since| since.commit.as_ref())),
            remarks.join(", "),
        ]);
    }
    format!("{}\n{}", paint.bold(&device.device), table.render(paint))
}
