//! How it ended with a device, as it is told, stored and turned into an exit code.

use serde::{Deserialize, Serialize};

use crate::model::DeviceName;
use crate::plan::{DevicePlan, Object};

/// What became of one device in one run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[must_use = "an outcome that nobody reads is a change that nobody proved"]
pub struct DeviceOutcome {
    pub device: DeviceName,
    #[serde(flatten)]
    pub ended: Ended,
    /// One for each step that was begun, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<StepOutcome>,
    /// What is worth knowing besides: somebody else edited meanwhile, a save could not be proved by a second way.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<String>,
    /// What the last look could not compare with the inventory; what was written is not among it, or the device would be stuck.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_compared: Vec<NotCompared>,
    pub millis: u64,
}

/// Something on a device of which it is not known whether it is as intended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotCompared {
    /// Left out: a whole part, which the reason names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<Object>,
    pub cause: NotComparedCause,
    /// One sentence.
    pub because: String,
}

/// Why it is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NotComparedCause {
    /// It could not be read.
    Unread,
    /// It was read, and it is something that gamctl has no words for.
    Unclear,
}

impl NotCompared {
    /// Returns what planning again could not compare.
    pub(super) fn of(again: &DevicePlan) -> Vec<Self> {
        let notes = again.notes.iter().filter_map(|note| {
            let cause = match note.rule.as_str() {
                "not-read" => NotComparedCause::Unread,
                "unclear" => NotComparedCause::Unclear,
                _ => return None,
            };
            Some(Self {
                object: note.object.clone(),
                cause,
                because: note.message.clone(),
            })
        });
        notes.collect()
    }
}

/// How it ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ended", rename_all = "kebab-case")]
pub enum Ended {
    /// It is as it shall be, and nothing had to be written.
    Unchanged,
    /// Written, verified by a second look, saved, and the save verified.
    Applied,
    /// Running as it shall and verified; a restart would bring back what was there before.
    Unsaved { because: String },
    /// Something went wrong; the device was seen to be as before.
    RolledBack { because: String },
    /// Something went wrong, and the device is neither as it shall be nor as it was.
    Stuck {
        because: String,
        /// What is still not as it was, object by object.
        left: Vec<String>,
    },
    /// Nothing was written, by decision.
    Refused {
        /// A stable id, such as `wrong-serial`.
        rule: String,
        because: String,
        hint: String,
    },
    /// Nothing was written: the device is not any more what the plan was made from.
    Moved { differences: Vec<Difference> },
    /// Nothing was written: it could not be reached, logged into or read.
    Unreachable { because: String },
    /// Stopped on the way by a signal or a lost lease; the next start looks what is there.
    Interrupted { because: String },
}

/// One object of a device that moved: what it was, what it is, what it shall be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// Such as `subscriber apt-101`.
    pub object: String,
    /// Left out: the object as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// When the plan was made; left out: not there, or not known any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub then: Option<String>,
    /// Left out: not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub now: Option<String>,
    /// Left out: the inventory does not have it, or has no opinion.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intended: Option<String>,
}

/// What became of one step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepOutcome {
    /// Counted from 1, as in the plan.
    pub step: usize,
    /// Left out: every line of it was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

impl Ended {
    /// Returns the word that the store, the metrics and `--format json` use.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Unchanged => "unchanged",
            Self::Applied => "applied",
            Self::Unsaved { .. } => "unsaved",
            Self::RolledBack { .. } => "rolled-back",
            Self::Stuck { .. } => "stuck",
            Self::Refused { .. } => "refused",
            Self::Moved { .. } => "moved",
            Self::Unreachable { .. } => "unreachable",
            Self::Interrupted { .. } => "interrupted",
        }
    }
}
