//! Lists the present rows of a table, by kind of index; tables with the same index share one list.

use super::interface_rows::physical_count;
use crate::model::MacAddress;
use crate::simulator::gam::{FIRST_PHYSICAL, Gam};

/// Finds the rows of a table; an index is the arcs after the column's name.
#[derive(Debug)]
pub(super) struct Rows {
    /// Returns the first row after these arcs, which can be none, too few, too many, or those of a missing row.
    pub(super) next: fn(&Gam, after: &[u32]) -> Option<Vec<u32>>,
    pub(super) has: fn(&Gam, index: &[u32]) -> bool,
}

/// The one row of a scalar.
pub(super) static SCALAR: Rows = Rows {
    next: |_, after| after.is_empty().then(|| vec![0]),
    has: |_, index| index == [0],
};

/// One row for each physical interface, by its number.
pub(super) static INTERFACES: Rows = Rows {
    next: |gam, after| next_physical(after, physical_count(gam)),
    has: |gam, index| match index {
        [if_index] => gam.hardware().interface(*if_index).is_some(),
        _ => false,
    },
};

/// One row for each G.hn port, by its interface number.
pub(super) static GHN_PORTS: Rows = Rows {
    next: |gam, after| next_physical(after, u32::from(gam.hardware().ghn_ports())),
    has: |gam, index| ghn_port(gam, index).is_some(),
};

/// One row for each configured endpoint, by its id.
pub(super) static ENDPOINTS: Rows = Rows {
    next: |gam, after| next_key(&gam.running().endpoints, after),
    has: |gam, index| has_key(&gam.running().endpoints, index),
};

/// One row for each bandwidth profile, by its id.
pub(super) static PROFILES: Rows = Rows {
    next: |gam, after| next_key(&gam.running().profiles, after),
    has: |gam, index| has_key(&gam.running().profiles, index),
};

/// One row for each subscriber, by its id.
pub(super) static SUBSCRIBERS: Rows = Rows {
    next: |gam, after| next_key(&gam.running().subscribers, after),
    has: |gam, index| has_key(&gam.running().subscribers, index),
};

/// Returns the G.hn port of a row.
pub(super) fn ghn_port(gam: &Gam, index: &[u32]) -> Option<u8> {
    let [if_index] = index else { return None };
    let port = u8::try_from(if_index.checked_sub(FIRST_PHYSICAL)?).ok()?;
    (1..=gam.hardware().ghn_ports())
        .contains(&port)
        .then_some(port)
}

/// Returns the number of a configured object.
pub(super) fn id_of(index: &[u32]) -> Option<u16> {
    match index {
        [id] => u16::try_from(*id).ok(),
        _ => None,
    }
}

/// Returns the address of a row.
pub(super) fn mac_of(index: &[u32]) -> Option<MacAddress> {
    let arcs: [u32; 6] = index.try_into().ok()?;
    let mut octets = [0; 6];
    for (octet, arc) in octets.iter_mut().zip(arcs) {
        *octet = u8::try_from(arc).ok()?;
    }
    MacAddress::new(octets).ok()
}

pub(super) fn arcs_of(mac: MacAddress) -> Vec<u32> {
    mac.octets().into_iter().map(u32::from).collect()
}

/// Returns the lowest possible first arc of a row after these arcs.
pub(super) fn first_after(after: &[u32]) -> Option<u32> {
    match after.first() {
        None => Some(0),
        Some(arc) => arc.checked_add(1),
    }
}

fn next_physical(after: &[u32], count: u32) -> Option<Vec<u32>> {
    let next = first_after(after)?.max(FIRST_PHYSICAL + 1);
    (next <= FIRST_PHYSICAL + count).then(|| vec![next])
}

type Configured<T> = std::collections::BTreeMap<u16, T>;

fn next_key<T>(map: &Configured<T>, after: &[u32]) -> Option<Vec<u32>> {
    let first = u16::try_from(first_after(after)?).ok()?;
    let (id, _) = map.range(first..).next()?;
    Some(vec![u32::from(*id)])
}

fn has_key<T>(map: &Configured<T>, index: &[u32]) -> bool {
    id_of(index).is_some_and(|id| map.contains_key(&id))
}

/// Returns the lowest address whose six arcs come after these arcs.
pub(super) fn lowest_after(after: &[u32]) -> Option<MacAddress> {
    let mut lowest: u64 = 0;
    let mut arcs = after.iter().take(6);
    for place in (0..6).rev() {
        match arcs.next() {
            None => {
                lowest <<= 8 * (place + 1);
                return station_from(lowest);
            }
            Some(arc) => match u8::try_from(*arc) {
                Ok(octet) => lowest = lowest << 8 | u64::from(octet),
                // No address has such an octet, so the next address differs in an earlier one.
                Err(_) => return station_from((lowest + 1) << (8 * (place + 1))),
            },
        }
    }
    station_from(lowest + 1)
}

/// Returns the first station address from a number on.
fn station_from(number: u64) -> Option<MacAddress> {
    let number = number.max(1);
    let group = number >> 40 & 1 == 1;
    let number = if group {
        ((number >> 40) + 1) << 40
    } else {
        number
    };
    let [0, 0, octets @ ..] = number.to_be_bytes() else {
        return None;
    };
    MacAddress::new(octets).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lowest(after: &[u32]) -> Option<String> {
        lowest_after(after).map(|mac| mac.to_string())
    }

    #[test]
    fn the_lowest_address_after_any_arcs_is_the_next_one_there_can_be() {
        let cases: [(&[u32], Option<&str>); 9] = [
            (&[], Some("00:00:00:00:00:01")),
            (&[0, 14, 216], Some("00:0e:d8:00:00:00")),
            (&[0, 14, 216, 1, 2, 3], Some("00:0e:d8:01:02:04")),
            (&[0, 14, 216, 1, 2, 3, 9], Some("00:0e:d8:01:02:04")),
            (&[0, 14, 216, 1, 2, 255], Some("00:0e:d8:01:03:00")),
            (&[0, 14, 300, 1], Some("00:0f:00:00:00:00")),
            (&[0, 256], Some("02:00:00:00:00:00")),
            (&[300], None),
            (&[255], None),
        ];
        for (after, expected) in cases {
            assert_eq!(lowest(after).as_deref(), expected, "{after:?}");
        }
    }
}
