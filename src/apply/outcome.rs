//! How it ended with a device, as it is told, stored and turned into an exit code.

use serde::{Deserialize, Serialize};

use super::cause::{
    Failure, FoundByRecovery, Interruption, Left, NotReached, NotRestored, Refusal, Remark,
    Restored, Unsaved, facts_or_text, list_of_facts, maybe_facts_or_text, stored_refusal,
};
use crate::model::DeviceName;
use crate::plan::{DevicePlan, Object};

/// What became of one device in one run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[must_use = "an unread outcome hides whether the change was verified"]
pub struct DeviceOutcome {
    pub device: DeviceName,
    #[serde(flatten)]
    pub ended: Ended,
    /// One for each step that was begun, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<StepOutcome>,
    /// What is worth knowing besides: somebody else edited meanwhile, a save could not be proved by a second way.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "list_of_facts"
    )]
    pub remarks: Vec<Remark>,
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
    /// It is as it shall be, and nothing to write.
    Unchanged,
    /// Written, verified by a second look, saved, and the save verified.
    Applied,
    /// Running as intended and verified; a restart would bring back what was there before.
    Unsaved {
        #[serde(alias = "because", deserialize_with = "facts_or_text")]
        cause: Box<Unsaved>,
    },
    /// Something went wrong; the device was seen to be as before.
    RolledBack {
        #[serde(alias = "because", deserialize_with = "facts_or_text")]
        cause: Box<Failure>,
        #[serde(default)]
        restored: Restored,
    },
    /// Something went wrong, and the device is neither as intended nor as it was.
    Stuck {
        #[serde(alias = "because", deserialize_with = "facts_or_text")]
        cause: Box<Failure>,
        /// Why it is not back; left out: the cause says all that is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        not_restored: Option<Box<NotRestored>>,
        /// What is still not as it was, object by object.
        #[serde(default, deserialize_with = "list_of_facts")]
        left: Vec<Left>,
    },
    /// Nothing was written, by decision.
    Refused {
        #[serde(flatten, with = "stored_refusal")]
        refusal: Refusal,
    },
    /// Nothing was written: the device is not any more what the plan was made from.
    Moved { differences: Vec<Difference> },
    /// Nothing was written: it could not be reached, logged into or read.
    Unreachable {
        #[serde(alias = "because", deserialize_with = "facts_or_text")]
        cause: Box<NotReached>,
    },
    /// Stopped half-way by a signal or a lost lease; the next start looks what is there.
    Interrupted {
        #[serde(alias = "because", deserialize_with = "facts_or_text")]
        cause: Box<Interruption>,
    },
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
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "maybe_facts_or_text"
    )]
    pub failure: Option<Failure>,
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

    /// Returns whether another run, planned from a new look, can end better when no person changes anything before it.
    pub fn retry_helps(&self) -> bool {
        match self {
            Self::Unchanged | Self::Applied => false,
            Self::Moved { .. } => true,
            Self::Unsaved { cause } => cause.retry_helps(),
            Self::RolledBack { cause, .. } => cause.retry_helps(),
            Self::Stuck {
                cause,
                not_restored,
                ..
            } => match not_restored {
                Some(why) => why.retry_helps(cause),
                None => cause.retry_helps(),
            },
            Self::Refused { refusal } => refusal.retry_helps(),
            Self::Unreachable { cause } => cause.retry_helps(),
            Self::Interrupted { cause } => cause.retry_helps(),
        }
    }

    /// Returns how a device ended whose process had ended half-way, by what a later process found.
    pub fn found_by_recovery(found: FoundByRecovery) -> Self {
        match found {
            FoundByRecovery::Everything => Self::Unsaved {
                cause: Box::new(Unsaved::ProcessEnded { found }),
            },
            FoundByRecovery::Nothing => Self::RolledBack {
                cause: Box::new(Failure::ProcessEnded { found }),
                restored: Restored::FoundSo,
            },
            FoundByRecovery::Steps { .. } | FoundByRecovery::SomethingElse => Self::Interrupted {
                cause: Box::new(Interruption::ProcessEnded { found }),
            },
        }
    }
}
