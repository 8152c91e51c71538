//! Translates accounts of Sonar into the snapshot that both billing systems share.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate};
use compact_str::CompactString;

use super::connection::Remarks;
use super::lookups::SonarLookups;
use super::record::SonarAccount;
use super::service::ServiceReader;
use super::settings::SonarSettings;
use crate::model::billing::{
    AccountId, BillingAccount, BillingService, Collection, Counts, Equipment, EquipmentPlace,
    Personal, Proof, Snapshot, SnapshotScope, UnreadableRecord,
};

const NONE: Counts = Counts {
    before: 0,
    received: 0,
    after: 0,
};

/// Collects translated accounts until the reading ends.
#[derive(Debug)]
pub(super) struct SnapshotBuilder<'s> {
    services_of: ServiceReader<'s>,
    /// Seconds since 1970.
    taken: u64,
    accounts: BTreeMap<AccountId, BillingAccount>,
    services: Vec<BillingService>,
    equipment: Vec<Equipment>,
    counts: BTreeMap<Collection, Counts>,
    remarks: Remarks,
}

impl<'s> SnapshotBuilder<'s> {
    pub(super) fn new(settings: &'s SonarSettings, lookups: &'s SonarLookups, taken: u64) -> Self {
        let seconds = i64::try_from(taken).unwrap_or(i64::MAX);
        let today = DateTime::from_timestamp(seconds, 0);
        Self {
            services_of: ServiceReader {
                settings,
                lookups,
                today: today.map_or(NaiveDate::MAX, |time| time.date_naive()),
            },
            taken,
            accounts: BTreeMap::new(),
            services: Vec::new(),
            equipment: Vec::new(),
            counts: BTreeMap::new(),
            remarks: Remarks::default(),
        }
    }

    /// Returns what the accounts read so far leave open.
    pub(super) fn remarks(&mut self) -> &mut Remarks {
        &mut self.remarks
    }

    /// Adds counts of a collection to those so far.
    pub(super) fn count(&mut self, collection: Collection, counts: Counts) {
        let sum = self.counts.entry(collection).or_insert(NONE);
        sum.before = sum.before.saturating_add(counts.before);
        sum.received = sum.received.saturating_add(counts.received);
        sum.after = sum.after.saturating_add(counts.after);
    }

    /// Translates an account. What is missing in it becomes a gap, and holds the account as it is.
    pub(super) fn add(&mut self, account: SonarAccount) {
        for (collection, total, received) in account.totals() {
            // Totals inside of records come with the records, so there is no other count before or after.
            let counts = Counts {
                before: total,
                received,
                after: total,
            };
            self.count(collection, counts);
        }
        self.remarks.gaps.extend(account.gaps());
        if account.is_cut() {
            self.remarks.unreadable.push(UnreadableRecord {
                collection: Collection::Accounts,
                id: Some(account.id.as_str().into()),
                account: Some(account.id.clone()),
                reason: CompactString::const_new(
                    "one of its lists has other entries than its total",
                ),
            });
        }
        for service in account.services.entries.values() {
            let service = self.services_of.read(&account, service);
            self.services.push(service);
        }
        self.equipment.extend(equipment_of(&account));
        self.remarks.append(account.remarks);
        let units = account.units.entries.values();
        let lines: Vec<_> = units.map(|unit| unit.lines.reveal()).collect();
        let translated = BillingAccount {
            id: account.id.clone(),
            address: Personal::new(lines.join("; ")),
            name: account.name,
            groups: account.groups,
        };
        self.accounts.insert(account.id, translated);
    }

    /// Drops what was collected: the list is read again.
    pub(super) fn clear(&mut self) {
        let ServiceReader {
            settings, lookups, ..
        } = self.services_of;
        *self = Self::new(settings, lookups, self.taken);
    }

    /// Adds what another builder collected of other accounts.
    pub(super) fn append(&mut self, mut other: Self) {
        self.accounts.append(&mut other.accounts);
        self.services.append(&mut other.services);
        self.equipment.append(&mut other.equipment);
        for (collection, counts) in other.counts {
            self.count(collection, counts);
        }
        self.remarks.append(other.remarks);
    }

    /// Makes the snapshot, and decides whether it is complete.
    pub(super) fn finish(mut self, scope: SnapshotScope) -> Snapshot {
        self.counts.extend(&self.services_of.lookups.counts);
        self.remarks
            .gaps
            .extend(self.services_of.lookups.gaps.iter().cloned());
        let mut unreadable = self.remarks.unreadable;
        unreadable.extend(self.services_of.lookups.unreadable.iter().cloned());
        unreadable.sort();
        unreadable.dedup();
        let mut snapshot = Snapshot {
            system: self.services_of.settings.name.clone(),
            scope,
            proof: Proof::of(self.counts, self.remarks.gaps),
            taken: self.taken,
            accounts: self.accounts,
            services: self.services,
            equipment: self.equipment,
            tariffs: self.services_of.lookups.tariffs.clone(),
            unreadable,
        };
        snapshot.sort();
        snapshot
    }
}

/// Returns the equipment of an account: items at its units, and MAC addresses without an item.
fn equipment_of(account: &SonarAccount) -> Vec<Equipment> {
    let place = |service: &Option<_>| match service {
        Some(service) => EquipmentPlace::Service {
            account: account.id.clone(),
            service: Clone::clone(service),
        },
        None => EquipmentPlace::Account {
            account: account.id.clone(),
        },
    };
    let units = account.units.entries.values();
    let items = units.flat_map(|unit| unit.items.entries.values());
    let items = items.map(|item| Equipment {
        id: item.id.clone(),
        macs: item.macs.clone(),
        model: item.model.clone(),
        place: match item.is_broken {
            true => EquipmentPlace::Broken,
            false => place(&item.service),
        },
    });
    let own = account.uninventoried.entries.values();
    let own = own.map(|own| Equipment {
        id: own.id.clone(),
        macs: own.macs.clone(),
        model: None,
        place: place(&own.service),
    });
    items.chain(own).collect()
}
