//! Lists the rows of endpoint tables: by id or address, only those heard, and their Ethernet ports.

use super::rows::{ENDPOINTS, Rows, arcs_of, first_after, id_of, lowest_after, mac_of};
use crate::model::MacAddress;
use crate::simulator::gam::{DeadRows, Detected, Gam};

/// One row for each endpoint that is configured or heard, by its address in six arcs.
pub(super) static MACS: Rows = Rows {
    next: |gam, after| Some(arcs_of(gam.known_from(lowest_after(after)?)?)),
    has: |gam, index| mac_of(index).is_some_and(|mac| gam.detected(mac).is_some()),
};

/// One row for each configured endpoint that is heard, by its id.
pub(super) static HEARD_ENDPOINTS: Rows = Rows {
    next: |gam, after| {
        let first = u16::try_from(first_after(after)?).ok()?;
        let mut following = gam.running().endpoints.range(first..);
        let (id, _) = following.find(|(_, endpoint)| is_heard(gam, endpoint.mac))?;
        Some(vec![u32::from(*id)])
    },
    has: |gam, index| {
        let endpoint = id_of(index).and_then(|id| gam.running().endpoints.get(&id));
        endpoint.is_some_and(|endpoint| is_heard(gam, endpoint.mac))
    },
};

/// One row for each endpoint that is heard, by its address.
pub(super) static HEARD_MACS: Rows = Rows {
    next: |gam, after| Some(arcs_of(heard_from(gam, lowest_after(after)?)?)),
    has: |gam, index| mac_of(index).is_some_and(|mac| is_heard(gam, mac)),
};

/// The rows of the detailed columns by id: what is not alive has none, or zeros.
pub(super) static DETAILED_ENDPOINTS: Rows = Rows {
    next: |gam, after| (detailed(gam, &ENDPOINTS, &HEARD_ENDPOINTS).next)(gam, after),
    has: |gam, index| (detailed(gam, &ENDPOINTS, &HEARD_ENDPOINTS).has)(gam, index),
};

/// The same by address.
pub(super) static DETAILED_MACS: Rows = Rows {
    next: |gam, after| (detailed(gam, &MACS, &HEARD_MACS).next)(gam, after),
    has: |gam, index| (detailed(gam, &MACS, &HEARD_MACS).has)(gam, index),
};

fn detailed<'r>(gam: &Gam, all: &'r Rows, heard: &'r Rows) -> &'r Rows {
    match gam.hardware().assumptions.dead_rows {
        DeadRows::Absent => heard,
        DeadRows::Zeros => all,
    }
}

/// One row for each Ethernet port of a configured endpoint that is heard, by id and port.
pub(super) static ENDPOINT_ETHERNET: Rows = Rows {
    next: |gam, after| {
        let first = u16::try_from(after.first().copied().unwrap_or(0)).ok()?;
        let mut following = gam.running().endpoints.range(first..);
        following.find_map(|(id, endpoint)| {
            let id = u32::from(*id);
            let before = match after {
                [same, port, ..] if *same == id => *port,
                _ => 0,
            };
            let port = port_after(gam, endpoint.mac, before)?;
            Some(vec![id, port])
        })
    },
    has: |gam, index| {
        let [id, port] = index else { return false };
        let endpoint = id_of(&[*id]).and_then(|id| gam.running().endpoints.get(&id));
        endpoint.is_some_and(|endpoint| has_port(gam, endpoint.mac, *port))
    },
};

/// One row for each Ethernet port of an endpoint that is heard, by address and port.
pub(super) static MAC_ETHERNET: Rows = Rows {
    next: |gam, after| {
        // First the remaining ports of the name's endpoint, then those of later endpoints.
        if let Some((mac, rest)) = split_mac(after)
            && let Some(port) = port_after(gam, mac, rest.first().copied().unwrap_or(0))
        {
            return Some(with_port(mac, port));
        }
        let mac = heard_from(gam, lowest_after(after)?)?;
        Some(with_port(mac, port_after(gam, mac, 0)?))
    },
    has: |gam, index| {
        split_mac(index).is_some_and(|(mac, rest)| match rest {
            [port] => has_port(gam, mac, *port),
            _ => false,
        })
    },
};

/// Returns the endpoint of a row, for an index that starts with an id or an address.
pub(super) fn endpoint_at<'g>(gam: &'g Gam, index: &[u32]) -> Option<Detected<'g>> {
    match index {
        [id] | [id, _] => gam.detected_by_id(u16::try_from(*id).ok()?),
        _ => gam.detected(split_mac(index)?.0),
    }
}

/// Returns the Ethernet port of a row.
pub(super) fn ethernet_port(index: &[u32]) -> Option<u32> {
    match index {
        [_, port] | [_, _, _, _, _, _, port] => Some(*port),
        _ => None,
    }
}

fn split_mac(index: &[u32]) -> Option<(MacAddress, &[u32])> {
    let (mac, rest) = index.split_at_checked(6)?;
    Some((mac_of(mac)?, rest))
}

fn with_port(mac: MacAddress, port: u32) -> Vec<u32> {
    let mut index = arcs_of(mac);
    index.push(port);
    index
}

fn is_heard(gam: &Gam, mac: MacAddress) -> bool {
    gam.heard(mac).is_some()
}

pub(super) fn heard_from(gam: &Gam, lowest: MacAddress) -> Option<MacAddress> {
    let mut mac = gam.known_from(lowest)?;
    while !is_heard(gam, mac) {
        mac = gam.known_from(lowest_after(&arcs_of(mac))?)?;
    }
    Some(mac)
}

fn port_after(gam: &Gam, mac: MacAddress, before: u32) -> Option<u32> {
    let port = before.checked_add(1)?;
    has_port(gam, mac, port).then_some(port)
}

fn has_port(gam: &Gam, mac: MacAddress, port: u32) -> bool {
    gam.heard(mac)
        .is_some_and(|plugged| (1..=u32::from(plugged.family.ethernet_ports())).contains(&port))
}
