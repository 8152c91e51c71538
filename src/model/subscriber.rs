//! Defines subscribers: as the inventory has them with defaults, and as a device serves them.

use serde::{Deserialize, Serialize};

use super::device::words;
use super::name::name;
use super::{
    Description, DeviceName, EndpointName, HeldText, Hold, MacAddress, PlainText, PortAssignment,
    ProfileName, ServicePlanId, Slot, VlanId, VlanSet,
};

name! {
    /// The stable id of a subscriber, usually the billing system's.
    SubscriberId, "subscriber id", check_id, 63, "._-"
}
name! {
    /// A subscriber's name on the device.
    SubscriberName, "subscriber name", check_device_name, 31, ""
}

words! {
    /// The service state of a subscriber.
    SubscriberState {
        /// Served.
        Active = "active",
        /// Cut back by the rule in `network.toml`.
        Suspended = "suspended",
        /// Holds its VLAN and its place in the inventory, without anything on the device yet.
        Pending = "pending",
    }
}

words! {
    /// The use of Power over Ethernet by an endpoint.
    Poe {
        Disable = "disable",
        Enable = "enable",
        Force = "force",
    }
}

/// A subscriber of the inventory, with defaults filled in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Subscriber {
    pub id: SubscriberId,
    pub device: DeviceName,
    pub port: PortAssignment,
    /// Absent only while the subscriber is pending or its device is not installed.
    pub endpoint: Option<MacAddress>,
    pub service_plan: ServicePlanId,
    pub vlan: VlanId,
    pub state: SubscriberState,
    pub name: SubscriberName,
    pub endpoint_name: EndpointName,
    pub description: Option<Description>,
    pub tagged: bool,
    pub remapped_vlan: Option<VlanId>,
    pub allowed_vlans: VlanSet,
    pub port2_vlan: Option<VlanId>,
    /// Absent: unchanged on the device.
    pub poe: Option<Poe>,
    /// Removal needs `protected` to be lifted in an earlier commit.
    pub protected: bool,
    pub moved_from: Option<SubscriberId>,
    pub external: Option<External>,
    // Boxed: a quarter million subscribers have none.
    /// Keys that keep their values until a day, whatever billing has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<Box<Hold>>,
}

/// One subscriber as the device serves it; `DeviceConfig` says what an absent value means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
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
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum RateLimit {
    Unthrottled,
    Profile(ProfileName),
}

/// The reference to a subscriber in the billing system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct External {
    pub system: PlainText,
    pub account: PlainText,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<PlainText>,
}
