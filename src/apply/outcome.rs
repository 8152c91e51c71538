//! Defines the outcome of a device in a run, as it is reported, stored and turned into an exit code.

use serde::{Deserialize, Serialize};

use super::cause::{
    Failure, FoundByRecovery, Interruption, Left, NotReached, NotRestored, Refusal, Remark,
    Restored, Unsaved, facts_or_text, list_of_facts, maybe_facts_or_text, stored_refusal,
};
use crate::model::{DeviceName, SubscriberIds};
use crate::plan::{DevicePlan, Object};

/// The outcome of one device in one run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[must_use = "an unread outcome hides whether the change was verified"]
pub struct DeviceOutcome {
    pub device: DeviceName,
    #[serde(flatten)]
    pub ended: Ended,
    /// One for each step that was started, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<StepOutcome>,
    /// Remarks: another user's edit during the run, or a save that only the reply confirms.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "list_of_facts"
    )]
    pub remarks: Vec<Remark>,
    /// Parts that the last look could not compare with the inventory; written parts are never among them: that is stuck.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_compared: Vec<NotCompared>,
    /// The ids of the subscribers of the plan, where the id is not the name.
    #[serde(default, skip_serializing_if = "SubscriberIds::is_empty")]
    pub subscriber_ids: SubscriberIds,
    pub millis: u64,
}

/// A part of a device that may or may not be as intended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct NotCompared {
    /// Left out: a whole part, named by the reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<Object>,
    pub cause: NotComparedCause,
    /// One sentence.
    pub because: String,
}

/// The reason that it is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum NotComparedCause {
    /// It could not be read.
    Unread,
    /// It was read, but the inventory cannot express it.
    Unclear,
}

impl NotCompared {
    /// Returns the parts that planning again could not compare.
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
                because: note.message.to_string(),
            })
        });
        notes.collect()
    }
}

/// The kind of outcome.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ended", rename_all = "kebab-case")]
pub enum Ended {
    /// It is as intended, and nothing was written.
    Unchanged,
    /// Written, verified by a second look, saved, and the save verified.
    Applied,
    /// Running as intended and verified; a restart would undo it.
    Unsaved {
        #[serde(alias = "because", deserialize_with = "facts_or_text")]
        cause: Box<Unsaved>,
    },
    /// A step failed; a look found the device as it was before.
    RolledBack {
        #[serde(alias = "because", deserialize_with = "facts_or_text")]
        cause: Box<Failure>,
        #[serde(default)]
        restored: Restored,
    },
    /// A step failed, and the device is neither as intended nor as it was.
    Stuck {
        #[serde(alias = "because", deserialize_with = "facts_or_text")]
        cause: Box<Failure>,
        /// The reason that it is not restored; left out: the cause says everything known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        not_restored: Option<Box<NotRestored>>,
        /// The objects that differ from before.
        #[serde(default, deserialize_with = "list_of_facts")]
        left: Vec<Left>,
    },
    /// Nothing was written, by decision.
    Refused {
        #[serde(flatten, with = "stored_refusal")]
        refusal: Refusal,
    },
    /// Nothing was written: the device changed since the plan was made.
    #[serde(rename = "moved")] // stored
    Stale { differences: Vec<Difference> },
    /// Nothing was written: it could not be reached, logged in to or read.
    Unreachable {
        #[serde(alias = "because", deserialize_with = "facts_or_text")]
        cause: Box<NotReached>,
    },
    /// Stopped half-way by a signal or a lost lease; the next run looks at the device.
    Interrupted {
        #[serde(alias = "because", deserialize_with = "facts_or_text")]
        cause: Box<Interruption>,
    },
}

/// One object of a device that changed: its value then, now and intended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Difference {
    /// Such as `subscriber apt-101`.
    pub object: String,
    /// Left out: the object as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// When the plan was made; left out: absent, or no longer known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub then: Option<String>,
    /// Left out: absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub now: Option<String>,
    /// Left out: the inventory does not have it, or does not set it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intended: Option<String>,
}

/// The outcome of one step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepOutcome {
    /// Counted from 1, as in the plan.
    pub step: usize,
    /// Left out: every line of it was accepted.
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
            Self::Stale { .. } => "moved",
            Self::Unreachable { .. } => "unreachable",
            Self::Interrupted { .. } => "interrupted",
        }
    }

    /// Returns whether the apply was carried out, whether it ended well or not: the others ended before they wrote anything, or
    /// because their process did.
    pub fn is_carried_out(&self) -> bool {
        match self {
            Self::Unchanged
            | Self::Applied
            | Self::Unsaved { .. }
            | Self::RolledBack { .. }
            | Self::Stuck { .. } => true,
            Self::Refused { refusal } => !refusal.retry_helps(),
            Self::Stale { .. } | Self::Unreachable { .. } | Self::Interrupted { .. } => false,
        }
    }

    /// Returns whether another run, planned from a new look, can end better when no person changes anything before it.
    pub fn retry_helps(&self) -> bool {
        match self {
            Self::Unchanged | Self::Applied => false,
            Self::Stale { .. } => true,
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

    /// Returns the outcome of a device whose process died, from the state that a later process found.
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
