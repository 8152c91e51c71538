//! Defines the faults that a twin can simulate, as tests and scenario files write them.

mod order;
mod plan;
mod set;

use serde::{Deserialize, Serialize};

use crate::simulator::gam::FirmwareProfile;
use crate::simulator::snmp::Oid;

pub use order::FaultOrder;
pub use plan::{ConnectionPlan, DatagramPlan, LinePlan, Pieces, Restart, SavePlan, SessionFaults};
pub use set::{ActiveFault, FaultId, Faults};

/// One kind of fault. Variants have braces even when empty, so that a misspelt field is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Fault {
    /// SNMP requests get no answer.
    SnmpSilence {},
    /// This percentage of SNMP requests gets no answer.
    SnmpLoss { percent: u8 },
    /// SNMP answers are delayed.
    SnmpDelay { millis: u64 },
    /// SNMP answers are sent this many extra times.
    SnmpDuplicate { copies: u16 },
    /// An SNMP answer is held back and sent after the answer to the next request.
    SnmpLate {},
    /// SNMP answers are collected and sent in reverse order; a single one is sent after 50 ms.
    SnmpReorder {
        #[serde(default = "two")]
        among: u16,
    },
    /// SNMP answers come from another port than the one that received the request.
    SnmpWrongSourcePort {},
    /// Objects after this name under the same parent are missing: after `COLUMN.7` the column has ended, after
    /// `ENTRY.3` the table.
    SnmpTruncate { after: Oid },
    /// A walk at or past this name returns the same instance again and again.
    SnmpNonIncreasing { at: Oid },
    /// Objects at or below this name are sent with another type.
    SnmpWrongType { at: Oid },
    /// Requests with more bindings than this are answered `tooBig`.
    SnmpTooBig { above: usize },
    /// GETBULK answers at most this many rows.
    SnmpFewRows { rows: usize },
    /// Objects at or below this name are answered `genErr`.
    SnmpGenericError { at: Oid },
    /// An endpoint with this number, and a subscriber on it, are configured before the request is answered.
    SnmpRowAppears {
        endpoint: u16,
        #[serde(default)]
        subscriber: Option<u16>,
    },
    /// No process listens on the SSH port.
    SshRefuse {},
    /// Connections are accepted and reset.
    SshReset {},
    /// Connections are accepted, and stall at this stage.
    SshStall { stage: Stage },
    /// The connection is dropped before a line runs, after it, or in the middle of its reply.
    SshDrop { at: At },
    /// The right password is refused.
    SshAuthFail {},
    /// The device presents another host key.
    SshHostKey {},
    /// Prompts have this text instead of `GAM#`.
    SshPrompt { prompt: String },
    /// A log line interrupts a reply.
    SshLogLine {
        #[serde(default = "link_changed")]
        text: String,
    },
    /// Output is sent in packets of one byte.
    SshTrickle {},
    /// Output is held back and sent in one piece, in packets as large as possible.
    SshOnePiece {},
    /// Before a line runs, the device asks a question that expects `y` or `n`.
    SshQuestion {
        #[serde(default = "are_you_sure")]
        text: String,
    },
    /// A line has no effect and is answered with this error.
    SshError {
        #[serde(default = "internal_error")]
        text: String,
    },
    /// A line has no effect, and looks as if it had.
    SshIgnore {},
    /// A refused line looks as if it were accepted.
    SshHideError {},
    /// All sessions are taken.
    SshBusy {},
    /// A line is delayed.
    SshSlowLine { millis: u64 },
    /// Flash is full: the earlier startup-config stays.
    SaveFails {},
    /// The device goes down while saving: the earlier startup-config stays.
    SaveCrashes {},
    /// The device reboots instead of running a line, in the middle of its reply, or after it.
    Reboot {
        #[serde(default)]
        at: At,
    },
    /// The reset button is held: everything returns to factory defaults.
    FactoryReset {
        #[serde(default)]
        at: At,
    },
    /// The hardware is replaced: other serial number and addresses, nothing configured.
    ReplaceHardware { seed: u64 },
    /// The device boots with another firmware.
    ChangeFirmware { firmware: FirmwareProfile },
    /// Another user enters this line in configuration mode just before.
    OtherEdit { line: String },
}

/// The stage at which a connection stalls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Accepted, without a byte.
    Tcp,
    /// `SSH-2.0-…` and nothing more.
    Identification,
    /// Algorithms are offered, keys are never exchanged.
    Kex,
    /// Logins get no answer.
    Auth,
    /// A shell is never opened.
    Shell,
    /// The shell prints nothing.
    Prompt,
}

/// The moment of a fault relative to a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum At {
    /// The line has no effect.
    #[default]
    Before,
    /// The line took effect; half of its reply was sent.
    MidReply,
    /// The line took effect and its reply was sent.
    After,
}

/// The event that triggers a fault, and that its `nth` counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// An SNMP request.
    Datagram,
    /// An SSH connection.
    Connection,
    /// A login with the right credentials.
    Login,
    /// An entered line.
    Line,
    /// A save of the configuration.
    Save,
    /// No event: the fault applies as long as it is set.
    Always,
}

impl Fault {
    pub fn event(&self) -> Event {
        match self {
            Self::SnmpSilence {}
            | Self::SnmpLoss { .. }
            | Self::SnmpDelay { .. }
            | Self::SnmpDuplicate { .. }
            | Self::SnmpLate {}
            | Self::SnmpReorder { .. }
            | Self::SnmpWrongSourcePort {}
            | Self::SnmpTruncate { .. }
            | Self::SnmpNonIncreasing { .. }
            | Self::SnmpWrongType { .. }
            | Self::SnmpTooBig { .. }
            | Self::SnmpFewRows { .. }
            | Self::SnmpGenericError { .. }
            | Self::SnmpRowAppears { .. } => Event::Datagram,
            Self::SshRefuse {} => Event::Always,
            Self::SshReset {} | Self::SshStall { .. } | Self::SshHostKey {} | Self::SshBusy {} => {
                Event::Connection
            }
            Self::SshAuthFail {} => Event::Login,
            Self::SshDrop { .. }
            | Self::SshPrompt { .. }
            | Self::SshLogLine { .. }
            | Self::SshTrickle {}
            | Self::SshOnePiece {}
            | Self::SshQuestion { .. }
            | Self::SshError { .. }
            | Self::SshIgnore {}
            | Self::SshHideError {}
            | Self::SshSlowLine { .. }
            | Self::Reboot { .. }
            | Self::FactoryReset { .. }
            | Self::ReplaceHardware { .. }
            | Self::ChangeFirmware { .. }
            | Self::OtherEdit { .. } => Event::Line,
            Self::SaveFails {} | Self::SaveCrashes {} => Event::Save,
        }
    }

    /// Returns whether the fault happens only once by default.
    pub fn is_single(&self) -> bool {
        matches!(
            self,
            Self::SnmpRowAppears { .. }
                | Self::SaveCrashes {}
                | Self::Reboot { .. }
                | Self::FactoryReset { .. }
                | Self::ReplaceHardware { .. }
                | Self::ChangeFirmware { .. }
                | Self::OtherEdit { .. }
        )
    }
}

fn two() -> u16 {
    2
}

fn link_changed() -> String {
    "%LINK-3-UPDOWN: Interface 10GigabitEthernet 1/1, changed state to up".to_owned()
}

fn are_you_sure() -> String {
    "Are you sure you want to continue (y/n)? ".to_owned()
}

fn internal_error() -> String {
    "% Internal error 0x00000007".to_owned()
}
