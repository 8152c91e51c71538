//! Defines the errors of an SSH session: reading from a device and configuring it.

use std::fmt;
use std::net::SocketAddr;

use super::{Command, Exchange};
use crate::model::HostKey;

/// The operation in progress when an error occurred.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SshOperation {
    Connecting,
    /// Exchanges versions, algorithms and keys, up to the host key.
    Agreeing,
    LoggingIn,
    OpeningShell,
    WaitingForPrompt,
    Enabling,
    SettingUp,
    Reading(Command),
    /// A configuration line, or a line that enters or leaves configuration mode.
    Configuring,
    Saving,
}

impl fmt::Display for SshOperation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connecting => out.write_str("connecting"),
            Self::Agreeing => out.write_str("negotiating keys"),
            Self::LoggingIn => out.write_str("logging in"),
            Self::OpeningShell => out.write_str("opening a shell"),
            Self::WaitingForPrompt => out.write_str("waiting for a prompt"),
            Self::Enabling => out.write_str("entering privileged mode with `enable`"),
            Self::SettingUp => out.write_str("turning the pager off"),
            Self::Reading(command) => write!(out, "reading the reply to `{}`", command.text()),
            Self::Configuring => out.write_str("configuring"),
            Self::Saving => out.write_str("saving"),
        }
    }
}

/// The reason why a device could not be read or configured over SSH. Device output is escaped and secrets are masked.
#[derive(Debug, thiserror::Error)]
pub enum SshError {
    #[error("cannot connect to {address} over SSH")]
    Connect {
        address: SocketAddr,
        source: std::io::Error,
    },
    #[error("timeout on {address} while {operation}{}", said_at_the_end(.said))]
    TimedOut {
        address: SocketAddr,
        operation: SshOperation,
        said: String,
    },
    #[error("{address} closed the connection while {operation}{}", said_at_the_end(.said))]
    Closed {
        address: SocketAddr,
        operation: SshOperation,
        said: String,
    },
    #[error("the SSH connection to {address} failed while {operation}")]
    Protocol {
        address: SocketAddr,
        operation: SshOperation,
        source: russh::Error,
    },
    #[error(
        "no common {what} algorithm with {address}; the device offers {theirs}{}",
        if *.may_be_legacy { "; if its firmware knows no newer ones, set `legacy_algorithms = true` in its credentials" } else { "" }
    )]
    NoCommonAlgorithm {
        address: SocketAddr,
        what: &'static str,
        theirs: String,
        /// Old algorithms were not allowed, and one of them would have been acceptable.
        may_be_legacy: bool,
    },
    #[error(
        "{address} presents a certificate instead of a host key; a GAM has no certificates, so check the address"
    )]
    Certificate { address: SocketAddr },
    #[error(
        "the host key of {address} is not pinned, so no password was sent; the device presents {presented}. Compare that with the device before you pin it"
    )]
    HostKeyUnknown {
        address: SocketAddr,
        presented: HostKey,
    },
    #[error(
        "the host key of {address} does not match the pinned one, so no password was sent: pinned {pinned}, presented {presented}. Either the device was replaced or reset, or another machine answers at its address. Find out which before you pin the new key"
    )]
    HostKeyChanged {
        address: SocketAddr,
        pinned: HostKey,
        presented: HostKey,
    },
    #[error(
        "{address} refuses user `{user}` with the {with}; check `ssh` in the device's credentials"
    )]
    LoginRefused {
        address: SocketAddr,
        user: String,
        /// The presented credentials: `password`, `private key` or both.
        with: &'static str,
    },
    #[error(
        "{address} asks {question:?} at login instead of only a password; log in by hand to see what it expects"
    )]
    LoginQuestion {
        address: SocketAddr,
        question: String,
    },
    #[error(
        "the password for {address} has characters that a command line treats as keys, so it cannot be sent; set another password"
    )]
    PasswordNotTypable { address: SocketAddr },
    #[error("{address} refused `enable` with the login password: {said}")]
    EnableRefused { address: SocketAddr, said: String },
    #[error("{address} refused `{}`: {reply}", .command.text())]
    Refused {
        address: SocketAddr,
        command: Command,
        reply: String,
    },
    #[error("{address} asks a question while {operation}: {question}")]
    Question {
        address: SocketAddr,
        operation: SshOperation,
        question: String,
    },
    #[error("unexpected reply from {address} to `{line}`: {reply}")]
    Unrecognised {
        address: SocketAddr,
        line: &'static str,
        reply: String,
    },
    #[error(
        "incomplete reply from {address} to `{}`: {lines} lines, the last is `{last}` instead of `{expected}`",
        .command.text()
    )]
    Incomplete {
        address: SocketAddr,
        command: Command,
        lines: usize,
        expected: &'static str,
        last: String,
    },
    #[error(
        "log messages of {address} interrupted the reply to `{}` {tries} times, so the reply is not used; the last message was {message}",
        .command.text()
    )]
    Interrupted {
        address: SocketAddr,
        command: Command,
        tries: u32,
        message: String,
    },
    #[error(
        "{}: {because}",
        if *.was_sent { format!("`{}` was sent and may have taken effect", .exchange.line) } else { format!("`{}` was not sent", .exchange.line) }
    )]
    Line {
        exchange: Box<Exchange>,
        /// At least one byte was sent after the line was written. The line may have taken effect, whatever the reply.
        was_sent: bool,
        because: Box<Self>,
    },
    #[error("{address} refused the line: {reply}")]
    Declined { address: SocketAddr, reply: String },
    #[error("unexpected reply from {address}: {reply}")]
    Unexpected { address: SocketAddr, reply: String },
    #[error("unsolicited output from {address} between two lines: {said}")]
    Unasked { address: SocketAddr, said: String },
    #[error("not sent to {address}: the command is not valid in the session's current mode")]
    OutOfPlace { address: SocketAddr },
    #[error("lease on {address} expired or was lost; no further lines are sent")]
    Fenced { address: SocketAddr },
    #[error("the session with {address} is read-only")]
    ReadOnly { address: SocketAddr },
    #[error("the session with {address} failed earlier and is not used again")]
    Spent { address: SocketAddr },
    #[error("the private key for {address} cannot be used: {why}")]
    PrivateKey {
        address: SocketAddr,
        why: &'static str,
    },
    #[error("{address} sent more than {limit} bytes while {operation}")]
    TooLong {
        address: SocketAddr,
        operation: SshOperation,
        limit: usize,
    },
}

impl SshError {
    /// Returns whether a configuration line may have taken effect.
    pub fn may_have_run(&self) -> bool {
        matches!(self, Self::Line { was_sent: true, .. })
    }

    /// Returns the line that failed, and the reply to it.
    pub fn exchange(&self) -> Option<&Exchange> {
        match self {
            Self::Line { exchange, .. } => Some(exchange),
            _ => None,
        }
    }

    /// Returns the cause of the failure of a line, or the error itself.
    pub fn because(&self) -> &Self {
        match self {
            Self::Line { because, .. } => because.because(),
            other => other,
        }
    }
}

fn said_at_the_end(said: &str) -> String {
    if said.is_empty() {
        String::new()
    } else {
        format!("; its last output was: {said}")
    }
}
