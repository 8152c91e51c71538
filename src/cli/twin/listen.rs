//! Assigns listen addresses to twins: one address with separate ports, or one address each.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::str::FromStr;

/// An address for all twins, or a network that has one for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Listen {
    Address(IpAddr),
    Network { first: Ipv4Addr, prefix: u8 },
}

/// The requested ports; 0 is any free port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Ports {
    pub ssh: Option<u16>,
    pub snmp: Option<u16>,
}

/// The address and ports of one twin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ListenAddress {
    pub ip: IpAddr,
    pub ssh_port: u16,
    pub snmp_port: u16,
}

/// Ports of twins that have an address each: like 22 and 161, but not privileged.
const SSH_PORT: u16 = 2222;
const SNMP_PORT: u16 = 1161;

/// An unusable listen address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum ListenError {
    #[error("invalid address; write it as 127.0.0.1, or a network as 127.20.0.0/16")]
    Unreadable,
    #[error("{0} has bits below its /{1}; write the network as {2}/{1}")]
    HostBits(Ipv4Addr, u8, Ipv4Addr),
    #[error("a network with an address for each twin must be IPv4, such as 127.20.0.0/16")]
    NoNetworkOfIpv6,
    #[error(
        "{0} can be reached from other machines, and the passwords of twins are not secret; listen on 127.0.0.1, ::1 or a network within 127.0.0.0/8, or add `--allow-remote`"
    )]
    Remote(Listen),
    #[error("{0} has room for {1} twins; give a larger network, or fewer devices with `--device`")]
    Full(Listen, u64),
    #[error("there is no {0} port {1} + {2}: ports end at 65535; start lower")]
    NoPort(&'static str, u16, usize),
}

impl Default for Listen {
    fn default() -> Self {
        Self::Address(IpAddr::V4(Ipv4Addr::LOCALHOST))
    }
}

impl FromStr for Listen {
    type Err = ListenError;

    fn from_str(text: &str) -> Result<Self, ListenError> {
        let Some((ip, prefix)) = text.split_once('/') else {
            let ip = text.parse().map_err(|_| ListenError::Unreadable)?;
            return Ok(Self::Address(ip));
        };
        let ip: IpAddr = ip.parse().map_err(|_| ListenError::Unreadable)?;
        let IpAddr::V4(ip) = ip else {
            return Err(ListenError::NoNetworkOfIpv6);
        };
        let prefix: u8 = prefix.parse().map_err(|_| ListenError::Unreadable)?;
        if prefix > 32 {
            return Err(ListenError::Unreadable);
        }
        let first = Ipv4Addr::from(u32::from(ip) & mask(prefix));
        if first != ip {
            return Err(ListenError::HostBits(ip, prefix, first));
        }
        Ok(Self::Network { first, prefix })
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(ip) => ip.fmt(formatter),
            Self::Network { first, prefix } => write!(formatter, "{first}/{prefix}"),
        }
    }
}

impl Listen {
    /// Refuses an address that other machines can reach.
    pub(super) fn check_local(self) -> Result<(), ListenError> {
        let is_local = match self {
            Self::Address(ip) => ip.is_loopback(),
            Self::Network { first, prefix } => first.is_loopback() && prefix >= 8,
        };
        if is_local {
            Ok(())
        } else {
            Err(ListenError::Remote(self))
        }
    }

    /// Returns the listen address of the twin with a number; numbers start at 0.
    pub(super) fn place(self, number: usize, ports: Ports) -> Result<ListenAddress, ListenError> {
        match self {
            Self::Address(ip) => Ok(ListenAddress {
                ip,
                ssh_port: counted_up("SSH", ports.ssh.unwrap_or(0), number)?,
                snmp_port: counted_up("SNMP", ports.snmp.unwrap_or(0), number)?,
            }),
            Self::Network { first, prefix } => Ok(ListenAddress {
                ip: IpAddr::V4(self.address(first, prefix, number)?),
                ssh_port: ports.ssh.unwrap_or(SSH_PORT),
                snmp_port: ports.snmp.unwrap_or(SNMP_PORT),
            }),
        }
    }

    /// Returns an address of a network; its first and last address are reserved.
    fn address(self, first: Ipv4Addr, prefix: u8, number: usize) -> Result<Ipv4Addr, ListenError> {
        let size = 1u64 << (32 - u32::from(prefix.min(32)));
        let (skipped, room) = if size > 2 { (1, size - 2) } else { (0, size) };
        let number = u64::try_from(number).unwrap_or(u64::MAX);
        if number >= room {
            return Err(ListenError::Full(self, room));
        }
        let address = u64::from(u32::from(first)) + skipped + number;
        u32::try_from(address)
            .map(Ipv4Addr::from)
            .map_err(|_| ListenError::Full(self, room))
    }
}

fn mask(prefix: u8) -> u32 {
    u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0)
}

fn counted_up(what: &'static str, first: u16, number: usize) -> Result<u16, ListenError> {
    if first == 0 {
        return Ok(0);
    }
    u16::try_from(number)
        .ok()
        .and_then(|number| first.checked_add(number))
        .ok_or(ListenError::NoPort(what, first, number))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(listen: &str, number: usize, ports: (Option<u16>, Option<u16>)) -> String {
        let ports = Ports {
            ssh: ports.0,
            snmp: ports.1,
        };
        match listen.parse::<Listen>().unwrap().place(number, ports) {
            Ok(place) => format!("{} {} {}", place.ip, place.ssh_port, place.snmp_port),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn on_one_address_ports_count_up() {
        assert_eq!(place("127.0.0.1", 3, (None, None)), "127.0.0.1 0 0");
        assert_eq!(place("::1", 3, (Some(2200), Some(16100))), "::1 2203 16103");
        assert_eq!(
            place("127.0.0.1", 1, (Some(65535), None)),
            "there is no SSH port 65535 + 1: ports end at 65535; start lower"
        );
    }

    #[test]
    fn in_a_network_everybody_has_an_address_of_their_own() {
        assert_eq!(
            place("127.20.0.0/16", 0, (None, None)),
            "127.20.0.1 2222 1161"
        );
        assert_eq!(
            place("127.20.0.0/16", 256, (Some(22), Some(0))),
            "127.20.1.1 22 0"
        );
        assert_eq!(
            place("127.20.0.0/30", 1, (None, None)),
            "127.20.0.2 2222 1161"
        );
        assert!(place("127.20.0.0/30", 2, (None, None)).contains("room for 2 twins"));
        assert_eq!(
            place("127.0.0.5/32", 0, (None, None)),
            "127.0.0.5 2222 1161"
        );
        assert_eq!(place("0.0.0.0/0", 0, (None, None)), "0.0.0.1 2222 1161");
    }

    #[test]
    fn an_invalid_listen_address_is_refused_with_the_reason() {
        for (text, why) in [
            ("localhost", "invalid address"),
            ("127.0.0.0/33", "invalid address"),
            ("127.0.0.0/x", "invalid address"),
            ("127.20.3.1/16", "127.20.0.0/16"),
            ("::1/128", "IPv4"),
        ] {
            let error = text.parse::<Listen>().unwrap_err().to_string();
            assert!(error.contains(why), "{text}: {error}");
        }
    }

    #[test]
    fn a_twin_listens_only_on_this_machine_by_default() {
        for (text, is_local) in [
            ("127.0.0.1", true),
            ("127.250.1.1", true),
            ("::1", true),
            ("127.0.0.0/8", true),
            ("127.20.0.0/16", true),
            ("0.0.0.0", false),
            ("::", false),
            ("10.0.0.1", false),
            ("126.0.0.0/7", false),
            ("10.0.0.0/8", false),
        ] {
            let listen: Listen = text.parse().unwrap();
            assert_eq!(listen.check_local().is_ok(), is_local, "{text}");
        }
    }
}
