//! Holds the answer to one request: who a device is, and how it is in short.

use serde::{Deserialize, Serialize};

use super::{AlarmSeverity, GamModel, MacAddress, Serial};

/// The result of a probe. Absent values are not in the answer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Probe {
    /// The `sysObjectID`, in digits and dots.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object_id: Option<String>,
    /// Absent: it is not a GAM, or one of an unknown model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<GamModel>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial: Option<Serial>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mac: Option<MacAddress>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uptime_seconds: Option<u64>,
    /// Over ten seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_percent: Option<u32>,
    /// The status LED, in the device's own words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub led: Option<String>,
    /// Absent: the device has no table of alarms, or its answer ends before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alarms: Option<AlarmCount>,
}

/// The active alarms, counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct AlarmCount {
    pub count: u32,
    /// Whether there are no more than these: one answer holds a limited number.
    pub is_all: bool,
    /// The gravest severity among them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worst: Option<AlarmSeverity>,
}
