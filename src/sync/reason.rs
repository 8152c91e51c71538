//! Lists the reasons of a classification, each with its rule id, its facts and the next step.

use std::collections::BTreeSet;

use compact_str::CompactString;
use serde::{Deserialize, Deserializer, Serialize};

use super::classification::{Classification, NextStep};
use super::field::SyncKey;
use super::service_key::ServiceKey;
use super::tariff::TariffProblem;
use crate::inventory::all_rules;
use crate::model::billing::{AccountId, EquipmentId, PlaceHint, TariffId};
use crate::model::{DeviceName, MacAddress, PortNumber, SiteName, SubscriberId};

/// A device and one of its ports.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DevicePort {
    pub device: DeviceName,
    pub port: Option<PortNumber>,
}

/// An endpoint that is heard and may be the one that a record means.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct NearMiss {
    /// As the record has it.
    pub written: CompactString,
    pub heard: MacAddress,
    pub at: DevicePort,
}

/// The id of a rule of the inventory.
pub type RuleId = &'static str;

/// The rule of a change that cannot be written into its file.
pub(super) const NOT_EDITABLE: RuleId = "not-editable";

/// The rule of a removal that would delete a whole file.
pub(super) const LOST_FILE: RuleId = "lost-file";

/// The rule of a stored reason that this program does not know.
const UNKNOWN_RULE: RuleId = "unknown-rule";

fn rule_id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<RuleId, D::Error> {
    let stored = CompactString::deserialize(deserializer)?;
    let ids = all_rules().into_iter().map(|rule| rule.id);
    let mut ids = ids.chain([NOT_EDITABLE, LOST_FILE]);
    Ok(ids.find(|id| *id == stored).unwrap_or(UNKNOWN_RULE))
}

/// The reason of a classification.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// A record of its account cannot be read.
    RecordUnreadable {
        reason: CompactString,
    },
    /// The same account and service came twice.
    ListedTwice,
    /// Several subscribers have the same `external`.
    LinkedTwice {
        subscribers: Vec<SubscriberId>,
    },
    /// Several services may continue the one that a subscriber has.
    RenumberAmbiguous {
        subscriber: SubscriberId,
        candidates: Vec<ServiceKey>,
    },
    /// Several live services have one login.
    LoginShared {
        services: Vec<ServiceKey>,
    },
    /// The account has several services, and `external` names none.
    LinkAmbiguous {
        subscriber: SubscriberId,
    },
    StatusUnknown {
        word: CompactString,
    },
    TariffMissing,
    TariffIgnored {
        tariff: TariffId,
    },
    Tariff {
        tariff: TariffId,
        problem: TariffProblem,
    },
    MacClaimedTwice {
        mac: MacAddress,
        items: BTreeSet<EquipmentId>,
        accounts: BTreeSet<AccountId>,
    },
    /// An item belongs to an account with several services and names none of them.
    ClaimAmbiguous {
        mac: MacAddress,
        services: Vec<ServiceKey>,
    },
    TwoEndpointsHeard {
        macs: Vec<MacAddress>,
    },
    /// Heard at another site than billing's.
    HeardElsewhere {
        mac: MacAddress,
        at: DevicePort,
        expected: SiteName,
    },
    /// Billing plans a place at another site than its own location.
    PlannedElsewhere {
        at: DevicePort,
        expected: SiteName,
    },
    /// Heard in several places.
    HeardTwice {
        mac: MacAddress,
        places: Vec<DevicePort>,
    },
    PortTaken {
        at: DevicePort,
        subscriber: SubscriberId,
        /// Whether its endpoint is still heard.
        is_answering: bool,
    },
    PlaceClaimedTwice {
        at: DevicePort,
        services: Vec<ServiceKey>,
    },
    EndpointInUse {
        mac: MacAddress,
        subscriber: SubscriberId,
    },
    /// The device has it configured, and the inventory does not.
    EndpointUnmanaged {
        mac: MacAddress,
        at: DevicePort,
    },
    DeviceNotManaged {
        device: DeviceName,
    },
    PlaceUnknown {
        hint: PlaceHint,
    },
    NoVlanLeft {
        device: DeviceName,
    },
    VlanTaken {
        at: DevicePort,
        vlan: u16,
    },
    /// Its endpoint is heard on another port.
    Moved {
        from: DevicePort,
        to: DevicePort,
    },
    /// Its endpoint is heard at another site.
    MovedElsewhere {
        from: DevicePort,
        to: DevicePort,
    },
    Flapping {
        key: SyncKey,
    },
    IdTaken {
        id: CompactString,
    },
    /// Its edit would cause this error of the inventory.
    CausesFinding {
        #[serde(deserialize_with = "rule_id")]
        rule: RuleId,
        message: CompactString,
    },
    Contested {
        key: SyncKey,
        billing: CompactString,
        inventory: CompactString,
    },
    /// A person removed its subscriber.
    SubscriberRemoved {
        subscriber: SubscriberId,
    },
    /// Gone, and `protected` keeps its subscriber.
    Protected {
        subscriber: SubscriberId,
    },
    Held {
        key: SyncKey,
        billing: CompactString,
        inventory: CompactString,
    },
    NoItem,
    NotHeard {
        macs: BTreeSet<MacAddress>,
        near: Vec<NearMiss>,
    },
    /// Heard too shortly, too long ago, or without a port.
    HeardUnclearly {
        mac: MacAddress,
        at: DevicePort,
    },
    OldStillHeard {
        old: MacAddress,
        new: MacAddress,
    },
    NotStarted {
        starts: Option<CompactString>,
    },
    /// Suspended before it ever had a subscriber.
    SuspendedBeforeStart,
    /// It continues another service, which is still live.
    Continues {
        service: ServiceKey,
    },
    /// Something would follow only from a complete reading.
    ReadIncomplete,
    /// A part of the inventory cannot be read.
    InventoryPartial,
    InGrace {
        since: u64,
        removed_at: u64,
    },
    NotForGams,
    OtherGroup,
    /// Ended, and without a subscriber.
    Ended,
}

impl Reason {
    pub fn rule(&self) -> &'static str {
        match self {
            Self::RecordUnreadable { .. } => "record-unreadable",
            Self::ListedTwice => "service-listed-twice",
            Self::LinkedTwice { .. } => "external-twice",
            Self::RenumberAmbiguous { .. } => "renumber-ambiguous",
            Self::LoginShared { .. } => "login-shared",
            Self::LinkAmbiguous { .. } => "external-incomplete",
            Self::StatusUnknown { .. } => "status-unknown",
            Self::TariffMissing => "tariff-missing",
            Self::TariffIgnored { .. } => "tariff-ignored",
            Self::Tariff { problem, .. } => problem.rule(),
            Self::MacClaimedTwice { .. } => "mac-claimed-twice",
            Self::ClaimAmbiguous { .. } => "claim-ambiguous",
            Self::TwoEndpointsHeard { .. } => "two-endpoints-heard",
            Self::HeardElsewhere { .. } | Self::HeardTwice { .. } => "heard-elsewhere",
            Self::PlannedElsewhere { .. } => "planned-elsewhere",
            Self::PortTaken { .. } => "port-taken",
            Self::PlaceClaimedTwice { .. } => "place-claimed-twice",
            Self::EndpointInUse { .. } => "endpoint-in-use",
            Self::EndpointUnmanaged { .. } => "endpoint-unmanaged",
            Self::DeviceNotManaged { .. } => "device-not-managed",
            Self::PlaceUnknown { .. } => "place-unknown",
            Self::NoVlanLeft { .. } => "no-vlan-left",
            Self::VlanTaken { .. } => "vlan-taken",
            Self::Moved { .. } => "moved",
            Self::MovedElsewhere { .. } => "moved-elsewhere",
            Self::Flapping { .. } => "flapping",
            Self::IdTaken { .. } => "id-taken",
            Self::CausesFinding { rule, .. } => rule,
            Self::Contested { .. } => "contested",
            Self::SubscriberRemoved { .. } => "subscriber-removed",
            Self::Protected { .. } => "protected",
            Self::Held { .. } => "held",
            Self::NoItem => "no-item",
            Self::NotHeard { .. } => "not-heard",
            Self::HeardUnclearly { .. } => "heard-unclearly",
            Self::OldStillHeard { .. } => "old-still-heard",
            Self::NotStarted { .. } => "not-started",
            Self::SuspendedBeforeStart => "suspended-before-start",
            Self::Continues { .. } => "continues-another",
            Self::ReadIncomplete => "read-incomplete",
            Self::InventoryPartial => "inventory-partial",
            Self::InGrace { .. } => "in-grace",
            Self::NotForGams => "not-for-gams",
            Self::OtherGroup => "other-group",
            Self::Ended => "ended",
        }
    }

    /// Returns the classification of a service whose weightiest reason this is, if nothing is edited.
    pub fn classification(&self) -> Classification {
        match self {
            Self::Contested { .. } | Self::SubscriberRemoved { .. } | Self::Protected { .. } => {
                Classification::Contested
            }
            Self::Held { .. } => Classification::Held,
            Self::HeardTwice { .. }
            | Self::DeviceNotManaged { .. }
            | Self::NoVlanLeft { .. }
            | Self::NoItem
            | Self::NotHeard { .. }
            | Self::HeardUnclearly { .. }
            | Self::OldStillHeard { .. }
            | Self::NotStarted { .. }
            | Self::SuspendedBeforeStart
            | Self::Continues { .. }
            | Self::ReadIncomplete
            | Self::InventoryPartial => Classification::Waiting,
            Self::InGrace { .. } => Classification::Gone,
            Self::NotForGams | Self::OtherGroup | Self::Ended => Classification::OutOfScope,
            _ => Classification::Quarantined,
        }
    }

    pub fn next_step(&self) -> NextStep {
        match self {
            Self::Tariff {
                problem: TariffProblem::NotMapped,
                ..
            } => NextStep::MapTariff,
            Self::StatusUnknown { .. } => NextStep::MapStatus,
            Self::RecordUnreadable { .. }
            | Self::ListedTwice
            | Self::RenumberAmbiguous { .. }
            | Self::LoginShared { .. }
            | Self::TariffMissing
            | Self::TariffIgnored { .. }
            | Self::Tariff { .. }
            | Self::MacClaimedTwice { .. }
            | Self::ClaimAmbiguous { .. }
            | Self::PlannedElsewhere { .. }
            | Self::PlaceClaimedTwice { .. }
            | Self::PlaceUnknown { .. }
            | Self::NoItem
            | Self::Flapping { .. } => NextStep::FixBilling,
            Self::LinkedTwice { .. }
            | Self::LinkAmbiguous { .. }
            | Self::EndpointInUse { .. }
            | Self::EndpointUnmanaged { .. }
            | Self::DeviceNotManaged { .. }
            | Self::NoVlanLeft { .. }
            | Self::VlanTaken { .. }
            | Self::PortTaken { .. }
            | Self::Moved { .. }
            | Self::MovedElsewhere { .. }
            | Self::IdTaken { .. }
            | Self::CausesFinding { .. }
            | Self::InventoryPartial
            | Self::Protected { .. } => NextStep::FixInventory,
            Self::HeardElsewhere { .. }
            | Self::HeardTwice { .. }
            | Self::TwoEndpointsHeard { .. }
            | Self::NotHeard { .. }
            | Self::OldStillHeard { .. } => NextStep::CheckInstallation,
            Self::Contested { .. } | Self::SubscriberRemoved { .. } => NextStep::Resolve,
            Self::ReadIncomplete => NextStep::ReadAgain,
            Self::HeardUnclearly { .. } => NextStep::LookAgain,
            Self::Held { .. }
            | Self::NotStarted { .. }
            | Self::SuspendedBeforeStart
            | Self::Continues { .. }
            | Self::InGrace { .. } => NextStep::Wait,
            Self::NotForGams | Self::OtherGroup | Self::Ended => NextStep::Nothing,
        }
    }
}

/// The weight of a classification among several reasons, heaviest first.
const BY_WEIGHT: [Classification; 6] = [
    Classification::OutOfScope,
    Classification::Quarantined,
    Classification::Contested,
    Classification::Held,
    Classification::Gone,
    Classification::Waiting,
];

/// Sorts reasons, heaviest first, and returns the classification that follows if nothing is edited.
pub(super) fn weigh(reasons: &mut Vec<Reason>) -> Classification {
    let weight = |reason: &Reason| {
        let class = reason.classification();
        BY_WEIGHT.iter().position(|one| *one == class)
    };
    reasons.sort_by(|one, other| (weight(one), one).cmp(&(weight(other), other)));
    reasons.dedup();
    reasons
        .first()
        .map_or(Classification::InSync, Reason::classification)
}
