//! Ways in which a twin fails as real boxes do: a typed list, as tests and scenario files write it.

mod order;
mod plan;
mod set;

use serde::{Deserialize, Serialize};

use crate::simulator::gam::FirmwareProfile;
use crate::simulator::snmp::Oid;

pub use order::FaultOrder;
pub use plan::{ConnectionPlan, DatagramPlan, LinePlan, Pieces, Restart, SavePlan, Standing};
pub use set::{FaultId, Faults, Planted};

/// One way to fail. Variants have braces even when empty, so that a misspelt field is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Fault {
    /// No request is answered.
    SnmpSilence {},
    /// So many of a hundred requests are not answered.
    SnmpLoss { percent: u8 },
    /// Answers come so much later.
    SnmpDelay { millis: u64 },
    /// Answers come so many times more.
    SnmpDuplicate { copies: u16 },
    /// An answer is held until the next request came, and sent after the answer to that one.
    SnmpLate {},
    /// Answers are collected and sent last first; what is alone for 50 ms goes out alone.
    SnmpReorder {
        #[serde(default = "two")]
        among: u16,
    },
    /// Answers come from another port than the one that was asked.
    SnmpWrongSourcePort {},
    /// What follows this name under the same parent is not there: after `COLUMN.7` the column has ended, after `ENTRY.3` the table.
    SnmpTruncate { after: Oid },
    /// A walk at or past this name is given the same instance again and again.
    SnmpNonIncreasing { at: Oid },
    /// What is at or below this name is sent with another type.
    SnmpWrongType { at: Oid },
    /// More bindings than this are `tooBig`.
    SnmpTooBig { above: usize },
    /// GETBULK answers no more rows than this.
    SnmpFewRows { rows: usize },
    /// What is at or below this name is answered with `genErr`.
    SnmpGenericError { at: Oid },
    /// Before the request is answered, an endpoint of this number is configured, and a subscriber on it.
    SnmpRowAppears {
        endpoint: u16,
        #[serde(default)]
        subscriber: Option<u16>,
    },
    /// Nobody listens on the port.
    SshRefuse {},
    /// Connections are accepted and reset.
    SshReset {},
    /// Connections are accepted, and nothing more comes once they got this far.
    SshStall { stage: Stage },
    /// The connection is gone before a line is run, after it, or in the middle of its reply.
    SshDrop { at: At },
    /// A right password is refused.
    SshAuthFail {},
    /// The box shows another host key.
    SshHostKey {},
    /// Prompts read like this instead of `GAM#`.
    SshPrompt { prompt: String },
    /// A line of the log breaks into a reply.
    SshLogLine {
        #[serde(default = "link_changed")]
        text: String,
    },
    /// Output comes one byte in a packet.
    SshTrickle {},
    /// Output is kept back and comes in one piece, as large as packets can be.
    SshOnePiece {},
    /// Before a line is run the box asks something that wants `y` or `n`.
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
    /// A line that is refused looks as if it was not.
    SshHideError {},
    /// All sessions are taken.
    SshBusy {},
    /// A line takes so much longer.
    SshSlowLine { millis: u64 },
    /// Flash is full: what was saved before stays.
    SaveFails {},
    /// The box goes down while it saves: what was saved before stays.
    SaveCrashes {},
    /// The box reboots instead of running a line, in the middle of its reply, or after it.
    Reboot {
        #[serde(default)]
        at: At,
    },
    /// Somebody holds the button: everything is as delivered.
    FactoryReset {
        #[serde(default)]
        at: At,
    },
    /// Another box stands in the closet: other serial number and addresses, nothing configured.
    ReplaceHardware { seed: u64 },
    /// The box comes up with another firmware.
    ChangeFirmware { firmware: FirmwareProfile },
    /// Somebody else enters this line in configuration mode just before.
    OtherEdit { line: String },
}

/// How far a connection gets before it stalls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Accepted, and not a byte.
    Tcp,
    /// `SSH-2.0-…` and nothing more.
    Identification,
    /// Algorithms are offered, keys never exchanged.
    Kex,
    /// No login is answered.
    Auth,
    /// No shell is given.
    Shell,
    /// A shell that says nothing.
    Prompt,
}

/// Where in the life of a line something happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum At {
    /// The line has no effect.
    #[default]
    Before,
    /// The line had its effect; half of its reply was sent.
    MidReply,
    /// The line had its effect and its reply was sent.
    After,
}

/// What a fault waits for, and what its `nth` counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// A request of SNMP.
    Datagram,
    /// A connection of SSH.
    Connection,
    /// A login with what would be right.
    Login,
    /// A line that was entered.
    Line,
    /// A configuration being saved.
    Save,
    /// Nothing: it holds while it is set.
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

    /// Returns whether the fault happens once unless something else is said.
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
