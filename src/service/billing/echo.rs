//! Recognizes webhooks that gamctl's own writes to billing caused.

use std::collections::BTreeMap;

use crate::billing::sonar::ChangedObject;
use crate::history::BillingWrite;
use crate::model::billing::{AccountId, EquipmentId, ServiceId};
use crate::reconcile::sync::BillingHint;

/// A webhook that comes later, in milliseconds, is one like any other.
const ECHO_COMES: u64 = 60_000;

/// The objects that were written lately, each with the time in milliseconds since 1970.
#[derive(Debug, Default)]
pub(super) struct OwnWrites {
    accounts: BTreeMap<AccountId, u64>,
    services: BTreeMap<ServiceId, u64>,
    items: BTreeMap<EquipmentId, u64>,
}

impl OwnWrites {
    /// Notes a write that is about to be sent.
    pub(super) fn note(&mut self, write: &BillingWrite, now: u64) {
        let is_recent = |at: &mut u64| now.saturating_sub(*at) < ECHO_COMES;
        self.accounts.retain(|_, at| is_recent(at));
        self.services.retain(|_, at| is_recent(at));
        self.items.retain(|_, at| is_recent(at));
        match write {
            BillingWrite::Fields { service, .. }
            | BillingWrite::Note { service, .. }
            | BillingWrite::Ticket { service, .. } => {
                self.accounts.insert(service.account.clone(), now);
                self.services.insert(service.service.clone(), now);
            }
            BillingWrite::Health { item, .. } => drop(self.items.insert(item.clone(), now)),
        }
    }

    /// Returns whether a webhook may be the answer to a write, or names nothing that can be read: then it is not urgent.
    pub(super) fn explain(&self, hint: &BillingHint, now: u64) -> bool {
        let is_recent =
            |at: Option<&u64>| at.is_some_and(|at| now.saturating_sub(*at) < ECHO_COMES);
        let is_written = |object: &ChangedObject| match object {
            ChangedObject::Account(account) => is_recent(self.accounts.get(account)),
            ChangedObject::Service(service) => is_recent(self.services.get(service)),
            ChangedObject::Item(item) => is_recent(self.items.get(item)),
            ChangedObject::Address(_) | ChangedObject::Tariff => false,
        };
        match hint {
            BillingHint::Account(account) => is_recent(self.accounts.get(account)),
            // An event with two meanings names two objects. Sonar also sends one for each value of a field that is written: an
            // object that leads to no account.
            BillingHint::Objects(hint) => {
                hint.objects.is_empty() || hint.objects.iter().any(is_written)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use compact_str::CompactString;

    use super::*;
    use crate::billing::sonar::SonarHint;
    use crate::sync::ServiceKey;

    const NOW: u64 = 1_000_000;

    #[test]
    fn a_webhook_about_what_was_just_written_is_an_echo_and_others_are_not() {
        let mut own = OwnWrites::default();
        let service = ServiceKey::try_from(CompactString::from("1042/7001")).unwrap();
        let fields = BillingWrite::Fields {
            service,
            values: BTreeMap::new(),
            native_place: None,
        };
        let health = BillingWrite::Health {
            item: EquipmentId::new("88").unwrap(),
            status: "GOOD".into(),
        };
        own.note(&fields, NOW);
        own.note(&health, NOW);
        let account = |id| BillingHint::Account(AccountId::new(id).unwrap());
        let objects = |objects: &[ChangedObject]| {
            BillingHint::Objects(SonarHint {
                objects: objects.to_vec(),
            })
        };
        let service = |id| ChangedObject::Service(ServiceId::new(id).unwrap());
        let item = |id| ChangedObject::Item(EquipmentId::new(id).unwrap());
        assert!(own.explain(&objects(&[]), NOW));
        for echo in [
            account("1042"),
            objects(&[service("7001")]),
            objects(&[item("88")]),
        ] {
            assert!(own.explain(&echo, NOW + ECHO_COMES - 1), "{echo:?}");
            assert!(!own.explain(&echo, NOW + ECHO_COMES), "{echo:?} is late");
        }
        for other in [
            account("1043"),
            objects(&[service("7002")]),
            objects(&[item("89")]),
            objects(&[ChangedObject::Tariff]),
        ] {
            assert!(!own.explain(&other, NOW), "{other:?}");
        }
        own.note(&health, NOW + ECHO_COMES);
        assert!(
            own.accounts.is_empty(),
            "what was written earlier is forgotten"
        );
    }
}
