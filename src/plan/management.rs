//! Finds the VLANs that must stay on an uplink, because gamctl may reach the device through them.

use crate::model::{Observation, UplinkNumber, VlanId, VlanSet};

use super::Request;

/// Returns a VLAN that an uplink would stop and through which gamctl may reach the device, with the reason.
///
/// It is not known through which uplink gamctl reaches the device, so no uplink may lose such a VLAN. The native VLAN of an
/// uplink is one of them, unless the device reports that its address is in another VLAN.
pub(super) fn cut(
    request: &Request<'_>,
    observation: &Observation,
    number: UplinkNumber,
    from: &VlanSet,
    to: &VlanSet,
) -> Option<(VlanId, &'static str)> {
    let reported = observation.management_vlan;
    let intended = request.management_vlan;
    let facts = observation.uplink_facts.get(&number);
    let native = facts
        .and_then(|facts| facts.native_vlan)
        .filter(|native| reported.is_none_or(|reported| reported == *native));
    let is_cut = |vlan: &VlanId| from.contains(*vlan) && !to.contains(*vlan);
    let mut cuts = [
        (reported, "which has its address"),
        (Some(intended), "which the inventory manages it through"),
        (native, "which is native there and may carry its management"),
    ]
    .into_iter()
    .filter_map(|(vlan, why)| Some((vlan.filter(is_cut)?, why)));
    cuts.next()
}
