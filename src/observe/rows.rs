//! Defines a device's configuration as rows, as read from any source and before any judgement.

pub use super::kinds::{EndpointRow, ExpectedPort, ProfileRow, SubscriberRow};
pub use super::known::{Known, Table};
use crate::model::{PortMode, UplinkMode, VlanSet};

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
