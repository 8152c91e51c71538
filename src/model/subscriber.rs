//! Defines subscribers: an endpoint, a VLAN and a service plan on a port.

use serde::{Deserialize, Serialize};

use super::device::words;
use super::{
    Description, DeviceName, EndpointName, MacAddress, PlainText, PortAssignment, ServicePlanId,
    SubscriberId, SubscriberName, VlanId, VlanSet,
};

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
}

/// The reference to a subscriber in the billing system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct External {
    pub system: PlainText,
    pub account: PlainText,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<PlainText>,
}
