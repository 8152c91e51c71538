//! Finds live services that continue another one which is still live, by their login.

use std::collections::BTreeMap;

use super::matching::{Listing, Matches, has_ended};
use super::reason::Reason;
use super::service_key::ServiceKey;
use crate::model::billing::{BillingService, ServiceStatus};

impl Matches {
    /// Finds live services with the login of another live one: of rows that overlap, only one counts.
    pub(super) fn find_continuations(&mut self, listing: &Listing<'_>) {
        for services in listing.by_account.values() {
            let mut by_login: BTreeMap<&str, Vec<&BillingService>> = BTreeMap::new();
            for service in services {
                let login = service.login.as_deref().filter(|login| !login.is_empty());
                if let Some(login) = login.filter(|_| !has_ended(service)) {
                    by_login.entry(login).or_default().push(service);
                }
            }
            for group in by_login.into_values().filter(|group| group.len() > 1) {
                self.choose_one(&group);
            }
        }
    }

    fn choose_one(&mut self, group: &[&BillingService]) {
        let keys: Vec<ServiceKey> = group.iter().map(|one| ServiceKey::of(one)).collect();
        let linked: Vec<&ServiceKey> = keys
            .iter()
            .filter(|key| self.subscribers.contains_key(*key))
            .collect();
        let main = match linked.as_slice() {
            [only] => Some((*only).clone()),
            // Each has a subscriber of its own.
            [_, ..] => return,
            [] => {
                let served = |one: &&&BillingService| one.status == ServiceStatus::Served;
                let mut served_ones = group.iter().filter(served);
                let first = served_ones.next();
                first
                    .filter(|_| served_ones.next().is_none())
                    .map(|one| ServiceKey::of(one))
            }
        };
        for key in &keys {
            match &main {
                Some(main) if main == key => {}
                Some(main) => drop(self.continues.insert(key.clone(), main.clone())),
                None => {
                    let services = keys.clone();
                    self.refuse(key, Reason::LoginShared { services });
                }
            }
        }
    }
}
