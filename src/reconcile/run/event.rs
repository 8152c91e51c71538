//! Defines the events of a run in progress, for a terminal, a log or a page.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use crate::apply::{DeviceOutcome, HeldBy, Progress, Recovered, Skipped};
use crate::history::Replayed;
use crate::model::{DeviceName, DeviceState};

/// An event of a run.
#[derive(Debug)]
pub enum RunEvent {
    Note(RunNote),
    /// Looks at these devices start.
    Looking(Vec<DeviceName>),
    Looked(DeviceName),
    /// Recovery found the state of a device of a dead process.
    Recovered(Recovered),
    /// Writing to this many devices starts.
    Applying(usize),
    At(DeviceName, Progress),
    Ended(DeviceOutcome),
    Skipped(Skipped),
}

/// A note on the inputs of a run.
#[derive(Debug)]
pub enum RunNote {
    InventoryRead {
        folder: PathBuf,
        commit: Option<String>,
        files: usize,
        cached: usize,
    },
    /// The inventory on disk differs from the commit, so reasons do not name commits.
    NotAsCommitted,
    OriginsUnknown {
        error: String,
    },
    /// Other users of this machine can read these files of secrets.
    ExposedSecrets(Vec<PathBuf>),
    /// A plan is made without the store, so ownership is unknown.
    NoStore {
        error: String,
    },
    /// The store has no record of a plan that was written to a file, so its age will be unknown.
    PlanNotKept {
        error: String,
    },
    /// The store did not take the looks of this run.
    LooksNotKept {
        error: String,
    },
    /// Another run holds a device, and this one waits for it.
    WaitsForRun {
        device: DeviceName,
        until: u64,
        /// Left out: an earlier gamctl holds it.
        by: Option<HeldBy>,
    },
    /// The plans of this many devices were tried on simulated ones.
    Rehearsed {
        devices: usize,
    },
    /// The journal was replayed into the store.
    Replayed(Replayed),
    /// A device has pending changes, but its state forbids writes.
    NotWritten {
        device: DeviceName,
        state: DeviceState,
        steps: usize,
    },
}

/// Receives the events of a run. Cheap to clone; called from the run's own tasks, so it must not block.
#[derive(Clone)]
pub struct Watcher(Arc<dyn Fn(&RunEvent) + Send + Sync>);

impl Watcher {
    pub fn new(see: impl Fn(&RunEvent) + Send + Sync + 'static) -> Self {
        Self(Arc::new(see))
    }

    /// Returns a watcher for callers that only want the result.
    pub fn silent() -> Self {
        Self::new(|_| {})
    }

    pub fn see(&self, event: &RunEvent) {
        (self.0)(event);
    }

    pub fn note(&self, note: RunNote) {
        self.see(&RunEvent::Note(note));
    }
}

impl fmt::Debug for Watcher {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Watcher")
    }
}
