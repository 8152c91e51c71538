//! Why an apply stopped half-way, and how far it had come.

use serde::{Deserialize, Serialize};

use super::SshFailure;
use super::earlier::Earlier;

/// Why an entry is not durable. Whatever it is, nothing more is written to the device.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotCommitted {
    #[error("another process has taken the device over")]
    Fenced,
    #[error("the store cannot be written: {0}")]
    Lost(String),
}

/// Why an apply stopped half-way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Interruption {
    /// The program was told to stop.
    StopRequested { at: StoppedAt },
    /// The lease expired before the next line.
    LeaseExpired {
        error: SshFailure,
        /// Left out: the error names the line.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        so_far: Option<SoFar>,
    },
    /// Another process has taken over the device.
    TakenOver { so_far: SoFar },
    /// What was done could not be recorded.
    StoreUnreachable { error: String, so_far: SoFar },
    /// The process that wrote to the device ended half-way.
    ProcessEnded { found: FoundByRecovery },
    /// As an earlier version stored it.
    Earlier { text: String },
}

/// Where an apply was when it was told to stop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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

/// How far an apply had come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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
    /// A rollback was about to begin.
    HalfWritten,
    NothingSaved,
    VerifiedNotSaved,
    Saved,
}

/// What a later process found of a plan whose process had ended half-way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum FoundByRecovery {
    /// All that was to be written is there; it is not known to be saved.
    Everything,
    /// So many of so many steps had their effect.
    Steps { steps: usize, of: usize },
    /// It is as it was before.
    Nothing,
    /// It is neither as before nor as intended.
    SomethingElse,
}

impl Interruption {
    /// Returns what it means that an entry could not be recorded.
    pub(in crate::apply) fn not_committed(error: NotCommitted, so_far: SoFar) -> Self {
        match error {
            NotCommitted::Fenced => Self::TakenOver { so_far },
            NotCommitted::Lost(error) => Self::StoreUnreachable { error, so_far },
        }
    }

    /// Returns whether another run can help with nothing changed before it: it looks first, and does what remains.
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
