//! Defines equipment as a billing system has it: MAC addresses in any notation, and where the item is.

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use super::{AccountId, EquipmentId, ServiceId};
use crate::model::MacAddress;

/// An item of equipment, such as an endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Equipment {
    pub id: EquipmentId,
    pub macs: Vec<WrittenMac>,
    /// The id of the model or product.
    pub model: Option<CompactString>,
    pub place: EquipmentPlace,
}

/// The place of an item.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EquipmentPlace {
    Account {
        account: AccountId,
    },
    Service {
        account: AccountId,
        service: ServiceId,
    },
    Stock,
    Broken,
    /// At a site, in a vehicle, with a technician.
    Elsewhere,
}

impl EquipmentPlace {
    pub fn account(&self) -> Option<&AccountId> {
        match self {
            Self::Account { account } | Self::Service { account, .. } => Some(account),
            Self::Stock | Self::Broken | Self::Elsewhere => None,
        }
    }
}

/// A MAC address as a person typed it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WrittenMac {
    Read {
        mac: MacAddress,
    },
    /// Not a MAC address; kept to suggest the endpoint that it may mean. At most `MOST_UNREADABLE` characters.
    Unreadable {
        text: CompactString,
    },
}

/// The longest text that is kept of an unreadable address.
const MOST_UNREADABLE: usize = 40;

impl WrittenMac {
    /// Reads every address in a text: in any notation, several with commas, semicolons or spaces between them.
    pub fn read_all(text: &str) -> Vec<Self> {
        let mut read: Vec<_> = text
            .split([',', ';', ' ', '\t', '\n', '/', '|'])
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .map(Self::read)
            .collect();
        read.sort();
        read.dedup();
        read
    }

    fn read(text: &str) -> Self {
        match text.parse() {
            Ok(mac) => Self::Read { mac },
            Err(_) => Self::Unreadable {
                text: text.chars().take(MOST_UNREADABLE).collect(),
            },
        }
    }

    pub fn mac(&self) -> Option<MacAddress> {
        match self {
            Self::Read { mac } => Some(*mac),
            Self::Unreadable { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn macs(text: &str) -> Vec<String> {
        let read = WrittenMac::read_all(text);
        let macs = read.iter().filter_map(WrittenMac::mac);
        macs.map(|mac| mac.to_string()).collect()
    }

    #[test]
    fn a_mac_is_read_in_five_notations() {
        for text in [
            "00:0e:d8:1c:95:08",
            "00:0E:D8:1C:95:08",
            "00-0E-D8-1C-95-08",
            "000e.d81c.9508",
            "000ED81C9508",
        ] {
            assert_eq!(macs(text), ["00:0e:d8:1c:95:08"], "{text}");
        }
    }

    #[test]
    fn a_field_may_hold_two_addresses() {
        let two = "2CC81BBDC9AB, 00E04C687E6A";
        assert_eq!(macs(two), ["00:e0:4c:68:7e:6a", "2c:c8:1b:bd:c9:ab"]);
    }

    #[test]
    fn a_serial_number_is_kept_and_is_no_address() {
        let read = WrittenMac::read_all("GN2041187");
        assert!(matches!(read[..], [WrittenMac::Unreadable { .. }]));
        assert!(WrittenMac::read_all("  ").is_empty());
    }
}
