//! Declares `network.toml`: settings of the whole network.

use crate::inventory::record::{Version, WordType, record};
use crate::model::{Headroom, ServicePlanId, VlanId, VlanMode, VlanSet};

record! {
    /// Settings of the whole network.
    NetworkText {
        /// The version of the inventory's form.
        "schema" => schema: Version, required;
        /// VLANs that hold for every device.
        "vlans" => vlans: VlansText, optional;
        /// Rules for profiles that are made from service plans.
        "profiles" => profiles: ProfilesText, optional;
        /// Restriction of subscribers whose state is `suspended`.
        "suspension" => suspension: SuspensionText, optional;
    }
}

record! {
    /// VLANs that hold for every device.
    VlansText {
        /// The management VLAN of devices that do not set their own.
        "management" => management: VlanId, default "4093";
        /// The VLANs from which new subscribers get theirs.
        "subscribers" => subscribers: VlanSet, default "3-3799";
        /// Whether subscribers of one device may share a VLAN.
        "vlan_mode" => vlan_mode: VlanMode, default "shared";
    }
}

record! {
    /// Rules for profiles that are made from service plans.
    ProfilesText {
        /// Percent that the device's rate limiter is set above the sold speed; limiters count layer 2, speed tests do not.
        "headroom_percent" => headroom_percent: Headroom, default "6";
    }
}

record! {
    /// Restriction of subscribers whose state is `suspended`.
    SuspensionText {
        /// Kind of restriction: sent to the captive portal, slowed down, or taken off the endpoint.
        "how" => how: SuspensionHow, default "captive";
        /// The service plan of the suspended; needed for `captive` and `throttle`.
        "service_plan" => service_plan: ServicePlanId, optional;
    }
}

/// Kind of restriction of a suspended subscriber.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SuspensionHow {
    /// VLAN 4094 and the suspended service plan.
    Captive,
    /// The suspended service plan; the VLANs stay.
    Throttle,
    /// No endpoint.
    Detach,
}

impl WordType for SuspensionHow {
    fn all() -> &'static [Self] {
        &[Self::Captive, Self::Throttle, Self::Detach]
    }

    fn word(self) -> &'static str {
        match self {
            Self::Captive => "captive",
            Self::Throttle => "throttle",
            Self::Detach => "detach",
        }
    }
}
