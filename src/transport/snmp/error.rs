//! What goes wrong between us and an agent: each case says what was asked of whom, and what to do.

use std::net::SocketAddr;

use super::value::Oid;

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SnmpError {
    #[error("{agent} did not answer when asked {tries} times for {asked}; {hint}")]
    Timeout {
        agent: SocketAddr,
        asked: String,
        tries: u32,
        hint: Hint,
    },
    #[error(
        "nobody listens at {agent}, which was asked for {asked}; check the address, the port and whether SNMP is switched on"
    )]
    Refused { agent: SocketAddr, asked: String },
    #[error(
        "the network takes nothing to {agent}, which was to be asked for {asked}: {why}; check routes and firewalls"
    )]
    Unreachable {
        agent: SocketAddr,
        asked: String,
        why: String,
    },
    #[error("no socket for SNMP to {agent} can be opened: {why}; check how many files may be open")]
    Socket { agent: SocketAddr, why: String },
    #[error(
        "{agent} refuses {name} with {status}; ask it with another tool whether this is the agent's fault"
    )]
    Agent {
        agent: SocketAddr,
        status: String,
        name: Oid,
    },
    #[error("{agent} says tooBig to {name} alone; its agent has to be looked at")]
    TooLarge { agent: SocketAddr, name: Oid },
    #[error(
        "{agent} has no SNMP 3 user `{user}`; create it there, or name another in the inventory"
    )]
    UnknownUser { agent: SocketAddr, user: String },
    #[error(
        "{agent} does not take the authentication of SNMP 3 user `{user}`; check its password and protocol (md5 or sha1)"
    )]
    WrongDigest { agent: SocketAddr, user: String },
    #[error(
        "{agent} says again and again that the time of our requests is wrong; look at its clock and at who else has its address"
    )]
    NotInTimeWindow { agent: SocketAddr },
    #[error(
        "{agent} does not allow SNMP 3 user `{user}` this level of security; check whether it has passwords for authentication and privacy there"
    )]
    UnsupportedSecurityLevel { agent: SocketAddr, user: String },
    #[error("{agent} does not keep to the engine id it gives; look at who else has its address")]
    UnknownEngine { agent: SocketAddr },
    #[error(
        "{agent} cannot decrypt requests of SNMP 3 user `{user}`; check its privacy password and protocol (des or aes128)"
    )]
    DecryptionError { agent: SocketAddr, user: String },
    #[error("{agent} answers with a report of {name}, which means nothing to us; see its log")]
    OtherReport { agent: SocketAddr, name: Oid },
    #[error("another device answers at {agent} than when the reading began; read it again")]
    EngineReplaced { agent: SocketAddr },
    #[error("{agent} rebooted while it was read; read it again")]
    Rebooted { agent: SocketAddr },
    #[error(
        "{agent} answers in circles: in column {column}, {got} comes after {after}; its agent has to be looked at"
    )]
    NotIncreasing {
        agent: SocketAddr,
        column: Oid,
        after: Oid,
        got: Oid,
    },
    #[error(
        "column {column} of {agent} has more than {limit} cells and no end in sight; its agent has to be looked at"
    )]
    Endless {
        agent: SocketAddr,
        column: Oid,
        limit: usize,
    },
    #[error("what {agent} answered to {asked} cannot be read, so none of it is used: {why}")]
    Malformed {
        agent: SocketAddr,
        asked: String,
        why: String,
    },
    #[error("SNMP to {agent} cannot be set up: {why}")]
    Access {
        agent: SocketAddr,
        why: &'static str,
    },
}

/// What silence may mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hint {
    Community,
    Discovery,
    /// Agents throw away what they cannot decrypt, most without a word.
    Privacy,
    /// It answered before.
    Gone,
}

impl std::fmt::Display for Hint {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Community => {
                "check that it is up, that the community is right and that it lets this host ask"
            }
            Self::Discovery => {
                "check that it is up, that SNMP 3 is switched on and that it lets this host ask"
            }
            Self::Privacy => {
                "it is up, so check the user's privacy password and protocol first: a wrong one is met with silence"
            }
            Self::Gone => "it answered before, so check that it is still up",
        })
    }
}

/// Names what is asked for, in a few words.
pub(super) fn described(names: &[Oid]) -> String {
    match names {
        [] => "its engine".to_owned(),
        [one] => one.to_string(),
        [first, rest @ ..] => format!("{first} and {} more", rest.len()),
    }
}
