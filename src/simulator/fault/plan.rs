//! What the faults that strike one event add up to.

use std::time::Duration;

use super::{At, Stage};
use crate::simulator::gam::FirmwareProfile;
use crate::simulator::snmp::Distortion;

/// What goes wrong with one request of SNMP.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DatagramPlan {
    /// The request is answered by nobody.
    pub is_lost: bool,
    pub delay: Duration,
    pub copies: u16,
    /// The answer waits for the next request's answer.
    pub is_late: bool,
    /// The answer waits until so many can go out last first.
    pub reorder: Option<u16>,
    pub wrong_source_port: bool,
    pub distortion: Distortion,
    /// Endpoints, and subscribers on them, that appear before the answer is made.
    pub appearing: Vec<(u16, Option<u16>)>,
}

/// What goes wrong with one connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ConnectionPlan {
    pub reset: bool,
    pub stall: Option<Stage>,
    pub other_host_key: bool,
    pub busy: bool,
}

/// How output is cut into packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pieces {
    #[default]
    Usual,
    Bytes,
    One,
}

/// What holds for a session whatever is entered.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Standing {
    pub prompt: Option<String>,
    pub pieces: Pieces,
}

/// What goes wrong with one line.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LinePlan {
    /// Lines that somebody else enters before.
    pub edits: Vec<String>,
    pub slow: Duration,
    pub question: Option<String>,
    /// Answered with this instead of being run; empty looks like success.
    pub instead: Option<String>,
    pub hide_error: bool,
    pub log_line: Option<String>,
    pub drop: Option<At>,
    pub restart: Option<(Restart, At)>,
    pub standing: Standing,
}

/// Why a box goes down, and what it comes up as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Restart {
    Reboot,
    SwapFirmware,
    FactoryReset,
    ReplaceHardware { seed: u64 },
    ChangeFirmware(FirmwareProfile),
}

/// How a configuration being saved ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SavePlan {
    #[default]
    Written,
    FlashFull,
    Crash,
}
