//! Names the reasons that a device is unreachable, over SSH or SNMP, and whether each can pass.

use serde::{Deserialize, Serialize};

use super::earlier::Earlier;
use crate::model::{Part, chain};
use crate::observe::LookError;
use crate::transport::ssh::SshError;

/// The reason that nothing was written: the device could not be looked at, logged in to, or read as fully as before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum NotReached {
    /// The SNMP agent could not be looked at.
    Look { look: LookFailure },
    /// The command line refused our login, or did not identify the device.
    CommandLine { error: SshFailure },
    /// A part that was read when the plan was made cannot be read now.
    PartlyUnread {
        part: Part,
        /// The number of the object; left out: the whole part.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        number: Option<u16>,
        /// The request and the reply.
        reason: String,
        /// The number of other parts that cannot be read either.
        more: usize,
    },
    /// As an earlier version stored it.
    Earlier { text: String },
}

impl NotReached {
    /// Returns whether another run can help with nothing changed before it.
    pub fn retry_helps(&self) -> bool {
        match self {
            Self::Look { look } => look.retry_helps(),
            Self::CommandLine { error } => error.retry_helps(),
            Self::PartlyUnread { .. } => true,
            Self::Earlier { .. } => false,
        }
    }

    /// Returns whether our own settings are the cause: credentials, a host key that is not pinned.
    pub fn is_own_setting(&self) -> bool {
        match self {
            Self::Look { look } => look.problem == LookProblem::AccessDenied,
            Self::CommandLine { error } => error.problem.is_own_setting(),
            Self::PartlyUnread { .. } | Self::Earlier { .. } => false,
        }
    }
}

impl Earlier for NotReached {
    fn earlier(text: String) -> Self {
        Self::Earlier { text }
    }
}

/// A failure of an SSH session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SshFailure {
    #[serde(flatten)]
    pub problem: SshProblem,
    /// The line that was being sent; left out: none was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent: Option<SentLine>,
    /// The error and its causes, masked.
    pub text: String,
}

/// A line that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SentLine {
    pub line: String,
    /// A part of it left this host, so it may have taken effect.
    pub was_sent: bool,
}

/// The kind of failure of an SSH session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "problem", rename_all = "kebab-case")]
pub enum SshProblem {
    /// No connection, or it broke.
    NoConnection,
    TimedOut,
    /// The device closed the connection.
    Closed,
    /// Device and host share no algorithm, or the device shows a certificate.
    NoAgreement,
    HostKeyUnknown {
        presented: String,
    },
    HostKeyChanged {
        pinned: String,
        presented: String,
    },
    /// The device does not accept the user and the credentials.
    LoginRefused,
    /// The credentials cannot be used for this login.
    LoginImpossible,
    /// The device answered a command that only reads with an error.
    CommandRefused {
        reply: String,
    },
    /// The device answered a configuration line with an error.
    Declined {
        reply: String,
    },
    /// The reply is not one that is known to be good.
    UnexpectedReply {
        reply: String,
    },
    /// The device asks a question.
    Question {
        question: String,
    },
    /// A reply that only reads was not complete.
    IncompleteReply,
    /// The device printed something between two lines.
    Unsolicited {
        said: String,
    },
    /// The lease of this process expired, so no further line is sent.
    LeaseExpired,
    /// gamctl does not send this line in this session.
    NotSendable,
}

impl SshFailure {
    pub fn of(error: &SshError) -> Self {
        let (sent, text) = match error {
            SshError::Line {
                exchange,
                was_sent,
                because,
            } => {
                let sent = SentLine {
                    line: exchange.line.clone(),
                    was_sent: *was_sent,
                };
                (Some(sent), because.to_string())
            }
            _ => (None, chain(error)),
        };
        Self {
            problem: SshProblem::of(error.because()),
            sent,
            text,
        }
    }

    /// Returns whether another run can help with nothing changed before it.
    pub fn retry_helps(&self) -> bool {
        self.problem.retry_helps()
    }
}

impl SshProblem {
    fn of(error: &SshError) -> Self {
        match error {
            SshError::Line { because, .. } => Self::of(because),
            SshError::Connect { .. } | SshError::Protocol { .. } => Self::NoConnection,
            SshError::TimedOut { .. } => Self::TimedOut,
            SshError::Closed { .. } => Self::Closed,
            SshError::NoCommonAlgorithm { .. } | SshError::Certificate { .. } => Self::NoAgreement,
            SshError::HostKeyUnknown { presented, .. } => Self::HostKeyUnknown {
                presented: presented.to_string(),
            },
            SshError::HostKeyChanged {
                pinned, presented, ..
            } => Self::HostKeyChanged {
                pinned: pinned.to_string(),
                presented: presented.to_string(),
            },
            SshError::LoginRefused { .. } | SshError::EnableRefused { .. } => Self::LoginRefused,
            SshError::LoginQuestion { .. }
            | SshError::PasswordNotTypable { .. }
            | SshError::PrivateKey { .. } => Self::LoginImpossible,
            SshError::Refused { reply, .. } => Self::CommandRefused {
                reply: reply.clone(),
            },
            SshError::Declined { reply, .. } => Self::Declined {
                reply: reply.clone(),
            },
            SshError::Unexpected { reply, .. } | SshError::Unrecognised { reply, .. } => {
                Self::UnexpectedReply {
                    reply: reply.clone(),
                }
            }
            SshError::Question { question, .. } => Self::Question {
                question: question.clone(),
            },
            SshError::Incomplete { .. }
            | SshError::Interrupted { .. }
            | SshError::TooLong { .. } => Self::IncompleteReply,
            SshError::Unasked { said, .. } => Self::Unsolicited { said: said.clone() },
            SshError::Fenced { .. } => Self::LeaseExpired,
            SshError::OutOfPlace { .. } | SshError::ReadOnly { .. } | SshError::Spent { .. } => {
                Self::NotSendable
            }
        }
    }

    /// Returns whether our own settings are the cause.
    ///
    /// A changed host key is not among them: another device may answer, so a person must look at it.
    pub fn is_own_setting(&self) -> bool {
        match self {
            Self::NoAgreement
            | Self::HostKeyUnknown { .. }
            | Self::LoginRefused
            | Self::LoginImpossible => true,
            Self::NoConnection
            | Self::TimedOut
            | Self::Closed
            | Self::HostKeyChanged { .. }
            | Self::CommandRefused { .. }
            | Self::Declined { .. }
            | Self::UnexpectedReply { .. }
            | Self::Question { .. }
            | Self::IncompleteReply
            | Self::Unsolicited { .. }
            | Self::LeaseExpired
            | Self::NotSendable => false,
        }
    }

    pub fn retry_helps(&self) -> bool {
        match self {
            Self::NoConnection
            | Self::TimedOut
            | Self::Closed
            | Self::IncompleteReply
            | Self::Unsolicited { .. }
            | Self::LeaseExpired => true,
            Self::NoAgreement
            | Self::HostKeyUnknown { .. }
            | Self::HostKeyChanged { .. }
            | Self::LoginRefused
            | Self::LoginImpossible
            | Self::CommandRefused { .. }
            | Self::Declined { .. }
            | Self::UnexpectedReply { .. }
            | Self::Question { .. }
            | Self::NotSendable => false,
        }
    }
}

/// A failed look at a device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct LookFailure {
    #[serde(flatten)]
    pub problem: LookProblem,
    /// The error and its causes.
    pub text: String,
}

/// The kind of failure of a look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "problem", rename_all = "kebab-case")]
pub enum LookProblem {
    NoAnswer,
    /// The agent does not accept the community or the user.
    AccessDenied,
    /// The agent answers, but violates SNMP.
    FaultyAgent,
    NotAGam {
        says: String,
    },
    UnknownModel {
        product: u32,
    },
    /// It restarted during each look.
    Restarting,
}

impl LookFailure {
    pub fn of(error: &LookError) -> Self {
        let problem = match error {
            LookError::Unreachable { .. } => LookProblem::NoAnswer,
            LookError::NotAllowed { .. } => LookProblem::AccessDenied,
            LookError::Faulty { .. } => LookProblem::FaultyAgent,
            LookError::NotAGam { says, .. } => LookProblem::NotAGam { says: says.clone() },
            LookError::UnknownModel { product, .. } => {
                LookProblem::UnknownModel { product: *product }
            }
            LookError::Restarting { .. } => LookProblem::Restarting,
        };
        Self {
            problem,
            text: chain(error),
        }
    }

    /// Returns whether another run can help with nothing changed before it.
    pub fn retry_helps(&self) -> bool {
        self.problem.retry_helps()
    }
}

impl LookProblem {
    pub fn retry_helps(&self) -> bool {
        match self {
            Self::NoAnswer | Self::Restarting => true,
            Self::AccessDenied
            | Self::FaultyAgent
            | Self::NotAGam { .. }
            | Self::UnknownModel { .. } => false,
        }
    }
}

/// A device that was written to and then did not answer for this long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct NoLook {
    pub seconds: u64,
    pub failure: LookFailure,
}
