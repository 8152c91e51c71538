//! The addresses that somebody means: one, a network, or from one to another.

use std::net::{IpAddr, Ipv4Addr};

use anyhow::{bail, ensure};

use crate::model::Address;
use crate::report::visible;

/// The most addresses that one range stands for: a mistyped network would be asked for hours.
const MOST: u32 = 4096;

/// What was typed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Meant {
    /// One address, which must answer.
    One(Address),
    /// Many, of which some are devices.
    Range(Vec<Address>),
    /// A device of the inventory.
    Name(String),
}

pub(super) fn meant(text: &str) -> anyhow::Result<Meant> {
    if let Ok(address) = text.parse::<Address>() {
        return Ok(Meant::One(address));
    }
    if let Some((network, length)) = text.split_once('/')
        && let Ok(network) = network.parse::<Ipv4Addr>()
    {
        return network_of(network, length).map(Meant::Range);
    }
    if let Some((first, last)) = text.split_once('-')
        && let (Ok(first), Ok(last)) = (first.parse::<Ipv4Addr>(), last.parse::<Ipv4Addr>())
    {
        return between(u32::from(first), u32::from(last)).map(Meant::Range);
    }
    let is_name = crate::model::DeviceName::new(text).is_ok();
    ensure!(
        is_name && !text.chars().all(|c| c.is_ascii_digit() || c == '.'),
        "`{}` is neither an address, a range such as `10.20.0.0/24` or `10.20.0.11-10.20.0.40`, nor the name of a device",
        visible(text)
    );
    Ok(Meant::Name(text.to_owned()))
}

/// Returns the hosts of a network.
fn network_of(network: Ipv4Addr, length: &str) -> anyhow::Result<Vec<Address>> {
    let Some(length) = length.parse::<u32>().ok().filter(|length| *length <= 32) else {
        bail!(
            "`/{}` is no length of a network, which is 0 to 32",
            visible(length)
        );
    };
    let size = 1_u64 << (32 - length);
    ensure!(
        size <= u64::from(MOST),
        "a /{length} has {size} addresses, and {MOST} are looked at at once; give smaller networks"
    );
    let size = u32::try_from(size).unwrap_or(MOST);
    let first = u32::from(network) & !(size - 1);
    let last = first + (size - 1);
    // The first is the network's and the last is everybody's.
    match size {
        1 | 2 => between(first, last),
        _ => between(first + 1, last - 1),
    }
}

fn between(first: u32, last: u32) -> anyhow::Result<Vec<Address>> {
    ensure!(
        first <= last,
        "the range runs backwards: write `{}-{}`",
        Ipv4Addr::from(last),
        Ipv4Addr::from(first)
    );
    ensure!(
        last - first < MOST,
        "a range of {} addresses is too large; {MOST} are looked at at once",
        u64::from(last - first) + 1
    );
    let addresses = (first..=last).map(|ip| Address::of(IpAddr::V4(Ipv4Addr::from(ip))));
    Ok(addresses.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(text: &str) -> usize {
        match meant(text).unwrap() {
            Meant::One(_) => 1,
            Meant::Range(all) => all.len(),
            Meant::Name(_) => 0,
        }
    }

    #[test]
    fn a_range_stands_for_its_hosts() {
        assert_eq!(count("10.20.0.11"), 1);
        assert_eq!(count("127.0.0.1:2222/1161"), 1);
        assert_eq!(count("10.20.0.0/24"), 254);
        assert_eq!(count("10.20.0.77/32"), 1);
        assert_eq!(count("10.20.0.11-10.20.0.40"), 30);
        assert_eq!(count("maple-court-a"), 0);
    }

    #[test]
    fn what_is_no_range_is_said() {
        for (text, says) in [
            ("10.0.0.0/8", "smaller networks"),
            ("10.0.0.0/33", "no length"),
            ("10.0.0.9-10.0.0.1", "backwards"),
            ("10.0.0.0-10.9.0.0", "too large"),
            ("10.0.0", "neither an address"),
            ("a b", "neither an address"),
        ] {
            let error = meant(text).unwrap_err().to_string();
            assert!(error.contains(says), "{text}: {error}");
        }
    }
}
