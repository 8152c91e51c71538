//! Represents a management address: an IP address, with optional ports for test beds.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A management address, written `10.20.0.11`, `127.0.0.1:2222/1161` or `[2001:db8::1]:2222/1161`.
///
/// The first port is SSH's, the one after the slash SNMP's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Address {
    pub ip: IpAddr,
    pub ssh_port: u16,
    pub snmp_port: u16,
}

/// An error in a written address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    #[error("it is not an IP address such as `10.20.0.11`")]
    NotAnIp,
    #[error("only `:SSH_PORT` or `:SSH_PORT/SNMP_PORT` may follow the address")]
    Ports,
}

impl Address {
    const SSH: u16 = 22;
    const SNMP: u16 = 161;

    /// Returns the address with the ports that every GAM uses.
    pub fn of(ip: IpAddr) -> Self {
        Self {
            ip,
            ssh_port: Self::SSH,
            snmp_port: Self::SNMP,
        }
    }

    /// Returns the reason why the address cannot belong to a device in the field.
    pub fn unroutable(&self) -> Option<&'static str> {
        // An IPv4-mapped IPv6 address is checked as IPv4.
        match self.ip.to_canonical() {
            ip if ip.is_unspecified() => Some("the unspecified address"),
            ip if ip.is_loopback() => Some("a loopback address"),
            ip if ip.is_multicast() => Some("a multicast address"),
            IpAddr::V4(ip) if ip.is_broadcast() => Some("the broadcast address"),
            IpAddr::V4(ip) if ip.octets().first() == Some(&0) => Some("an address of network 0"),
            IpAddr::V4(_) | IpAddr::V6(_) => None,
        }
    }

    pub fn has_default_ports(&self) -> bool {
        self.ssh_port == Self::SSH && self.snmp_port == Self::SNMP
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        if let Ok(ip) = text.parse::<IpAddr>() {
            return Ok(Self::of(ip));
        }
        let (ip, ports) = if let Some(rest) = text.strip_prefix('[') {
            let (ip, rest) = rest.split_once(']').ok_or(AddressError::NotAnIp)?;
            let ip: Ipv6Addr = ip.parse().map_err(|_| AddressError::NotAnIp)?;
            (IpAddr::V6(ip), rest)
        } else {
            let at = text.find(':').ok_or(AddressError::NotAnIp)?;
            let (ip, rest) = text.split_at_checked(at).ok_or(AddressError::NotAnIp)?;
            (ip.parse().map_err(|_| AddressError::NotAnIp)?, rest)
        };
        if ports.is_empty() {
            return Ok(Self::of(ip));
        }
        let ports = ports.strip_prefix(':').ok_or(AddressError::Ports)?;
        let (ssh, snmp) = match ports.split_once('/') {
            Some((ssh, snmp)) => (port(ssh)?, port(snmp.strip_prefix(':').unwrap_or(snmp))?),
            None => (port(ports)?, Self::SNMP),
        };
        Ok(Self {
            ip,
            ssh_port: ssh,
            snmp_port: snmp,
        })
    }
}

fn port(text: &str) -> Result<u16, AddressError> {
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(AddressError::Ports);
    }
    match text.parse() {
        Ok(0) | Err(_) => Err(AddressError::Ports),
        Ok(number) => Ok(number),
    }
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.has_default_ports(), self.ip) {
            (true, ip) => ip.fmt(formatter),
            (false, IpAddr::V4(ip)) => {
                write!(formatter, "{ip}:{}/{}", self.ssh_port, self.snmp_port)
            }
            (false, IpAddr::V6(ip)) => {
                write!(formatter, "[{ip}]:{}/{}", self.ssh_port, self.snmp_port)
            }
        }
    }
}

impl TryFrom<String> for Address {
    type Error = AddressError;

    fn try_from(text: String) -> Result<Self, AddressError> {
        text.parse()
    }
}

impl From<Address> for String {
    fn from(address: Address) -> Self {
        address.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_prints_as_it_is_best_written() {
        for (text, printed) in [
            ("10.20.0.11", "10.20.0.11"),
            ("127.0.0.1:2222/1161", "127.0.0.1:2222/1161"),
            ("127.0.0.1:2222/:1161", "127.0.0.1:2222/1161"),
            ("127.0.0.1:2222", "127.0.0.1:2222/161"),
            ("10.0.0.1:22/161", "10.0.0.1"),
            ("2001:db8::1", "2001:db8::1"),
            ("[2001:db8::1]:2222/1161", "[2001:db8::1]:2222/1161"),
        ] {
            let address: Address = text.parse().unwrap();
            assert_eq!(address.to_string(), printed, "{text}");
            assert_eq!(printed.parse(), Ok(address));
        }
    }

    #[test]
    fn an_invalid_address_is_refused() {
        for text in [
            "",
            "10.20.0",
            "10.20.0.256",
            "gam.example.net",
            "10.0.0.1:",
            "10.0.0.1:0",
            "10.0.0.1:22/",
            "10.0.0.1:70000",
            "10.0.0.1:+22",
            "[::1",
            "[::1]22",
            "admin@10.0.0.1",
        ] {
            assert!(text.parse::<Address>().is_err(), "{text}");
        }
    }

    #[test]
    fn loopback_in_ipv6_clothes_is_still_loopback() {
        let address: Address = "::ffff:127.0.0.1".parse().unwrap();
        assert!(address.unroutable().is_some());
    }
}
