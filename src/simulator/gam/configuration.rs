//! Holds the configuration of a simulated GAM, with the device's own loose types.

use std::collections::BTreeMap;

use compact_str::{CompactString, format_compact};

use super::{Hardware, ManagementInterface, Subscriber, chance};
use crate::model::{MacAddress, PortMode, VlanId, VlanRange, VlanSet};

/// Everything in `show running-config`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Configuration {
    pub hostname: CompactString,
    pub location: CompactString,
    pub contact: CompactString,
    pub password: Password,
    /// `interface vlan N` and its address line, as entered.
    pub vlan_interfaces: BTreeMap<u16, CompactString>,
    /// `ip route …`, as entered.
    pub routes: Vec<CompactString>,
    /// Printed in the order in which they were entered.
    pub kept: Vec<KeptLine>,
    /// Idle minutes before a session is closed; 0 is never.
    pub exec_timeout_minutes: u16,
    pub uplinks: BTreeMap<u8, Uplink>,
    pub ports: BTreeMap<u8, Port>,
    pub profiles: BTreeMap<u16, Profile>,
    pub endpoints: BTreeMap<u16, Endpoint>,
    pub subscribers: BTreeMap<u16, Subscriber>,
}

/// The administrator's password; a running-config has its hash, or base64 of it.
#[derive(Clone)]
pub enum Password {
    /// Factory default: empty.
    None,
    Set {
        /// SHA-256 in hexadecimal.
        hash: CompactString,
        /// Unknown if only the hash was entered.
        clear: Option<CompactString>,
    },
}

/// Two passwords are equal if their hashes are.
impl PartialEq for Password {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::None, Self::None) => true,
            (Self::Set { hash, .. }, Self::Set { hash: same, .. }) => hash == same,
            _ => false,
        }
    }
}

impl Eq for Password {}

/// A line about a feature that a twin does not have, kept as entered: a community, or an address for announcements. It may
/// contain secrets.
#[derive(Clone, PartialEq, Eq)]
pub struct KeptLine(pub CompactString);

impl std::fmt::Debug for KeptLine {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("KeptLine(…)")
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uplink {
    pub mode: SwitchportMode,
    pub allowed: VlanSet,
    pub native: u16,
    pub shutdown: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SwitchportMode {
    Access,
    Trunk,
    Hybrid,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Port {
    /// Empty by default; unique otherwise.
    pub name: CompactString,
    pub mode: PortMode,
    pub shutdown: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    pub name: CompactString,
    pub description: CompactString,
    /// Mbps toward the subscriber.
    pub down: u32,
    pub up: u32,
    /// 1–4, if set.
    pub service_limit_level: Option<u8>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    pub name: CompactString,
    pub mac: MacAddress,
    pub description: CompactString,
    pub port: ExpectedPort,
    pub allow_management_access: bool,
}

/// The port where an endpoint is expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExpectedPort {
    Port(u8),
    Auto,
    Unassigned,
}

/// The built-in profile of every GAM, for endpoints without a subscriber. It cannot be removed (assumed).
pub const DEFAULT_PROFILE: u16 = 1;

/// Its rate in Mbps, in both directions.
const DEFAULT_RATE: u32 = 10;

/// The default idle minutes, which the running-config leaves out.
pub const DEFAULT_EXEC_TIMEOUT: u16 = 10;

impl Configuration {
    /// Returns the factory configuration of a device.
    pub fn factory(hardware: &Hardware) -> Self {
        let mode = if hardware.is_coax() {
            PortMode::Coax
        } else {
            PortMode::Mimo
        };
        Self {
            hostname: format_compact!("{}", hardware.model),
            location: CompactString::default(),
            contact: CompactString::default(),
            password: Password::None,
            vlan_interfaces: match hardware.assumptions.management_interface {
                ManagementInterface::Absent => BTreeMap::new(),
                ManagementInterface::Delivered => {
                    BTreeMap::from([(4093, CompactString::default())])
                }
            },
            routes: Vec::new(),
            kept: Vec::new(),
            exec_timeout_minutes: DEFAULT_EXEC_TIMEOUT,
            uplinks: (1..=hardware.uplinks())
                .map(|uplink| (uplink, Uplink::delivered()))
                .collect(),
            ports: (1..=hardware.ghn_ports())
                .map(|port| {
                    let port_config = Port {
                        name: CompactString::default(),
                        mode,
                        shutdown: false,
                    };
                    (port, port_config)
                })
                .collect(),
            profiles: BTreeMap::from([(
                DEFAULT_PROFILE,
                Profile {
                    name: CompactString::const_new("Default BW Profile"),
                    description: CompactString::default(),
                    down: DEFAULT_RATE,
                    up: DEFAULT_RATE,
                    service_limit_level: None,
                },
            )]),
            endpoints: BTreeMap::new(),
            subscribers: BTreeMap::new(),
        }
    }

    /// Returns every endpoint that has a port, with the expected port; for `auto` a random port is drawn.
    pub fn expected(&self, hardware: &Hardware, seed: u64) -> Vec<(MacAddress, u8)> {
        let ports = u32::from(hardware.ghn_ports());
        let endpoints = self.endpoints.values();
        let expected = endpoints.filter_map(|endpoint| match endpoint.port {
            ExpectedPort::Port(port) => Some((endpoint.mac, port)),
            ExpectedPort::Auto => {
                let port = chance::between(seed, "auto", endpoint.mac.to_u64(), 1, ports);
                Some((endpoint.mac, u8::try_from(port).ok()?))
            }
            ExpectedPort::Unassigned => None,
        });
        expected.collect()
    }

    pub fn subscriber_of(&self, endpoint: u16) -> Option<(u16, &Subscriber)> {
        self.subscribers
            .iter()
            .find(|(_, subscriber)| subscriber.endpoint == Some(endpoint))
            .map(|(id, subscriber)| (*id, subscriber))
    }
}

impl Uplink {
    /// Factory default: a trunk for all subscriber VLANs, and a native VLAN outside of these.
    pub fn delivered() -> Self {
        Self {
            mode: SwitchportMode::Trunk,
            allowed: vlans(&[(3, 4094)]),
            native: 1,
            shutdown: false,
        }
    }
}

impl SwitchportMode {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Trunk => "trunk",
            Self::Hybrid => "hybrid",
        }
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Self::None => "None",
            Self::Set { .. } => "Set(…)",
        })
    }
}

/// Returns the set of these ranges, without numbers that are not VLANs.
pub fn vlans(ranges: &[(u16, u16)]) -> VlanSet {
    VlanSet::from_ranges(ranges.iter().filter_map(|(first, last)| {
        Some(VlanRange {
            first: VlanId::new(*first).ok()?,
            last: VlanId::new(*last).ok()?,
        })
    }))
}
