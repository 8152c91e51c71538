//! Gathers the inputs of a proposal and the indexes over them.

use std::collections::{BTreeMap, BTreeSet};

use super::claims::{Claimants, Claims};
use super::completeness::Completeness;
use super::conflict::{Circumstances, FieldDecision, decide};
use super::field::SyncKey;
use super::heard::{Hearing, Looks};
use super::inventory_view::{SyncInventory, SyncSubscriber};
use super::matching::{Listing, Matches};
use super::near_miss::UnknownEndpoint;
use super::scope::Scope;
use super::service_key::ServiceKey;
use super::settings::SyncSettings;
use super::status::gone_state;
use super::sync_base::{FieldBase, ServiceBase, SyncBase};
use super::tariff::Tariffs;
use crate::model::billing::{AccountId, ServiceStatus, Snapshot};
use crate::model::{DeviceName, MacAddress, PortAssignment, PortNumber, SubscriberId};

/// Everything that a proposal follows from.
#[derive(Debug, Clone, Copy)]
pub struct SyncInputs<'a> {
    pub snapshot: &'a Snapshot,
    pub inventory: &'a SyncInventory,
    pub looks: &'a Looks,
    pub base: &'a SyncBase,
    pub settings: &'a SyncSettings,
    /// Seconds since 1970.
    pub now: u64,
}

/// The inputs with indexes over them.
#[derive(Debug)]
pub(super) struct Context<'a> {
    pub inputs: SyncInputs<'a>,
    pub listing: Listing<'a>,
    pub completeness: Completeness<'a>,
    pub tariffs: Tariffs<'a>,
    pub hearing: Hearing<'a>,
    pub matches: Matches,
    pub scope: Scope,
    pub claims: Claims,
    pub by_endpoint: BTreeMap<MacAddress, &'a SubscriberId>,
    /// Endpoints that no subscriber and no record has.
    pub unknown: Vec<UnknownEndpoint<'a>>,
    by_port: BTreeMap<(&'a DeviceName, PortNumber), Vec<&'a SubscriberId>>,
    /// Accounts with a subscriber whose service is missing without a proof that it ended.
    pub unproven: BTreeSet<AccountId>,
    /// Subscribers whose service is gone, and which may be removed for another service.
    pub replaceable: BTreeMap<SubscriberId, Replaceable>,
}

/// A subscriber whose service is gone.
#[derive(Debug, Clone, Copy)]
pub(super) struct Replaceable {
    /// Its service is missing in a complete reading.
    pub is_from_absence: bool,
}

impl<'a> Context<'a> {
    pub(super) fn of(inputs: SyncInputs<'a>) -> Self {
        let SyncInputs {
            snapshot,
            inventory,
            base,
            settings,
            ..
        } = inputs;
        let listing = Listing::of(snapshot);
        let completeness = Completeness::of(snapshot);
        let tariffs = Tariffs::of(snapshot, inventory, settings);
        let mut matches =
            Matches::by_link_and_login(&listing, inventory, base, &settings.system, &completeness);
        let mut scope = Scope::of(snapshot, &listing, &matches, &tariffs, settings);
        let claimants = claimants(snapshot, &listing, &matches, &scope, &completeness);
        let claims = Claims::of(snapshot, &base.claims, &claimants);
        matches.follow_by_mac(&listing, inventory, base, &completeness, |key| {
            claims.macs_of(key)
        });
        matches.complete_links(&listing, &completeness, |key| scope.services.contains(key));
        matches.find_earlier_bases(&listing, base, &completeness);
        matches.find_missing(&listing);
        for key in matches.subscribers.keys() {
            scope.outside.remove(key);
            scope.services.insert(key.clone());
        }
        let mut context = Self {
            inputs,
            unproven: BTreeSet::new(),
            replaceable: BTreeMap::new(),
            by_endpoint: BTreeMap::new(),
            unknown: Vec::new(),
            by_port: BTreeMap::new(),
            hearing: Hearing::of(inputs.looks, inputs.now),
            listing,
            completeness,
            tariffs,
            matches,
            scope,
            claims,
        };
        let unknown = context.hearing.unknown();
        context.unknown = unknown
            .filter(|heard| !context.claims.is_claimed(heard.mac))
            .map(UnknownEndpoint::new)
            .collect();
        context.index_places();
        context.index_gone();
        context
    }

    fn index_places(&mut self) {
        for (id, subscriber) in &self.inputs.inventory.subscribers {
            if let Some(endpoint) = subscriber.endpoint {
                self.by_endpoint.insert(endpoint, id);
            }
            if let PortAssignment::Port(port) = subscriber.port {
                let on_port = self.by_port.entry((&subscriber.device, port)).or_default();
                on_port.push(id);
            }
        }
    }

    fn index_gone(&mut self) {
        let mut replaceable = BTreeMap::new();
        for (key, id) in &self.matches.subscribers {
            let service = self.listing.by_key.get(key);
            let is_gone =
                service.is_some_and(|service| matches!(service.status, ServiceStatus::Gone { .. }));
            if is_gone && self.is_free_to_go(key, id) {
                let is_from_absence = false;
                replaceable.insert(id.clone(), Replaceable { is_from_absence });
            }
        }
        for (id, key) in &self.matches.missing {
            if !self.completeness.proves_absence(key) {
                self.unproven.insert(key.account.clone());
            } else if self.is_free_to_go(key, id) {
                let is_from_absence = true;
                replaceable.insert(id.clone(), Replaceable { is_from_absence });
            }
        }
        self.replaceable = replaceable;
    }

    /// Returns whether neither a person nor a conflict keeps a subscriber whose service is gone.
    pub(super) fn is_free_to_go(&self, key: &ServiceKey, id: &SubscriberId) -> bool {
        let Some(subscriber) = self.subscriber(id) else {
            return false;
        };
        let wanted = gone_state(subscriber.endpoint.is_some());
        let base = self.base(key).and_then(|base| base.state.as_ref());
        let decision = decide(
            Some(&wanted),
            subscriber.state.as_str(),
            base,
            self.circumstances(key, subscriber, SyncKey::State),
        );
        let is_contested = matches!(
            decision,
            FieldDecision::Contested | FieldDecision::Held | FieldDecision::Flapping
        );
        let is_refused =
            self.matches.unclear.contains(id) || self.matches.refused.contains_key(key);
        let is_readable = self.completeness.unreadable_record(&key.account).is_none();
        !is_contested
            && !is_refused
            && is_readable
            && !subscriber.is_protected
            && !subscriber.has_hold(self.inputs.now)
    }

    pub(super) fn subscriber(&self, id: &SubscriberId) -> Option<&'a SyncSubscriber> {
        self.inputs.inventory.subscribers.get(id)
    }

    pub(super) fn base(&self, key: &ServiceKey) -> Option<&'a ServiceBase> {
        let services = &self.inputs.base.services;
        // A service whose id changed has the base of its old id.
        services
            .get(key)
            .filter(|base| base.subscriber.is_some())
            .or_else(|| {
                let old = self.matches.earlier_id(key)?;
                services.get(&old)
            })
            .or_else(|| services.get(key))
    }

    pub(super) fn circumstances(
        &self,
        key: &ServiceKey,
        subscriber: &SyncSubscriber,
        field: SyncKey,
    ) -> Circumstances {
        Circumstances {
            is_held: subscriber.is_held(field, self.inputs.now),
            takes_billing: self.base(key).is_some_and(|base| base.takes_billing),
            now: self.inputs.now,
        }
    }

    /// Returns the base of a field of a service.
    pub(super) fn field(
        &self,
        key: &ServiceKey,
        of: impl Fn(&ServiceBase) -> Option<&FieldBase>,
    ) -> Option<&'a FieldBase> {
        self.base(key).and_then(of)
    }

    /// Returns a subscriber on a port, besides some.
    pub(super) fn occupant(
        &self,
        device: &DeviceName,
        port: PortNumber,
        besides: &[Option<&SubscriberId>],
    ) -> Option<&'a SubscriberId> {
        let on_port = self
            .by_port
            .get(&(device, port))
            .map_or(&[] as &[_], Vec::as_slice);
        let mut others = on_port
            .iter()
            .copied()
            .filter(|id| !besides.contains(&Some(*id)));
        others.next()
    }
}

fn claimants(
    snapshot: &Snapshot,
    listing: &Listing<'_>,
    matches: &Matches,
    scope: &Scope,
    completeness: &Completeness<'_>,
) -> Claimants {
    let mut claimants = Claimants::default();
    for service in &snapshot.services {
        let key = ServiceKey::of(service);
        if scope.is_claimant(service, matches) {
            let of_account = claimants.by_account.entry(key.account.clone()).or_default();
            of_account.insert(key);
        } else {
            claimants.silent.insert(key);
        }
    }
    let accounts = listing.by_account.keys().copied();
    claimants.whole = accounts
        .filter(|account| completeness.is_whole(account))
        .cloned()
        .collect();
    claimants
}
