//! What holds for the whole network where an object says nothing else.

use super::assemble::Inventory;
use super::text::SuspensionHow;
use crate::model::{Headroom, ServicePlanId, VlanId, VlanMode};

/// What holds for the network, defaults filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkDefaults {
    pub management_vlan: VlanId,
    pub vlan_mode: VlanMode,
    pub headroom: Headroom,
    pub suspension: SuspensionHow,
    pub suspension_plan: Option<ServicePlanId>,
}

impl Inventory {
    /// Returns what holds for the network where an object says nothing else.
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
