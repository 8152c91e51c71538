//! What went wrong after the first line was about to be sent: a line, the session, the check afterwards, or the save.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use super::earlier::Earlier;
use super::{FoundByRecovery, Left, NoLook, SshFailure};
use crate::model::MacAddress;
use crate::transport::ssh::SshError;

/// What went wrong with the lines of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Failure {
    /// The device answered a line with an error.
    LineRefused {
        /// Counted from 1, as in the plan.
        step: usize,
        line: String,
        reply: String,
        address: SocketAddr,
    },
    /// A line got no reply, or one that is not known to be good.
    LineUnanswered {
        /// Counted from 1, as in the plan.
        step: usize,
        error: SshFailure,
    },
    /// The session failed while none of the plan's lines was being sent.
    SessionLost {
        error: SshFailure,
    },
    CannotEnterConfigMode {
        error: SshFailure,
    },
    /// Every line was accepted; leaving configuration mode failed.
    CannotLeaveConfigMode {
        error: SshFailure,
        /// What a look did not find; empty: it was not compared, or all of it is there.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        missing: Vec<Left>,
    },
    /// SSH reaches another device than SNMP.
    OtherDevice {
        ssh: MacAddress,
        snmp: MacAddress,
    },
    /// Every line was accepted, and a look does not find what was written.
    NotFoundAfterWriting {
        /// Empty: it could not be compared.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        missing: Vec<Left>,
    },
    /// Every line was accepted, and the device could not be looked at afterwards.
    CannotVerify {
        look: NoLook,
    },
    /// It was verified, and could not be saved.
    SaveFailed {
        save: SaveFailure,
    },
    /// The process that wrote to the device ended half-way.
    ProcessEnded {
        found: FoundByRecovery,
    },
    /// As an earlier version stored it.
    Earlier {
        text: String,
    },
}

impl Failure {
    /// Returns what it means that a line of this step failed.
    pub(in crate::apply) fn of_line(step: usize, error: &SshError) -> Self {
        match refused_line(error) {
            Some((line, reply, address)) => Self::LineRefused {
                step,
                line,
                reply,
                address,
            },
            None => Self::LineUnanswered {
                step,
                error: SshFailure::of(error),
            },
        }
    }

    /// Returns whether another run can help with nothing changed before it.
    ///
    /// A device that answers a line with an error, or takes it without effect, does so again: to try once more would only disturb subscribers.
    pub fn retry_helps(&self) -> bool {
        match self {
            Self::LineUnanswered { error, .. }
            | Self::SessionLost { error }
            | Self::CannotEnterConfigMode { error }
            | Self::CannotLeaveConfigMode { error, .. } => error.retry_helps(),
            Self::CannotVerify { look } => look.failure.retry_helps(),
            Self::SaveFailed { save } => save.retry_helps(),
            Self::ProcessEnded { .. } => true,
            Self::LineRefused { .. }
            | Self::OtherDevice { .. }
            | Self::NotFoundAfterWriting { .. }
            | Self::Earlier { .. } => false,
        }
    }

    /// Adds what a look did not find, where every line was accepted.
    pub(in crate::apply) fn with_missing(self, missing: Vec<Left>) -> Self {
        match self {
            Self::CannotLeaveConfigMode { error, .. } => {
                Self::CannotLeaveConfigMode { error, missing }
            }
            Self::NotFoundAfterWriting { .. } => Self::NotFoundAfterWriting { missing },
            other => other,
        }
    }
}

impl Earlier for Failure {
    fn earlier(text: String) -> Self {
        Self::Earlier { text }
    }
}

/// Why the running configuration did not get into the startup file, or is not known to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum SaveFailure {
    /// The device answered with an error.
    Refused {
        line: String,
        reply: String,
        address: SocketAddr,
    },
    /// No reply, or one that is not known to be good.
    Unanswered { error: SshFailure },
    /// There was no session to save in.
    NoSession { error: SshFailure },
    /// SSH reaches another device than SNMP.
    OtherDevice { ssh: MacAddress, snmp: MacAddress },
    /// The device reports so many bytes, and its startup file has another number.
    SizeDiffers { reported: u64, has: u64 },
    /// The device reports so many bytes, and has no startup file.
    NoStartupFile { reported: u64 },
    /// As an earlier version stored it.
    Earlier { text: String },
}

impl SaveFailure {
    pub(in crate::apply) fn of(error: &SshError) -> Self {
        match refused_line(error) {
            Some((line, reply, address)) => Self::Refused {
                line,
                reply,
                address,
            },
            None => Self::Unanswered {
                error: SshFailure::of(error),
            },
        }
    }

    /// Returns whether another run can help with nothing changed before it.
    pub fn retry_helps(&self) -> bool {
        match self {
            Self::Unanswered { error } | Self::NoSession { error } => error.retry_helps(),
            Self::SizeDiffers { .. } | Self::NoStartupFile { .. } => true,
            Self::Refused { .. } | Self::OtherDevice { .. } | Self::Earlier { .. } => false,
        }
    }
}

impl Earlier for SaveFailure {
    fn earlier(text: String) -> Self {
        Self::Earlier { text }
    }
}

/// Why a device that runs as intended is not saved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Unsaved {
    SaveFailed {
        save: SaveFailure,
    },
    /// The device runs as intended although it did not say yes to every line, so nothing was saved.
    NotConfirmed {
        failure: Failure,
    },
    /// What was planned is there, and so is what another user changed meanwhile.
    OthersChanged {
        /// What went wrong besides; left out: every line was accepted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        failure: Option<Failure>,
    },
    /// The process that wrote to the device ended before it saved.
    ProcessEnded {
        found: FoundByRecovery,
    },
    /// As an earlier version stored it.
    Earlier {
        text: String,
    },
}

impl Unsaved {
    /// Returns whether another run can help with nothing changed before it: what is verified again is saved.
    pub fn retry_helps(&self) -> bool {
        match self {
            Self::SaveFailed { save } => save.retry_helps(),
            Self::NotConfirmed { .. } | Self::OthersChanged { .. } | Self::ProcessEnded { .. } => {
                true
            }
            Self::Earlier { .. } => false,
        }
    }
}

impl Earlier for Unsaved {
    fn earlier(text: String) -> Self {
        Self::Earlier { text }
    }
}

/// Returns a line that the device answered with an error: the line, the reply, and where.
fn refused_line(error: &SshError) -> Option<(String, String, SocketAddr)> {
    let exchange = error.exchange()?;
    match error.because() {
        SshError::Declined { address, reply } => {
            Some((exchange.line.clone(), reply.clone(), *address))
        }
        _ => None,
    }
}
