//! Defines the requests and answers of a fleet's control socket, as JSON.

use serde::{Deserialize, Serialize};

use crate::model::{GamModel, MacAddress};
use crate::simulator::fault::FaultOrder;
use crate::simulator::gam::{AlarmCondition, Severity};

/// The longest accepted request.
pub const LONGEST_REQUEST: usize = 64 * 1024;

/// The longest accepted answer: many times the log of a busy twin.
pub const LONGEST_ANSWER: usize = 64 * 1024 * 1024;

/// A request. Variants have braces even when empty, so that a misspelt field is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Request {
    List {},
    Show {
        device: String,
    },
    Plug {
        device: String,
        mac: MacAddress,
        port: u8,
    },
    Unplug {
        device: String,
        mac: MacAddress,
    },
    /// Changes the wire to an endpoint; omitted properties stay.
    Wire {
        device: String,
        mac: MacAddress,
        meters: Option<u32>,
        /// Signal to noise ratio in whole decibels.
        snr: Option<u32>,
    },
    RaiseAlarm {
        device: String,
        condition: AlarmCondition,
        /// `CPE-3`, an interface's name, or absent for the system.
        entity: Option<String>,
        severity: Severity,
        service_affecting: bool,
    },
    ClearAlarm {
        device: String,
        condition: AlarmCondition,
        entity: Option<String>,
    },
    SetFault {
        device: String,
        order: FaultOrder,
    },
    ListFaults {
        device: String,
    },
    ClearFaults {
        device: String,
        /// Absent means all.
        id: Option<u64>,
    },
    /// Enters lines in configuration mode, one after the other in one session.
    Edit {
        device: String,
        lines: Vec<String>,
    },
    /// Saves the running-config.
    Save {
        device: String,
    },
    Reboot {
        device: String,
    },
    Configuration {
        device: String,
        startup: bool,
    },
    Log {
        device: String,
    },
}

/// The answer to a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", content = "with", rename_all = "kebab-case")]
pub enum Answer {
    Done,
    Twins(Vec<Listed>),
    Twin(Box<Shown>),
    /// The fault is set and has this id.
    Fault(u64),
    Faults(Vec<ShownFault>),
    /// The output of the session.
    Session {
        text: String,
        is_refused: bool,
    },
    Configuration(String),
    Log(Vec<ShownLine>),
    /// The request was refused.
    Refused(String),
}

/// One twin in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    pub name: String,
    pub model: GamModel,
    pub serial: String,
    pub ssh: std::net::SocketAddr,
    pub snmp: std::net::SocketAddr,
    pub is_up: bool,
    pub endpoints: usize,
    pub plugged: usize,
    pub alarms: usize,
    pub faults: usize,
    pub sessions: usize,
}

/// One twin in full.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    pub name: String,
    pub model: GamModel,
    pub serial: String,
    pub mac: MacAddress,
    pub hostname: String,
    pub firmware: String,
    /// False during a boot.
    pub is_up: bool,
    pub uptime_seconds: u64,
    pub boots: u32,
    pub sessions: usize,
    pub lines: u64,
    pub requests: u64,
    /// Requests that the SNMP agent dropped because its queue was full.
    pub dropped: u64,
    /// Increases with every change of the running-config.
    pub revision: u64,
    pub startup: Startup,
    pub endpoints: Vec<ShownEndpoint>,
    pub alarms: Vec<ShownAlarm>,
    pub faults: Vec<ShownFault>,
}

/// The startup-config compared with the running-config.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Startup {
    SameAsRunning,
    DiffersFromRunning,
    NothingSaved,
}

/// An endpoint that is configured, plugged in, or both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownEndpoint {
    /// Its number in the configuration.
    pub id: Option<u16>,
    pub mac: MacAddress,
    pub name: Option<String>,
    /// `3`, `auto` or `unassigned`; absent if it is not configured.
    pub expected: Option<String>,
    pub plugged: Option<u8>,
    pub state: ShownState,
    pub subscriber: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ShownState {
    Ok,
    NotDetected,
    WrongPort,
    UnknownMac,
    /// It is plugged in, but the port is shut down.
    Unheard,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownAlarm {
    pub condition: AlarmCondition,
    pub entity: String,
    pub severity: Severity,
    pub service_affecting: bool,
    pub since: String,
    pub description: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownFault {
    pub id: u64,
    pub order: FaultOrder,
    pub seen: u64,
    pub struck: u64,
}

/// An entered line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownLine {
    pub at: String,
    pub session: u64,
    pub line: String,
}

impl Request {
    /// Returns the device of the request.
    pub fn device(&self) -> Option<&str> {
        match self {
            Self::List {} => None,
            Self::Show { device }
            | Self::Plug { device, .. }
            | Self::Unplug { device, .. }
            | Self::Wire { device, .. }
            | Self::RaiseAlarm { device, .. }
            | Self::ClearAlarm { device, .. }
            | Self::SetFault { device, .. }
            | Self::ListFaults { device }
            | Self::ClearFaults { device, .. }
            | Self::Edit { device, .. }
            | Self::Save { device }
            | Self::Reboot { device }
            | Self::Configuration { device, .. }
            | Self::Log { device } => Some(device),
        }
    }
}

impl ShownState {
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::NotDetected => "not detected",
            Self::WrongPort => "wrong port",
            Self::UnknownMac => "unknown MAC",
            Self::Unheard => "port is shut down",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_one_flat_object() {
        let text = r#"{"do":"plug","device":"a","mac":"00:0e:d8:00:00:01","port":3}"#;
        let request: Request = serde_json::from_str(text).unwrap();
        assert_eq!(request.device(), Some("a"));
        assert_eq!(serde_json::to_string(&request).unwrap(), text);
        for wrong in [
            r#"{"do":"plug","device":"a","mac":"00:0e:d8:00:00:01"}"#,
            r#"{"do":"list","device":"a"}"#,
            r#"{"do":"lsit"}"#,
            r#"{"do":"set-fault","device":"a","order":{"fault":"ssh-buzy"}}"#,
        ] {
            assert!(serde_json::from_str::<Request>(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_fault_survives_the_way_there() {
        let text =
            r#"{"do":"set-fault","device":"a","order":{"fault":"ssh-drop","at":"after","nth":2}}"#;
        let request: Request = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&request).unwrap(), text);
    }
}
