//! Defines the values that the store reads and writes, the same for both engines.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::apply::{DeviceOutcome, Purpose, RunResult, StepOutcome};
use crate::model::{DeviceName, Fingerprint, FreezeScope};
use crate::plan::{Change, DevicePlan, InventoryVersion, Ledger};

/// The id of a run: sorted by time, and made without the store, so that a repeated write is recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunId(pub Uuid);

/// A run as it starts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewRun {
    pub id: RunId,
    /// `apply`, `rollback`, `recover`, `adopt`.
    pub verb: String,
    /// `user@host`, or the name of the service's trigger.
    pub who: String,
    pub inventory: InventoryVersion,
    /// It has uncommitted changes or is not in git, and the user allowed that.
    pub is_uncommitted: bool,
    pub plan: Option<String>,
    pub version: String,
    /// The process that runs it, as it holds leases; left out: recorded before gamctl stored it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holder: Option<Uuid>,
}

/// A run in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunSummary {
    #[serde(flatten)]
    pub run: NewRun,
    /// Seconds since 1970, by the store's clock.
    pub began: u64,
    /// Left out: it runs, or its process died.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<RunResult>,
    /// The process of a run, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub process: Option<RunProcess>,
    /// The reason that all of it was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// The devices that it skipped or that have changes waiting, with the reasons, where it was not refused as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_carried_out: Option<String>,
    /// The number of objects that became owned by an adoption.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adopted: Option<u64>,
    /// The number of devices by outcome, by `Ended::word`; those without one are `unfinished`.
    pub devices: std::collections::BTreeMap<String, u64>,
}

/// The process of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunProcess {
    pub host: String,
    /// The process id on that host.
    pub number: u32,
    /// It is known to live until this time, in seconds since 1970, by the store's clock.
    pub alive_until: u64,
    /// That time is not over.
    pub is_alive: bool,
}

/// One device of one run in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutcomeRow {
    pub run: RunId,
    pub at: u64,
    pub outcome: DeviceOutcome,
}

/// A rollback of a device by an operator, with the changes that it made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceRollback {
    pub device: DeviceName,
    pub run: RunSummary,
    pub changes: Vec<Change>,
}

/// The right to write to a device for a limited time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    pub device: DeviceName,
    pub holder: Uuid,
    /// Incremented each time that another claim leases the device; writes with an older epoch are rejected.
    pub epoch: i64,
}

/// The ledger of a device in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredLedger {
    pub ledger: Ledger,
    /// Incremented with each change.
    pub version: u64,
    /// The inventory's commit it was verified against; left out: it was not committed.
    pub commit: Option<String>,
    pub at: u64,
    /// Verified and running, but not in the startup-config yet.
    pub is_unsaved: bool,
}

/// The new ledger of a device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewLedger {
    pub ledger: Ledger,
    /// The inventory's commit it was verified against; left out: it was not committed.
    pub commit: Option<String>,
}

/// The result of claiming a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a plan that could not be claimed must not be applied"]
pub enum PlanClaim {
    /// The run has started, and no other run can claim the plan.
    Now {
        /// The age of the plan in seconds; left out: this store has no record of it.
        age: Option<u64>,
    },
    AlreadyApplied {
        run: RunId,
        at: u64,
    },
    /// It is older than a plan may be.
    Expired {
        made: u64,
        age: u64,
    },
}

/// The result of a request for a lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AcquiredLease {
    Lease(Lease),
    /// Another process has it.
    Held {
        by: Uuid,
        since: u64,
        until: u64,
    },
}

/// A device whose running-config is not in its startup-config.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnsavedDevice {
    pub device: DeviceName,
    pub run: RunId,
    pub at: u64,
}

/// The last inventory that was applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppliedCommit {
    /// Left out: it needed no change.
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

/// An action of a user, with its time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditRow {
    pub at: u64,
    #[serde(flatten)]
    pub audit: Audit,
}

/// A device that a dead process was writing to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfinished {
    pub run: RunId,
    pub device: DeviceName,
    pub inventory: InventoryVersion,
    /// The intended plans, in order; the last one was in progress.
    pub intents: Vec<(Purpose, DevicePlan)>,
    /// The fingerprint of the device before the first write.
    pub before: Option<Fingerprint>,
    /// The steps of the last intent that are known to have ended.
    pub steps: Vec<StepOutcome>,
    pub began: u64,
    /// The process that may still write to it; left out: the lease expired or was released.
    pub held_by: Option<Uuid>,
    /// The number of the next entry of this device in this run.
    pub next_entry: u32,
}

/// An action or a refusal of a user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Audit {
    pub who: String,
    /// The command, such as `apply`.
    pub verb: String,
    /// Its subject: a device, a plan, or none.
    pub subject: Option<String>,
    pub is_refused: bool,
    /// One sentence.
    pub what: String,
    /// The number of objects that it is about, for an adoption.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub objects: Option<u64>,
    pub run: Option<RunId>,
}

/// A block on writes to these devices until a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Freeze {
    pub id: Uuid,
    pub scope: FreezeScope,
    pub reason: String,
    pub who: String,
    pub since: u64,
    pub until: u64,
}

/// The filter of a list, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    pub run: Option<RunId>,
    /// Any of these devices; none: all.
    pub devices: Vec<DeviceName>,
    /// Seconds since 1970, both included.
    pub since: Option<u64>,
    pub until: Option<u64>,
    pub most: u32,
    /// Lists refusals of the audit log before everything else.
    pub refused_first: bool,
}

impl Default for Filter {
    fn default() -> Self {
        Self {
            run: None,
            devices: Vec::new(),
            since: None,
            until: None,
            most: 100,
            refused_first: false,
        }
    }
}

/// The subject of an explanation.
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

/// The part of one run that concerns a subject: reasons, lines, replies and verification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chapter {
    pub run: RunSummary,
    pub device: DeviceName,
    pub at: u64,
    /// The steps that concern the subject, with their numbers in the plan; for a device all of them.
    pub steps: Vec<(usize, crate::plan::Step)>,
    /// The lines that were sent for these, with the replies.
    pub exchanges: Vec<crate::apply::Exchange>,
    pub verified: Option<Fingerprint>,
    /// The evidence for the save; left out: not saved.
    pub saved: Option<String>,
    /// Left out: it runs, or the outcome is unknown.
    pub outcome: Option<DeviceOutcome>,
}
