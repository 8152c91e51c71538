//! Looks at the devices that a dead process left unfinished, before a run or between runs.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::sync::watch;
use tracing::Instrument as _;

use super::inputs::aside;
use super::{Reconciler, RunError, RunEvent, RunRequest, Verb, Watcher, read_intended};
use crate::apply::Recovered;
use crate::inventory::Reading;
use crate::model::DeviceName;
use crate::reconcile::DevicePlanInputs;
use crate::reconcile::apply::{LeaseWait, RecoveryOptions, recover, release_dead};

impl Reconciler {
    /// Looks at the devices of a dead process.
    pub(super) async fn recover(
        &self,
        request: &RunRequest,
        reading: &Reading,
        watcher: &Watcher,
    ) -> Result<Vec<Recovered>, RunError> {
        let Some(store) = self.store.as_ref().filter(|_| request.verb.writes()) else {
            return Ok(Vec::new());
        };
        // What a device's last lines led to may be in the journal only: without it, a device that was applied and saved
        // would be recorded as never saved.
        if !store.journal.is_empty() {
            let _replayed = store.replay().await?;
        }
        release_dead(store).await?;
        let left = store.store.unfinished().await?;
        if left.is_empty() {
            return Ok(Vec::new());
        }
        let commit = reading.inventory.commit().map(str::to_owned);
        let (folder, cache) = (self.folder.clone(), self.cache.clone());
        let silent = Watcher::silent();
        let again =
            aside(move || Ok(read_intended(&folder, commit.as_deref(), &cache, &silent)?)).await?;
        let inputs = self.inputs(request, again).await?;
        let fleet = inputs.fleet();
        let names: Vec<DeviceName> = left.iter().map(|left| left.device.clone()).collect();
        let accesses = self.accesses(fleet.inventory, &names, watcher);
        let accesses = self.hurried(accesses).await;
        let wanted = fleet.devices.iter().filter_map(|device| {
            let wanted = DevicePlanInputs::of(&fleet, device)?;
            names
                .contains(&device.name)
                .then(|| (device.name.clone(), wanted.into_owned(&fleet)))
        });
        let wanted: BTreeMap<_, _> = wanted.collect();
        let options = RecoveryOptions {
            looks: self.looks(),
            lease: self.lease,
            wait: LeaseWait {
                // The run has waited before.
                most: Duration::ZERO,
                stop: watch::channel(false).1,
            },
        };
        let store = store.clone();
        // A separate task: a caller that stops waiting must not leave a lease behind.
        let recovering = tokio::spawn(
            async move { recover(left, accesses, wanted, &store, options).await }.in_current_span(),
        );
        let recovered = recovering
            .await
            .map_err(|why| RunError::Panicked(why.to_string()))?;
        for one in &recovered {
            watcher.see(&RunEvent::Recovered(one.clone()));
        }
        Ok(recovered)
    }

    /// Looks at the devices that a dead process left unfinished, outside of a run.
    pub async fn recover_left(&self, commit: &str, who: &str) -> Result<Vec<Recovered>, RunError> {
        let request = RunRequest {
            revision: Some(commit.to_owned()),
            ..RunRequest::of(Verb::Apply, who)
        };
        let watcher = Watcher::silent();
        let reading = self.read_aside(&request, &watcher).await?;
        self.recover(&request, &reading, &watcher).await
    }
}
