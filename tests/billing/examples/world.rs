//! Makes a reading of billing from the records of an example.

use std::collections::{BTreeMap, BTreeSet};

use compact_str::CompactString;
use gamctl::model::billing::{
    AccountId, BillingAccount, BillingName, BillingService, BillingSpeed, Collection, Counts,
    Equipment, EquipmentId, EquipmentPlace, GoneCause, GroupId, LocationId, PendingCause, Personal,
    PlaceHint, Proof, ServiceId, ServiceStatus, Snapshot, SnapshotScope, SuspendedCause, Tariff,
    TariffId, UnreadableRecord, WrittenBack, WrittenMac,
};
use gamctl::model::{DeviceName, MacAddress};
use gamctl::sync::{Looks, SyncInventory};
use serde::Deserialize;

use super::heard::{HeardText, LookText, looks, place};

/// The name and the address of every customer: neither may be in any output.
pub(super) const CUSTOMER: &str = "Ngozi Okafor";
pub(super) const ADDRESS: &str = "17 Juniper Lane";

/// Billing and the endpoints that are heard at the time of a run.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Day {
    tariff: BTreeMap<TariffId, TariffText>,
    partner: BTreeMap<AccountId, String>,
    service: BTreeMap<AccountId, BTreeMap<ServiceId, ServiceText>>,
    item: BTreeMap<EquipmentId, ItemText>,
    heard: BTreeMap<MacAddress, HeardText>,
    look: BTreeMap<DeviceName, LookText>,
    read: ReadText,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TariffText {
    title: String,
    /// Download and upload in Mbps, as `200/100`.
    speed: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ServiceText {
    tariff: Option<TariffId>,
    /// Left out: served.
    status: Option<String>,
    location: Option<LocationId>,
    login: Option<CompactString>,
    /// The place that billing plans, as `maple-a/7`.
    place: Option<String>,
    unit: Option<CompactString>,
    starts: Option<CompactString>,
    /// Billing lists the service a second time.
    #[serde(default)]
    twice: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ItemText {
    mac: String,
    /// An account, `1001`; one of its services, `1001/7001`; or `stock`.
    of: String,
}

/// The way in which billing was read.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct ReadText {
    /// So many services are missing between two pages.
    missing: u64,
    /// Only these accounts are read.
    accounts: BTreeSet<AccountId>,
    /// The reasons that records cannot be read, by account.
    unreadable: BTreeMap<AccountId, CompactString>,
}

impl ServiceText {
    fn status(&self) -> ServiceStatus {
        match self.status.as_deref() {
            None => ServiceStatus::Served,
            Some("not paid") => ServiceStatus::Suspended {
                cause: SuspendedCause::NotPaid,
            },
            Some("not started") => ServiceStatus::Pending {
                cause: PendingCause::NotStarted,
            },
            Some("ended") => ServiceStatus::Gone {
                cause: GoneCause::Ended,
            },
            Some(word) => ServiceStatus::Unknown { word: word.into() },
        }
    }
}

impl Day {
    /// Returns what a read of billing returns, and the accounts if it is a read of some only.
    pub(super) fn snapshot(&self, system: &BillingName, now: u64) -> Snapshot {
        let mut snapshot = Snapshot {
            system: system.clone(),
            scope: match self.read.accounts.is_empty() {
                true => SnapshotScope::Everything,
                false => SnapshotScope::Accounts(self.read.accounts.clone()),
            },
            proof: Proof::Incomplete { gaps: Vec::new() },
            taken: now,
            accounts: BTreeMap::new(),
            services: self.services(),
            equipment: self.equipment(),
            tariffs: self.tariffs(),
            unreadable: self.unreadable(),
        };
        for (account, services) in &self.service {
            let locations = services.values().filter_map(|one| one.location.as_ref());
            let partner = self.partner.get(account).map_or("1", String::as_str);
            let groups = locations.map(|location| format!("location.{location}"));
            let groups = groups.chain([format!("partner.{partner}")]);
            let one = BillingAccount {
                id: account.clone(),
                name: Personal::new(CUSTOMER.to_owned()),
                address: Personal::new(ADDRESS.to_owned()),
                groups: groups
                    .map(|group| GroupId::new(&group).unwrap())
                    .collect::<BTreeSet<_>>()
                    .into_iter()
                    .collect(),
            };
            snapshot.accounts.insert(account.clone(), one);
        }
        if let SnapshotScope::Accounts(accounts) = &snapshot.scope {
            snapshot.accounts.retain(|id, _| accounts.contains(id));
            let services = &mut snapshot.services;
            services.retain(|one| accounts.contains(&one.account));
            let equipment = &mut snapshot.equipment;
            equipment.retain(|one| one.place.account().is_some_and(|id| accounts.contains(id)));
        }
        snapshot.sort();
        snapshot.proof = self.proof(&snapshot);
        snapshot
    }

    /// Returns the accounts that are read, if not all are.
    pub(super) fn accounts(&self) -> &BTreeSet<AccountId> {
        &self.read.accounts
    }

    fn services(&self) -> Vec<BillingService> {
        let accounts = self.service.iter();
        let all =
            accounts.flat_map(|(account, services)| services.iter().map(move |one| (account, one)));
        all.flat_map(|(account, (service, text))| {
            let place_hint = text.place.as_deref().map(place);
            let one = BillingService {
                account: account.clone(),
                service: service.clone(),
                login: text.login.clone(),
                tariff: text.tariff.clone(),
                status: text.status(),
                macs: Vec::new(),
                location: text.location.clone(),
                place_hint: place_hint.map(|(device, port)| PlaceHint {
                    device: device.into(),
                    port: Some(port.into()),
                }),
                unit: text.unit.clone(),
                starts: text.starts.clone(),
                written_back: WrittenBack::default(),
            };
            std::iter::repeat_n(one, if text.twice { 2 } else { 1 })
        })
        .collect()
    }

    fn equipment(&self) -> Vec<Equipment> {
        let items = self.item.iter().map(|(id, text)| Equipment {
            id: id.clone(),
            macs: WrittenMac::read_all(&text.mac),
            model: None,
            place: match (text.of.as_str(), text.of.split_once('/')) {
                ("stock", _) => EquipmentPlace::Stock,
                (_, Some((account, service))) => EquipmentPlace::Service {
                    account: AccountId::new(account).unwrap(),
                    service: ServiceId::new(service).unwrap(),
                },
                (account, None) => EquipmentPlace::Account {
                    account: AccountId::new(account).unwrap(),
                },
            },
        });
        items.collect()
    }

    fn tariffs(&self) -> BTreeMap<TariffId, Tariff> {
        let kbps = |mbps: &str| mbps.parse::<u64>().unwrap() * 1000;
        let tariffs = self.tariff.iter().map(|(id, text)| {
            let speed = text.speed.as_deref().map(place);
            let tariff = Tariff {
                id: id.clone(),
                title: text.title.as_str().into(),
                speed: speed.map(|(down, up)| BillingSpeed {
                    down_kbps: kbps(down),
                    up_kbps: kbps(up),
                }),
            };
            (id.clone(), tariff)
        });
        tariffs.collect()
    }

    fn unreadable(&self) -> Vec<UnreadableRecord> {
        let records = self.read.unreadable.iter();
        let records = records.map(|(account, reason)| UnreadableRecord {
            collection: Collection::Services,
            id: None,
            account: Some(account.clone()),
            reason: reason.clone(),
        });
        records.collect()
    }

    /// Counts what was received; a missing service is counted before and after reading.
    fn proof(&self, snapshot: &Snapshot) -> Proof {
        let counts = [
            (Collection::Accounts, snapshot.accounts.len(), 0),
            (
                Collection::Services,
                snapshot.services.len(),
                self.read.missing,
            ),
            (Collection::Equipment, snapshot.equipment.len(), 0),
            (Collection::Tariffs, snapshot.tariffs.len(), 0),
        ];
        let counts = counts.map(|(collection, received, missing)| {
            let received = u64::try_from(received).unwrap();
            let counts = Counts {
                before: received + missing,
                received,
                after: received + missing,
            };
            (collection, counts)
        });
        Proof::of(counts.into(), Vec::new())
    }

    /// Returns the latest looks at the devices of an inventory.
    pub(super) fn looks(&self, inventory: &SyncInventory, now: u64) -> Looks {
        looks(&self.heard, &self.look, inventory, now)
    }
}
