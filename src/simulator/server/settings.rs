//! What a twin is made from, beside the device it simulates.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use russh::keys::PublicKey;

use crate::model::MacAddress;
use crate::simulator::commands::Entrance;
use crate::simulator::gam::Build;
use crate::simulator::snmp::{Access, Community, Limits, User};

/// Everything that can be said of one twin; [`TwinSettings::new`] has what a box is delivered with.
#[derive(Debug, Clone)]
pub struct TwinSettings {
    pub build: Build,
    /// Who is on a wire when the device starts, and on which port.
    pub plugged: Vec<(MacAddress, u8)>,
    pub ip: IpAddr,
    /// 0 is any that is free.
    pub ssh_port: u16,
    pub snmp_port: u16,
    pub login: Login,
    /// Offers what old firmware does and nothing else.
    pub legacy_ssh: bool,
    pub snmp: SnmpSettings,
    pub trap_receiver: Option<TrapReceiver>,
    /// What stands above the first prompt of a session, and whether that is `>`.
    pub entrance: Entrance,
    pub latency: Latency,
    /// How long flash takes to write a configuration.
    pub save_time: Duration,
    /// How long the device is away when it reboots.
    pub boot_time: Duration,
    pub max_sessions: usize,
    /// Where the host key is kept; without one it follows from the seed and the serial number alone.
    pub directory: Option<PathBuf>,
}

/// Who may log in.
#[derive(Clone)]
pub struct Login {
    pub user: String,
    /// Becomes part of the configuration when it is not empty, so that a factory reset forgets it.
    pub password: String,
    pub authorized_keys: Vec<PublicKey>,
    /// After so many refused attempts the connection is closed (assumed); OpenSSH's first question for the methods counts, and so does every key it offers in vain.
    pub attempts: usize,
    /// How long a refusal takes.
    pub rejection: Duration,
}

#[derive(Debug, Clone)]
pub struct SnmpSettings {
    pub communities: Vec<Community>,
    pub users: Vec<User>,
    pub limits: Limits,
}

/// Who is told of alarms, links and starts, over SNMPv2c.
#[derive(Clone)]
pub struct TrapReceiver {
    pub address: SocketAddr,
    pub community: String,
}

/// How much longer everything takes than computing it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Latency {
    /// Before a connection is answered.
    pub ssh: Duration,
    /// Before a line is run.
    pub line: Duration,
    /// Before an answer of SNMP is sent.
    pub snmp: Duration,
}

impl TwinSettings {
    /// As delivered, on any free ports of 127.0.0.1, as fast as it can.
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
            entrance: Entrance::default(),
            latency: Latency::default(),
            save_time: Duration::from_millis(100),
            boot_time: Duration::from_millis(300),
            max_sessions: 4,
            directory: None,
        }
    }
}

impl Default for Login {
    /// `admin` without a password, as delivered.
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
    /// `public` to read and `private` to write, as delivered.
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
    /// Says everything but the password.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Login")
            .field("user", &self.user)
            .field("authorized_keys", &self.authorized_keys.len())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for TrapReceiver {
    /// Says everything but the community.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "TrapReceiver({})", self.address)
    }
}
