//! The values that go into the store and come out of it, the same for both engines.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::apply::{DeviceOutcome, Purpose, RunResult, StepOutcome};
use crate::model::{DeviceName, Fingerprint, FreezeScope};
use crate::plan::{DevicePlan, InventoryVersion, Ledger};

/// The number of a run: in order of time, and made without asking the store, so that what is written twice is found to be the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunId(pub Uuid);

/// A run as it begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewRun {
    pub id: RunId,
    /// `apply`, `rollback`, `recover`, `adopt`.
    pub verb: String,
    /// `user@host`, or what the service was told.
    pub who: String,
    pub inventory: InventoryVersion,
    /// It is not committed as it is, or not in git, and somebody said that this is meant.
    pub is_uncommitted: bool,
    pub plan: Option<String>,
    pub version: String,
}

/// A run as it is listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunSummary {
    #[serde(flatten)]
    pub run: NewRun,
    /// Seconds since 1970, by the store's clock.
    pub began: u64,
    /// Left out: it runs, or it died.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<RunResult>,
    /// How many devices ended how, by `Ended::word`.
    pub devices: std::collections::BTreeMap<String, u64>,
}

/// One device in one run, as it is listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutcomeRow {
    pub run: RunId,
    pub at: u64,
    pub outcome: DeviceOutcome,
}

/// The right to write to a device, for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    pub device: DeviceName,
    pub holder: Uuid,
    /// Counted up each time that somebody else takes the device; what is written with an older one is rejected.
    pub epoch: i64,
}

/// What is ours on a device, as the store has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    pub ledger: Ledger,
    /// Counted up with each change.
    pub version: u64,
    /// The inventory's commit it was verified against; left out: it was not committed.
    pub commit: Option<String>,
    pub at: u64,
    /// Verified and running, and not in the startup file yet.
    pub is_unsaved: bool,
}

/// What is ours on a device from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewLedger {
    pub ledger: Ledger,
    /// The inventory's commit it was verified against; left out: it was not committed.
    pub commit: Option<String>,
}

/// What became of taking a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a plan that could not be claimed must not be applied"]
pub enum Taken {
    /// The run has begun, and no other will ever get the plan.
    Now {
        /// How many seconds ago the plan was made; left out: this store sees it for the first time.
        age: Option<u64>,
    },
    AlreadyApplied {
        run: RunId,
        at: u64,
    },
    /// It is older than plans may be.
    Expired {
        made: u64,
        age: u64,
    },
}

/// What became of asking for a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Acquired {
    Lease(Lease),
    /// Another process has it.
    Held {
        by: Uuid,
        since: u64,
        until: u64,
    },
}

/// A device that runs what its startup file does not have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnsavedDevice {
    pub device: DeviceName,
    pub run: RunId,
    pub at: u64,
}

/// The last inventory that was put on devices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppliedCommit {
    /// Left out: it was found to need no change.
    pub run: Option<RunId>,
    pub commit: String,
    pub at: u64,
}

/// One entry of a device in a run, as it was recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryRow {
    pub number: u32,
    pub at: u64,
    pub entry: crate::apply::Entry,
}

/// What somebody did, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditRow {
    pub at: u64,
    #[serde(flatten)]
    pub audit: Audit,
}

/// A device that an earlier process was writing to when it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfinished {
    pub run: RunId,
    pub device: DeviceName,
    pub inventory: InventoryVersion,
    /// What was to be done, each purpose in its order; the last is what was under way.
    pub intents: Vec<(Purpose, DevicePlan)>,
    /// What the device was before the first write.
    pub before: Option<Fingerprint>,
    /// The steps of the last intent that are known to have ended.
    pub steps: Vec<StepOutcome>,
    pub began: u64,
    /// Who may still be at it; left out: the lease ran out or was given back.
    pub held_by: Option<Uuid>,
    /// The number that the next entry of this device in this run gets.
    pub next_entry: u32,
}

/// Somebody did something, or was refused to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Audit {
    pub who: String,
    /// The command, such as `apply`.
    pub verb: String,
    /// What it was done to: a device, a plan, nothing.
    pub subject: Option<String>,
    pub is_refused: bool,
    /// One sentence.
    pub what: String,
    pub run: Option<RunId>,
}

/// Nothing is written to these devices until then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Freeze {
    pub id: Uuid,
    pub scope: FreezeScope,
    pub reason: String,
    pub who: String,
    pub since: u64,
    pub until: u64,
}

/// What to list, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    pub run: Option<RunId>,
    pub device: Option<DeviceName>,
    /// Seconds since 1970, both included.
    pub since: Option<u64>,
    pub until: Option<u64>,
    pub most: u32,
}

impl Default for Filter {
    fn default() -> Self {
        Self {
            run: None,
            device: None,
            since: None,
            until: None,
            most: 100,
        }
    }
}

/// What is to be explained.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    Device(DeviceName),
    /// Objects of one device, such as `("subscriber", "apt-101")` and `("endpoint", "00:0e:d8:1c:95:08")`.
    Objects(DeviceName, Vec<(String, String)>),
}

impl Subject {
    pub fn device(&self) -> &DeviceName {
        match self {
            Self::Device(device) | Self::Objects(device, _) => device,
        }
    }
}

/// One run as far as it is about a subject: why, which lines, what the device said, how it was verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chapter {
    pub run: RunSummary,
    pub device: DeviceName,
    pub at: u64,
    /// The steps about the subject, with their numbers in the plan; for a device all of them.
    pub steps: Vec<(usize, crate::plan::Step)>,
    /// What was typed for these, and what came back.
    pub exchanges: Vec<crate::apply::Exchange>,
    pub verified: Option<Fingerprint>,
    /// How the save is known; left out: not saved.
    pub saved: Option<String>,
    /// Left out: it runs, or nobody knows yet.
    pub outcome: Option<DeviceOutcome>,
}
