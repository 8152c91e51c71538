//! Defines the errors of SNMP requests: the agent, the request, and the next step for the operator.

use std::net::SocketAddr;
use std::time::Duration;

use super::value::Oid;

/// The reason why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SnmpError {
    #[error(
        "no answer from {agent} in {} s, to {tries} requests; {hint}",
        seconds(*waited)
    )]
    Timeout {
        agent: SocketAddr,
        /// For the log: names objects that people do not know.
        asked: String,
        tries: u32,
        waited: Duration,
        hint: Hint,
    },
    #[error(
        "no SNMP agent listens at {agent}; check the address, the port and whether SNMP is enabled"
    )]
    Refused { agent: SocketAddr, asked: String },
    #[error("cannot send a request to {agent}: {why}; check routes and firewalls")]
    Unreachable {
        agent: SocketAddr,
        asked: String,
        why: String,
    },
    #[error("cannot open a socket for SNMP to {agent}: {why}; check the limit of open files")]
    Socket { agent: SocketAddr, why: String },
    #[error(
        "{agent} answers {status} for {name}; ask for it with another SNMP tool to see whether the agent is at fault"
    )]
    Agent {
        agent: SocketAddr,
        status: String,
        name: Oid,
    },
    #[error("{agent} answers tooBig for {name} alone; check its SNMP agent")]
    TooLarge { agent: SocketAddr, name: Oid },
    #[error(
        "{agent} has no SNMP 3 user `{user}`; create it there, or name another in the inventory"
    )]
    UnknownUser { agent: SocketAddr, user: String },
    #[error(
        "{agent} does not accept the authentication of SNMP 3 user `{user}`; check its password and protocol (md5 or sha1)"
    )]
    WrongDigest { agent: SocketAddr, user: String },
    #[error(
        "{agent} keeps answering that our requests are outside its time window; check its clock and whether another device has its address"
    )]
    NotInTimeWindow { agent: SocketAddr },
    #[error(
        "{agent} does not allow SNMP 3 user `{user}` at this security level; check that the device has its authentication and privacy passwords"
    )]
    UnsupportedSecurityLevel { agent: SocketAddr, user: String },
    #[error("{agent} keeps changing its engine id; check whether another device has its address")]
    UnknownEngine { agent: SocketAddr },
    #[error(
        "{agent} cannot decrypt requests of SNMP 3 user `{user}`; check its privacy password and protocol (des or aes128)"
    )]
    DecryptionError { agent: SocketAddr, user: String },
    #[error("{agent} answers with an unknown report, {name}; see its log")]
    OtherReport { agent: SocketAddr, name: Oid },
    #[error("another device answers at {agent} than at the start of the read; read it again")]
    EngineReplaced { agent: SocketAddr },
    #[error("{agent} rebooted during the read; read it again")]
    Rebooted { agent: SocketAddr },
    #[error(
        "{agent} does not answer in order: in column {column}, {got} follows {after}; check its SNMP agent"
    )]
    NotIncreasing {
        agent: SocketAddr,
        column: Oid,
        after: Oid,
        got: Oid,
    },
    #[error(
        "column {column} of {agent} has more than {limit} cells and does not end; check its SNMP agent"
    )]
    Endless {
        agent: SocketAddr,
        column: Oid,
        limit: usize,
    },
    #[error("invalid answer from {agent} to {asked}, so none of it is used: {why}")]
    Malformed {
        agent: SocketAddr,
        asked: String,
        why: String,
    },
    #[error("cannot set up SNMP to {agent}: {why}")]
    Access {
        agent: SocketAddr,
        why: &'static str,
    },
}

/// A likely cause of silence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hint {
    Community,
    Discovery,
    /// Agents discard messages that they cannot decrypt, most of them silently.
    Privacy,
    /// It answered earlier.
    Gone,
}

impl std::fmt::Display for Hint {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Community => {
                "check that it is up, that the community is right and that it allows this host"
            }
            Self::Discovery => {
                "check that it is up, that SNMP 3 is enabled and that it allows this host"
            }
            Self::Privacy => {
                "it is up, so check the user's privacy password and protocol first: agents do not answer to a wrong one"
            }
            Self::Gone => "it answered earlier, so check that it is still up",
        })
    }
}

/// Names the requested objects in a few words.
pub(super) fn described(names: &[Oid]) -> String {
    match names {
        [] => "its engine".to_owned(),
        [one] => one.to_string(),
        [first, rest @ ..] => format!("{first} and {} more", rest.len()),
    }
}

/// Renders a time in seconds: `5`, `0.4`.
fn seconds(time: Duration) -> String {
    let tenths = (time.as_millis() + 50) / 100;
    match tenths % 10 {
        0 => format!("{}", tenths / 10),
        tenth => format!("{}.{tenth}", tenths / 10),
    }
}
