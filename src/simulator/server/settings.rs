//! Configures a twin: ports, logins, communities and delays, besides the simulated device.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use russh::keys::PublicKey;

use crate::model::MacAddress;
use crate::simulator::commands::SessionStart;
use crate::simulator::gam::Build;
use crate::simulator::snmp::{Access, Community, Limits, User};

/// All settings of one twin; [`TwinSettings::new`] has the factory defaults.
#[derive(Debug, Clone)]
pub struct TwinSettings {
    pub build: Build,
    /// The endpoints plugged in at the start, with their ports.
    pub plugged: Vec<(MacAddress, u8)>,
    pub ip: IpAddr,
    /// 0 is any free port.
    pub ssh_port: u16,
    pub snmp_port: u16,
    pub login: Login,
    /// Offers only the algorithms of old firmware.
    pub legacy_ssh: bool,
    pub snmp: SnmpSettings,
    pub trap_receiver: Option<TrapReceiver>,
    /// The banner above the first prompt, and whether that is `>`.
    pub session_start: SessionStart,
    pub latency: Latency,
    /// The time to write a configuration to flash.
    pub save_time: Duration,
    /// The downtime of a reboot.
    pub boot_time: Duration,
    pub max_sessions: usize,
    /// The directory of the host key; without one it follows from the seed and the serial number.
    pub directory: Option<PathBuf>,
}

/// The login of a twin.
#[derive(Clone)]
pub struct Login {
    pub user: String,
    /// Part of the configuration unless empty, so a factory reset clears it.
    pub password: String,
    pub authorized_keys: Vec<PublicKey>,
    /// Refused attempts after which the connection is closed (assumed). OpenSSH's first question for the methods
    /// counts, and so does every key that it offers in vain.
    pub attempts: usize,
    /// The delay of a refusal.
    pub rejection: Duration,
}

#[derive(Debug, Clone)]
pub struct SnmpSettings {
    pub communities: Vec<Community>,
    pub users: Vec<User>,
    pub limits: Limits,
}

/// A receiver of alarms, link changes and starts, over SNMPv2c.
#[derive(Clone)]
pub struct TrapReceiver {
    pub address: SocketAddr,
    pub community: String,
}

/// Delays in addition to the computing time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Latency {
    /// Before a connection is answered.
    pub ssh: Duration,
    /// Before a line is run.
    pub line: Duration,
    /// Before an answer of SNMP is sent.
    pub snmp: Duration,
    /// The time that the SNMP agent needs for one answer. It computes one at a time, and drops requests when its queue is
    /// full.
    pub snmp_cpu: Duration,
}

impl TwinSettings {
    /// Returns factory defaults, on any free ports of 127.0.0.1, without delays.
    pub fn new(build: Build) -> Self {
        Self {
            build,
            plugged: Vec::new(),
            ip: IpAddr::V4(Ipv4Addr::LOCALHOST),
            ssh_port: 0,
            snmp_port: 0,
            login: Login::default(),
            legacy_ssh: false,
            snmp: SnmpSettings::default(),
            trap_receiver: None,
            session_start: SessionStart::default(),
            latency: Latency::default(),
            save_time: Duration::from_millis(100),
            boot_time: Duration::from_millis(300),
            max_sessions: 4,
            directory: None,
        }
    }
}

impl Default for Login {
    /// Returns `admin` without a password, the factory default.
    fn default() -> Self {
        Self {
            user: "admin".to_owned(),
            password: String::new(),
            authorized_keys: Vec::new(),
            attempts: 6,
            rejection: Duration::ZERO,
        }
    }
}

impl Default for SnmpSettings {
    /// Returns `public` to read and `private` to write, the factory default.
    fn default() -> Self {
        let community = |name: &str, access| Community {
            name: name.to_owned(),
            access,
        };
        Self {
            communities: vec![
                community("public", Access::Read),
                community("private", Access::Write),
            ],
            users: Vec::new(),
            limits: Limits::default(),
        }
    }
}

impl fmt::Debug for Login {
    /// Prints everything except the password.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Login")
            .field("user", &self.user)
            .field("authorized_keys", &self.authorized_keys.len())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for TrapReceiver {
    /// Prints everything except the community.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "TrapReceiver({})", self.address)
    }
}
