//! Everything that gamctl manages on one device: one type for what is intended and for what was observed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    EndpointName, HeldText, MacAddress, Mbps, Poe, PortAssignment, PortMode, PortNumber,
    ProfileName, SubscriberName, UplinkNumber, VlanId, VlanSet,
};

/// The number a device keeps an object under; only the device knows it until a plan assigns one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Slot(pub u16);

/// The managed part of one device's configuration.
///
/// What an intended configuration leaves out means one of two things, and each field says which:
/// *kept*: gamctl has no opinion, the device keeps what it has; *none*: the device must not have it.
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

/// What the device says of itself; what is left out is kept.
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

/// One port toward the network; what is left out is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct UplinkConfig {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed_vlans: Option<VlanSet>,
}

/// One G.hn port; what is left out is kept.
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
    /// Left out: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<HeldText>,
    /// What the limiter is set to, headroom included.
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
    /// Left out: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<HeldText>,
    /// Left out: none, the subscriber is detached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<MacAddress>,
    pub rate: RateLimit,
    pub vlan: VlanId,
    pub tagged: bool,
    /// Left out: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remapped_vlan: Option<VlanId>,
    #[serde(default, skip_serializing_if = "VlanSet::is_empty")]
    pub allowed_vlans: VlanSet,
    /// Left out: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port2_vlan: Option<VlanId>,
    /// Left out: kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub poe: Option<Poe>,
}

/// Which rate limiter a subscriber goes through.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RateLimit {
    Unthrottled,
    Profile(ProfileName),
}
