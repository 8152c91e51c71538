//! Defines the input of a plan: the intended device, its ledger, and what the operator allows.

use std::collections::BTreeMap;

use crate::model::{
    DeviceConfig, DeviceName, DeviceState, GamModel, MacAddress, Serial, SubscriberName, VlanId,
};

use super::Ledger;

/// One device as intended.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    pub device: &'a DeviceName,
    pub state: DeviceState,
    pub model: GamModel,
    /// The pins. A device that presents other values is another device.
    pub serial: Option<&'a Serial>,
    pub mac: Option<MacAddress>,
    /// From the inventory; the value that the device reports counts as well.
    pub management_vlan: VlanId,
    /// Unmanaged objects may be removed here, but only with `removes_unmanaged`.
    pub authoritative: bool,
    pub removes_unmanaged: bool,
    pub intended: &'a DeviceConfig,
    /// From the present name of a subscriber to its earlier one, by `moved_from`.
    pub renamed: &'a BTreeMap<SubscriberName, SubscriberName>,
    /// `None` if no ledger is known; then nothing is removed.
    pub ledger: Option<&'a Ledger>,
    /// The operator allows changes that affect management access.
    pub allows_management: bool,
}

/// The limits on changes at once, named as in `policy.toml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    pub removals_per_device: Limit,
    pub removals: Limit,
    pub interruptions: Limit,
    pub slower: Limit,
    pub suspensions: Limit,
    pub reassignments: Limit,
    pub devices: Limit,
}

/// A limit; if both are set, the smaller one applies from ten objects up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limit {
    pub count: Option<u32>,
    pub percent: Option<u32>,
}
