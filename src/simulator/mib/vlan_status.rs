//! GAM-VLAN-MIB's status: the VLANs of each port and the ports of each VLAN, by configuring user.

use super::interface_rows::{NO_ROWS, next_pair, physical, physical_at, physical_from};
use super::rows::Rows;
use super::table::{Object, Table, column};
use super::vlan::{CUSTOMER_PORT, VLAN, mode};
use crate::simulator::gam::{FIRST_PHYSICAL, Gam, Interface, SwitchportMode};
use crate::simulator::snmp::Value;

/// `GAMVlanUserType`: all together, the administrator, and the G.hn agent.
const COMBINED: u32 = 0;
const ADMINISTRATOR: u32 = 1;
const GHN: u32 = 15;
const USERS: [u32; 3] = [COMBINED, ADMINISTRATOR, GHN];

/// `GAMVlanEgressTagging`.
const UNTAG_NATIVE: i32 = 0;
const UNTAG_ALL: i32 = 3;

/// One row for each port and each user that configures it.
static PORT_USERS: Rows = Rows {
    next: |gam, after| {
        next_pair(
            after,
            |lowest| physical_from(gam, lowest),
            |port, lowest| {
                let port = physical_at(gam, &[port])?;
                user_from(lowest, |user| has_say(port, user))
            },
        )
    },
    has: |gam, index| match index {
        [_, user] => {
            USERS.contains(user) && physical_at(gam, index).is_some_and(|port| has_say(port, *user))
        }
        _ => false,
    },
};

/// One row for each VLAN and each user with ports in it.
static VLAN_USERS: Rows = Rows {
    next: |gam, after| {
        next_pair(
            after,
            |lowest| {
                let lowest = u16::try_from(lowest).ok()?;
                gam.running().vlan_from(lowest).map(u32::from)
            },
            |vlan, lowest| user_from(lowest, |user| has_ports(gam, vlan, user)),
        )
    },
    has: |gam, index| match index {
        [vlan, user] if USERS.contains(user) => {
            let exists =
                u16::try_from(*vlan).is_ok_and(|vlan| vlan > 0 && gam.running().has_vlan(vlan));
            exists && has_ports(gam, *vlan, *user)
        }
        _ => false,
    },
};

static PORTS: Table = Table {
    base: &VLAN,
    entry: &[3, 1, 1, 1],
    rows: &PORT_USERS,
    needs: None,
    columns: &[
        column(3, |gam, index, _| native(gam, index)),
        column(4, |gam, index, _| native(gam, index)),
        column(5, |_, _, _| Value::Integer(CUSTOMER_PORT)),
        column(6, |_, _, _| Value::truth(true)),
        column(7, |_, _, _| Value::Integer(0)),
        column(8, |gam, index, _| {
            physical(gam, index, |port| {
                let is_access = mode(gam, port) == SwitchportMode::Access;
                Value::Integer(if is_access { UNTAG_ALL } else { UNTAG_NATIVE })
            })
        }),
    ],
};

static MEMBERSHIPS: Table = Table {
    base: &VLAN,
    entry: &[3, 2, 1, 1],
    rows: &VLAN_USERS,
    needs: None,
    columns: &[column(3, |gam, index, _| {
        let [vlan, user] = index else {
            return Value::NoSuchInstance;
        };
        let ports = carriers(gam, *vlan);
        let theirs = ports.into_iter().filter(|port| has_say(*port, *user));
        Value::OctetString(port_list(gam, theirs))
    })],
};

/// Frames never have two tags: the twin has no command for it.
static TWO_TAGS: Table = Table {
    base: &VLAN,
    entry: &[3, 2, 2, 1],
    rows: &NO_ROWS,
    needs: None,
    columns: &[column(4, |_, _, _| Value::NoSuchInstance)],
};

pub(super) fn objects() -> Vec<Object> {
    PORTS
        .objects()
        .chain(MEMBERSHIPS.objects())
        .chain(TWO_TAGS.objects())
        .collect()
}

fn native(gam: &Gam, index: &[u32]) -> Value {
    physical(gam, index, |port| {
        Value::Gauge32(u32::from(gam.running().native_vlan(port)))
    })
}

fn carriers(gam: &Gam, vlan: u32) -> Vec<Interface> {
    let vlan = u16::try_from(vlan).unwrap_or(0);
    gam.running().carriers(vlan, gam.hardware())
}

/// Returns whether a user has ports in a VLAN. All users together have a row also without any [assumed].
fn has_ports(gam: &Gam, vlan: u32, user: u32) -> bool {
    user == COMBINED
        || carriers(gam, vlan)
            .into_iter()
            .any(|port| has_say(port, user))
}

/// Returns whether a user configures a port: the G.hn agent its own ports, the administrator the others (assumed).
fn has_say(port: Interface, user: u32) -> bool {
    let is_ghn = matches!(port, Interface::Ghn(_));
    match user {
        COMBINED => true,
        ADMINISTRATOR => !is_ghn,
        GHN => is_ghn,
        _ => false,
    }
}

fn user_from(lowest: u32, has_say: impl Fn(u32) -> bool) -> Option<u32> {
    USERS
        .into_iter()
        .find(|user| *user >= lowest && has_say(*user))
}

/// Encodes the eight octets of the first unit: port n is bit n, the least significant bit of the first octet is bit 0.
fn port_list(gam: &Gam, ports: impl Iterator<Item = Interface>) -> Vec<u8> {
    let bits = ports.fold(0_u64, |bits, port| {
        bits | 1 << (gam.hardware().if_index(port) - FIRST_PHYSICAL)
    });
    bits.to_le_bytes().to_vec()
}
