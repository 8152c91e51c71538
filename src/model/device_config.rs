//! Holds everything gamctl manages on one device, for both intended and observed configurations.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    EndpointName, HeldText, MacAddress, Mbps, PortAssignment, PortMode, PortNumber, ProfileName,
    Slot, SubscriberConfig, SubscriberName, UplinkNumber, VlanSet,
};

/// The managed part of one device's configuration.
///
/// An absent value in an intended configuration means one of two things, and each field documents which: *kept*, the
/// device keeps its value, or *none*, the device must not have one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
pub struct DeviceConfig {
    pub system: SystemConfig,
    pub uplinks: BTreeMap<UplinkNumber, UplinkConfig>,
    pub ports: BTreeMap<PortNumber, PortConfig>,
    pub profiles: BTreeMap<ProfileName, ProfileConfig>,
    pub endpoints: BTreeMap<MacAddress, EndpointConfig>,
    pub subscribers: BTreeMap<SubscriberName, SubscriberConfig>,
}

/// The system settings; absent values are kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
pub struct SystemConfig {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hostname: Option<HeldText>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<HeldText>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact: Option<HeldText>,
}

/// One port toward the network; absent values are kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
pub struct UplinkConfig {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed_vlans: Option<VlanSet>,
}

/// One G.hn port; absent values are kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
pub struct PortConfig {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<HeldText>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<PortMode>,
}

/// One rate limiter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ProfileConfig {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slot: Option<Slot>,
    /// Absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<HeldText>,
    /// The limiter's setting, headroom included.
    pub down: Mbps,
    pub up: Mbps,
}

/// One CPE bridge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct EndpointConfig {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slot: Option<Slot>,
    pub name: EndpointName,
    pub port: PortAssignment,
}
