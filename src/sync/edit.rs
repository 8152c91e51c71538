//! Defines the edits of the sync, and carries them out on the view of an inventory.

use compact_str::{CompactString, ToCompactString};
use serde::{Deserialize, Serialize};

use super::field::SyncKey;
use super::inventory_view::{ExternalLink, SyncInventory, SyncSubscriber};
use super::service_key::ServiceKey;
use crate::model::billing::{BillingName, ServiceId};
use crate::model::{
    Description, DeviceName, MacAddress, PortAssignment, PortNumber, ServicePlanId, SiteName,
    SubscriberId, SubscriberState, VlanId,
};

/// A change of one key, or of a whole subscriber.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum SyncEdit {
    Set {
        subscriber: SubscriberId,
        value: SyncValue,
        /// The value that it replaces, as text.
        from: Option<CompactString>,
    },
    Add {
        subscriber: SubscriberId,
        added: Box<AddedSubscriber>,
    },
    Remove {
        subscriber: SubscriberId,
    },
}

/// A key with its new value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum SyncValue {
    ServicePlan(ServicePlanId),
    State(SubscriberState),
    Endpoint(MacAddress),
    Device(DeviceName),
    Port(PortNumber),
    /// The service within the account of `external`.
    ExternalService(ServiceId),
    /// All of `external`, where there was none.
    External(BillingName, ServiceKey),
}

/// A new subscriber.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct AddedSubscriber {
    pub device: DeviceName,
    pub port: PortNumber,
    pub endpoint: Option<MacAddress>,
    pub service_plan: ServicePlanId,
    pub vlan: VlanId,
    pub state: SubscriberState,
    pub description: Option<Description>,
    pub system: BillingName,
    pub service: ServiceKey,
}

/// The kind of a change, as limits count it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeKind {
    Addition,
    Change,
    /// To `suspended`, and from `active` to `pending`: the customer loses service.
    Suspension,
    Removal,
    Move,
}

impl ChangeKind {
    /// Returns the singular noun.
    pub fn noun(self) -> &'static str {
        match self {
            Self::Addition => "addition",
            Self::Change => "change",
            Self::Suspension => "suspension",
            Self::Removal => "removal",
            Self::Move => "move",
        }
    }
}

/// A change of one kind that follows from one service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProposedChange {
    pub service: ServiceKey,
    pub subscriber: SubscriberId,
    pub kind: ChangeKind,
    /// The subscriber that lost its endpoint to this one and is removed in the same commit.
    pub replaces: Option<SubscriberId>,
    /// It follows from a record that is missing.
    pub is_from_absence: bool,
    pub site: Option<SiteName>,
    pub edits: Vec<SyncEdit>,
    pub cause: ChangeCause,
}

/// The reason of a change, for the commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeCause {
    Tariff {
        from: Option<CompactString>,
        to: CompactString,
    },
    Status {
        status: CompactString,
        cause: Option<&'static str>,
    },
    /// The service has another id now.
    Renumbered {
        from: Option<ServiceId>,
        to: ServiceId,
    },
    /// Its endpoint is heard.
    Heard {
        mac: MacAddress,
    },
    /// Another endpoint is heard in its place.
    Swapped {
        from: Option<MacAddress>,
        to: MacAddress,
    },
    Moved,
    /// Billing plans the place.
    Planned,
    /// Gone in every complete reading for so many days.
    Gone {
        days: u64,
    },
    /// One subscriber has the endpoint of the service's item.
    Adopted,
}

impl SyncEdit {
    pub fn subscriber(&self) -> &SubscriberId {
        match self {
            Self::Set { subscriber, .. }
            | Self::Add { subscriber, .. }
            | Self::Remove { subscriber } => subscriber,
        }
    }
}

impl SyncValue {
    pub fn key(&self) -> SyncKey {
        match self {
            Self::ServicePlan(_) => SyncKey::ServicePlan,
            Self::State(_) => SyncKey::State,
            Self::Endpoint(_) => SyncKey::Endpoint,
            Self::Device(_) => SyncKey::Device,
            Self::Port(_) => SyncKey::Port,
            Self::ExternalService(_) => SyncKey::ExternalService,
            Self::External(..) => SyncKey::ExternalAccount,
        }
    }

    pub fn text(&self) -> CompactString {
        match self {
            Self::ServicePlan(plan) => plan.to_compact_string(),
            Self::State(state) => state.as_str().into(),
            Self::Endpoint(mac) => mac.to_compact_string(),
            Self::Device(device) => device.to_compact_string(),
            Self::Port(port) => port.to_compact_string(),
            Self::ExternalService(service) => service.to_compact_string(),
            Self::External(_, service) => service.to_compact_string(),
        }
    }

    fn set(&self, subscriber: &mut SyncSubscriber) {
        match self {
            Self::ServicePlan(plan) => subscriber.service_plan = plan.clone(),
            Self::State(state) => subscriber.state = *state,
            Self::Endpoint(mac) => subscriber.endpoint = Some(*mac),
            Self::Device(device) => subscriber.device = device.clone(),
            Self::Port(port) => subscriber.port = PortAssignment::Port(*port),
            Self::ExternalService(service) => {
                if let Some(link) = subscriber.external.as_mut() {
                    link.service = Some(service.clone());
                }
            }
            Self::External(system, service) => {
                subscriber.external = Some(Box::new(link(system, service)));
            }
        }
    }
}

fn link(system: &BillingName, service: &ServiceKey) -> ExternalLink {
    ExternalLink {
        system: system.clone(),
        account: service.account.clone(),
        service: Some(service.service.clone()),
    }
}

impl AddedSubscriber {
    fn subscriber(&self) -> SyncSubscriber {
        SyncSubscriber {
            device: self.device.clone(),
            port: PortAssignment::Port(self.port),
            endpoint: self.endpoint,
            service_plan: self.service_plan.clone(),
            vlan: self.vlan,
            state: self.state,
            other_vlans: None,
            is_protected: false,
            external: Some(Box::new(link(&self.system, &self.service))),
            has_other_link: false,
            hold: None,
        }
    }
}

impl SyncInventory {
    /// Returns the view with edits carried out on it; an edit of a subscriber that is not there changes nothing.
    #[must_use]
    pub fn edited<'a>(&self, edits: impl IntoIterator<Item = &'a SyncEdit>) -> Self {
        let mut after = self.clone();
        for edit in edits {
            match edit {
                SyncEdit::Set {
                    subscriber, value, ..
                } => {
                    if let Some(subscriber) = after.subscribers.get_mut(subscriber) {
                        value.set(subscriber);
                    }
                }
                SyncEdit::Add { subscriber, added } => {
                    after
                        .subscribers
                        .insert(subscriber.clone(), added.subscriber());
                }
                SyncEdit::Remove { subscriber } => {
                    after.subscribers.remove(subscriber);
                }
            }
        }
        after
    }
}
