//! Encodes VLAN sets as the vendor's MIBs do: four columns of 128 octets, 1024 VLANs each.

use crate::model::VlanSet;
use crate::simulator::snmp::Value;

const OCTETS: usize = 128;
const VLANS: u16 = 1024;

/// The part of a set in one column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quarter {
    To1K,
    To2K,
    To3K,
    To4K,
}

impl Quarter {
    fn first_vlan(self) -> u16 {
        match self {
            Self::To1K => 0,
            Self::To2K => VLANS,
            Self::To3K => 2 * VLANS,
            Self::To4K => 3 * VLANS,
        }
    }
}

/// Returns a quarter of a set; within an octet the lower VLAN is the lower bit (docs/gam.md).
pub(super) fn quarter(vlans: &VlanSet, quarter: Quarter) -> Value {
    let first = quarter.first_vlan();
    let last = first + (VLANS - 1);
    let mut octets = vec![0_u8; OCTETS];
    for range in vlans.ranges() {
        let (from, to) = (range.first.get().max(first), range.last.get().min(last));
        for vlan in from..=to {
            let place = vlan - first;
            if let Some(octet) = octets.get_mut(usize::from(place / 8)) {
                *octet |= 1 << (place % 8);
            }
        }
    }
    Value::OctetString(octets)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::gam::vlans;

    fn bits(set: &VlanSet, which: Quarter) -> Vec<(usize, u8)> {
        let Value::OctetString(octets) = quarter(set, which) else {
            unreachable!()
        };
        assert_eq!(octets.len(), OCTETS);
        let set = octets.into_iter().enumerate();
        set.filter(|(_, octet)| *octet != 0).collect()
    }

    #[test]
    fn the_lower_vlan_is_the_lower_bit_and_a_range_goes_over_quarters() {
        let set = vlans(&[(3, 3), (8, 9), (1023, 1024), (4094, 4095)]);
        let first = [(0, 0b1000), (1, 0b11), (127, 0b1000_0000)];
        assert_eq!(bits(&set, Quarter::To1K), first);
        assert_eq!(bits(&set, Quarter::To2K), [(0, 1)]);
        assert_eq!(bits(&set, Quarter::To3K), []);
        assert_eq!(bits(&set, Quarter::To4K), [(127, 0b1100_0000)]);
    }
}
