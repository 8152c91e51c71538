//! Decides whether a service is in scope: linked, with a mapped tariff, or with a G.hn endpoint.

use std::collections::BTreeSet;

use super::matching::{Listing, Matches, has_ended, is_live};
use super::reason::Reason;
use super::service_key::ServiceKey;
use super::settings::SyncSettings;
use super::tariff::{TariffProblem, TariffVerdict, Tariffs};
use crate::model::MacAddress;
use crate::model::billing::{AccountId, BillingService, Equipment, EquipmentPlace, Snapshot};

/// The vendor's part of the addresses of G.hn endpoints.
const ENDPOINT_ADDRESSES: [u8; 3] = [0x00, 0x0e, 0xd8];

/// The services in scope.
#[derive(Debug, Default)]
pub(super) struct Scope {
    pub services: BTreeSet<ServiceKey>,
    /// The reason for each service that is not.
    pub outside: std::collections::BTreeMap<ServiceKey, Reason>,
}

impl Scope {
    pub(super) fn of(
        snapshot: &Snapshot,
        listing: &Listing<'_>,
        matches: &Matches,
        tariffs: &Tariffs<'_>,
        settings: &SyncSettings,
    ) -> Self {
        let mut scope = Self::default();
        let mut by_service = BTreeSet::new();
        let mut by_account: BTreeSet<&AccountId> = BTreeSet::new();
        for item in &snapshot.equipment {
            if !is_endpoint(item, settings) {
                continue;
            }
            match &item.place {
                EquipmentPlace::Service { account, service } => {
                    let key = ServiceKey {
                        account: account.clone(),
                        service: service.clone(),
                    };
                    by_service.insert(key);
                }
                EquipmentPlace::Account { account } => drop(by_account.insert(account)),
                EquipmentPlace::Stock | EquipmentPlace::Broken | EquipmentPlace::Elsewhere => {}
            }
        }
        for (account, services) in &listing.by_account {
            let is_mapped = |service: &&BillingService| is_mapped(service, tariffs);
            // An item of the account is for the service that a tariff or a link chose, else for any of them.
            let has_chosen = services.iter().any(|service| {
                let key = ServiceKey::of(service);
                !has_ended(service)
                    && (is_mapped(service) || matches.subscribers.contains_key(&key))
            });
            let is_for_all = by_account.contains(account) && !has_chosen;
            for service in services {
                let key = ServiceKey::of(service);
                let is_linked = matches.subscribers.contains_key(&key)
                    || matches.refused.contains_key(&key)
                    || matches.continues.contains_key(&key);
                let has_endpoint =
                    is_for_all || by_service.contains(&key) || has_own_endpoint(service);
                let reason = if is_linked {
                    None
                } else if !is_in_groups(account, snapshot, settings) {
                    Some(Reason::OtherGroup)
                } else if let Some(tariff) = ignored(service, tariffs) {
                    Some(tariff)
                } else if has_ended(service) {
                    Some(Reason::Ended)
                } else if is_mapped(service) || has_endpoint {
                    None
                } else {
                    Some(Reason::NotForGams)
                };
                match reason {
                    Some(reason) => drop(scope.outside.insert(key, reason)),
                    None => drop(scope.services.insert(key)),
                }
            }
        }
        scope
    }

    /// Returns whether a service is live and in scope: then claims of its account may lead to it.
    pub(super) fn is_claimant(&self, service: &BillingService, matches: &Matches) -> bool {
        let key = ServiceKey::of(service);
        is_live(&service.status)
            && self.services.contains(&key)
            && !matches.continues.contains_key(&key)
    }
}

/// Returns whether the settings map the tariff, whether or not its speed agrees.
fn is_mapped(service: &BillingService, tariffs: &Tariffs<'_>) -> bool {
    let verdict = service
        .tariff
        .as_ref()
        .map(|tariff| tariffs.verdict(tariff));
    match verdict {
        Some(TariffVerdict::ServicePlan(_)) => true,
        Some(TariffVerdict::Problem(problem)) => problem != TariffProblem::NotMapped,
        Some(TariffVerdict::Ignored) | None => false,
    }
}

fn ignored(service: &BillingService, tariffs: &Tariffs<'_>) -> Option<Reason> {
    let tariff = service.tariff.clone()?;
    let is_ignored = tariffs.verdict(&tariff) == TariffVerdict::Ignored;
    is_ignored.then_some(Reason::TariffIgnored { tariff })
}

fn is_in_groups(account: &AccountId, snapshot: &Snapshot, settings: &SyncSettings) -> bool {
    let account = snapshot.accounts.get(account);
    settings.groups.is_empty()
        || account.is_some_and(|account| {
            let mut groups = account.groups.iter();
            groups.any(|group| settings.groups.contains(group))
        })
}

fn is_endpoint(item: &Equipment, settings: &SyncSettings) -> bool {
    match &item.model {
        Some(model) if !settings.endpoint_models.is_empty() => {
            settings.endpoint_models.contains(model)
        }
        _ => item
            .macs
            .iter()
            .filter_map(|mac| mac.mac())
            .any(has_vendor_address),
    }
}

fn has_own_endpoint(service: &BillingService) -> bool {
    let mut macs = service.macs.iter().filter_map(|mac| mac.mac());
    macs.any(has_vendor_address)
}

fn has_vendor_address(mac: MacAddress) -> bool {
    mac.octets().starts_with(&ENDPOINT_ADDRESSES)
}
