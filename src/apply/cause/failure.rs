//! Names failures of an apply after its first line: a line, the session, the check, or the save.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use super::earlier::Earlier;
use super::{FoundByRecovery, Left, NoLook, SshFailure};
use crate::model::MacAddress;
use crate::transport::ssh::SshError;

/// A failure while the lines of a plan were sent or verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Failure {
    /// The device answered a line with an error.
    LineRefused {
        /// Counted from 1, as in the plan.
        step: usize,
        line: String,
        reply: String,
        #[cfg_attr(test, schemars(with = "String"))]
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
        /// The objects that a look did not find; empty: not compared, or all of them are there.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        missing: Vec<Left>,
    },
    /// SSH reaches another device than SNMP.
    OtherDevice {
        ssh: MacAddress,
        snmp: MacAddress,
    },
    /// Every line was accepted, but a look does not find the change.
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
    /// Classifies the failure of a line of this step.
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
    /// A device that rejects a line, or accepts it without effect, does so again: a retry would only disturb
    /// subscribers.
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

    /// Adds the objects that a look did not find, if every line was accepted.
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

/// The reason that the running-config is not in the startup-config, or not known to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum SaveFailure {
    /// The device answered with an error.
    Refused {
        line: String,
        reply: String,
        #[cfg_attr(test, schemars(with = "String"))]
        address: SocketAddr,
    },
    /// No reply, or one that is not known to be good.
    Unanswered { error: SshFailure },
    /// There was no session to save in.
    NoSession { error: SshFailure },
    /// SSH reaches another device than SNMP.
    OtherDevice { ssh: MacAddress, snmp: MacAddress },
    /// The device reports another number of bytes than its startup file has.
    SizeDiffers { reported: u64, has: u64 },
    /// The device reports a number of bytes, but has no startup file.
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

/// The reason that a device that runs as intended is not saved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Unsaved {
    SaveFailed {
        save: SaveFailure,
    },
    /// The device runs as intended although it did not confirm every line, so nothing was saved.
    NotConfirmed {
        failure: Failure,
    },
    /// The planned changes are there, and so are changes of another user.
    OthersChanged {
        /// The failure besides; left out: every line was accepted.
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
    /// Returns whether another run can help with nothing changed before it: a device that verifies again is saved.
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

/// Returns a line that the device answered with an error: the line, the reply, and the address.
fn refused_line(error: &SshError) -> Option<(String, String, SocketAddr)> {
    let exchange = error.exchange()?;
    match error.because() {
        SshError::Declined { address, reply } => {
            Some((exchange.line.clone(), reply.clone(), *address))
        }
        _ => None,
    }
}
