//! Declares `network.toml`: settings of the whole network.

use crate::inventory::record::{
    FieldType, FileFindings, Shape, Version, WordType, number_field, record, wrong_type,
};
use crate::inventory::tree::Item;
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
        /// The VLAN of a subscriber that the billing sync adds: the lowest free one of `subscribers`, or always this one.
        "new" => new: NewVlan, default "lowest-free";
        /// Days until a VLAN that was given up may be given to another subscriber.
        "rest_days" => rest_days: RestDays, default "7";
    }
}

/// The VLAN of new subscribers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NewVlan {
    /// The lowest VLAN of the pool that is free on the device.
    LowestFree,
    /// Always the same one.
    Shared(VlanId),
}

impl NewVlan {
    const LOWEST_FREE: &str = "lowest-free";
}

impl FieldType for NewVlan {
    fn shape() -> Shape {
        Shape::Either(vec![VlanId::shape(), Shape::OneOf(vec![Self::LOWEST_FREE])])
    }

    fn read(item: Item<'_, '_>, findings: &mut FileFindings) -> Option<Self> {
        match item.as_str() {
            Some(Self::LOWEST_FREE) => Some(Self::LowestFree),
            Some(_) => {
                let wanted = format!("a VLAN or `\"{}\"`", Self::LOWEST_FREE);
                wrong_type(item, &wanted, findings);
                None
            }
            None => VlanId::read(item, findings).map(Self::Shared),
        }
    }
}

/// Days until a VLAN is used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RestDays(pub u32);

number_field!(RestDays, "a number of days", 0, 365, |number| Some(
    RestDays(number)
));

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
