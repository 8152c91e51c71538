//! Defines the base: the values of billing that were accepted last, and the values that the sync left.

use std::collections::BTreeMap;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use super::few_set::FewSet;
use super::service_key::ServiceKey;
use crate::model::billing::{AccountId, EquipmentId, GroupId};
use crate::model::{DeviceName, MacAddress, SubscriberId, VlanId};

/// All that the sync of one billing system remembers between two runs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SyncBase {
    pub services: BTreeMap<ServiceKey, ServiceBase>,
    /// The claims of MAC addresses in the latest readings: a reading of one account does not have those of the others.
    pub claims: BTreeMap<MacAddress, FewSet<EarlierClaim>>,
    /// VLANs that were given up, with the time.
    pub resting: BTreeMap<DeviceName, BTreeMap<VlanId, u64>>,
    /// The sizes of the latest complete reading that the gate let through.
    pub sizes: Option<ScopeSizes>,
}

/// A claim of a MAC address at an earlier reading.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct EarlierClaim {
    pub account: AccountId,
    /// Absent: a service's own address.
    pub item: Option<EquipmentId>,
}

/// The number of services in scope that did not end, in all and by group.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScopeSizes {
    pub services: usize,
    pub groups: BTreeMap<GroupId, usize>,
}

/// The base of one service.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ServiceBase {
    pub subscriber: Option<SubscriberId>,
    pub login: Option<CompactString>,
    /// MAC addresses that led to the service at the latest reading.
    pub macs: FewSet<MacAddress>,
    /// MAC addresses that led to it when its endpoint was accepted.
    pub accepted_macs: FewSet<MacAddress>,
    pub service_plan: Option<FieldBase>,
    pub state: Option<FieldBase>,
    pub endpoint: Option<FieldBase>,
    pub place: Option<FieldBase>,
    /// The VLAN that its subscriber has: once the subscriber is removed, the VLAN rests.
    pub vlan: Option<(DeviceName, VlanId)>,
    pub gone: Option<GoneSince>,
    /// A person decided for billing's values; they apply at the next run.
    pub takes_billing: bool,
    /// The classification and its rule, and the time since which they are the same.
    pub class: CompactString,
    pub since: u64,
}

/// The base of one field.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldBase {
    /// The value of billing in its own words, such as the id of a tariff.
    pub raw: CompactString,
    /// The same as a value of the inventory.
    pub accepted: CompactString,
    /// The value that the inventory had after the sync.
    pub left: CompactString,
    /// Absent where nothing changed lately.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub watched: Option<Box<WatchedField>>,
}

/// The latest values of both sides, and the times at which one of them changed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WatchedField {
    pub billing: CompactString,
    pub inventory: CompactString,
    /// Seconds since 1970, of the last day.
    pub changed: Vec<u64>,
}

/// The complete readings in which a service was gone, without one in which it was not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct GoneSince {
    pub first: u64,
    pub readings: u32,
}

impl SyncBase {
    /// Makes billing's values apply at the next run, as a person decided for a contested service.
    pub fn take_billing(&mut self, service: &ServiceKey) -> bool {
        let found = self.services.get_mut(service);
        found.is_some_and(|base| {
            base.takes_billing = true;
            true
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_is_stored_and_read_back() {
        let mut base = SyncBase::default();
        let key: ServiceKey = serde_json::from_str("\"1042/7001\"").unwrap();
        let field = FieldBase {
            raw: "31".into(),
            accepted: "home-500".into(),
            left: "home-500".into(),
            watched: None,
        };
        let service = ServiceBase {
            macs: ["00:0e:d8:00:00:01".parse().unwrap()].into(),
            service_plan: Some(field),
            vlan: Some((
                DeviceName::new("maple-a").unwrap(),
                VlanId::new(101).unwrap(),
            )),
            ..ServiceBase::default()
        };
        base.services.insert(key.clone(), service);
        let resting = BTreeMap::from([(VlanId::new(102).unwrap(), 5)]);
        base.resting
            .insert(DeviceName::new("maple-a").unwrap(), resting);
        base.claims.insert(
            "00:0e:d8:00:00:01".parse().unwrap(),
            [EarlierClaim {
                account: key.account.clone(),
                item: None,
            }]
            .into(),
        );
        let text = serde_json::to_string(&base).unwrap();
        assert_eq!(serde_json::from_str::<SyncBase>(&text).unwrap(), base);
        assert!(base.take_billing(&key));
    }
}
