//! Lists the rows of interface and VLAN tables by arithmetic, however many there are.

use super::rows::{Rows, first_after};
use crate::simulator::gam::{FIRST_PHYSICAL, Gam, Interface};
use crate::simulator::snmp::Value;

/// The index of a VLAN interface is the VLAN's number, up to this one (seen).
pub(super) const HIGHEST_VLAN: u32 = 4095;

/// A row of the standard's interface tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AnyInterface {
    Vlan(u16),
    Physical(Interface),
}

/// One row for each VLAN interface, then for each physical one: more than 4100 on any device (seen).
pub(super) static ALL_INTERFACES: Rows = Rows {
    next: |gam, after| {
        let next = first_after(after)?.max(1);
        if next <= HIGHEST_VLAN {
            return Some(vec![next]);
        }
        let next = next.max(FIRST_PHYSICAL + 1);
        (next <= FIRST_PHYSICAL + physical_count(gam)).then(|| vec![next])
    },
    has: |gam, index| interface_at(gam, index).is_some(),
};

/// One row for each possible VLAN, by its number.
pub(super) static VLANS: Rows = Rows {
    next: |_, after| numbered(after, 1, HIGHEST_VLAN),
    has: |_, index| matches!(index, [1..=HIGHEST_VLAN]),
};

/// One row for each physical interface, by its number as a port of the bridge.
pub(super) static BRIDGE_PORTS: Rows = Rows {
    next: |gam, after| numbered(after, 1, physical_count(gam)),
    has: |gam, index| bridge_port(gam, index).is_some(),
};

/// An empty table.
pub(super) static NO_ROWS: Rows = Rows {
    next: |_, _| None,
    has: |_, _| false,
};

pub(super) fn physical_count(gam: &Gam) -> u32 {
    u32::from(gam.hardware().ghn_ports()) + 1 + u32::from(gam.hardware().uplinks())
}

/// Returns the interface of a row, of either kind.
pub(super) fn interface_at(gam: &Gam, index: &[u32]) -> Option<AnyInterface> {
    match index {
        [vlan @ 1..=HIGHEST_VLAN] => u16::try_from(*vlan).ok().map(AnyInterface::Vlan),
        _ => physical_at(gam, index).map(AnyInterface::Physical),
    }
}

/// Returns the physical interface of a row whose index starts with its number.
pub(super) fn physical_at(gam: &Gam, index: &[u32]) -> Option<Interface> {
    gam.hardware().interface(*index.first()?)
}

/// Returns the physical interface of a bridge port.
pub(super) fn bridge_port(gam: &Gam, index: &[u32]) -> Option<Interface> {
    let [port] = index else { return None };
    gam.hardware().interface(port.checked_add(FIRST_PHYSICAL)?)
}

/// Returns the number of an interface as a bridge port, counted from one.
pub(super) fn bridge_port_number(gam: &Gam, interface: Interface) -> u32 {
    gam.hardware().if_index(interface) - FIRST_PHYSICAL
}

/// Returns a value of the physical interface in a row.
pub(super) fn physical(gam: &Gam, index: &[u32], read: impl FnOnce(Interface) -> Value) -> Value {
    physical_at(gam, index).map_or(Value::NoSuchInstance, read)
}

/// Returns the next row of a table numbered from `first` to `last`.
pub(super) fn numbered(after: &[u32], first: u32, last: u32) -> Option<Vec<u32>> {
    let next = first_after(after)?.max(first);
    (next <= last).then(|| vec![next])
}

/// Returns the next row of a table with two numbers as its index.
///
/// `first_from` finds the lowest first number from one on; `second_from` does so for the second one below a first one.
pub(super) fn next_pair(
    after: &[u32],
    first_from: impl Fn(u32) -> Option<u32>,
    second_from: impl Fn(u32, u32) -> Option<u32>,
) -> Option<Vec<u32>> {
    let (mut lowest, mut second_lowest) = match after {
        [] => (0, 0),
        [first] => (*first, 0),
        [first, second, ..] => match second.checked_add(1) {
            Some(second) => (*first, second),
            None => (first.checked_add(1)?, 0),
        },
    };
    loop {
        let first = first_from(lowest)?;
        if first != lowest {
            second_lowest = 0;
        }
        if let Some(second) = second_from(first, second_lowest) {
            return Some(vec![first, second]);
        }
        lowest = first.checked_add(1)?;
        second_lowest = 0;
    }
}

/// Returns the lowest number of a physical interface from this one on.
pub(super) fn physical_from(gam: &Gam, lowest: u32) -> Option<u32> {
    let first = lowest.max(FIRST_PHYSICAL + 1);
    (first <= FIRST_PHYSICAL + physical_count(gam)).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_come_in_their_order_from_any_place() {
        // Below 3 there are 5 and 7, below 4 nothing, below 9 there is 1.
        let first_from = |lowest| [3, 4, 9].into_iter().find(|first| *first >= lowest);
        let second_from = |first, lowest| {
            let below: &[u32] = match first {
                3 => &[5, 7],
                9 => &[1],
                _ => &[],
            };
            below.iter().copied().find(|second| *second >= lowest)
        };
        let cases: [(&[u32], Option<[u32; 2]>); 8] = [
            (&[], Some([3, 5])),
            (&[3], Some([3, 5])),
            (&[3, 5], Some([3, 7])),
            (&[3, 5, 8], Some([3, 7])),
            (&[3, 7], Some([9, 1])),
            (&[3, u32::MAX], Some([9, 1])),
            (&[9, 1], None),
            (&[u32::MAX, u32::MAX], None),
        ];
        for (after, expected) in cases {
            let found = next_pair(after, first_from, second_from);
            assert_eq!(found, expected.map(|pair| pair.to_vec()), "{after:?}");
        }
    }
}
