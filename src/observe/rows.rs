//! Defines a device's configuration as rows, as read from any source and before any judgement.

use std::collections::BTreeMap;

use crate::model::{Poe, PortMode, UplinkMode, VlanSet};

/// A value, or the reason why it is unknown: the request and the answer.
pub type Known<T> = Result<T, String>;

/// The configuration from one source.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rows {
    pub system: SystemRow,
    pub uplinks: Table<UplinkRow>,
    pub ports: Table<PortRow>,
    pub profiles: Table<ProfileRow>,
    pub endpoints: Table<EndpointRow>,
    pub subscribers: Table<SubscriberRow>,
}

/// Objects of one kind, by their number on the device: slot, port or uplink.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table<R> {
    pub rows: BTreeMap<u32, R>,
    /// Reasons why there may be more objects than rows; an empty list means that the rows are complete.
    pub lost: Vec<String>,
}

/// The device's system settings; an empty text means none.
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
    /// The VLANs that pass in its present mode; as access, its only VLAN.
    pub allowed_vlans: Known<VlanSet>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortRow {
    /// Empty means none.
    pub name: Known<String>,
    pub enabled: Known<bool>,
    pub mode: Known<PortMode>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileRow {
    pub name: Known<String>,
    /// Empty means none.
    pub description: Known<String>,
    pub down: Known<u32>,
    pub up: Known<u32>,
    /// Settings that our types cannot hold, a reason each; gamctl must not change such an object.
    pub unheld: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointRow {
    pub name: Known<String>,
    pub mac: Known<[u8; 6]>,
    pub port: Known<ExpectedPort>,
    /// Settings that our types cannot hold, as for a profile.
    pub unheld: Vec<String>,
}

/// The port on which the device expects an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExpectedPort {
    Auto,
    Unassigned,
    Port(u32),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscriberRow {
    pub name: Known<String>,
    /// Empty means none.
    pub description: Known<String>,
    /// The number of its endpoint, `None` without one.
    pub endpoint: Known<Option<u32>>,
    /// The number of its profile, `None` if unthrottled.
    pub profile: Known<Option<u32>>,
    pub vlan: Known<u32>,
    pub tagged: Known<bool>,
    pub remapped_vlan: Known<Option<u32>>,
    pub allowed_vlans: Known<VlanSet>,
    pub port2_vlan: Known<Option<u32>>,
    pub poe: Known<Poe>,
    /// Settings that our types cannot hold: trunk mode, two tags, a binding to a port.
    pub unheld: Vec<String>,
}

impl<R> Table<R> {
    /// Returns a table with no known rows.
    pub fn unread(reason: impl Into<String>) -> Self {
        Self {
            rows: BTreeMap::new(),
            lost: vec![reason.into()],
        }
    }
}

impl<R> Default for Table<R> {
    /// Returns the table of a device without such objects.
    fn default() -> Self {
        Self {
            rows: BTreeMap::new(),
            lost: Vec::new(),
        }
    }
}

impl SystemRow {
    /// Returns system settings that are all unread for this reason.
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
