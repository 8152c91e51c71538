//! Names the reactions to a failure, the reasons that they were not enough, and the differences left.

use serde::{Deserialize, Serialize};

use super::earlier::Earlier;
use super::{Failure, NoLook};
use crate::model::Part;
use crate::plan;

/// The way in which a device returned to its earlier configuration.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Restored {
    /// By a rollback plan.
    ByPlan,
    /// None of the lines had taken effect.
    NothingTookEffect,
    /// The device restarted with its earlier configuration.
    ByRestart,
    /// A later process found it so, after the first one had ended.
    FoundSo,
    /// An earlier version did not store it.
    #[default]
    NotRecorded,
}

/// The reason that a device is not back at its earlier configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum NotRestored {
    /// The device could not be looked at.
    CannotLook {
        look: NoLook,
    },
    /// The device could not be looked at after the rollback.
    CannotLookAfterRollback {
        look: NoLook,
    },
    /// The present configuration cannot be read, so nothing was undone.
    Unread,
    /// The device restarted with a configuration other than before.
    RestartedOtherwise,
    NoRollback {
        why: NoRollback,
    },
    /// The rollback was tried, and failed as well.
    RollbackFailed {
        failure: Box<Failure>,
    },
    /// The rollback was carried out, and this is still different.
    RollbackIncomplete {
        differs: Vec<Left>,
    },
    /// It was verified, and changed before it was saved.
    ChangedBeforeSave,
}

impl NotRestored {
    /// Returns whether another run can help after this failure, with nothing changed before it.
    pub fn retry_helps(&self, after: &Failure) -> bool {
        match self {
            Self::CannotLook { look } | Self::CannotLookAfterRollback { look } => {
                look.failure.retry_helps()
            }
            Self::Unread | Self::RestartedOtherwise | Self::ChangedBeforeSave => true,
            Self::NoRollback { .. }
            | Self::RollbackFailed { .. }
            | Self::RollbackIncomplete { .. } => after.retry_helps(),
        }
    }
}

/// The reason that there is no rollback plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum NoRollback {
    PlanRefused {
        refusal: plan::Refusal,
    },
    CannotRender {
        error: String,
    },
    /// The lint objects to a line.
    LintError {
        error: String,
    },
    /// Only in entries of earlier versions: a line was not one that gamctl sends.
    CannotBeSent {
        error: String,
    },
    /// No steps lead back; the planner's notes give the reason, if there are any.
    NoSteps {
        notes: Vec<plan::Note>,
    },
}

/// An object that differs from the configuration that it must have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Left {
    /// A field has another value.
    Field {
        /// Such as `subscriber apt-101`.
        object: String,
        field: String,
        /// Left out: not set.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        wanted: Option<String>,
        /// Left out: not set.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        has: Option<String>,
    },
    /// An object is not there.
    Missing { object: String },
    /// An object is there that must not be.
    Unwanted { object: String },
    /// A new plan has steps for an object.
    NotAsIntended { object: String },
    /// The state of an object is unknown.
    Unknown { object: String },
    /// A part could not be read.
    Unread {
        part: Part,
        /// The number of the object; left out: some of the part is unread.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        number: Option<u16>,
        reason: String,
    },
    /// Another device answers.
    OtherDevice {
        by: IdentityPart,
        was: String,
        is: String,
    },
    /// Planning again failed.
    CannotPlan { error: String },
    /// Planning again is refused.
    PlanRefused { refusal: plan::Refusal },
    /// As an earlier version stored it.
    Earlier { text: String },
}

impl Earlier for Left {
    fn earlier(text: String) -> Self {
        Self::Earlier { text }
    }
}

/// A part of a device's identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum IdentityPart {
    Serial,
    MacAddress,
    Model,
}
