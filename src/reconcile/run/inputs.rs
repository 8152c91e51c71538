//! Reads the inputs of plans: the inventory, the last applied one, its policy, and the ledgers.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Baseline, RunError, RunNote, Watcher};
use crate::history::{AppliedCommit, Store, StoreError, StoredLedger};
use crate::inventory::blame::{History, MOST_COMMITS};
use crate::inventory::source::{Limits, Source, SourceError, first_parent, is_bare};
use crate::inventory::{Cache, Inventory, Reading, read, resolve_device};
use crate::model::DeviceName;
use crate::plan::{InventoryVersion, Ledger, Planned};
use crate::reconcile::{Applied, Fleet, Policy, find_origins, inventory_digest};

/// The stored state of the devices of an inventory.
#[derive(Debug, Clone, Default)]
pub struct StoreState {
    pub ledgers: BTreeMap<DeviceName, StoredLedger>,
    pub applied: Option<AppliedCommit>,
    /// Devices that neither a run nor an adoption is known of.
    pub only_found: BTreeSet<DeviceName>,
}

impl StoreState {
    pub async fn of(store: &Store) -> Result<Self, StoreError> {
        Ok(Self {
            ledgers: store.ledgers().await?,
            applied: store.applied_commit().await?,
            only_found: store.only_found().await?,
        })
    }
}

/// The inputs of all plans, except the observations.
#[derive(Debug)]
pub struct PlanInputs {
    pub folder: PathBuf,
    pub reading: Reading,
    /// The inventory that was last applied, or that the operator named as applied.
    before: Option<Reading>,
    /// The inventory whose policy applies, if it is not the one before.
    judging: Option<Reading>,
    ledgers: Option<BTreeMap<DeviceName, Ledger>>,
    only_found: BTreeSet<DeviceName>,
}

/// Reads the inventory: at a revision, else from disk; by its commit if the work tree is clean.
pub fn read_intended(
    folder: &Path,
    revision: Option<&str>,
    cache: &Cache,
    watcher: &Watcher,
) -> Result<Reading, SourceError> {
    let limits = Limits::default();
    let mut reading = match revision {
        Some(revision) => read(&Source::git(folder, revision)?, &limits, cache)?,
        None => read(&as_it_is(folder)?, &limits, cache)?,
    };
    if reading.inventory.commit().is_none() {
        match committed(folder, cache)? {
            Some(committed) if committed.inventory.texts().eq(reading.inventory.texts()) => {
                reading = committed;
            }
            Some(_) => watcher.note(RunNote::NotAsCommitted),
            None => {}
        }
    }
    note_reading(folder, &reading, watcher);
    Ok(reading)
}

/// Returns the inventory of the last commit, if any. A damaged repository is an error, never "not committed".
fn committed(folder: &Path, cache: &Cache) -> Result<Option<Reading>, SourceError> {
    match Source::git(folder, "HEAD") {
        Ok(source) => read(&source, &Limits::default(), cache).map(Some),
        Err(error) if has_no_history(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Returns whether a folder is simply not in git.
fn has_no_history(error: &SourceError) -> bool {
    matches!(
        error,
        SourceError::NotARepository { .. }
            | SourceError::NoCommitYet { .. }
            | SourceError::OutsideWorkTree { .. }
            | SourceError::PathNotText { .. }
            | SourceError::OwnedByAnother { .. }
            | SourceError::Unsupported { .. }
            | SourceError::FolderNotCommitted { .. }
            | SourceError::UnknownRevision { .. }
    )
}

/// Reads the inventory from disk, even if it has uncommitted changes.
pub(super) fn read_as_it_is(
    folder: &Path,
    cache: &Cache,
    watcher: &Watcher,
) -> Result<Reading, SourceError> {
    let reading = read(&as_it_is(folder)?, &Limits::default(), cache)?;
    note_reading(folder, &reading, watcher);
    Ok(reading)
}

/// Returns the folder, or the last commit of a bare repository.
fn as_it_is(folder: &Path) -> Result<Source, SourceError> {
    match is_bare(folder) {
        true => Source::git(folder, "HEAD"),
        false => Source::directory(folder),
    }
}

fn note_reading(folder: &Path, reading: &Reading, watcher: &Watcher) {
    watcher.note(RunNote::InventoryRead {
        folder: folder.to_path_buf(),
        commit: reading.inventory.commit().map(str::to_owned),
        files: reading.inventory.file_count(),
        cached: reading.cached,
    });
}

impl PlanInputs {
    /// Builds them from an inventory without errors.
    pub fn of(
        folder: &Path,
        reading: Reading,
        baseline: &Baseline,
        store: Option<&StoreState>,
        cache: &Cache,
    ) -> Result<Self, RunError> {
        let store = store.filter(|_| *baseline == Baseline::Store);
        let before = match baseline {
            Baseline::Revision(revision) => Some(valid(folder, revision, cache)?),
            // If git lacks the commit, the ledgers still decide ownership.
            Baseline::Store => match store.and_then(|store| store.applied.as_ref()) {
                Some(applied) => if_known(valid(folder, &applied.commit, cache))?,
                None => None,
            },
            Baseline::Nothing => None,
        };
        let judging = match &before {
            Some(_) => None,
            None => commit_before(folder, &reading, cache)?,
        };
        let ledgers = store.map(|store| {
            let ledgers = store.ledgers.iter();
            ledgers
                .map(|(device, kept)| (device.clone(), kept.ledger.clone()))
                .collect()
        });
        Ok(Self {
            folder: folder.to_path_buf(),
            reading,
            before,
            judging,
            ledgers,
            only_found: store
                .map(|store| store.only_found.clone())
                .unwrap_or_default(),
        })
    }

    pub fn fleet(&self) -> Fleet<'_> {
        let mut fleet = Fleet::of(
            &self.reading.inventory,
            version(&self.folder, &self.reading),
            self.before
                .as_ref()
                .map(|before| Applied::of(&before.inventory)),
            self.policy(),
        );
        fleet.ledgers.clone_from(&self.ledgers);
        fleet.only_found.clone_from(&self.only_found);
        fleet
    }

    /// Returns the fleet with only one device and its present ledger: its plan depends on no other device.
    ///
    /// `None` if the inventory does not have the device. Limits need the whole fleet, and are not applied to it.
    pub fn fleet_of(
        &self,
        device: &DeviceName,
        version: &InventoryVersion,
        ledger: Option<Ledger>,
    ) -> Option<Fleet<'_>> {
        let applied = self.before.as_ref();
        let applied = applied.map(|before| Applied::of_device(&before.inventory, device.as_str()));
        let intended = resolve_device(&self.reading.inventory, device.as_str())?;
        let ledgers = ledger.map(|ledger| (device.clone(), ledger));
        Some(Fleet {
            inventory: &self.reading.inventory,
            version: version.clone(),
            devices: vec![intended],
            applied,
            ledgers: Some(ledgers.into_iter().collect()),
            only_found: BTreeSet::new(),
            policy: self.policy(),
            allows_management: false,
        })
    }

    /// Returns the policy that applies: the limits of the commit before.
    pub fn policy(&self) -> Policy {
        Policy::of(self.judging_inventory(), &self.reading.inventory)
    }

    /// Returns the inventory whose policy applies.
    pub fn judging_inventory(&self) -> &Inventory {
        let judging = self.judging.as_ref().or(self.before.as_ref());
        &judging.unwrap_or(&self.reading).inventory
    }

    /// Returns the version of the inventory.
    pub fn version(&self) -> InventoryVersion {
        version(&self.folder, &self.reading)
    }

    /// Fills in the origin of each step; a failure only leaves them out.
    pub fn add_origins(&self, planned: &mut Planned, fleet: &Fleet<'_>, watcher: &Watcher) {
        let history = fleet
            .inventory
            .commit()
            .and_then(|_| History::open(&self.folder, MOST_COMMITS).ok());
        if let Err(error) = find_origins(planned, fleet, history.as_ref()) {
            let error = error.to_string();
            watcher.note(RunNote::OriginsUnknown { error });
        }
    }
}

/// Reads a revision that must have no errors: with errors, its intended configuration is unknown.
fn valid(folder: &Path, revision: &str, cache: &Cache) -> Result<Reading, RunError> {
    let reading = read(&Source::git(folder, revision)?, &Limits::default(), cache)?;
    match reading.has_errors() {
        false => Ok(reading),
        true => Err(RunError::BaselineInvalid {
            revision: revision.to_owned(),
        }),
    }
}

/// Returns the commit whose policy applies to the step: the one before, if it can be read.
fn commit_before(
    folder: &Path,
    reading: &Reading,
    cache: &Cache,
) -> Result<Option<Reading>, RunError> {
    let before = match reading.inventory.commit() {
        Some(commit) => first_parent(folder, commit),
        None => Ok(Some("HEAD".to_owned())),
    };
    match if_known(before.map_err(RunError::from))? {
        Some(Some(revision)) => if_known(valid(folder, &revision, cache)),
        Some(None) | None => Ok(None),
    }
}

/// Returns `None` for a revision that is missing or has errors; a damaged repository stays an error.
fn if_known<T>(read: Result<T, RunError>) -> Result<Option<T>, RunError> {
    match read {
        Ok(known) => Ok(Some(known)),
        Err(
            RunError::BaselineInvalid { .. } | RunError::Inventory(SourceError::Shallow { .. }),
        ) => Ok(None),
        Err(RunError::Inventory(error)) if has_no_history(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

fn version(folder: &Path, reading: &Reading) -> InventoryVersion {
    let commit = reading.inventory.commit().map(str::to_owned);
    let tree = commit
        .as_deref()
        .and_then(|commit| match Source::git(folder, commit) {
            Ok(Source::Git(git)) => Some(git.tree()),
            Ok(Source::Directory(_)) | Err(_) => None,
        });
    InventoryVersion {
        commit,
        tree,
        digest: inventory_digest(&reading.inventory),
    }
}

/// Runs blocking work of git and parsing on a separate thread, so that no other task waits.
pub(super) async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, RunError> + Send + 'static,
) -> Result<T, RunError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|why| RunError::Panicked(why.to_string()))?
}

/// A cache of parsed files that lives as long as the caller.
pub(super) type SharedCache = Arc<Cache>;
