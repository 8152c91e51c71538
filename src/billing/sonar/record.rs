//! Defines an account of Sonar with all that hangs on it, before it is translated.

use std::collections::{BTreeMap, BTreeSet};

use compact_str::CompactString;

use super::connection::Remarks;
use super::states::AccountState;
use crate::model::billing::{
    AccountId, Collection, EquipmentId, Gap, GapReason, GroupId, LocationId, Personal, ServiceId,
    TariffId, WrittenMac,
};

/// An account and all that hangs on it.
#[derive(Debug)]
pub(super) struct SonarAccount {
    pub(super) id: AccountId,
    pub(super) name: Personal,
    pub(super) state: AccountState,
    pub(super) groups: Vec<GroupId>,
    pub(super) fields: Vec<FieldValue>,
    pub(super) services: NestedList<SonarService>,
    pub(super) units: NestedList<SonarUnit>,
    /// MAC addresses of equipment that is the customer's own.
    pub(super) uninventoried: NestedList<OwnBox>,
    /// Lists within services, units and items that do not have as many entries as their totals.
    pub(super) cut: Vec<Cut>,
    /// Collections of which a list did not report its total.
    pub(super) uncounted: BTreeSet<Collection>,
    pub(super) remarks: Remarks,
}

/// A service that was sold to the account.
#[derive(Debug)]
pub(super) struct SonarService {
    pub(super) id: ServiceId,
    pub(super) tariff: TariffId,
    /// By the ids of service metadata.
    pub(super) metadata: Vec<FieldValue>,
}

/// A serviceable physical address: the unit that equipment is in.
#[derive(Debug)]
pub(super) struct SonarUnit {
    pub(super) lines: Personal,
    pub(super) line2: Personal,
    /// The building, by its anchor address.
    pub(super) anchor: Option<LocationId>,
    /// The network site that the anchor address belongs to.
    pub(super) network_site: Option<LocationId>,
    pub(super) fields: Vec<FieldValue>,
    pub(super) items: NestedList<SonarItem>,
}

/// An item of equipment.
#[derive(Debug)]
pub(super) struct SonarItem {
    pub(super) id: EquipmentId,
    pub(super) service: Option<ServiceId>,
    pub(super) is_broken: bool,
    pub(super) model: Option<CompactString>,
    /// Those of primary fields first.
    pub(super) macs: Vec<WrittenMac>,
}

/// A MAC address without an item.
#[derive(Debug)]
pub(super) struct OwnBox {
    pub(super) id: EquipmentId,
    pub(super) service: Option<ServiceId>,
    pub(super) macs: Vec<WrittenMac>,
}

/// A value of a field that the ISP defined.
#[derive(Debug, Clone)]
pub(super) struct FieldValue {
    /// The id of the field.
    pub(super) field: CompactString,
    pub(super) value: Personal,
}

/// A list inside of a record that does not have as many entries as its total.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cut {
    pub(super) collection: Collection,
    /// Its path, `accounts[0].addresses`.
    pub(super) list: CompactString,
    pub(super) total: u64,
    pub(super) received: u64,
}

/// A list of records with ids, which may come in several pages.
#[derive(Debug)]
pub(super) struct NestedList<T> {
    /// `None` if it was not reported.
    pub(super) total: Option<u64>,
    pub(super) entries: BTreeMap<CompactString, T>,
    /// Ids of entries that are not understood, or of another kind.
    pub(super) others: BTreeSet<CompactString>,
    /// Entries without a readable id.
    pub(super) nameless: u64,
}

impl<T> NestedList<T> {
    /// Returns how many different entries came.
    pub(super) fn received(&self) -> u64 {
        let named = self.entries.len() + self.others.len();
        u64::try_from(named).map_or(u64::MAX, |named| named.saturating_add(self.nameless))
    }

    /// Returns whether there are entries beside those that were understood.
    pub(super) fn is_partial(&self) -> bool {
        self.is_cut() || !self.others.is_empty() || self.nameless > 0
    }

    fn is_cut(&self) -> bool {
        self.total.is_some_and(|total| total != self.received())
    }

    /// Adds a further page of the list.
    fn extend(&mut self, page: Self) {
        self.total = page.total;
        self.others.extend(page.others);
        self.nameless = self.nameless.saturating_add(page.nameless);
        for (id, entry) in page.entries {
            self.entries.entry(id).or_insert(entry);
        }
    }
}

impl SonarAccount {
    /// Returns whether a list has other entries than came, so that the account is read alone.
    pub(super) fn is_cut(&self) -> bool {
        !self.cut.is_empty() || self.has_cut_lists()
    }

    /// Returns whether a further page of the account's own lists may bring more.
    pub(super) fn has_cut_lists(&self) -> bool {
        self.services.is_cut() || self.units.is_cut() || self.uninventoried.is_cut()
    }

    /// Returns how many entries of the account's own lists came.
    pub(super) fn received(&self) -> u64 {
        let services = self.services.received();
        services + self.units.received() + self.uninventoried.received()
    }

    /// Adds a further page of the account's own lists.
    pub(super) fn extend(&mut self, page: Self) {
        self.services.extend(page.services);
        self.units.extend(page.units);
        self.uninventoried.extend(page.uninventoried);
        self.cut.extend(page.cut);
        self.uncounted.extend(page.uncounted);
        self.remarks.append(page.remarks);
    }

    /// Returns what is missing, after the account was read alone.
    pub(super) fn gaps(&self) -> Vec<Gap> {
        let own = [
            own_cut(Collection::Services, "account_services", &self.services),
            own_cut(Collection::Equipment, "addresses", &self.units),
            own_cut(
                Collection::Equipment,
                "uninventoried_mac_addresses",
                &self.uninventoried,
            ),
        ];
        let cut = own.into_iter().flatten().chain(self.cut.iter().cloned());
        let cut = cut.map(|cut| Gap {
            collection: cut.collection,
            reason: GapReason::NestedList {
                record: format!("{} of account {}", cut.list, self.id),
                total: cut.total,
                received: cut.received,
            },
        });
        let uncounted = self.uncounted.iter().map(|collection| Gap {
            collection: *collection,
            reason: GapReason::NotCounted,
        });
        cut.chain(uncounted).collect()
    }

    /// Returns the total of services, and of equipment.
    pub(super) fn totals(&self) -> [(Collection, u64, u64); 2] {
        let count = |total: Option<u64>, received| (total.unwrap_or(received), received);
        let own = &self.uninventoried;
        let services = count(self.services.total, self.services.received());
        let mut equipment = count(own.total, own.received());
        for unit in self.units.entries.values() {
            let items = count(unit.items.total, unit.items.received());
            equipment = (equipment.0 + items.0, equipment.1 + items.1);
        }
        [
            (Collection::Services, services.0, services.1),
            (Collection::Equipment, equipment.0, equipment.1),
        ]
    }
}

fn own_cut<T>(collection: Collection, list: &'static str, entries: &NestedList<T>) -> Option<Cut> {
    let received = entries.received();
    let total = entries.total.filter(|total| *total != received)?;
    Some(Cut {
        collection,
        list: CompactString::const_new(list),
        total,
        received,
    })
}
