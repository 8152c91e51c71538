//! Parses MAC addresses in any common notation and prints them in one.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A MAC address, printed `00:0e:d8:1c:95:08`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MacAddress([u8; 6]);

/// An error in a written MAC address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MacAddressError {
    #[error("a MAC address is twelve hexadecimal digits, such as `00:0e:d8:1c:95:08`")]
    Notation,
    #[error("all zeros is not the address of an endpoint")]
    Zero,
    #[error(
        "an address with an odd first octet is a group address, not the address of one endpoint"
    )]
    Group,
}

impl MacAddress {
    /// Returns the address of one station: neither zero nor a group address.
    pub fn new(octets: [u8; 6]) -> Result<Self, MacAddressError> {
        let [first, ..] = octets;
        if octets == [0; 6] {
            Err(MacAddressError::Zero)
        } else if first & 1 == 1 {
            Err(MacAddressError::Group)
        } else {
            Ok(Self(octets))
        }
    }

    pub fn octets(self) -> [u8; 6] {
        self.0
    }

    /// Returns the address as a number, for sorting and hashing many.
    pub fn to_u64(self) -> u64 {
        self.0
            .iter()
            .fold(0, |sum, octet| sum << 8 | u64::from(*octet))
    }
}

impl FromStr for MacAddress {
    type Err = MacAddressError;

    /// Parses `00:0e:d8:1c:95:08`, `00-0E-D8-1C-95-08`, `000e.d81c.9508` and `000ed81c9508`.
    fn from_str(text: &str) -> Result<Self, MacAddressError> {
        let separator = text.bytes().find(|byte| !byte.is_ascii_hexdigit());
        let group = match (separator, text.len()) {
            (None, 12) => 12,
            (Some(b':' | b'-'), 17) => 2,
            (Some(b'.'), 14) => 4,
            _ => return Err(MacAddressError::Notation),
        };
        let mut octets = [0u8; 6];
        let mut nibbles = 0usize;
        for (index, byte) in text.bytes().enumerate() {
            if index % (group + 1) == group {
                if Some(byte) != separator {
                    return Err(MacAddressError::Notation);
                }
                continue;
            }
            let digit = char::from(byte)
                .to_digit(16)
                .and_then(|d| u8::try_from(d).ok());
            let (Some(digit), Some(octet)) = (digit, octets.get_mut(nibbles / 2)) else {
                return Err(MacAddressError::Notation);
            };
            *octet = *octet << 4 | digit;
            nibbles += 1;
        }
        if nibbles != 12 {
            return Err(MacAddressError::Notation);
        }
        Self::new(octets)
    }
}

impl fmt::Display for MacAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, f] = self.0;
        write!(formatter, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{f:02x}")
    }
}

impl fmt::Debug for MacAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl TryFrom<String> for MacAddress {
    type Error = MacAddressError;

    fn try_from(text: String) -> Result<Self, MacAddressError> {
        text.parse()
    }
}

impl From<MacAddress> for String {
    fn from(address: MacAddress) -> Self {
        address.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_common_notation_is_the_same_address() {
        for text in [
            "00:0e:d8:1c:95:08",
            "00:0E:D8:1C:95:08",
            "00-0e-d8-1c-95-08",
            "000e.d81c.9508",
            "000ED81C9508",
        ] {
            let address: MacAddress = text.parse().unwrap();
            assert_eq!(address.to_string(), "00:0e:d8:1c:95:08", "{text}");
        }
    }

    #[test]
    fn a_mixed_or_cut_notation_is_refused() {
        for text in [
            "",
            "00:0e:d8:1c:95",
            "00:0e-d8:1c:95:08",
            "0:e:d8:1c:95:08",
            "00:0e:d8:1c:95:0g",
            "000e.d81c.95.8",
            "00000ed81c9508",
            "00:0e:d8:1c:95:08:",
            "éé0e:d8:1c:95",
        ] {
            assert_eq!(
                text.parse::<MacAddress>(),
                Err(MacAddressError::Notation),
                "{text}"
            );
        }
    }

    #[test]
    fn zero_and_group_addresses_are_not_endpoints() {
        assert_eq!(
            "000000000000".parse::<MacAddress>(),
            Err(MacAddressError::Zero)
        );
        assert_eq!(
            "ffffffffffff".parse::<MacAddress>(),
            Err(MacAddressError::Group)
        );
        assert_eq!(
            "01005e000001".parse::<MacAddress>(),
            Err(MacAddressError::Group)
        );
    }
}
