//! Decides what a reading proves: that a record is absent, and that an account was read whole.

use std::collections::BTreeSet;

use super::service_key::ServiceKey;
use crate::model::billing::{
    AccountId, Collection, GapReason, Proof, Snapshot, SnapshotScope, UnreadableRecord,
};

/// The proofs of one snapshot.
#[derive(Debug)]
pub(super) struct Completeness<'a> {
    snapshot: &'a Snapshot,
    /// Accounts with a record that cannot be read.
    unreadable: BTreeSet<&'a AccountId>,
    /// Records without an account, which may belong to any.
    strays: Vec<&'a UnreadableRecord>,
    reads_services_whole: bool,
}

impl<'a> Completeness<'a> {
    pub(super) fn of(snapshot: &'a Snapshot) -> Self {
        let of_services = |record: &&UnreadableRecord| {
            matches!(
                record.collection,
                Collection::Accounts | Collection::Services
            )
        };
        let unreadable = snapshot.unreadable.iter();
        Self {
            snapshot,
            unreadable: unreadable
                .clone()
                .filter_map(|record| record.account.as_ref())
                .collect(),
            strays: unreadable
                .filter(of_services)
                .filter(|record| record.account.is_none())
                .collect(),
            reads_services_whole: reads_services_whole(snapshot),
        }
    }

    /// Returns the first record of an account that cannot be read: its services are left as they are.
    pub(super) fn unreadable_record(&self, account: &AccountId) -> Option<&'a UnreadableRecord> {
        let mut records = self.snapshot.unreadable.iter();
        let is_known = self.unreadable.contains(account);
        is_known
            .then(|| records.find(|record| record.account.as_ref() == Some(account)))
            .flatten()
    }

    /// Returns whether a service that is not in the snapshot does not exist in billing.
    pub(super) fn proves_absence(&self, service: &ServiceKey) -> bool {
        self.snapshot.proves_absence() && !self.may_be_unreadable(service)
    }

    /// Returns whether every service of an account that was read is in the snapshot.
    ///
    /// A reading of some accounts reads each of them whole, so its scope is not a gap.
    pub(super) fn is_whole(&self, account: &AccountId) -> bool {
        let is_read = match &self.snapshot.scope {
            SnapshotScope::Everything => true,
            SnapshotScope::Accounts(accounts) => accounts.contains(account),
        };
        is_read && self.reads_services_whole && !self.unreadable.contains(account)
    }

    /// Returns whether a service that is not among the account's any more ended, as far as the account was read whole.
    pub(super) fn proves_end(&self, service: &ServiceKey) -> bool {
        self.is_whole(&service.account) && !self.may_be_unreadable(service)
    }

    fn may_be_unreadable(&self, service: &ServiceKey) -> bool {
        let is_it = |record: &UnreadableRecord| match (&record.id, record.collection) {
            (None, _) => true,
            (Some(id), Collection::Services) => id == service.service.as_str(),
            (Some(id), _) => id == service.account.as_str(),
        };
        self.unreadable.contains(&service.account) || self.strays.iter().any(|record| is_it(record))
    }
}

fn reads_services_whole(snapshot: &Snapshot) -> bool {
    let Proof::Incomplete { gaps } = &snapshot.proof else {
        return true;
    };
    let is_partial_by_scope = matches!(snapshot.scope, SnapshotScope::Accounts(_));
    gaps.iter().all(|gap| match gap.collection {
        Collection::Accounts | Collection::Services => {
            is_partial_by_scope && gap.reason == GapReason::Partial
        }
        // Without all items another account may claim a MAC address as well; an addition goes ahead all the same.
        Collection::Equipment | Collection::Tariffs | Collection::Statuses => true,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::model::billing::{BillingName, Counts, Gap};

    fn snapshot(scope: SnapshotScope, proof: Proof) -> Snapshot {
        Snapshot {
            system: BillingName::new("splynx").unwrap(),
            scope,
            proof,
            taken: 0,
            accounts: BTreeMap::new(),
            services: Vec::new(),
            equipment: Vec::new(),
            tariffs: BTreeMap::new(),
            unreadable: Vec::new(),
        }
    }

    fn complete() -> Proof {
        let counts = Counts {
            before: 1,
            received: 1,
            after: 1,
        };
        Proof::of(BTreeMap::from([(Collection::Services, counts)]), Vec::new())
    }

    fn gap(collection: Collection, reason: GapReason) -> Proof {
        let gaps = vec![Gap { collection, reason }];
        Proof::Incomplete { gaps }
    }

    fn key(text: &str) -> ServiceKey {
        ServiceKey::try_from(compact_str::CompactString::new(text)).unwrap()
    }

    #[test]
    fn only_a_complete_reading_of_everything_proves_absence() {
        let service = key("1/10");
        let accounts = SnapshotScope::Accounts([service.account.clone()].into());
        for (scope, proof, is_absent, is_whole) in [
            (SnapshotScope::Everything, complete(), true, true),
            (accounts.clone(), complete(), false, true),
            (
                accounts.clone(),
                gap(Collection::Services, GapReason::Partial),
                false,
                true,
            ),
            (
                accounts,
                gap(Collection::Services, GapReason::NotCounted),
                false,
                false,
            ),
            (
                SnapshotScope::Everything,
                gap(Collection::Services, GapReason::Partial),
                false,
                false,
            ),
            (
                SnapshotScope::Everything,
                gap(Collection::Equipment, GapReason::NotCounted),
                false,
                true,
            ),
        ] {
            let snapshot = snapshot(scope, proof);
            let completeness = Completeness::of(&snapshot);
            assert_eq!(
                completeness.proves_absence(&service),
                is_absent,
                "{snapshot:?}"
            );
            assert_eq!(
                completeness.is_whole(&service.account),
                is_whole,
                "{snapshot:?}"
            );
        }
    }

    #[test]
    fn a_record_that_cannot_be_read_may_be_the_one_that_is_missing() {
        let record = |id: Option<&str>, account: Option<&str>| UnreadableRecord {
            collection: Collection::Services,
            id: id.map(Into::into),
            account: account.and_then(|account| AccountId::new(account).ok()),
            reason: "status: expected text, got a list".into(),
        };
        for (record, is_absent) in [
            (record(Some("10"), Some("1")), false),
            (record(Some("99"), Some("1")), false),
            (record(Some("10"), None), false),
            (record(None, None), false),
            (record(Some("99"), None), true),
            (record(Some("99"), Some("2")), true),
        ] {
            let mut snapshot = snapshot(SnapshotScope::Everything, complete());
            snapshot.unreadable = vec![record.clone()];
            let proves = Completeness::of(&snapshot).proves_absence(&key("1/10"));
            assert_eq!(proves, is_absent, "{record:?}");
        }
    }
}
