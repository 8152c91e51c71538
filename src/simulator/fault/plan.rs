//! Combines all faults triggered by one event into a plan for the server.

use std::time::Duration;

use super::{At, Stage};
use crate::simulator::gam::FirmwareProfile;
use crate::simulator::snmp::Distortion;

/// The faults of one SNMP request.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DatagramPlan {
    /// The request gets no answer.
    pub is_lost: bool,
    pub delay: Duration,
    pub copies: u16,
    /// The answer is held until the next request's answer.
    pub is_late: bool,
    /// The answer is held until this many can be sent in reverse order.
    pub reorder: Option<u16>,
    pub wrong_source_port: bool,
    pub distortion: Distortion,
    /// Endpoints, and subscribers on them, that appear before the answer.
    pub appearing: Vec<(u16, Option<u16>)>,
}

/// The faults of one SSH connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ConnectionPlan {
    pub reset: bool,
    pub stall: Option<Stage>,
    pub other_host_key: bool,
    pub busy: bool,
}

/// The division of output into packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pieces {
    #[default]
    Usual,
    Bytes,
    One,
}

/// The faults that apply to a whole session.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SessionFaults {
    pub prompt: Option<String>,
    pub pieces: Pieces,
}

/// The faults of one line.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LinePlan {
    /// Lines that another user enters before it.
    pub edits: Vec<String>,
    pub slow: Duration,
    pub question: Option<String>,
    /// The answer given instead of running the line; an empty one looks like success.
    pub instead: Option<String>,
    pub hide_error: bool,
    pub log_line: Option<String>,
    pub drop: Option<At>,
    pub restart: Option<(Restart, At)>,
    pub standing: SessionFaults,
}

/// The reason for a restart, with its consequences.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Restart {
    Reboot,
    SwapFirmware,
    FactoryReset,
    ReplaceHardware { seed: u64 },
    ChangeFirmware(FirmwareProfile),
}

/// The result of a save.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SavePlan {
    #[default]
    Written,
    FlashFull,
    Crash,
}
