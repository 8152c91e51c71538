//! Keeps the stored status of each device for the leader of rollouts, and reads only what was written since.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::history::{DeviceStatusRow, StatusMark, StoreError};
use crate::model::DeviceName;
use crate::reconcile::rollout::condition::ConditionFacts;
use crate::service::instance_state::Shared;

/// The statuses of all devices, those of other instances included.
#[derive(Debug, Default, Clone)]
pub(in crate::service) struct KnownStatuses {
    devices: BTreeMap<DeviceName, KnownStatus>,
}

#[derive(Debug, Clone)]
struct KnownStatus {
    mark: StatusMark,
    looked: Option<u64>,
    /// Absent if a later version wrote them, and this one cannot read them.
    facts: Option<ConditionFacts>,
}

impl KnownStatus {
    fn of(row: DeviceStatusRow) -> Self {
        Self {
            mark: StatusMark {
                number: row.number,
                at: row.at,
            },
            looked: row.status.looked,
            facts: serde_json::from_value(row.status.facts).ok(),
        }
    }
}

impl KnownStatuses {
    pub(super) fn facts(&self, device: &DeviceName) -> Option<&ConditionFacts> {
        self.devices.get(device)?.facts.as_ref()
    }

    /// Returns the time of the last look with an answer.
    pub(super) fn looked(&self, device: &DeviceName) -> Option<u64> {
        self.devices.get(device)?.looked
    }

    fn mark(&self, device: &DeviceName) -> Option<StatusMark> {
        self.devices.get(device).map(|known| known.mark)
    }
}

/// Returns the statuses as they are in the store now.
pub(super) async fn known_statuses(shared: &Shared) -> Result<Arc<KnownStatuses>, StoreError> {
    let mut known = shared.statuses().clone();
    let store = &shared.store.store;
    let read = store
        .device_status_changes(|device| known.mark(device))
        .await?;
    // The one that `shared` holds would be a second owner, and all of it copied.
    *shared.statuses() = Arc::default();
    let statuses = Arc::make_mut(&mut known);
    statuses
        .devices
        .retain(|device, _| read.marks.contains_key(device));
    let changed = read.changed.into_iter();
    let changed = changed.map(|(device, row)| (device, KnownStatus::of(row)));
    statuses.devices.extend(changed);
    *shared.statuses() = known.clone();
    Ok(known)
}
