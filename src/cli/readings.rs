//! What a plan is made from besides devices: the inventory, what was applied before, whose policy judges, and what is ours.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::ensure;

use super::source::{source, told};
use super::terminal::Terminal;
use crate::history::{AppliedCommit, Kept};
use crate::inventory::blame::{History, MOST_COMMITS};
use crate::inventory::source::{Limits, Source};
use crate::inventory::{Cache, Reading, read};
use crate::model::DeviceName;
use crate::plan::{InventoryVersion, Ledger, Planned};
use crate::reconcile::{Applied, Fleet, Policy, find_origins, inventory_digest};
use crate::report::visible;

/// What the store knows.
#[derive(Debug, Default)]
pub(super) struct Remembered {
    pub ledgers: BTreeMap<DeviceName, Kept>,
    pub applied: Option<AppliedCommit>,
}

/// Everything that is read before any device is asked.
#[derive(Debug)]
pub(super) struct Readings {
    pub folder: PathBuf,
    pub reading: Reading,
    /// The inventory that was applied last, or that was named as that.
    before: Option<Reading>,
    /// The inventory whose policy judges, where that is not the one before.
    judging: Option<Reading>,
    remembered: Option<Remembered>,
}

impl Readings {
    /// Returns the inventory: at a revision, else as it is on disk, by its commit where it is committed as it is.
    pub(super) fn intended(
        folder: &Path,
        revision: Option<&str>,
        terminal: &Terminal,
    ) -> anyhow::Result<Reading> {
        let limits = Limits::default();
        let cache = Cache::default();
        let reading = read(&source(folder, revision)?, &limits, &cache)?;
        if reading.inventory.commit().is_some() {
            terminal.detail(&told(folder, &reading));
            return Ok(reading);
        }
        let committed = Source::git(folder, "HEAD")
            .ok()
            .and_then(|source| read(&source, &limits, &cache).ok());
        let reading = match committed {
            Some(committed) if committed.inventory.texts().eq(reading.inventory.texts()) => {
                committed
            }
            Some(_) => {
                terminal.say(
                    "note: the inventory on disk is not the one that is committed; reasons name no commit.\n",
                );
                reading
            }
            None => reading,
        };
        terminal.detail(&told(folder, &reading));
        Ok(reading)
    }

    /// Takes an inventory without errors. `named` is the revision that somebody names as applied or to compare with.
    pub(super) fn of(
        folder: PathBuf,
        reading: Reading,
        named: Option<&str>,
        remembered: Option<Remembered>,
    ) -> anyhow::Result<Self> {
        let cache = Cache::default();
        let before = match named {
            Some(revision) => Some(known(&folder, revision, &cache)?),
            // Where git does not have it any more, the ledgers still tell what is ours.
            None => remembered
                .as_ref()
                .and_then(|remembered| remembered.applied.as_ref())
                .and_then(|applied| known(&folder, &applied.commit, &cache).ok()),
        };
        let judging = match &before {
            Some(_) => None,
            None => commit_before(&folder, &reading, &cache),
        };
        Ok(Self {
            folder,
            reading,
            before,
            judging,
            remembered: remembered.filter(|_| named.is_none()),
        })
    }

    pub(super) fn fleet(&self) -> Fleet<'_> {
        let judging = self.judging.as_ref().or(self.before.as_ref());
        let judging = judging.unwrap_or(&self.reading);
        let mut fleet = Fleet::of(
            &self.reading.inventory,
            version(&self.folder, &self.reading),
            self.before
                .as_ref()
                .map(|before| Applied::of(&before.inventory)),
            Policy::of(&judging.inventory, &self.reading.inventory),
        );
        fleet.ledgers = self.remembered.as_ref().map(|remembered| {
            let ledgers = remembered.ledgers.iter();
            ledgers
                .map(|(device, kept)| (device.clone(), kept.ledger.clone()))
                .collect::<BTreeMap<DeviceName, Ledger>>()
        });
        fleet
    }

    /// Says who wrote what the steps are there for; a plan is as good without.
    pub(super) fn origins(&self, planned: &mut Planned, fleet: &Fleet<'_>, terminal: &Terminal) {
        let history = fleet
            .inventory
            .commit()
            .and_then(|_| History::open(&self.folder, MOST_COMMITS).ok());
        if let Err(error) = find_origins(planned, fleet, history.as_ref()) {
            terminal.say(&format!("note: reasons name no commit: {error}\n"));
        }
    }
}

/// Returns the inventory at a revision that much depends on: with errors it would not tell what was there.
fn known(folder: &Path, revision: &str, cache: &Cache) -> anyhow::Result<Reading> {
    let reading = read(&Source::git(folder, revision)?, &Limits::default(), cache)?;
    ensure!(
        !reading.has_errors(),
        "the inventory at `{}` has errors, so what was intended then cannot be told; `gamctl validate --rev {}` shows them",
        visible(revision),
        visible(revision)
    );
    Ok(reading)
}

/// Returns the commit whose policy judges the step: the one before, where there is one that can be read.
fn commit_before(folder: &Path, reading: &Reading, cache: &Cache) -> Option<Reading> {
    let revision = match reading.inventory.commit() {
        Some(commit) => format!("{commit}^"),
        None => "HEAD".to_owned(),
    };
    known(folder, &revision, cache).ok()
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
