//! Defines the snapshot: all that one reading of a billing system returned, sorted.

use std::collections::{BTreeMap, BTreeSet};

use compact_str::CompactString;

use super::{
    AccountId, BillingAccount, BillingName, BillingService, Collection, Equipment, Proof, Tariff,
    TariffId,
};

/// One reading of a billing system.
#[derive(Debug, Clone)]
pub struct Snapshot {
    pub system: BillingName,
    pub scope: SnapshotScope,
    pub proof: Proof,
    /// Seconds since 1970, by the clock of this host.
    pub taken: u64,
    pub accounts: BTreeMap<AccountId, BillingAccount>,
    /// By account and service.
    pub services: Vec<BillingService>,
    /// By id.
    pub equipment: Vec<Equipment>,
    pub tariffs: BTreeMap<TariffId, Tariff>,
    pub unreadable: Vec<UnreadableRecord>,
}

/// The part of a billing system that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SnapshotScope {
    Everything,
    Accounts(BTreeSet<AccountId>),
}

/// A record whose shape is not understood: nothing follows from it, and it is listed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnreadableRecord {
    pub collection: Collection,
    /// Its id, if that could be read.
    pub id: Option<CompactString>,
    /// Its account, if that could be read: its services are held as they are.
    pub account: Option<AccountId>,
    /// The path of the value and its shape, never the value: `status: expected text, got a list`.
    pub reason: CompactString,
}

impl Snapshot {
    /// Sorts the records, so that equal readings are equal values.
    pub fn sort(&mut self) {
        self.services.sort_by(|one, other| {
            (&one.account, &one.service).cmp(&(&other.account, &other.service))
        });
        self.equipment.sort_by(|one, other| one.id.cmp(&other.id));
        self.unreadable.sort();
    }

    /// Returns the part that is about these accounts, as if only they had been read: it proves nothing about what is absent.
    pub fn of_accounts(mut self, accounts: &BTreeSet<AccountId>) -> Self {
        let is_asked =
            |account: Option<&AccountId>| account.is_some_and(|id| accounts.contains(id));
        self.accounts.retain(|id, _| accounts.contains(id));
        self.services.retain(|one| is_asked(Some(&one.account)));
        self.equipment.retain(|item| is_asked(item.place.account()));
        self.unreadable.retain(|record| {
            record.collection == Collection::Tariffs || is_asked(record.account.as_ref())
        });
        self.scope = SnapshotScope::Accounts(accounts.clone());
        self.proof = Proof::of_accounts();
        self
    }

    /// Returns whether an account without records here has none in the billing system.
    pub fn proves_absence(&self) -> bool {
        self.scope == SnapshotScope::Everything && self.proof.is_complete()
    }
}
