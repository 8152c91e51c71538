//! Defines the input of a plan: the intended device, its ledger, and what the operator allows.

use std::collections::BTreeMap;

use crate::model::{
    DeviceConfig, DeviceName, DeviceState, GamModel, MacAddress, Serial, SubscriberName, VlanId,
};

use super::Ledger;

/// One device as it should be.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    pub device: &'a DeviceName,
    pub state: DeviceState,
    pub model: GamModel,
    /// The pins: a device that answers with others is not the one that is meant.
    pub serial: Option<&'a Serial>,
    pub mac: Option<MacAddress>,
    /// As the inventory has it; what the device says of itself counts beside it.
    pub management_vlan: VlanId,
    /// What is nobody's may be removed here; only with `removes_unmanaged`.
    pub authoritative: bool,
    pub removes_unmanaged: bool,
    pub intended: &'a DeviceConfig,
    /// From a subscriber's name now to the one it had, where `moved_from` says so.
    pub renamed: &'a BTreeMap<SubscriberName, SubscriberName>,
    /// Nothing where no ledger is known: then nothing is removed.
    pub ledger: Option<&'a Ledger>,
    /// The operator has named the change to the management path.
    pub allows_management: bool,
}

/// How much may change at once, in the words of `policy.toml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    pub removals_per_device: Limit,
    pub removals: Limit,
    pub interruptions: Limit,
    pub devices: Limit,
}

/// A limit; where both are given, the smaller one wins from ten objects up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limit {
    pub count: Option<u32>,
    pub percent: Option<u32>,
}
