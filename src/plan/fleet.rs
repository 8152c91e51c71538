//! Defines the plans of all devices of a run, with what could not be planned: shown, stored, executed.

use serde::{Deserialize, Serialize};

use crate::model::{DeviceName, NotObserved};

use super::lint::LintError;
use super::{DevicePlan, Refusal};

/// What a run of planning came to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[must_use = "an unused plan has no effect"]
pub struct Planned {
    pub inventory: InventoryVersion,
    /// What the limits came from.
    pub policy: PolicyVersion,
    /// Where it is known from what is ours; left out: nothing is known to be ours, so nothing is removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applied: Option<String>,
    /// What the store knows is ours; left out: no store was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<LedgerCoverage>,
    /// Against the inventory at this commit and not against devices.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub against: Option<String>,
    /// By name.
    pub devices: Vec<DevicePlan>,
    /// Why nothing may be applied anywhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refusals: Vec<Refusal>,
    /// By name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unobservable: Vec<Unobservable>,
    /// By name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub read_over_ssh: Vec<ReadOverSsh>,
    #[serde(default, skip_serializing_if = "OutOfScope::is_nothing")]
    pub out_of_scope: OutOfScope,
    /// Some origins were too far back in a long history to be found.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub origins_cut: bool,
    /// Faults of the program, by device: each device named here is refused, with the rule `lint`, and no other.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub complaints: Vec<DeviceLintError>,
}

/// What the store knows of the devices of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LedgerCoverage {
    /// Planned devices on which nothing is known to be ours, so that nothing is removed there; by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<DeviceName>,
}

/// Which inventory was planned.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InventoryVersion {
    /// Left out where the inventory is not committed as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The tree of the inventory's folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tree: Option<String>,
    /// SHA-256 over the paths and texts of all its files.
    pub digest: String,
}

/// Which limits were used.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyVersion {
    /// The commit whose policy it is; left out: the planned inventory's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// SHA-256 over the limits.
    pub digest: String,
}

/// A device that was to be looked at and could not be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "WrittenUnobservable", into = "WrittenUnobservable")]
pub struct Unobservable {
    pub device: DeviceName,
    pub reason: NotObserved,
}

/// As plan files and `--format json` have it: the reason as a sentence, and beside it with its facts.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenUnobservable {
    device: DeviceName,
    reason: String,
    /// Left out in plans of earlier versions.
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

/// A device whose agent has no tables of its configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadOverSsh {
    pub device: DeviceName,
    /// Such as `subscribers`: what its running-config was read for.
    pub parts: Vec<String>,
}

/// What was left out by choice.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutOfScope {
    pub devices: usize,
    /// Those whose inventory changed since it was last applied; known only where that is known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pending: Vec<DeviceName>,
    /// Those that are not installed yet, and so not looked at.
    #[serde(default)]
    pub preprovisioned: usize,
    /// Those that the inventory had when it was last applied and does not have any more; nothing is done to them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dropped: Vec<DeviceName>,
}

/// A complaint of the lint, with the device whose plan it is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceLintError {
    pub device: DeviceName,
    #[serde(flatten)]
    pub complaint: LintError,
}

/// Rules of notes about what a device has and could not be read or understood.
pub const UNREAD_NOTES: [&str; 2] = ["not-read", "unclear"];

impl Planned {
    /// Returns the devices of which a part could not be read or understood, so that it is not known to be as intended.
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
