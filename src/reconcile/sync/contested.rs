//! Finds what is contested about a subscriber, and remembers a decision for billing.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::memory::SyncMemory;
use super::prepared::PreparedSync;
use super::reported::reason_lines;
use crate::history::{BaseChange, Store, StoreError};
use crate::model::{SubscriberId, SyncedKey};
use crate::report::sync::{ListedLine, classification, sentence};
use crate::sync::{ClassifiedService, Reason, ServiceBase, ServiceKey, SyncBase, SyncKey};

/// What is contested about a subscriber.
#[derive(Debug, Clone)]
pub struct ContestedSubscriber {
    pub service: ServiceKey,
    /// The keys that differ; empty: a person removed the subscriber, and billing still has the service.
    pub keys: BTreeSet<SyncedKey>,
    pub lines: Vec<ListedLine>,
}

/// The reason that there is nothing to decide.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotContested {
    #[error("{subscriber} is not contested: {state}")]
    Otherwise {
        subscriber: SubscriberId,
        /// What it is instead.
        state: String,
    },
    #[error(
        "{0} is contested because it is `protected`; remove that key in the inventory to let billing end the service"
    )]
    Protected(SubscriberId),
    #[error("the reading has no service for {0}")]
    NoService(SubscriberId),
}

impl PreparedSync<'_> {
    /// Returns what is contested about a subscriber, or what it is instead.
    pub fn contested(&self, id: &SubscriberId) -> Result<ContestedSubscriber, NotContested> {
        let services = self.services.iter();
        let of_subscriber = services
            .filter(|service| service.subscriber.as_ref() == Some(id) || was_removed(service, id));
        let services: Vec<&ClassifiedService> = of_subscriber.collect();
        let contested = services.iter().find_map(|service| contested(service, id));
        if let Some(contested) = contested {
            return Ok(contested);
        }
        let Some(service) = services.first() else {
            return Err(NotContested::NoService(id.clone()));
        };
        let mut reasons = service.reasons.iter();
        if reasons.any(|reason| matches!(reason, Reason::Protected { .. })) {
            return Err(NotContested::Protected(id.clone()));
        }
        let words = classification(service.classification);
        let state = match service.reasons.first() {
            Some(reason) => format!("it is {words}, because {}", sentence(reason)),
            None => format!("it is {words}"),
        };
        let subscriber = id.clone();
        Err(NotContested::Otherwise { subscriber, state })
    }

    /// Makes billing's values apply at the next run. Returns false if a run replaced the base meanwhile.
    pub async fn take_billing(
        &self,
        store: &Store,
        memory: &SyncMemory,
        (service, subscriber): (&ServiceKey, &SubscriberId),
    ) -> Result<bool, StoreError> {
        let mut after = memory.base().cloned().unwrap_or_default();
        decide(&mut after, service, subscriber);
        let commit = memory.stored().map(|stored| stored.commit.clone());
        let commit = commit
            .or_else(|| self.inventory_commit().map(str::to_owned))
            .unwrap_or_default();
        let change = BaseChange {
            before: memory.stored(),
            after: &after,
            commit: &commit,
        };
        let system = self.system();
        store
            .replace_sync_base(system, &change, Uuid::now_v7())
            .await
    }
}

/// Remembers the decision, also for a service of which nothing is remembered yet.
fn decide(base: &mut SyncBase, service: &ServiceKey, subscriber: &SubscriberId) {
    if base.take_billing(service) {
        return;
    }
    let decided = ServiceBase {
        subscriber: Some(subscriber.clone()),
        takes_billing: true,
        ..ServiceBase::default()
    };
    base.services.insert(service.clone(), decided);
}

fn was_removed(service: &ClassifiedService, id: &SubscriberId) -> bool {
    let mut reasons = service.reasons.iter();
    reasons.any(
        |reason| matches!(reason, Reason::SubscriberRemoved { subscriber } if subscriber == id),
    )
}

fn contested(service: &ClassifiedService, id: &SubscriberId) -> Option<ContestedSubscriber> {
    let is_decidable = |reason: &&Reason| {
        matches!(
            reason,
            Reason::Contested { .. } | Reason::SubscriberRemoved { .. }
        )
    };
    let reasons: Vec<&Reason> = service.reasons.iter().filter(is_decidable).collect();
    if reasons.is_empty() {
        return None;
    }
    let keys = reasons.iter().filter_map(|reason| match reason {
        Reason::Contested { key, .. } => held_key(*key),
        _ => None,
    });
    let keys = match was_removed(service, id) {
        true => BTreeSet::new(),
        false => keys.collect(),
    };
    Some(ContestedSubscriber {
        service: service.service.clone(),
        keys,
        lines: reason_lines(service, reasons.into_iter()),
    })
}

/// Returns the key that a hold names for a key of the sync; `None` for those that are written once.
fn held_key(key: SyncKey) -> Option<SyncedKey> {
    match key {
        SyncKey::ServicePlan => Some(SyncedKey::ServicePlan),
        SyncKey::State => Some(SyncedKey::State),
        SyncKey::Endpoint => Some(SyncedKey::Endpoint),
        SyncKey::Device => Some(SyncedKey::Device),
        SyncKey::Port => Some(SyncedKey::Port),
        SyncKey::ExternalSystem | SyncKey::ExternalAccount | SyncKey::ExternalService => {
            Some(SyncedKey::External)
        }
        SyncKey::Vlan | SyncKey::Description => None,
    }
}
