//! Collects what the store knows of the devices of a plan: work left open, freezes, changes that wait.

use std::collections::BTreeSet;

use super::gates::frozen;
use super::tasks::scope_facts;
use super::{Baseline, Reconciler, RunError, RunRequest, Verb};
use crate::apply::SkipReason;
use crate::history::{Freeze, Store, Unfinished, UnsavedDevice};
use crate::inventory::IntendedDevice;
use crate::model::DeviceName;
use crate::plan::{Frozen, HalfWritten, NotSaved, Planned, StoredState, WaitingChanges};
use crate::reconcile::Fleet;
use crate::reconcile::against::as_if_verified;
use crate::reconcile::one_device::plan_one;

/// The rows of the store that matter for a plan.
#[derive(Debug, Default)]
struct Rows {
    unfinished: Vec<Unfinished>,
    unsaved: Vec<UnsavedDevice>,
    freezes: Vec<Freeze>,
}

impl Reconciler {
    /// Returns what the store knows of the devices in scope, for the plan of them.
    pub(super) async fn stored_state(
        &self,
        request: &RunRequest,
        fleet: &Fleet<'_>,
        names: &[DeviceName],
        planned: &Planned,
    ) -> Result<StoredState, RunError> {
        if request.baseline != Baseline::Store || request.verb == Verb::Adopt {
            return Ok(StoredState::default());
        }
        let Some(store) = &self.store else {
            return Ok(StoredState {
                unavailable: self.store_error.clone(),
                ..StoredState::default()
            });
        };
        let unfinished = store.unfinished().await?;
        let store = &store.store;
        let rows = Rows {
            unfinished,
            unsaved: store.unsaved().await?,
            freezes: store.freezes().await?,
        };
        let mut state = of_rows(rows, fleet, names, planned);
        state.waiting = waiting(store, fleet, planned).await?;
        Ok(state)
    }
}

fn of_rows(rows: Rows, fleet: &Fleet<'_>, names: &[DeviceName], planned: &Planned) -> StoredState {
    let names: BTreeSet<&DeviceName> = names.iter().collect();
    let unfinished = rows.unfinished.into_iter();
    let half_written = unfinished.filter(|one| names.contains(&one.device));
    let mut half_written: Vec<HalfWritten> = half_written
        .map(|one| HalfWritten {
            device: one.device,
            run: one.run.0,
            since: one.began,
            is_leased: one.held_by.is_some(),
        })
        .collect();
    half_written.sort_by(|one, other| (&one.device, one.run).cmp(&(&other.device, other.run)));
    let unsaved = rows.unsaved.into_iter();
    let unsaved = unsaved.filter(|one| names.contains(&one.device));
    let unsaved: Vec<NotSaved> = unsaved
        .map(|one| NotSaved {
            device: one.device,
            run: one.run.0,
            since: one.at,
        })
        .collect();
    let with_steps = planned
        .devices
        .iter()
        .filter(|plan| plan.state.is_written() && !plan.steps.is_empty());
    let busy: BTreeSet<&DeviceName> = with_steps
        .map(|plan| &plan.device)
        .chain(unsaved.iter().map(|one| &one.device))
        .chain(half_written.iter().map(|one| &one.device))
        .collect();
    let frozen = names.iter().filter_map(|name| {
        let object = fleet.inventory.device(name.as_str())?;
        match frozen(&scope_facts(object), &rows.freezes)? {
            SkipReason::Frozen { who, until, reason } => Some(Frozen {
                device: (*name).clone(),
                who,
                until,
                reason,
                has_changes: busy.contains(name),
            }),
            _ => None,
        }
    });
    StoredState {
        frozen: frozen.collect(),
        half_written,
        unsaved,
        ..StoredState::default()
    }
}

/// Returns the changes of the inventory that wait for devices without a look.
async fn waiting(
    store: &Store,
    fleet: &Fleet<'_>,
    planned: &Planned,
) -> Result<Vec<WaitingChanges>, RunError> {
    let mut waiting = Vec::new();
    for missing in &planned.unobservable {
        let mut devices = fleet.devices.iter();
        let intended = devices.find(|device| device.name == missing.device);
        let changes = intended.map_or(0, |intended| changes(fleet, intended));
        if changes == 0 {
            continue;
        }
        let look = store.device_summary(&missing.device).await?.look;
        waiting.push(WaitingChanges {
            device: missing.device.clone(),
            changes,
            last_reached: look.and_then(|look| {
                let taken_at = look.status.map(|status| status.taken_at);
                taken_at.into_iter().chain(look.at).max()
            }),
        });
    }
    Ok(waiting)
}

/// Returns the number of changes from the configuration that was last verified on a device to the intended one. Without a
/// ledger nothing is known of the device.
fn changes(fleet: &Fleet<'_>, intended: &IntendedDevice) -> usize {
    if !fleet.is_pending(intended) {
        return 0;
    }
    let ledgers = fleet.ledgers.as_ref();
    let Some(ledger) = ledgers.and_then(|ledgers| ledgers.get(&intended.name)) else {
        return 0;
    };
    let look = as_if_verified(fleet, &intended.name, ledger);
    plan_one(fleet, intended, &look).map_or(0, |(plan, _)| plan.steps.len())
}
