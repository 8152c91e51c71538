//! Names the reasons that an apply stopped half-way, and how far it had come.

use serde::{Deserialize, Serialize};

use super::SshFailure;
use super::earlier::Earlier;

/// The reason that an entry is not durable. In each case nothing more is written to the device.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotCommitted {
    #[error("another process took over the lease")]
    Fenced,
    #[error("cannot write to the store: {0}")]
    Lost(String),
}

/// The reason that an apply stopped half-way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Interruption {
    /// The program was asked to stop.
    StopRequested { at: StoppedAt },
    /// The lease expired before the next line.
    LeaseExpired {
        error: SshFailure,
        /// Left out: the error names the line.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        so_far: Option<SoFar>,
    },
    /// Another process took over the lease of the device.
    TakenOver { so_far: SoFar },
    /// An entry could not be recorded.
    StoreUnreachable { error: String, so_far: SoFar },
    /// The process that wrote to the device ended half-way.
    ProcessEnded { found: FoundByRecovery },
    /// As an earlier version stored it.
    Earlier { text: String },
}

/// The point of an apply at which it was asked to stop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum StoppedAt {
    BeforeWriting,
    AfterStep {
        /// Counted from 1; 0: before the first.
        step: usize,
        of: usize,
        /// Configuration mode could not be left.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        not_left: Option<SshFailure>,
    },
    /// Every line was sent; a look was being waited for.
    WaitingForLook,
}

/// The progress of an apply that stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum SoFar {
    NothingWritten,
    /// Steps 1 to `step` were written.
    Steps {
        step: usize,
        of: usize,
    },
    /// Stopped on request after this step.
    StoppedAfterStep {
        step: usize,
        of: usize,
    },
    /// A line had failed.
    LineFailed,
    EverythingWritten,
    /// A rollback was about to start.
    HalfWritten,
    NothingSaved,
    VerifiedNotSaved,
    Saved,
}

/// The effect of a dead process, as found by a later process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum FoundByRecovery {
    /// The whole plan took effect; it may not be saved.
    Everything,
    /// This many of the steps took effect.
    Steps { steps: usize, of: usize },
    /// It is as it was before.
    Nothing,
    /// It is neither as before nor as intended.
    SomethingElse,
}

impl Interruption {
    /// Turns a failed commit of an entry into an interruption.
    pub(in crate::apply) fn not_committed(error: NotCommitted, so_far: SoFar) -> Self {
        match error {
            NotCommitted::Fenced => Self::TakenOver { so_far },
            NotCommitted::Lost(error) => Self::StoreUnreachable { error, so_far },
        }
    }

    /// Returns whether another run can help with nothing changed before it: it looks first, and does the rest.
    pub fn retry_helps(&self) -> bool {
        match self {
            Self::StopRequested { .. }
            | Self::LeaseExpired { .. }
            | Self::TakenOver { .. }
            | Self::StoreUnreachable { .. }
            | Self::ProcessEnded { .. } => true,
            Self::Earlier { .. } => false,
        }
    }
}

impl Earlier for Interruption {
    fn earlier(text: String) -> Self {
        Self::Earlier { text }
    }
}
