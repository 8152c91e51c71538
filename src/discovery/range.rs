//! Parses ranges of addresses, such as `10.20.0.0/24` or `10.20.0.10-10.20.0.40`, with optional ports.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};
use std::str::FromStr;

use crate::model::Address;

/// As many as a /16 has: at the usual rate, eleven minutes.
pub const MOST_ADDRESSES: usize = 1 << 16;

/// Addresses that follow each other, all with the same ports. Of IP version 6 there is only one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddressRange {
    first: Address,
    count: u64,
}

/// Why a text is not a range of addresses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RangeError {
    #[error(
        "`{0}` is not a range of addresses; write `10.20.0.0/24`, `10.20.0.10-10.20.0.40` or `10.20.0.11`, with `:SSH_PORT/SNMP_PORT` behind it where they are not 22 and 161"
    )]
    NotARange(String),
    #[error("`{0}` runs backwards; write the smaller address first")]
    Backwards(String),
    #[error("that is more than {MOST_ADDRESSES} addresses; sweep in parts")]
    TooMany,
}

impl AddressRange {
    /// Returns how many addresses it has.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Returns whether it has an address, whatever the ports.
    pub fn contains(&self, address: Address) -> bool {
        match (self.first.ip, address.ip) {
            (IpAddr::V4(first), IpAddr::V4(ip)) => {
                let (first, ip) = (u64::from(u32::from(first)), u64::from(u32::from(ip)));
                (first..first + self.count).contains(&ip)
            }
            (first, ip) => first == ip,
        }
    }

    /// Returns whether two ranges have an address in common, whatever the ports.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.contains(other.first) || other.contains(self.first)
    }

    /// Returns its addresses in order.
    pub fn addresses(&self) -> impl Iterator<Item = Address> {
        let Self { first, count } = *self;
        let number = match first.ip {
            IpAddr::V4(ip) => u32::from(ip),
            IpAddr::V6(_) => 0,
        };
        (u64::from(number)..u64::from(number) + count).map(move |number| Address {
            ip: match first.ip {
                IpAddr::V4(_) => Ipv4Addr::from(u32::try_from(number).unwrap_or(u32::MAX)).into(),
                IpAddr::V6(_) => first.ip,
            },
            ..first
        })
    }
}

impl FromStr for AddressRange {
    type Err = RangeError;

    fn from_str(text: &str) -> Result<Self, RangeError> {
        let wrong = || RangeError::NotARange(text.chars().take(60).collect());
        if let Ok(first) = text.parse::<Address>() {
            return Ok(Self { first, count: 1 });
        }
        let (ips, ports) = match text.split_once(':') {
            Some((ips, ports)) => (ips, format!(":{ports}")),
            None => (text, String::new()),
        };
        let ip = |text: &str| text.trim().parse::<Ipv4Addr>().map_err(|_| wrong());
        let (first, last) = match (ips.split_once('-'), ips.split_once('/')) {
            (Some((first, last)), _) => (u32::from(ip(first)?), u32::from(ip(last)?)),
            (None, Some((network, length))) => hosts(ip(network)?, length).ok_or_else(wrong)?,
            (None, None) => return Err(wrong()),
        };
        if last < first {
            return Err(RangeError::Backwards(text.to_owned()));
        }
        let first_ip = Ipv4Addr::from(first);
        Ok(Self {
            first: format!("{first_ip}{ports}").parse().map_err(|_| wrong())?,
            count: u64::from(last - first) + 1,
        })
    }
}

/// Returns the first and the last host of a network.
fn hosts(network: Ipv4Addr, length: &str) -> Option<(u32, u32)> {
    let length: u32 = length.parse().ok().filter(|length| *length <= 32)?;
    let mask = u32::MAX.checked_shr(length).unwrap_or(0);
    let first = u32::from(network) & !mask;
    let last = first | mask;
    // The network's own address and its broadcast address belong to no host, but a /31 and a /32 have only hosts.
    Some(match length < 31 {
        true => (first + 1, last - 1),
        false => (first, last),
    })
}

/// Returns every address of the ranges once, in order.
pub fn addresses<'a>(
    ranges: impl IntoIterator<Item = &'a str>,
) -> Result<Vec<Address>, RangeError> {
    let mut all = BTreeSet::new();
    for range in ranges {
        let range: AddressRange = range.parse()?;
        if range.count() > MOST_ADDRESSES as u64 {
            return Err(RangeError::TooMany);
        }
        all.extend(range.addresses());
        if all.len() > MOST_ADDRESSES {
            return Err(RangeError::TooMany);
        }
    }
    Ok(all.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(ranges: &[&str]) -> Vec<String> {
        let all = addresses(ranges.iter().copied()).unwrap();
        all.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn ranges_are_written_in_three_ways_and_count_once() {
        assert_eq!(shown(&["10.0.0.5/30"]), ["10.0.0.5", "10.0.0.6"]);
        assert_eq!(
            shown(&["10.0.0.7/32", "10.0.0.6/31"]),
            ["10.0.0.6", "10.0.0.7"]
        );
        assert_eq!(
            shown(&["10.0.0.255-10.0.1.1", "10.0.1.0"]),
            ["10.0.0.255", "10.0.1.0", "10.0.1.1"]
        );
        assert_eq!(shown(&["127.1.0.0/31:2222/1161"]).len(), 2);
        assert_eq!(shown(&["127.1.0.1:2222/1161"]), ["127.1.0.1:2222/1161"]);
        assert_eq!(shown(&["2001:db8::1"]), ["2001:db8::1"]);
        assert_eq!(addresses(["10.20.0.0/24"]).unwrap().len(), 254);
        assert_eq!(addresses(["10.20.0.0/16"]).unwrap().len(), 65_534);
    }

    #[test]
    fn a_range_that_is_invalid_or_too_large_is_refused() {
        for large in ["10.0.0.0/15", "0.0.0.0/0", "1.0.0.0-2.0.0.0"] {
            assert_eq!(addresses([large]), Err(RangeError::TooMany), "{large}");
        }
        assert!(matches!(
            addresses(["10.0.0.2-10.0.0.1"]),
            Err(RangeError::Backwards(_))
        ));
        for bad in [
            "",
            "maple",
            "10.0.0.0/33",
            "10.0.0/24",
            "10.0.0.1-",
            "10.0.0.0/24:x",
            "::/64",
        ] {
            assert!(
                matches!(addresses([bad]), Err(RangeError::NotARange(_))),
                "{bad}"
            );
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_range_or_refused(text in "[0-9./:a-]{0,30}|.{0,30}") {
            if let Ok(all) = addresses([text.as_str()]) {
                prop_assert!((1..=MOST_ADDRESSES).contains(&all.len()));
            }
        }
    }
}
