//! Lists the keys that the sync may write, the source of truth of each, and when it may write it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A key of a subscriber that the sync may write. No other key and no other kind of object is ever written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SyncKey {
    Device,
    Port,
    Endpoint,
    ServicePlan,
    Vlan,
    State,
    Description,
    ExternalSystem,
    ExternalAccount,
    ExternalService,
}

/// The source of truth of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Truth {
    /// Billing's value, unless a hold outranks it.
    Billing,
    /// The place where the endpoint is heard.
    Heard,
    /// The value that the inventory has.
    Inventory,
    /// The link itself.
    Sync,
    /// Engineers; the sync gives a first value.
    Engineers,
}

/// The time at which the sync may write a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MayWrite {
    /// Only while it adds the subscriber.
    WhenAdded,
    /// Afterwards as well.
    Always,
}

impl SyncKey {
    pub const ALL: [Self; 10] = [
        Self::Device,
        Self::Port,
        Self::Endpoint,
        Self::ServicePlan,
        Self::Vlan,
        Self::State,
        Self::Description,
        Self::ExternalSystem,
        Self::ExternalAccount,
        Self::ExternalService,
    ];

    /// Returns the key below a subscriber, with dots for tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Device => "device",
            Self::Port => "port",
            Self::Endpoint => "endpoint",
            Self::ServicePlan => "service_plan",
            Self::Vlan => "vlan",
            Self::State => "state",
            Self::Description => "description",
            Self::ExternalSystem => "external.system",
            Self::ExternalAccount => "external.account",
            Self::ExternalService => "external.service",
        }
    }

    pub fn parse(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == key)
    }

    pub fn truth(self) -> Truth {
        match self {
            Self::ServicePlan | Self::State => Truth::Billing,
            Self::Endpoint | Self::Device | Self::Port => Truth::Heard,
            Self::Vlan => Truth::Inventory,
            Self::Description => Truth::Engineers,
            Self::ExternalSystem | Self::ExternalAccount | Self::ExternalService => Truth::Sync,
        }
    }

    pub fn may_write(self) -> MayWrite {
        match self.truth() {
            // A VLAN is never changed afterwards, and a description belongs to the engineers from then on.
            Truth::Inventory | Truth::Engineers => MayWrite::WhenAdded,
            Truth::Billing | Truth::Heard | Truth::Sync => MayWrite::Always,
        }
    }
}

impl fmt::Display for SyncKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::inventory::text::SET_WHEN_ADDED;
    use crate::model::SyncedKey;

    #[test]
    fn a_vlan_and_a_description_are_written_once() {
        let once = SyncKey::ALL
            .into_iter()
            .filter(|key| key.may_write() == MayWrite::WhenAdded);
        assert_eq!(
            once.collect::<Vec<_>>(),
            [SyncKey::Vlan, SyncKey::Description]
        );
    }

    #[test]
    fn the_lane_of_the_inventory_permits_the_same_keys() {
        // The service and `validate` judge a commit by these, the sync by the ones here.
        let outermost = |key: SyncKey| key.as_str().split('.').next().unwrap();
        let of = |when: MayWrite| -> BTreeSet<&str> {
            let keys = SyncKey::ALL.into_iter();
            keys.filter(|key| key.may_write() == when)
                .map(outermost)
                .collect()
        };
        assert_eq!(
            of(MayWrite::Always),
            BTreeSet::from_iter(SyncedKey::WORDS.iter().copied())
        );
        assert_eq!(of(MayWrite::WhenAdded), BTreeSet::from(SET_WHEN_ADDED));
    }

    #[test]
    fn keys_of_engineers_are_no_keys_of_the_sync() {
        for key in ["name", "poe", "tagged", "hold", "protected", "external"] {
            assert_eq!(SyncKey::parse(key), None, "{key}");
        }
        for key in SyncKey::ALL {
            assert_eq!(SyncKey::parse(key.as_str()), Some(key));
        }
    }
}
