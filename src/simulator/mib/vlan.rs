//! GAM-VLAN-MIB's configuration: the VLANs, their names, and the VLAN settings of each port.

use compact_str::format_compact;

use super::interface_rows::{HIGHEST_VLAN, NO_ROWS, VLANS, physical};
use super::rows::INTERFACES;
use super::table::{Object, Scalars, Table, clipped, column};
use super::vlan_quarters::{Quarter, quarter};
use crate::model::VlanSet;
use crate::simulator::gam::{Gam, Interface, SwitchportMode, vlans};
use crate::simulator::snmp::Value;

pub(super) const VLAN: [u32; 10] = [1, 3, 6, 1, 4, 1, 20095, 2001, 13, 1];

/// The tag of a provider bridge, the default for ports of that kind (icli).
const SERVICE_TAG: u32 = 0x88a8;
/// `GAMVlanPortType`: a customer port.
pub(super) const CUSTOMER_PORT: i32 = 1;
const LONGEST_NAME: usize = 32;
/// The VLAN of a port without other configuration.
const DEFAULT_VLAN: u16 = 1;

static CAPABILITIES: Scalars = Scalars {
    base: &VLAN,
    group: &[1],
    needs: None,
    scalars: &[
        column(1, |_, _, _| Value::Gauge32(1)),
        column(2, |_, _, _| Value::Gauge32(HIGHEST_VLAN)),
        // VLANs do not share learned addresses [assumed].
        column(3, |_, _, _| Value::Gauge32(0)),
    ],
};

static GLOBALS: Scalars = Scalars {
    base: &VLAN,
    group: &[2, 1, 1],
    needs: None,
    scalars: &[
        column(1, |_, _, _| Value::Gauge32(SERVICE_TAG)),
        column(2, |gam, _, _| in_use(gam, Quarter::To1K)),
        column(3, |gam, _, _| in_use(gam, Quarter::To2K)),
        column(4, |gam, _, _| in_use(gam, Quarter::To3K)),
        column(5, |gam, _, _| in_use(gam, Quarter::To4K)),
    ],
};

static NAMES: Table = Table {
    base: &VLAN,
    entry: &[2, 1, 2, 1],
    rows: &VLANS,
    needs: None,
    columns: &[column(2, |_, index, _| {
        let vlan = index.first().copied().unwrap_or(0);
        clipped(&vlan_name(vlan), LONGEST_NAME)
    })],
};

/// The port mode that a set of VLANs belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Of {
    Trunk,
    Hybrid,
    Forbidden,
}

static PORTS: Table = Table {
    base: &VLAN,
    entry: &[2, 2, 1, 1],
    rows: &INTERFACES,
    needs: None,
    columns: &[
        column(2, |gam, index, _| {
            physical(gam, index, |port| {
                Value::Integer(match mode(gam, port) {
                    SwitchportMode::Access => 0,
                    SwitchportMode::Trunk => 1,
                    SwitchportMode::Hybrid => 2,
                })
            })
        }),
        column(3, |gam, index, _| {
            native(gam, index, SwitchportMode::Access)
        }),
        column(4, |gam, index, _| native(gam, index, SwitchportMode::Trunk)),
        column(5, |_, _, _| Value::truth(false)),
        column(6, |gam, index, _| set(gam, index, Of::Trunk, Quarter::To1K)),
        column(7, |gam, index, _| set(gam, index, Of::Trunk, Quarter::To2K)),
        column(8, |gam, index, _| set(gam, index, Of::Trunk, Quarter::To3K)),
        column(9, |gam, index, _| set(gam, index, Of::Trunk, Quarter::To4K)),
        column(10, |gam, index, _| {
            native(gam, index, SwitchportMode::Hybrid)
        }),
        column(11, |_, _, _| Value::Integer(CUSTOMER_PORT)),
        // Frames of other VLANs are dropped, tagged or not; the native VLAN is sent untagged [assumed].
        column(12, |_, _, _| Value::truth(true)),
        column(13, |_, _, _| Value::Integer(0)),
        column(14, |_, _, _| Value::Integer(0)),
        column(15, |gam, index, _| {
            set(gam, index, Of::Hybrid, Quarter::To1K)
        }),
        column(16, |gam, index, _| {
            set(gam, index, Of::Hybrid, Quarter::To2K)
        }),
        column(17, |gam, index, _| {
            set(gam, index, Of::Hybrid, Quarter::To3K)
        }),
        column(18, |gam, index, _| {
            set(gam, index, Of::Hybrid, Quarter::To4K)
        }),
        column(19, |gam, index, _| {
            set(gam, index, Of::Forbidden, Quarter::To1K)
        }),
        column(20, |gam, index, _| {
            set(gam, index, Of::Forbidden, Quarter::To2K)
        }),
        column(21, |gam, index, _| {
            set(gam, index, Of::Forbidden, Quarter::To3K)
        }),
        column(22, |gam, index, _| {
            set(gam, index, Of::Forbidden, Quarter::To4K)
        }),
    ],
};

/// The filter that a VLAN shares: none by the capabilities, so the objects have no rows.
static SHARED_LEARNING: Table = Table {
    base: &VLAN,
    entry: &[2, 2, 2, 1],
    rows: &NO_ROWS,
    needs: None,
    columns: &[
        column(2, |_, _, _| Value::NoSuchInstance),
        column(100, |_, _, _| Value::NoSuchInstance),
    ],
};

pub(super) fn objects() -> Vec<Object> {
    CAPABILITIES
        .objects()
        .chain(GLOBALS.objects())
        .chain(NAMES.objects())
        .chain(PORTS.objects())
        .chain(SHARED_LEARNING.objects())
        .collect()
}

/// Returns the name of a VLAN: always the default one.
pub(super) fn vlan_name(vlan: u32) -> compact_str::CompactString {
    if vlan == u32::from(DEFAULT_VLAN) {
        "default".into()
    } else {
        format_compact!("VLAN{vlan:04}")
    }
}

/// Returns the mode of a port: hybrid for G.hn ports (seen), access for the management port (assumed).
pub(super) fn mode(gam: &Gam, port: Interface) -> SwitchportMode {
    match port {
        Interface::Ghn(_) => SwitchportMode::Hybrid,
        Interface::Management => SwitchportMode::Access,
        Interface::Uplink(uplink) => {
            let uplink = gam.running().uplinks.get(&uplink);
            uplink.map_or(SwitchportMode::Trunk, |uplink| uplink.mode)
        }
    }
}

fn in_use(gam: &Gam, which: Quarter) -> Value {
    quarter(&gam.running().vlans_in_use(), which)
}

/// Returns the native VLAN. A port has one; the other modes have the factory default.
fn native(gam: &Gam, index: &[u32], of: SwitchportMode) -> Value {
    physical(gam, index, |port| {
        let vlan = if mode(gam, port) == of {
            gam.running().native_vlan(port)
        } else {
            DEFAULT_VLAN
        };
        Value::Gauge32(u32::from(vlan))
    })
}

fn set(gam: &Gam, index: &[u32], of: Of, which: Quarter) -> Value {
    physical(gam, index, |port| quarter(&members(gam, port, of), which))
}

/// Returns the VLANs of one of a port's modes. A mode that is not active accepts all, the factory default (icli).
fn members(gam: &Gam, port: Interface, of: Of) -> VlanSet {
    let is_of = match mode(gam, port) {
        SwitchportMode::Access => None,
        SwitchportMode::Trunk => Some(Of::Trunk),
        SwitchportMode::Hybrid => Some(Of::Hybrid),
    };
    match port {
        // There is no command to forbid a VLAN.
        _ if of == Of::Forbidden => VlanSet::default(),
        Interface::Ghn(port) if is_of == Some(of) => gam.running().vlans_on_port(port),
        Interface::Uplink(uplink) if is_of == Some(of) => {
            let uplink = gam.running().uplinks.get(&uplink);
            uplink.map_or_else(VlanSet::default, |uplink| uplink.allowed.clone())
        }
        _ => vlans(&[(1, 4095)]),
    }
}
