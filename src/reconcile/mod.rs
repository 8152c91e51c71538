//! The recipe that every trigger follows: look at the devices, plan each, dress and lint the plan, judge them together, say why.
//!
//! `fleet` what is intended, what is ours and under which limits · `opening` how a device is reached · `look` many looks at once ·
//! `sighting` a look with its fingerprint · `one_device` one plan · `against` the step from one commit to the next · `origin` who wrote it · `import` from looks to an
//! inventory.

mod against;
mod apply;
mod approval;
mod fleet;
pub mod import;
mod look;
mod one_device;
mod opening;
mod origin;
mod sighting;

pub use against::as_if_applied;
pub use apply::{
    Archive, Bounds, Errand, Event, Found, Looking, Manner, Recovered, carry_out, recover, verified,
};
pub use approval::{AutoApproval, needs_no_person};
pub use fleet::{Applied, Fleet, Policy, inventory_digest};
pub use look::{Looked, Looks, look_at, look_at_all};
pub use one_device::Wanted;
pub use opening::{Opening, OpeningError, access_of, opening, opening_of};
pub use origin::find_origins;
pub use sighting::{Sighting, Sightings};

use crate::inventory::{IntendedDevice, map_with};
use crate::model::DeviceState;
use crate::plan::{Memory, OutOfScope, Planned, Unobservable};

/// Plans every device that was to be looked at, and judges the plans together.
///
/// Devices of the fleet that have no sighting are out of scope, or are not installed yet.
pub fn plan_all(fleet: &Fleet<'_>, sightings: &Sightings) -> Planned {
    let mut planned = Planned {
        inventory: fleet.version.clone(),
        policy: fleet.policy.version.clone(),
        applied: fleet.applied.as_ref().and_then(Applied::commit),
        ..Planned::default()
    };
    let mut seen: Vec<(&IntendedDevice, &Sighting)> = Vec::new();
    for intended in &fleet.devices {
        match sightings.get(&intended.name) {
            None => count_out(fleet, intended, &mut planned.out_of_scope),
            Some(Err(reason)) => planned.unobservable.push(Unobservable {
                device: intended.name.clone(),
                reason: reason.clone(),
            }),
            Some(Ok(sighting)) => seen.push((intended, sighting)),
        }
    }
    planned.out_of_scope.dropped = fleet.dropped();
    let over_ssh = seen
        .iter()
        .filter_map(|(_, sighting)| one_device::read_over_ssh(sighting.observation()));
    planned.read_over_ssh.extend(over_ssh);
    let plan_one = |(): &mut (), (intended, sighting): &(&IntendedDevice, &Sighting)| {
        one_device::plan_one(fleet, intended, sighting)
    };
    for (plan, complaints) in map_with(&seen, || (), plan_one).into_iter().flatten() {
        planned.devices.push(plan);
        planned.complaints.extend(complaints);
    }
    planned.memory = fleet.ledgers.as_ref().map(|ledgers| Memory {
        unknown: planned
            .devices
            .iter()
            .map(|plan| &plan.device)
            .filter(|device| !ledgers.contains_key(*device))
            .cloned()
            .collect(),
    });
    fleet.judge(&mut planned);
    planned
}

fn count_out(fleet: &Fleet<'_>, intended: &IntendedDevice, out: &mut OutOfScope) {
    if intended.state == DeviceState::Preprovision {
        out.preprovisioned += 1;
        return;
    }
    out.devices += 1;
    if fleet.is_pending(intended) {
        out.pending.push(intended.name.clone());
    }
}
