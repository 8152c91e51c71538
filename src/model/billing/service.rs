//! Defines accounts and services as a billing system has them, in words that both systems share.

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use super::{AccountId, GroupId, LocationId, Personal, ServiceId, TariffId, WrittenMac};
use crate::model::device::words;

/// An account: whatever services belong to, child and sub-accounts included.
#[derive(Debug, Clone)]
pub struct BillingAccount {
    pub id: AccountId,
    pub name: Personal,
    pub address: Personal,
    /// Groups that can vanish as a whole: partner, company, location, status. The gate compares their sizes.
    pub groups: Vec<GroupId>,
}

/// A service that was sold to an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BillingService {
    pub account: AccountId,
    pub service: ServiceId,
    /// Splynx keeps the login when the id of a service changes; Sonar has none.
    pub login: Option<CompactString>,
    pub tariff: Option<TariffId>,
    pub status: ServiceStatus,
    /// MAC addresses in the service itself; often those of the router behind the endpoint.
    pub macs: Vec<WrittenMac>,
    pub location: Option<LocationId>,
    pub place_hint: Option<PlaceHint>,
    /// The configured field for the description, not checked yet.
    pub unit: Option<CompactString>,
    /// The first day, `2026-12-01`, where it is in the future.
    pub starts: Option<CompactString>,
    pub written_back: WrittenBack,
}

/// The state of a service, after the tables of both systems and the settings of the ISP.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ServiceStatus {
    Served,
    Suspended {
        cause: SuspendedCause,
    },
    Pending {
        cause: PendingCause,
    },
    Gone {
        cause: GoneCause,
    },
    /// A word that no table has: nothing changes, and a person is asked.
    Unknown {
        word: CompactString,
    },
}

words! {
    /// The cause of a suspension.
    SuspendedCause {
        NotPaid = "not-paid",
        Paused = "paused",
        Inactive = "inactive",
        /// Disabled without an end date: still billed.
        NoEndDate = "no-end-date",
        /// The settings of the ISP map this state to suspended.
        Setting = "setting",
    }
}

words! {
    /// The cause that a service is not served yet.
    PendingCause {
        Lead = "lead",
        NotStarted = "not-started",
        Setting = "setting",
    }
}

words! {
    /// The cause that a service is gone.
    GoneCause {
        Ended = "ended",
        Archived = "archived",
        Disabled = "disabled",
        /// A complete reading does not have it any more.
        NotListed = "not-listed",
        Setting = "setting",
    }
}

/// The place that billing names for a service; a hint, never a proof.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PlaceHint {
    /// A name of the inventory, or the id of an access device in billing.
    pub device: CompactString,
    pub port: Option<CompactString>,
}

/// The values that gamctl's own fields have in billing now.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrittenBack {
    pub place: Option<CompactString>,
    pub vlan: Option<CompactString>,
    pub state: Option<CompactString>,
}
