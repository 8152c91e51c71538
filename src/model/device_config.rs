//! Holds everything gamctl manages on one device, for both intended and observed configurations.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    EndpointName, HeldText, MacAddress, Mbps, Poe, PortAssignment, PortMode, PortNumber,
    ProfileName, SubscriberName, UplinkNumber, VlanId, VlanSet,
};

/// The device's number of an object; only the device knows it until a plan assigns one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Slot(pub u16);

/// The managed part of one device's configuration.
///
/// An absent value in an intended configuration means one of two things, and each field documents which: *kept*, the
/// device keeps its value, or *none*, the device must not have one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
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
#[serde(default)]
pub struct UplinkConfig {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed_vlans: Option<VlanSet>,
}

/// One G.hn port; absent values are kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
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
pub struct EndpointConfig {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slot: Option<Slot>,
    pub name: EndpointName,
    pub port: PortAssignment,
}

/// One subscriber as the device serves it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubscriberConfig {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slot: Option<Slot>,
    /// Absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<HeldText>,
    /// Absent: none, the subscriber is detached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<MacAddress>,
    pub rate: RateLimit,
    pub vlan: VlanId,
    pub tagged: bool,
    /// Absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remapped_vlan: Option<VlanId>,
    #[serde(default, skip_serializing_if = "VlanSet::is_empty")]
    pub allowed_vlans: VlanSet,
    /// Absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port2_vlan: Option<VlanId>,
    /// Absent: kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub poe: Option<Poe>,
}

/// The rate limiter of a subscriber.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RateLimit {
    Unthrottled,
    Profile(ProfileName),
}
