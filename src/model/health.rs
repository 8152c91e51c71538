//! Holds the health of a device and its lines; absent values were not read or are not measured.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{ActiveAlarm, MacAddress, PortNumber, UplinkNumber};

/// Seconds after which `sysUpTime`, in hundredths, starts again at zero: 497 days.
pub const UPTIME_WRAP: u64 = (1 << 32) / 100;

/// The health of a device at the time of a look.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Health {
    /// Over ten seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_percent: Option<u32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub temperatures: Vec<Temperature>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fans: Vec<Fan>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub alarms: Vec<ActiveAlarm>,
    /// The reason that the alarms are unread; then there may be more than `alarms`, or other ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alarms_unread: Option<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub ports: BTreeMap<PortNumber, LinkHealth>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub uplinks: BTreeMap<UplinkNumber, LinkHealth>,
    /// Configured and merely detected ones.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub endpoints: BTreeMap<MacAddress, EndpointHealth>,
    /// Parts of the health that could not be read, for people.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unread: Vec<String>,
}

impl Health {
    /// Returns the active alarms, or the reason that they are unread. Only a table that was read to its end proves that there
    /// are none.
    pub fn known_alarms(&self) -> Result<&[ActiveAlarm], &str> {
        match &self.alarms_unread {
            None => Ok(&self.alarms),
            Some(reason) => Err(reason),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Temperature {
    pub sensor: String,
    pub tenths_celsius: i32,
    pub is_alarmed: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Fan {
    pub number: u32,
    pub rpm: u32,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
pub struct LinkHealth {
    pub is_up: Option<bool>,
    pub mbps: Option<u64>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
pub struct EndpointHealth {
    pub state: Option<EndpointState>,
    /// The port on which it is heard.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<PortNumber>,
    pub is_configured: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub firmware: Option<String>,
    /// Physical rates and the highest possible ones, in Mbps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub down_rate: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub up_rate: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub down_most: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub up_most: Option<u32>,
}

/// An Ethernet port of an endpoint, toward the customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct EthernetPort {
    pub number: u32,
    /// Absent: the device has no valid value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_up: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_full_duplex: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mbps: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum EndpointState {
    NotDetected,
    Fine,
    WrongPort,
    Unknown,
}
