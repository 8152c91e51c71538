//! Computes the writes to a billing system that are due: fields, notes, tickets, health of items.

use std::collections::{BTreeMap, BTreeSet};

use super::request::WriteBackRequest;
use super::tickets::ticket_steps;
use super::verified::verified_services;
use crate::history::{BillingWrite, OutboxRow, ServiceFilter, Store, StoreError};
use crate::inventory::SubscriberObject;
use crate::inventory::text::WriteBackFact;
use crate::model::billing::{
    AccountId, BillingService, EquipmentId, Snapshot, SnapshotScope, WrittenMac,
};
use crate::model::{DeviceName, EndpointState, MacAddress, SubscriberId};
use crate::sync::{
    Classification, Noted, ServiceKey, VerifiedService, VerifiedState, WriteBackField,
    WriteBackMemory, note_event, write_back,
};

/// The classes of services that a person must look at.
const NEED_PERSON: [Classification; 2] = [Classification::Quarantined, Classification::Contested];

/// Rows of the store that are read at once.
pub(super) const MOST_ROWS: u32 = 10_000;

/// The memory of write-back, by service.
pub(super) type Memories = BTreeMap<ServiceKey, WriteBackMemory>;

/// The writes that are due, and what to remember.
#[derive(Debug, Clone, Default)]
pub(super) struct DueWrites {
    pub(super) writes: Vec<BillingWrite>,
    /// Fields that others change back again and again.
    pub(super) overwritten: Vec<(ServiceKey, WriteBackField)>,
    pub(super) memory: Memories,
    /// The services of the items whose health is written.
    pub(super) items: BTreeMap<EquipmentId, ServiceKey>,
}

impl DueWrites {
    /// Computes what is due. `outbox` has every step of tickets.
    pub(super) async fn of(
        request: &WriteBackRequest<'_>,
        memory: &Memories,
        outbox: &[OutboxRow],
    ) -> Result<Self, StoreError> {
        let WriteBackRequest {
            store,
            inventory,
            system,
            snapshot,
            now,
            ..
        } = *request;
        let is_on = |fact| system.write_back.contains(&fact);
        let accounts = match &snapshot.scope {
            SnapshotScope::Everything => None,
            SnapshotScope::Accounts(accounts) => Some(accounts),
        };
        let verified = verified_services(store, inventory, &system.name, accounts).await?;
        let mut due = Self {
            memory: memory.clone(),
            ..Self::default()
        };
        if is_on(WriteBackFact::Place) {
            let plan = write_back(snapshot, &verified, memory, now);
            due.memory = plan.memory;
            due.overwritten = plan.overwritten;
            due.writes
                .extend(plan.writes.into_iter().map(BillingWrite::from));
        }
        if is_on(WriteBackFact::Notes) {
            due.notes(request, &verified);
        }
        if is_on(WriteBackFact::Tickets) {
            let mut classified = Vec::new();
            for class in NEED_PERSON {
                let filter = ServiceFilter {
                    class: Some(class),
                    ..ServiceFilter::default()
                };
                let services = store.classified_services(&system.name, &filter, u32::MAX);
                classified.extend(services.await?);
            }
            due.writes.extend(ticket_steps(&classified, outbox, now));
        }
        if is_on(WriteBackFact::Health) {
            due.health(store, snapshot, &verified).await?;
        }
        Ok(due)
    }

    fn notes(
        &mut self,
        request: &WriteBackRequest<'_>,
        verified: &BTreeMap<ServiceKey, VerifiedService>,
    ) {
        let added = added_by_the_sync(request);
        let mut earlier = self.notes_of_earlier_ids(&linked_services(request));
        for service in &request.snapshot.services {
            let key = ServiceKey::of(service);
            let Some(verified) = verified.get(&key) else {
                continue;
            };
            let was_added = added.contains(&key) && !was_served(service);
            let memory = self.memory.entry(key.clone()).or_default();
            if memory.noted.is_none() {
                let same = (key.account.clone(), verified.endpoint);
                memory.noted = earlier.remove(&same);
            }
            let (event, noted) = note_event(memory.noted.as_ref(), verified, was_added);
            if let Some((event, noted)) = event.zip(noted.as_ref()) {
                self.writes.push(BillingWrite::Note {
                    service: key,
                    event: event.word().into(),
                    of: noted.name(),
                    place: verified.port.map(|port| (verified.device.clone(), port)),
                });
            }
            memory.noted = noted;
        }
    }

    /// Returns the last notes about services that no subscriber names, by account and endpoint: where billing gave a service
    /// another id, they are about the same line.
    fn notes_of_earlier_ids(
        &self,
        linked: &BTreeSet<ServiceKey>,
    ) -> BTreeMap<(AccountId, Option<MacAddress>), Noted> {
        let all = self.memory.iter();
        let unlinked = all.filter(|(key, _)| !linked.contains(*key));
        let notes = unlinked.filter_map(|(key, memory)| {
            let noted = memory.noted.clone()?;
            Some(((key.account.clone(), noted.endpoint), noted))
        });
        notes.collect()
    }

    /// Adds the health of items whose endpoint the last look shows in another state than the one that was written last.
    async fn health(
        &mut self,
        store: &Store,
        snapshot: &Snapshot,
        verified: &BTreeMap<ServiceKey, VerifiedService>,
    ) -> Result<(), StoreError> {
        let items = snapshot.equipment.iter().flat_map(|item| {
            let macs = item.macs.iter().filter_map(WrittenMac::mac);
            macs.map(|mac| (mac, &item.id))
        });
        let items: BTreeMap<MacAddress, _> = items.collect();
        let silent = store.silences().await?;
        let mut looks = BTreeMap::new();
        for (key, service) in verified {
            // A suspended line is silent on purpose.
            let is_served = service.state == VerifiedState::Served;
            let Some(mac) = service.endpoint.filter(|_| is_served) else {
                continue;
            };
            // The last look at a device that does not answer shows nothing of now.
            let Some(item) = items
                .get(&mac)
                .filter(|_| !silent.contains_key(&service.device))
            else {
                continue;
            };
            if !looks.contains_key(&service.device) {
                let states = endpoint_states(store, &service.device).await?;
                looks.insert(service.device.clone(), states);
            }
            let state = looks.get(&service.device).and_then(|look| look.get(&mac));
            let Some(status) = state.map(|state| health_word(*state)) else {
                continue;
            };
            let memory = self.memory.entry(key.clone()).or_default();
            if memory.health.as_deref() != Some(status) {
                self.items.insert((*item).clone(), key.clone());
                self.writes.push(BillingWrite::Health {
                    item: (*item).clone(),
                    status: status.into(),
                });
            }
        }
        Ok(())
    }
}

/// Returns the services whose subscriber has an id that the sync gives: the others ran before gamctl.
fn added_by_the_sync(request: &WriteBackRequest<'_>) -> BTreeSet<ServiceKey> {
    let subscribers = request.inventory.subscribers();
    let added = subscribers.filter_map(|object| {
        let key = linked_service(object)?;
        gives_id(&object.id, key.account.as_str()).then_some(key)
    });
    added.collect()
}

/// Returns the services that subscribers name.
fn linked_services(request: &WriteBackRequest<'_>) -> BTreeSet<ServiceKey> {
    let subscribers = request.inventory.subscribers();
    subscribers.filter_map(linked_service).collect()
}

fn linked_service(object: &SubscriberObject) -> Option<ServiceKey> {
    let external = object.text.external.as_deref()?;
    let (account, service) = (external.account.as_ref()?, external.service.as_ref()?);
    let key = format!("{}/{}", account.as_str(), service.as_str());
    ServiceKey::try_from(compact_str::CompactString::from(key)).ok()
}

/// Returns whether the sync gives such an id to a subscriber of an account: `acct-1042`, `acct-1042-2`.
fn gives_id(id: &SubscriberId, account: &str) -> bool {
    let rest = id.as_str().strip_prefix("acct-");
    rest.and_then(|rest| rest.strip_prefix(account))
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

/// Returns whether billing has a state of the service from which no activation follows.
fn was_served(service: &BillingService) -> bool {
    let state = service.written_back.state.as_deref();
    state.is_some_and(|state| state != VerifiedState::Pending.text())
}

async fn endpoint_states(
    store: &Store,
    device: &DeviceName,
) -> Result<BTreeMap<MacAddress, EndpointState>, StoreError> {
    let look = store.last_look(device).await?;
    let endpoints = look.into_iter().flat_map(|look| look.health.endpoints);
    let states = endpoints.filter_map(|(mac, line)| Some((mac, line.state?)));
    Ok(states.collect())
}

/// Returns the word of Sonar for the state of an endpoint.
fn health_word(state: EndpointState) -> &'static str {
    use crate::billing::sonar::ItemHealth;
    match state {
        EndpointState::Fine => ItemHealth::Good.word(),
        EndpointState::WrongPort | EndpointState::Unknown => ItemHealth::Warning.word(),
        EndpointState::NotDetected => ItemHealth::Down.word(),
    }
}
