//! Holds the defaults of the network, for values that an object leaves out.

use super::FileKind;
use super::assemble::Inventory;
use super::record::Fields;
use super::text::{DeviceText, NewVlan, SuspensionHow};
use crate::model::{Headroom, ServicePlanId, VlanId, VlanMode, VlanSet};

/// The settings of the network, defaults filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkDefaults {
    pub management_vlan: VlanId,
    pub vlan_mode: VlanMode,
    /// The VLANs for subscribers; absent: any.
    pub pool: Option<VlanSet>,
    /// The VLAN of subscribers that the billing sync adds.
    pub new_vlan: NewVlan,
    /// Days until a VLAN that was given up may be given to another subscriber.
    pub rest_days: u32,
    pub headroom: Headroom,
    pub suspension: SuspensionHow,
    pub suspension_plan: Option<ServicePlanId>,
}

/// Days until a VLAN is given to another subscriber: long enough for a customer who comes back, and for caches beyond the device.
const REST_DAYS: u32 = 7;

impl NetworkDefaults {
    /// Returns the VLAN of a subscriber that the billing sync adds to a device.
    pub fn new_vlan_on(&self, device: &DeviceText) -> NewVlan {
        device.new_vlan.unwrap_or(self.new_vlan)
    }
}

/// Whether defaults of the network are known: a value that cannot be read in `network.toml` is not the default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::inventory) struct KnownDefaults {
    pub management: bool,
    pub headroom: bool,
    pub suspension: bool,
}

impl Inventory {
    /// Returns which defaults of the network are known.
    pub(in crate::inventory) fn known_defaults(&self) -> KnownDefaults {
        let is_whole = !self.is_partial(FileKind::Network);
        let network = self.network();
        let vlans = network.is_none_or(|network| match &network.vlans {
            Some(vlans) => vlans.management.is_some() || vlans.is_absent("management"),
            None => network.is_absent("vlans"),
        });
        let profiles = network.is_none_or(|network| match &network.profiles {
            Some(profiles) => {
                profiles.headroom_percent.is_some() || profiles.is_absent("headroom_percent")
            }
            None => network.is_absent("profiles"),
        });
        let suspension = network.is_none_or(|network| match &network.suspension {
            Some(suspension) => {
                (suspension.how.is_some() || suspension.is_absent("how"))
                    && (suspension.service_plan.is_some() || suspension.is_absent("service_plan"))
            }
            None => network.is_absent("suspension"),
        });
        KnownDefaults {
            management: is_whole && vlans,
            headroom: is_whole && profiles,
            suspension: is_whole && suspension,
        }
    }

    /// Returns the defaults of the network.
    pub fn defaults(&self) -> NetworkDefaults {
        let network = self.network();
        let vlans = network.and_then(|network| network.vlans.as_ref());
        let profiles = network.and_then(|network| network.profiles.as_ref());
        let suspension = network.and_then(|network| network.suspension.as_ref());
        NetworkDefaults {
            management_vlan: vlans
                .and_then(|vlans| vlans.management)
                .unwrap_or(VlanId::DEFAULT_MANAGEMENT),
            vlan_mode: vlans
                .and_then(|vlans| vlans.vlan_mode)
                .unwrap_or(VlanMode::Shared),
            pool: vlans.and_then(|vlans| vlans.subscribers.clone()),
            new_vlan: vlans
                .and_then(|vlans| vlans.new)
                .unwrap_or(NewVlan::LowestFree),
            rest_days: vlans
                .and_then(|vlans| vlans.rest_days)
                .map_or(REST_DAYS, |days| days.0),
            headroom: profiles
                .and_then(|profiles| profiles.headroom_percent)
                .unwrap_or(Headroom::DEFAULT),
            suspension: suspension
                .and_then(|suspension| suspension.how)
                .unwrap_or(SuspensionHow::Captive),
            suspension_plan: suspension.and_then(|suspension| suspension.service_plan.clone()),
        }
    }
}
