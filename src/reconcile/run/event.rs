//! Defines what a run reports while it works, for a terminal, a log or a page.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use crate::apply::{DeviceOutcome, Progress, Recovered, Skipped};
use crate::history::Replayed;
use crate::model::{DeviceName, DeviceState};

/// Something that happens during a run.
#[derive(Debug)]
pub enum RunEvent {
    Note(RunNote),
    /// Looks at so many devices begin.
    Looking(usize),
    Looked(DeviceName),
    /// What an earlier process left on a device was found out.
    Recovered(Recovered),
    /// Writing to so many devices begins.
    Applying(usize),
    At(DeviceName, Progress),
    Ended(DeviceOutcome),
    Skipped(Skipped),
}

/// Something about the inputs of a run that a person may want to know.
#[derive(Debug)]
pub enum RunNote {
    InventoryRead {
        folder: PathBuf,
        commit: Option<String>,
        files: usize,
        cached: usize,
    },
    /// The inventory on disk differs from the committed one, so reasons name no commit.
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
    /// The store does not know of a plan that was written to a file, so its age will be unknown.
    PlanNotKept {
        error: String,
    },
    /// The store was given what it had missed.
    Replayed(Replayed),
    /// A device has pending changes and a state in which it is not written to.
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
