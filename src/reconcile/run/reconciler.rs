//! Holds the state that a caller keeps between runs: folder, parse cache, secrets, store and clock.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::inputs::SharedCache;
use super::{LEASE, RunError, RunNote, Watcher, read_intended};
use crate::inventory::{Cache, Inventory, Reading};
use crate::model::{DeviceName, EthernetPort, MacAddress, NotObserved, Observation, SecretName};
use crate::reconcile::{
    Accesses, FingerprintedObservation, LookResults, Looks, SILENCE, StoreLocation,
    StoreWithJournal, device_access, ethernet_of,
};
use crate::report::read_plan;
use crate::secrets::{SecretSources, Secrets};

/// Prepares and executes runs over one inventory. Lives as long as its caller; files that did not change between two
/// runs are not parsed again.
#[derive(Debug)]
pub struct Reconciler {
    pub(super) folder: PathBuf,
    pub(super) cache: SharedCache,
    pub(super) secrets: Secrets,
    pub(super) store: Option<StoreWithJournal>,
    /// The reason that the store could not be asked; plans show it.
    pub(super) store_error: Option<String>,
    pub(super) clock: fn() -> u64,
    pub(super) lease: Duration,
    /// The time until a silent device is given up, if the caller gave one.
    timeout: Option<Duration>,
    /// The time to wait for devices that other runs hold.
    pub(super) wait: Duration,
}

/// The time for a device that did not answer the last look: most of them are still switched off.
const SILENT_BEFORE: Duration = Duration::from_secs(2);

impl Reconciler {
    /// Creates a reconciler; `clock` returns the seconds since 1970.
    pub fn new(folder: &Path, secrets: SecretSources, clock: fn() -> u64) -> Self {
        Self {
            folder: folder.to_path_buf(),
            cache: Arc::new(Cache::default()),
            secrets: Secrets::of(secrets),
            store: None,
            store_error: None,
            clock,
            lease: LEASE,
            timeout: None,
            wait: Duration::ZERO,
        }
    }

    /// Opens the store at a location and replays the journal.
    pub async fn open_store(
        &mut self,
        location: &StoreLocation,
        who: &str,
        watcher: &Watcher,
    ) -> Result<(), RunError> {
        let (store, replayed) = location.open_with_journal(who).await?;
        if replayed.entries > 0 || replayed.is_torn {
            watcher.note(RunNote::Replayed(replayed));
        }
        self.store = Some(store);
        Ok(())
    }

    /// Records that there is a store and that it could not be asked, so that no plan calls everything done.
    pub fn store_unavailable(&mut self, error: String) {
        self.store_error = Some(error);
    }

    /// Sets the lease duration without renewal.
    pub fn set_lease(&mut self, lease: Duration) {
        self.lease = lease;
    }

    /// Sets the time to wait for devices that other runs hold; without it, such devices are skipped.
    pub fn set_wait(&mut self, wait: Duration) {
        self.wait = wait;
    }

    /// Sets the time until a device that does not answer at all is given up.
    pub fn set_timeout(&mut self, timeout: Duration) {
        self.timeout = Some(timeout);
    }

    /// Gives less time to devices that did not answer the last look, unless the caller gave a time.
    pub(super) async fn hurried(&self, mut accesses: Accesses) -> Accesses {
        let Some(store) = self.store.as_ref().filter(|_| self.timeout.is_none()) else {
            return accesses;
        };
        // Without an answer of the store, every device is given the usual time.
        let silent = store.store.silences().await.unwrap_or_default();
        for (device, access) in &mut accesses {
            if silent.contains_key(device) {
                *access = access
                    .clone()
                    .map(|access| access.with_silence(SILENT_BEFORE));
            }
        }
        accesses
    }

    /// Stores looks and silences, so that `explain` knows the last look of each kind of run.
    pub(super) async fn keep(&self, looks: &LookResults, watcher: &Watcher) {
        let Some(store) = &self.store else {
            return;
        };
        let seen = looks.values().flatten();
        let seen: Vec<&Observation> = seen.map(FingerprintedObservation::observation).collect();
        let is_silent = |why: &NotObserved| matches!(why, NotObserved::NoAnswer { .. });
        let silent = looks.iter().filter_map(|(device, look)| {
            let why = look.as_ref().err()?;
            is_silent(why).then_some(device)
        });
        let silent: Vec<&DeviceName> = silent.collect();
        if let Err(error) = store.store.keep_looks(&seen, &silent).await {
            watcher.note(RunNote::LooksNotKept {
                error: error.to_string(),
            });
        }
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns the store, if one was opened.
    pub fn store(&self) -> Option<&StoreWithJournal> {
        self.store.as_ref()
    }

    /// Closes the store's connections after work in progress.
    pub async fn close(&self) {
        if let Some(store) = &self.store {
            store.store.close().await;
        }
    }

    /// Reads the inventory at a revision, else from disk.
    pub fn read(&self, revision: Option<&str>, watcher: &Watcher) -> Result<Reading, RunError> {
        let read = read_intended(&self.folder, revision, &self.cache, watcher);
        Ok(read?)
    }

    /// Stores a plan that was written to a file, with its looks, for the run that applies it.
    pub async fn keep_plan(&self, text: &str, looks: &LookResults) -> Result<(), RunError> {
        let Some(StoreWithJournal { store, .. }) = &self.store else {
            return Ok(());
        };
        let not_storable = |why: &dyn ToString| RunError::PlanNotStorable(why.to_string());
        let document = serde_json::from_str(text).map_err(|why| not_storable(&why))?;
        let (id, _) = read_plan(text.as_bytes()).map_err(|why| not_storable(&why))?;
        store.keep_plan(&id, &document).await?;
        for look in looks.values().flatten() {
            store.keep_look(look.observation()).await?;
        }
        Ok(())
    }

    /// Reads the inventory from disk, even if it has uncommitted changes.
    pub fn read_as_it_is(&self, watcher: &Watcher) -> Result<Reading, RunError> {
        Ok(super::inputs::read_as_it_is(
            &self.folder,
            &self.cache,
            watcher,
        )?)
    }

    pub(super) fn looks(&self) -> Looks {
        Looks::new(self.clock)
    }

    /// Returns the Ethernet ports of an endpoint, or the reason that they are unknown.
    pub async fn ethernet_of(
        &self,
        inventory: &Inventory,
        device: &DeviceName,
        endpoint: MacAddress,
    ) -> Result<Vec<EthernetPort>, String> {
        let object = inventory.device(device.as_str());
        let object = object.ok_or_else(|| format!("there is no device `{device}`"))?;
        let access = device_access(inventory, object, &self.secrets);
        let access = access.map_err(|error| error.to_string())?;
        ethernet_of(device, &access, endpoint, self.looks()).await
    }

    /// Returns the access to each device, or the reason that there is none.
    pub fn accesses(
        &self,
        inventory: &Inventory,
        names: &[DeviceName],
        watcher: &Watcher,
    ) -> Accesses {
        let exposed = self.exposed(inventory);
        if !exposed.is_empty() {
            watcher.note(RunNote::ExposedSecrets(exposed));
        }
        let access = |name: &DeviceName| match inventory.device(name.as_str()) {
            Some(device) => device_access(inventory, device, &self.secrets)
                .map(|access| access.with_silence(self.timeout.unwrap_or(SILENCE)))
                .map_err(NotObserved::from),
            None => Err(NotObserved::NotInInventory),
        };
        let names = names.iter();
        names.map(|name| (name.clone(), access(name))).collect()
    }

    /// Returns the files of secrets that other users of this machine can read.
    fn exposed(&self, inventory: &Inventory) -> Vec<PathBuf> {
        let names: BTreeSet<&SecretName> = inventory
            .credentials()
            .flat_map(|credentials| credentials.text.secrets())
            .collect();
        let exposed = names.into_iter();
        exposed
            .filter_map(|name| self.secrets.exposed(name))
            .collect()
    }
}
