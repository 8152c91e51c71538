//! Defines the reasons that a whole run is refused before any device is started.

use serde::{Deserialize, Serialize};

use crate::model::DeviceName;
use crate::plan::Refusal;

/// The reason that a whole run is refused. Times are seconds since 1970, commits are full ids.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "refusal", rename_all = "kebab-case")]
pub enum PreflightRefusal {
    /// The inventory differs from what is committed, or is not in git.
    Uncommitted,
    /// The commit is an ancestor of the last applied one.
    OlderCommit {
        commit: String,
        applied: String,
        #[serde(default)]
        named_by: CommitNamedBy,
    },
    /// Neither commit descends from the other.
    RewrittenHistory {
        commit: String,
        applied: String,
    },
    /// The repository lacks the last applied commit, or part of the history between.
    UnknownHistory {
        commit: String,
        applied: String,
    },
    /// A plan file was made from other inventory content.
    OtherInventory {
        folder: String,
    },
    /// A plan file differs from what gamctl plans now for a device that did not change.
    PlanDiffers {
        device: DeviceName,
        part: PlanPart,
    },
    /// A plan file was made under another policy than the one in force.
    OtherPolicy,
    PlanAlreadyApplied {
        run: String,
        at: u64,
    },
    PlanExpired {
        made: u64,
        hours: u16,
    },
    /// Limits of the policy.
    Limits {
        refusals: Vec<Refusal>,
    },
    /// Subscribers would notice something and the plan was not confirmed.
    NotConfirmed {
        /// Changes that no subscriber notices were approved: the rest is not among them.
        is_harmless_approved: bool,
    },
    /// The store lacks the free space for the records of the run.
    StoreFull {
        error: String,
    },
}

/// The source of the commit of a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum CommitNamedBy {
    /// The work tree or the branch, as it is.
    #[default]
    Checkout,
    /// The operator, by `--rev`.
    Operator,
    PlanFile,
}

/// The part of an approved plan that differs from the one made now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "part", rename_all = "kebab-case")]
pub enum PlanPart {
    /// The number of steps.
    StepCount {
        approved: usize,
        now: usize,
    },
    /// Counted from 1.
    Change {
        step: usize,
    },
    Lines {
        step: usize,
    },
    Inverse {
        step: usize,
    },
    /// The impact or the reasons.
    Explanation {
        step: usize,
    },
    /// Notes, unmanaged objects, totals or the device's state.
    Rest,
}

impl PreflightRefusal {
    /// Returns whether the same run may be accepted later, with nothing changed by a person.
    pub fn retry_helps(&self) -> bool {
        match self {
            Self::StoreFull { .. } | Self::NotConfirmed { .. } => true,
            Self::Uncommitted
            | Self::OlderCommit { .. }
            | Self::RewrittenHistory { .. }
            | Self::UnknownHistory { .. }
            | Self::OtherInventory { .. }
            | Self::PlanDiffers { .. }
            | Self::OtherPolicy
            | Self::PlanAlreadyApplied { .. }
            | Self::PlanExpired { .. }
            | Self::Limits { .. } => false,
        }
    }
}
