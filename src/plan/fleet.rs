//! Defines the plans of all devices of a run, as they are shown, stored and executed.

use serde::{Deserialize, Serialize};

use crate::model::{DeviceName, NotObserved};

use super::lint::LintError;
use super::{DevicePlan, Refusal, StoredState};

/// The plans of all devices of a run, with the devices that could not be planned.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[must_use = "an unused plan has no effect"]
pub struct Planned {
    pub inventory: InventoryVersion,
    /// The source of the limits.
    pub policy: PolicyVersion,
    /// The last applied commit, if it is known. Without a store, it decides which objects are owned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applied: Option<String>,
    /// The devices for which the store has no ledger; left out if no store was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<LedgerCoverage>,
    /// What the store knows of these devices beside ownership.
    #[serde(default, skip_serializing_if = "StoredState::is_nothing")]
    pub stored: StoredState,
    /// The commit that was planned against instead of devices.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub against: Option<String>,
    /// Sorted by name.
    pub devices: Vec<DevicePlan>,
    /// The reasons that nothing may be applied to any device.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refusals: Vec<Refusal>,
    /// Sorted by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unobservable: Vec<Unobservable>,
    /// Sorted by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub read_over_ssh: Vec<ReadOverSsh>,
    #[serde(default, skip_serializing_if = "OutOfScope::is_nothing")]
    pub out_of_scope: OutOfScope,
    /// Some origins were not found, because they are too far back in a long history.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub origins_cut: bool,
    /// The lint errors, which are faults of gamctl. Exactly the devices named here are refused with the rule `lint`.
    #[serde(default, rename = "complaints", skip_serializing_if = "Vec::is_empty")]
    pub lint_errors: Vec<DeviceLintError>,
}

/// The planned devices without a ledger in the store, or with one that knows only what was found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LedgerCoverage {
    /// Sorted by name. No owned object is known there, so nothing is removed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<DeviceName>,
    /// Sorted by name. All that is owned there was found as intended: no run wrote to them, and nothing was adopted. Objects
    /// that left the inventory before are not known to be owned.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub only_found: Vec<DeviceName>,
}

/// The version of the inventory that was planned.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InventoryVersion {
    /// Left out if the inventory is not committed, or has changes that are not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The git tree of the inventory's folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tree: Option<String>,
    /// SHA-256 over the paths and texts of all its files.
    pub digest: String,
}

/// The version of the limits that apply.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyVersion {
    /// The commit with this policy; left out if the policy is that of the planned inventory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// SHA-256 over the limits.
    pub digest: String,
}

/// A device that could not be looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "WrittenUnobservable", into = "WrittenUnobservable")]
pub struct Unobservable {
    pub device: DeviceName,
    pub reason: NotObserved,
}

/// The form in plan files and in `--format json`: the reason as a sentence, and again with its facts.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenUnobservable {
    device: DeviceName,
    reason: String,
    /// The reason with its facts; left out in plans of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cause: Option<NotObserved>,
}

impl From<WrittenUnobservable> for Unobservable {
    fn from(written: WrittenUnobservable) -> Self {
        let error = written.reason;
        Self {
            device: written.device,
            reason: written.cause.unwrap_or(NotObserved::Unspecified { error }),
        }
    }
}

impl From<Unobservable> for WrittenUnobservable {
    fn from(unobservable: Unobservable) -> Self {
        let reason = unobservable.reason;
        let is_specified = !matches!(reason, NotObserved::Unspecified { .. });
        Self {
            device: unobservable.device,
            reason: reason.to_string(),
            cause: is_specified.then_some(reason),
        }
    }
}

/// A device whose SNMP agent lacks tables of its configuration, so they were read over SSH.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadOverSsh {
    pub device: DeviceName,
    /// The parts that were read from its running-config, such as `subscribers`.
    pub parts: Vec<String>,
}

/// The devices that this run left out on purpose.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutOfScope {
    pub devices: usize,
    /// The devices among them whose inventory changed since it was last applied, as far as that is known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pending: Vec<DeviceName>,
    /// Devices that are not installed yet, and so not looked at.
    #[serde(default)]
    pub preprovisioned: usize,
    /// Devices that the last applied inventory had and this one does not have. Nothing is planned for them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dropped: Vec<DeviceName>,
}

/// A lint error, with the device of the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceLintError {
    pub device: DeviceName,
    #[serde(flatten)]
    pub lint_error: LintError,
}

/// The rules of notes about objects that could not be read or understood.
pub const UNREAD_NOTES: [&str; 2] = ["not-read", "unclear"];

impl Planned {
    /// Returns the devices with a part that could not be read or understood. They are not known to be as intended.
    pub fn partly_unread(&self) -> impl Iterator<Item = &DeviceName> {
        let is_unread = |plan: &&DevicePlan| {
            let mut notes = plan.notes.iter();
            notes.any(|note| UNREAD_NOTES.contains(&note.rule.as_str()))
        };
        let unread = self.devices.iter().filter(is_unread);
        unread.map(|plan| &plan.device)
    }
}

impl OutOfScope {
    pub fn is_nothing(&self) -> bool {
        self.devices == 0 && self.preprovisioned == 0 && self.dropped.is_empty()
    }
}
