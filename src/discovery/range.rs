//! Which addresses are meant: `10.20.0.0/24`, `10.20.0.10-10.20.0.40`, `10.20.0.11`, each with ports behind it on test beds.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

use crate::model::Address;

/// As many as a /16 has: at the usual rate, eleven minutes.
pub const MOST_ADDRESSES: usize = 1 << 16;

/// What is wrong with a range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RangeError {
    #[error(
        "`{0}` is no range of addresses; write `10.20.0.0/24`, `10.20.0.10-10.20.0.40` or `10.20.0.11`, with `:SSH_PORT/SNMP_PORT` behind it where they are not 22 and 161"
    )]
    NotARange(String),
    #[error("`{0}` runs backwards")]
    Backwards(String),
    #[error("that is more than {MOST_ADDRESSES} addresses; sweep in parts")]
    TooMany,
}

/// Returns every address of the ranges once, in order.
pub fn addresses<'a>(
    ranges: impl IntoIterator<Item = &'a str>,
) -> Result<Vec<Address>, RangeError> {
    let mut all = BTreeSet::new();
    for range in ranges {
        let (first, last, ports) = bounds(range)?;
        let count = u32::from(last).saturating_sub(u32::from(first)) as usize;
        if count >= MOST_ADDRESSES {
            return Err(RangeError::TooMany);
        }
        match (first, ports.ip) {
            // One address, which may be of version 6.
            (first, IpAddr::V6(_)) if first == last => {
                all.insert(ports);
            }
            _ => all.extend((u32::from(first)..=u32::from(last)).map(|ip| Address {
                ip: IpAddr::V4(ip.into()),
                ..ports
            })),
        }
        if all.len() > MOST_ADDRESSES {
            return Err(RangeError::TooMany);
        }
    }
    Ok(all.into_iter().collect())
}

/// Returns the first and last address of a range, and one with its ports.
fn bounds(range: &str) -> Result<(Ipv4Addr, Ipv4Addr, Address), RangeError> {
    let wrong = || RangeError::NotARange(range.chars().take(60).collect());
    if let Ok(address) = range.parse::<Address>() {
        let ip = match address.ip {
            IpAddr::V4(ip) => ip,
            IpAddr::V6(_) => Ipv4Addr::UNSPECIFIED,
        };
        return Ok((ip, ip, address));
    }
    let (ips, ports) = match range.split_once(':') {
        Some((ips, ports)) => (ips, format!(":{ports}")),
        None => (range, String::new()),
    };
    let with_ports = |ip: Ipv4Addr| {
        format!("{ip}{ports}")
            .parse::<Address>()
            .map_err(|_| wrong())
    };
    let ip = |text: &str| text.trim().parse::<Ipv4Addr>().map_err(|_| wrong());
    if let Some((first, last)) = ips.split_once('-') {
        let (first, last) = (ip(first)?, ip(last)?);
        if last < first {
            return Err(RangeError::Backwards(range.to_owned()));
        }
        return Ok((first, last, with_ports(first)?));
    }
    let (network, length) = ips.split_once('/').ok_or_else(wrong)?;
    let network = ip(network)?;
    let length: u32 = length.parse().ok().filter(|l| *l <= 32).ok_or_else(wrong)?;
    let hosts = u32::MAX.checked_shr(length).unwrap_or(0);
    let first = u32::from(network) & !hosts;
    let last = first | hosts;
    // A network's own address and its broadcast are nobody's, where there is room for them.
    let (first, last) = if length < 31 {
        (first + 1, last - 1)
    } else {
        (first, last)
    };
    Ok((first.into(), last.into(), with_ports(network)?))
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
    fn what_is_too_much_or_no_range_is_refused() {
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
