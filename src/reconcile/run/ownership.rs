//! Computes the objects that become owned without a write: found as intended, or adopted.

use crate::history::NewLedger;
use crate::model::{DeviceName, DeviceState};
use crate::plan::Planned;
use crate::reconcile::apply::verified;
use crate::reconcile::{DevicePlanInputs, Fleet, LookResults};

/// A device's new ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OwnershipChange {
    pub(super) device: DeviceName,
    pub(super) ledger: NewLedger,
    /// The number of objects more than before.
    pub(super) added: usize,
}

/// Returns the ledgers of devices that need no change and whose ledger differs from the look.
pub(super) fn found_as_intended(
    fleet: &Fleet<'_>,
    planned: &Planned,
    looks: &LookResults,
) -> Vec<OwnershipChange> {
    let unchanged = planned.devices.iter().filter(|plan| {
        plan.steps.is_empty() && !plan.is_refused() && plan.state == DeviceState::Managed
    });
    let changes = unchanged.filter_map(|plan| {
        let look = looks.get(&plan.device)?.as_ref().ok()?;
        let device = fleet
            .devices
            .iter()
            .find(|device| device.name == plan.device)?;
        let wanted = DevicePlanInputs::of(fleet, device)?.into_owned(fleet);
        let ledger = verified(&wanted, look.observation());
        let is_new = wanted.ledger.as_ref() != Some(&ledger);
        let before = wanted.ledger.map_or(0, |ledger| ledger.objects());
        is_new.then(|| OwnershipChange {
            device: plan.device.clone(),
            added: ledger.objects().saturating_sub(before),
            ledger: NewLedger {
                ledger,
                commit: fleet.version.commit.clone(),
            },
        })
    });
    changes.collect()
}

/// Returns the ledgers of devices after adopting the objects that device and inventory have in common.
pub(super) fn adopted(fleet: &Fleet<'_>, looks: &LookResults) -> Vec<OwnershipChange> {
    let seen = fleet.devices.iter().filter_map(|device| {
        let look = looks.get(&device.name)?.as_ref().ok()?;
        let before = fleet.known(&device.name).unwrap_or_default();
        let ledger = before.adopting(&device.config, &look.observation().config);
        Some(OwnershipChange {
            device: device.name.clone(),
            added: ledger.objects().saturating_sub(before.objects()),
            ledger: NewLedger {
                ledger,
                commit: fleet.version.commit.clone(),
            },
        })
    });
    seen.collect()
}
