//! Matches services with subscribers by `external`, and follows a service whose id changed.

use std::collections::{BTreeMap, BTreeSet};

use super::completeness::Completeness;
use super::few_set::FewSet;
use super::inventory_view::SyncInventory;
use super::reason::Reason;
use super::service_key::ServiceKey;
use super::sync_base::SyncBase;
use crate::model::billing::{
    AccountId, BillingName, BillingService, ServiceId, ServiceStatus, Snapshot,
};
use crate::model::{MacAddress, SubscriberId};

/// The services of a snapshot with their subscribers.
#[derive(Debug, Default)]
pub(super) struct Matches {
    /// The subscriber of each service that has one.
    pub subscribers: BTreeMap<ServiceKey, SubscriberId>,
    /// Services whose subscriber has another id of a service in `external`, or none.
    pub renumbered: BTreeMap<ServiceKey, Option<ServiceId>>,
    /// Services whose base is stored by an earlier id, while the inventory has their id of today.
    pub remembered_as: BTreeMap<ServiceKey, ServiceId>,
    /// Live services that continue another one which is still live.
    pub continues: BTreeMap<ServiceKey, ServiceKey>,
    /// Services that nothing follows from.
    pub refused: BTreeMap<ServiceKey, Vec<Reason>>,
    /// Subscribers whose service is not in the snapshot, with the service that they name.
    pub missing: BTreeMap<SubscriberId, ServiceKey>,
    /// Subscribers that nothing follows for, because their match is not clear.
    pub unclear: BTreeSet<SubscriberId>,
    /// Subscribers that name an account and no service.
    without_service: BTreeMap<SubscriberId, AccountId>,
}

/// The services of a snapshot by key and by account.
#[derive(Debug)]
pub(super) struct Listing<'a> {
    pub by_key: BTreeMap<ServiceKey, &'a BillingService>,
    pub by_account: BTreeMap<&'a AccountId, Vec<&'a BillingService>>,
    pub twice: BTreeSet<ServiceKey>,
}

impl<'a> Listing<'a> {
    pub(super) fn of(snapshot: &'a Snapshot) -> Self {
        let mut listing = Self {
            by_key: BTreeMap::new(),
            by_account: BTreeMap::new(),
            twice: BTreeSet::new(),
        };
        for service in &snapshot.services {
            let key = ServiceKey::of(service);
            let of_account = listing.by_account.entry(&service.account).or_default();
            of_account.push(service);
            if listing.by_key.insert(key.clone(), service).is_some() {
                listing.twice.insert(key);
            }
        }
        listing
    }

    pub(super) fn of_account(&self, account: &AccountId) -> &[&'a BillingService] {
        self.by_account.get(account).map_or(&[], Vec::as_slice)
    }
}

/// Returns whether a service is in use or will be.
pub(super) fn is_live(status: &ServiceStatus) -> bool {
    match status {
        ServiceStatus::Served | ServiceStatus::Suspended { .. } | ServiceStatus::Pending { .. } => {
            true
        }
        ServiceStatus::Gone { .. } | ServiceStatus::Unknown { .. } => false,
    }
}

/// Returns whether a service is not in use any more.
pub(super) fn has_ended(service: &BillingService) -> bool {
    matches!(service.status, ServiceStatus::Gone { .. })
}

impl Matches {
    /// Matches by `external`, then by the login of services whose id changed.
    pub(super) fn by_link_and_login(
        listing: &Listing<'_>,
        inventory: &SyncInventory,
        base: &SyncBase,
        system: &BillingName,
        completeness: &Completeness<'_>,
    ) -> Self {
        let mut matches = Self::default();
        for key in &listing.twice {
            matches.refuse(key, Reason::ListedTwice);
        }
        let mut linked: BTreeMap<ServiceKey, Vec<SubscriberId>> = BTreeMap::new();
        for (id, subscriber) in &inventory.subscribers {
            let Some(link) = subscriber.link_to(system) else {
                continue;
            };
            match &link.service {
                Some(service) => {
                    let key = ServiceKey {
                        account: link.account.clone(),
                        service: service.clone(),
                    };
                    linked.entry(key).or_default().push(id.clone());
                }
                None => {
                    let account = link.account.clone();
                    matches.without_service.insert(id.clone(), account);
                }
            }
        }
        for (key, subscribers) in &linked {
            match subscribers.as_slice() {
                [only] => drop(matches.subscribers.insert(key.clone(), only.clone())),
                several => {
                    matches.unclear.extend(several.iter().cloned());
                    let subscribers = several.to_vec();
                    matches.refuse(key, Reason::LinkedTwice { subscribers });
                }
            }
        }
        matches.follow(listing, completeness, |old, new| {
            let login = login_of(old, listing, base);
            login.is_some() && new.login.as_deref().filter(|login| !login.is_empty()) == login
        });
        matches.find_continuations(listing);
        matches
    }

    /// Follows services whose id changed by a MAC address: the subscriber's endpoint, or one that the base remembers.
    ///
    /// `macs_of` has the addresses of today.
    pub(super) fn follow_by_mac(
        &mut self,
        listing: &Listing<'_>,
        inventory: &SyncInventory,
        base: &SyncBase,
        completeness: &Completeness<'_>,
        macs_of: impl Fn(&ServiceKey) -> FewSet<MacAddress>,
    ) {
        let endpoints: BTreeMap<ServiceKey, MacAddress> = self
            .subscribers
            .iter()
            .filter_map(|(key, id)| Some((key.clone(), inventory.subscribers.get(id)?.endpoint?)))
            .collect();
        self.follow(listing, completeness, |old, new| {
            let known = base.services.get(old).map(|base| &base.macs);
            let now = macs_of(&ServiceKey::of(new));
            let mut known = known.into_iter().flatten();
            let is_remembered = known.any(|mac| now.contains(mac));
            is_remembered || endpoints.get(old).is_some_and(|mac| now.contains(mac))
        });
    }

    /// Gives a subscriber whose `external` names only an account the only service of that account.
    pub(super) fn complete_links(
        &mut self,
        listing: &Listing<'_>,
        completeness: &Completeness<'_>,
        is_in_scope: impl Fn(&ServiceKey) -> bool,
    ) {
        for (id, account) in std::mem::take(&mut self.without_service) {
            let of_account = listing.of_account(&account).iter();
            let free: Vec<ServiceKey> = of_account
                .filter(|service| !has_ended(service))
                .map(|service| ServiceKey::of(service))
                .filter(|key| is_in_scope(key) && !self.continues.contains_key(key))
                .collect();
            match free.as_slice() {
                [] => {}
                [only] if self.subscribers.contains_key(only) => {
                    let subscriber = id.clone();
                    self.refuse(only, Reason::LinkAmbiguous { subscriber });
                }
                [only] if completeness.is_whole(&account) => {
                    self.subscribers.insert(only.clone(), id);
                    self.renumbered.insert(only.clone(), None);
                }
                [only] => self.refuse(only, Reason::ReadIncomplete),
                several => {
                    for key in several {
                        if !self.subscribers.contains_key(key) {
                            let subscriber = id.clone();
                            self.refuse(key, Reason::LinkAmbiguous { subscriber });
                        }
                    }
                }
            }
        }
    }

    /// Lists the subscribers whose service is not in the snapshot.
    pub(super) fn find_missing(&mut self, listing: &Listing<'_>) {
        let is_missing = |key: &ServiceKey| !listing.by_key.contains_key(key);
        let missing = self
            .subscribers
            .iter()
            .filter(|(key, _)| is_missing(key))
            .map(|(key, id)| (id.clone(), key.clone()));
        self.missing.extend(missing);
        self.subscribers.retain(|key, _| !is_missing(key));
    }

    pub(super) fn refuse(&mut self, key: &ServiceKey, reason: Reason) {
        self.refused.entry(key.clone()).or_default().push(reason);
    }

    /// Matches subscribers whose service ended with the one live service of the account that continues it.
    fn follow(
        &mut self,
        listing: &Listing<'_>,
        completeness: &Completeness<'_>,
        continues: impl Fn(&ServiceKey, &BillingService) -> bool,
    ) {
        let has_ended_for_certain = |key: &ServiceKey| match listing.by_key.get(key) {
            Some(service) => has_ended(service),
            None => completeness.proves_end(key),
        };
        let ended: Vec<(ServiceKey, SubscriberId)> = self
            .subscribers
            .iter()
            .filter(|(key, _)| has_ended_for_certain(key))
            .map(|(key, id)| (key.clone(), id.clone()))
            .collect();
        let mut found: BTreeMap<ServiceKey, Vec<(ServiceKey, SubscriberId)>> = BTreeMap::new();
        for (old, subscriber) in ended {
            let candidates: Vec<ServiceKey> = listing
                .of_account(&old.account)
                .iter()
                .filter(|new| !has_ended(new) && continues(&old, new))
                .map(|new| ServiceKey::of(new))
                .filter(|new| !self.subscribers.contains_key(new))
                .collect();
            match candidates.as_slice() {
                [] => {}
                [only] => {
                    let entry = found.entry(only.clone()).or_default();
                    entry.push((old, subscriber));
                }
                _ => self.refuse_renumbering(&old, subscriber, &candidates),
            }
        }
        for (new, from) in found {
            match from.as_slice() {
                [(old, subscriber)] => {
                    self.subscribers.remove(old);
                    self.renumbered
                        .insert(new.clone(), Some(old.service.clone()));
                    self.subscribers.insert(new, subscriber.clone());
                }
                several => {
                    for (old, subscriber) in several {
                        let candidates = std::slice::from_ref(&new);
                        self.refuse_renumbering(old, subscriber.clone(), candidates);
                    }
                }
            }
        }
    }

    fn refuse_renumbering(
        &mut self,
        old: &ServiceKey,
        subscriber: SubscriberId,
        candidates: &[ServiceKey],
    ) {
        let reason = Reason::RenumberAmbiguous {
            subscriber: subscriber.clone(),
            candidates: candidates.to_vec(),
        };
        self.unclear.insert(subscriber);
        for key in candidates.iter().chain([old]) {
            self.refuse(key, reason.clone());
        }
    }
}

/// Returns the login of a service, from the base where the service is not listed any more.
fn login_of<'a>(key: &ServiceKey, listing: &'a Listing<'_>, base: &'a SyncBase) -> Option<&'a str> {
    let remembered = base
        .services
        .get(key)
        .and_then(|base| base.login.as_deref());
    let listed = listing.by_key.get(key);
    let login = remembered.or_else(|| listed.and_then(|service| service.login.as_deref()));
    login.filter(|login| !login.is_empty())
}
