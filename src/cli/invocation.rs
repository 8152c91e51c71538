//! Holds the settings, terminal, runtime and inventory of one invocation of the program.

use std::cell::OnceCell;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use tokio::runtime::Runtime;

use super::clock;
use super::source::{path, read_at};
use super::terminal::Terminal;
use super::timeout::TimeoutArguments;
use super::watch::watcher;
use crate::config::{Settings, settings_of};
use crate::inventory::Reading;
use crate::model::chain;
use crate::reconcile::run::{LEASE, Reconciler, RunNote, Watcher};
use crate::reconcile::{SILENCE, StoreLocation};
use crate::telemetry::TraceCounts;

/// One invocation of the program.
#[derive(Debug)]
pub(super) struct Invocation {
    pub(super) settings: Settings,
    pub(super) terminal: Terminal,
    /// The numbers of exported traces, if they are exported.
    pub(super) traces: Option<TraceCounts>,
    /// The inventory that was named before the command.
    named: Option<PathBuf>,
    runtime: OnceCell<Runtime>,
}

/// The inventory that a command is about, with its settings.
#[derive(Debug)]
pub(super) struct Selected<'a> {
    pub(super) invocation: &'a Invocation,
    pub(super) settings: Settings,
    pub(super) folder: PathBuf,
    /// `--timeout`, if it was given.
    timeout: Option<Duration>,
}

/// The command's need for the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StoreUse {
    /// Fails without the store; creates a missing SQLite file.
    Required,
    /// Opens an existing store; if it does not answer, warns and continues without it.
    IfThere,
    /// As `IfThere`, and creates a missing SQLite file.
    IfPossible,
    None,
}

impl Invocation {
    pub(super) fn new(
        settings: Settings,
        named: Option<PathBuf>,
        terminal: Terminal,
        traces: Option<TraceCounts>,
    ) -> Self {
        Self {
            settings,
            terminal,
            traces,
            named,
            runtime: OnceCell::new(),
        }
    }

    /// Runs asynchronous work to its end on the program's one runtime.
    pub(super) fn wait<T>(&self, work: impl Future<Output = T>) -> anyhow::Result<T> {
        let runtime = match self.runtime.get() {
            Some(runtime) => runtime,
            None => {
                let made = tokio::runtime::Builder::new_multi_thread()
                    .enable_all()
                    .build()
                    .context("failed to start worker threads; check `ulimit -n` and `ulimit -u`")?;
                self.runtime.get_or_init(|| made)
            }
        };
        Ok(runtime.block_on(work))
    }

    /// Returns the folder of an inventory, for commands that do not read its settings.
    pub(super) fn folder(&self, given: Option<&Path>) -> PathBuf {
        path(given, &self.settings)
    }

    /// Returns the inventory that was named, behind the command or before it.
    pub(super) fn named<'a>(&'a self, behind: Option<&'a Path>) -> Option<&'a Path> {
        behind.or(self.named.as_deref())
    }

    /// Returns the inventory in a folder, else that of the settings.
    pub(super) fn select(&self, folder: Option<&Path>) -> anyhow::Result<Selected<'_>> {
        let settings = match folder {
            Some(folder) => settings_of(&self.settings, folder)?,
            None => self.settings.clone(),
        };
        Ok(Selected {
            invocation: self,
            folder: path(None, &settings),
            settings,
            timeout: None,
        })
    }
}

/// Runs asynchronous work to its end on this thread, for a program that does nothing else.
pub(super) fn wait_once<T>(work: impl Future<Output = T>) -> Option<T> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .ok()?;
    Some(runtime.block_on(work))
}

impl Selected<'_> {
    /// Returns it with the time that silent devices are given.
    pub(super) fn waiting(self, timeout: TimeoutArguments) -> Self {
        Self {
            timeout: timeout.timeout,
            ..self
        }
    }

    /// Returns the time until a silent device is given up, for commands that look by themselves.
    pub(super) fn silence(&self) -> Duration {
        self.timeout.unwrap_or(SILENCE)
    }

    pub(super) fn terminal(&self) -> &Terminal {
        &self.invocation.terminal
    }

    /// Reads the inventory at a revision, else from disk.
    pub(super) fn read(&self, revision: Option<&str>) -> anyhow::Result<Reading> {
        read_at(&self.folder, revision, self.terminal())
    }

    /// Returns a watcher that shows progress on the terminal.
    pub(super) fn watcher(&self) -> Watcher {
        watcher(self.terminal())
    }

    /// Returns the location of the inventory's store.
    pub(super) fn store_location(&self) -> anyhow::Result<StoreLocation> {
        Ok(StoreLocation::of(&self.settings.store, &self.folder)?)
    }

    /// Returns the reconciler that prepares and executes runs over the inventory.
    pub(super) fn reconciler(
        &self,
        store: StoreUse,
        watcher: &Watcher,
    ) -> anyhow::Result<Reconciler> {
        let secrets = self.settings.secrets.clone();
        let mut reconciler = Reconciler::new(&self.folder, secrets, clock::seconds);
        let seconds = self.settings.apply.lease_seconds;
        reconciler.set_lease(seconds.map_or(LEASE, |seconds| {
            Duration::from_secs(u64::from(seconds.get()))
        }));
        if let Some(timeout) = self.timeout {
            reconciler.set_timeout(timeout);
        }
        let location = match (store, self.store_location()) {
            (StoreUse::None, _) => return Ok(reconciler),
            // Without a configured location nothing was ever stored.
            (StoreUse::IfThere, Err(_)) => return Ok(reconciler),
            (StoreUse::IfThere, Ok(location)) if !location.is_there() => return Ok(reconciler),
            (StoreUse::Required, location) => location?,
            (_, Ok(location)) => location,
            (_, Err(error)) => {
                watcher.note(RunNote::NoStore {
                    error: format!("{error:#}"),
                });
                return Ok(reconciler);
            }
        };
        let who = &self.settings.who;
        let opened = self
            .invocation
            .wait(reconciler.open_store(&location, who, watcher))?;
        match opened {
            Err(error) if store != StoreUse::Required => {
                let error = chain(&error);
                reconciler.store_unavailable(error.clone());
                watcher.note(RunNote::NoStore { error });
            }
            opened => opened?,
        }
        Ok(reconciler)
    }
}
