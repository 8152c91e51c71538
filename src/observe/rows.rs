//! A device's configuration row by row, as it was read, whatever it was read from; nothing is judged here.

use std::collections::BTreeMap;

use crate::model::{Poe, PortMode, UplinkMode, VlanSet};

/// A value as it was read, or why it is not known: what was asked, what came.
pub type Known<T> = Result<T, String>;

/// All that one source says of a configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rows {
    pub system: SystemRow,
    pub uplinks: Table<UplinkRow>,
    pub ports: Table<PortRow>,
    pub profiles: Table<ProfileRow>,
    pub endpoints: Table<EndpointRow>,
    pub subscribers: Table<SubscriberRow>,
}

/// Objects of one kind, by the number that the device keeps them under: slot, port or uplink.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table<R> {
    pub rows: BTreeMap<u32, R>,
    /// Why there may be more objects than rows; empty: these are all.
    pub lost: Vec<String>,
}

/// What the device says of itself; an empty text is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SystemRow {
    pub hostname: Known<String>,
    pub location: Known<String>,
    pub contact: Known<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UplinkRow {
    pub mode: Known<UplinkMode>,
    pub native_vlan: Known<u32>,
    /// What passes it in the mode that it is in; as access, its one VLAN.
    pub allowed_vlans: Known<VlanSet>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortRow {
    /// Empty: none.
    pub name: Known<String>,
    pub enabled: Known<bool>,
    pub mode: Known<PortMode>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileRow {
    pub name: Known<String>,
    /// Empty: none.
    pub description: Known<String>,
    pub down: Known<u32>,
    pub up: Known<u32>,
    /// What the device has of it that our types have no place for, a reason each: such an object is nobody's to change.
    pub unheld: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointRow {
    pub name: Known<String>,
    pub mac: Known<[u8; 6]>,
    pub port: Known<Place>,
    /// As of a profile.
    pub unheld: Vec<String>,
}

/// Where the device expects an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Auto,
    Unassigned,
    Port(u32),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscriberRow {
    pub name: Known<String>,
    /// Empty: none.
    pub description: Known<String>,
    /// The number of its endpoint, nothing where it has none.
    pub endpoint: Known<Option<u32>>,
    /// The number of its profile, nothing where it is unthrottled.
    pub profile: Known<Option<u32>>,
    pub vlan: Known<u32>,
    pub tagged: Known<bool>,
    pub remapped_vlan: Known<Option<u32>>,
    pub allowed_vlans: Known<VlanSet>,
    pub port2_vlan: Known<Option<u32>>,
    pub poe: Known<Poe>,
    /// As of a profile: trunk mode, two tags, a port of its own.
    pub unheld: Vec<String>,
}

impl<R> Table<R> {
    /// Returns a table of which nothing is known.
    pub fn unread(reason: impl Into<String>) -> Self {
        Self {
            rows: BTreeMap::new(),
            lost: vec![reason.into()],
        }
    }
}

impl<R> Default for Table<R> {
    /// A device without such objects.
    fn default() -> Self {
        Self {
            rows: BTreeMap::new(),
            lost: Vec::new(),
        }
    }
}

impl SystemRow {
    /// Returns a device that says nothing of itself, because of this.
    pub fn unread(reason: &str) -> Self {
        Self {
            hostname: Err(reason.to_owned()),
            location: Err(reason.to_owned()),
            contact: Err(reason.to_owned()),
        }
    }
}

impl Default for SystemRow {
    fn default() -> Self {
        Self {
            hostname: Ok(String::new()),
            location: Ok(String::new()),
            contact: Ok(String::new()),
        }
    }
}
