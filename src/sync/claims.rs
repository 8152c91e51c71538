//! Finds the service that a MAC address leads to, through items and the services' own addresses.

use std::collections::{BTreeMap, BTreeSet};

use super::few_set::FewSet;
use super::near_miss::NotAnAddress;
use super::reason::Reason;
use super::service_key::ServiceKey;
use super::sync_base::EarlierClaim;
use crate::model::MacAddress;
use crate::model::billing::{
    AccountId, Equipment, EquipmentId, EquipmentPlace, Snapshot, SnapshotScope, WrittenMac,
};

/// The claims of one MAC address.
#[derive(Debug, Default)]
struct MacClaims {
    items: FewSet<EquipmentId>,
    claims: FewSet<EarlierClaim>,
    accounts: FewSet<AccountId>,
    services: FewSet<ServiceKey>,
    /// Accounts that claim it without naming a live service.
    by_account: FewSet<AccountId>,
}

/// The claims of a snapshot.
#[derive(Debug, Default)]
pub(super) struct Claims {
    by_mac: BTreeMap<MacAddress, MacClaims>,
    by_service: BTreeMap<ServiceKey, FewSet<MacAddress>>,
    /// Texts that are not MAC addresses, by account.
    unreadable: BTreeMap<AccountId, BTreeSet<NotAnAddress>>,
    /// Accounts with several services, none of which an item names.
    ambiguous: BTreeMap<ServiceKey, Vec<Reason>>,
    /// Services that get no claim of their account, because its other services may be missing in the reading.
    incomplete: BTreeSet<ServiceKey>,
}

/// The services of an account that a claim without a service may lead to.
#[derive(Debug, Default)]
pub(super) struct Claimants {
    /// The live services in scope, by account.
    pub by_account: BTreeMap<AccountId, BTreeSet<ServiceKey>>,
    /// The accounts of which no service is missing in the reading.
    pub whole: BTreeSet<AccountId>,
    /// Services whose own addresses count for nothing: they ended, or continue another one that is still live.
    pub silent: BTreeSet<ServiceKey>,
}

impl Claims {
    /// Collects the claims of a snapshot; `earlier` has those of earlier readings.
    pub(super) fn of(
        snapshot: &Snapshot,
        earlier: &BTreeMap<MacAddress, FewSet<EarlierClaim>>,
        claimants: &Claimants,
    ) -> Self {
        let mut claims = Self::default();
        for item in &snapshot.equipment {
            claims.add_item(item, claimants);
        }
        for service in &snapshot.services {
            let key = ServiceKey::of(service);
            if claimants.silent.contains(&key) {
                continue;
            }
            for mac in &service.macs {
                claims.add(mac, &service.account, Some(&key), None, claimants);
            }
        }
        if let SnapshotScope::Accounts(read) = &snapshot.scope {
            // An item that is in this snapshot claims where it is now.
            let items: BTreeSet<&EquipmentId> =
                snapshot.equipment.iter().map(|item| &item.id).collect();
            let is_current = |claim: &&EarlierClaim| {
                let is_seen = claim.item.as_ref().is_some_and(|item| items.contains(item));
                !read.contains(&claim.account) && !is_seen
            };
            for (mac, known) in &mut claims.by_mac {
                for claim in earlier.get(mac).into_iter().flatten().filter(is_current) {
                    known.accounts.insert(claim.account.clone());
                    known.items.extend(claim.item.clone());
                }
            }
        }
        claims.resolve(claimants);
        claims
    }

    fn add_item(&mut self, item: &Equipment, claimants: &Claimants) {
        for mac in &item.macs {
            if let Some(mac) = mac.mac() {
                self.by_mac
                    .entry(mac)
                    .or_default()
                    .items
                    .insert(item.id.clone());
            }
            match &item.place {
                EquipmentPlace::Account { account } => {
                    self.add(mac, account, None, Some(&item.id), claimants);
                }
                EquipmentPlace::Service { account, service } => {
                    let key = ServiceKey {
                        account: account.clone(),
                        service: service.clone(),
                    };
                    self.add(mac, account, Some(&key), Some(&item.id), claimants);
                }
                EquipmentPlace::Stock | EquipmentPlace::Broken | EquipmentPlace::Elsewhere => {}
            }
        }
    }

    fn add(
        &mut self,
        mac: &WrittenMac,
        account: &AccountId,
        service: Option<&ServiceKey>,
        item: Option<&EquipmentId>,
        claimants: &Claimants,
    ) {
        let mac = match mac {
            WrittenMac::Read { mac } => *mac,
            WrittenMac::Unreadable { text } => {
                let unreadable = self.unreadable.entry(account.clone()).or_default();
                unreadable.insert(NotAnAddress(text.clone()));
                return;
            }
        };
        let claims = self.by_mac.entry(mac).or_default();
        claims.accounts.insert(account.clone());
        claims.claims.insert(EarlierClaim {
            account: account.clone(),
            item: item.cloned(),
        });
        let live = claimants.by_account.get(account);
        // An item may still name the id that a service had before.
        let named =
            service.filter(|service| live.is_some_and(|services| services.contains(*service)));
        match named {
            Some(service) => drop(claims.services.insert(service.clone())),
            None => drop(claims.by_account.insert(account.clone())),
        }
    }

    /// Leads each address to services.
    fn resolve(&mut self, claimants: &Claimants) {
        for (mac, claims) in &mut self.by_mac {
            for account in &claims.by_account {
                if claims.services.iter().any(|one| one.account == *account) {
                    continue;
                }
                let live = claimants.by_account.get(account);
                let live: Vec<&ServiceKey> = live.into_iter().flatten().collect();
                match live.as_slice() {
                    [] => {}
                    [only] if claimants.whole.contains(account) => {
                        claims.services.insert((*only).clone());
                    }
                    [only] => drop(self.incomplete.insert((*only).clone())),
                    several => {
                        for service in several {
                            let reason = Reason::ClaimAmbiguous {
                                mac: *mac,
                                services: several.iter().map(|one| (*one).clone()).collect(),
                            };
                            let reasons = self.ambiguous.entry((*service).clone()).or_default();
                            reasons.push(reason);
                        }
                    }
                }
            }
            for service in &claims.services {
                let macs = self.by_service.entry(service.clone()).or_default();
                macs.insert(*mac);
            }
        }
    }

    /// Returns the addresses that lead to a service.
    pub(super) fn macs_of(&self, service: &ServiceKey) -> FewSet<MacAddress> {
        self.by_service.get(service).cloned().unwrap_or_default()
    }

    /// Returns the reason that an address leads to no one service, if several accounts, items or services have it.
    pub(super) fn conflict(&self, mac: MacAddress) -> Option<Reason> {
        let claims = self.by_mac.get(&mac)?;
        let is_clear =
            claims.items.len() <= 1 && claims.accounts.len() <= 1 && claims.services.len() <= 1;
        (!is_clear).then(|| Reason::MacClaimedTwice {
            mac,
            items: claims.items.iter().cloned().collect(),
            accounts: claims.accounts.iter().cloned().collect(),
        })
    }

    /// Returns the one service that an address leads to.
    pub(super) fn service_of(&self, mac: MacAddress) -> Option<&ServiceKey> {
        let claims = self.by_mac.get(&mac)?;
        let only = claims.services.iter().next();
        only.filter(|_| self.conflict(mac).is_none())
    }

    pub(super) fn is_claimed(&self, mac: MacAddress) -> bool {
        self.by_mac
            .get(&mac)
            .is_some_and(|claims| !claims.accounts.is_empty())
    }

    /// Returns the claims of its account that may be this service's or another one's.
    pub(super) fn ambiguities(&self, service: &ServiceKey) -> &[Reason] {
        self.ambiguous.get(service).map_or(&[], Vec::as_slice)
    }

    pub(super) fn is_incomplete(&self, service: &ServiceKey) -> bool {
        self.incomplete.contains(service)
    }

    pub(super) fn unreadable_of(&self, account: &AccountId) -> impl Iterator<Item = &NotAnAddress> {
        self.unreadable.get(account).into_iter().flatten()
    }

    /// Returns the claims by their addresses, for the next base.
    pub(super) fn of_addresses(&self) -> impl Iterator<Item = (MacAddress, &FewSet<EarlierClaim>)> {
        let all = self.by_mac.iter();
        all.map(|(mac, claims)| (*mac, &claims.claims))
    }
}
