//! Assembles a snapshot from what was read of Splynx.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use compact_str::{CompactString, format_compact};

use super::line::{DatedRow, deciding_rows};
use super::row::{Customer, ServiceRow};
use super::settings::StateTable;
use crate::model::billing::{
    AccountId, BillingAccount, BillingName, BillingService, Collection, Equipment, GroupId, Proof,
    Snapshot, SnapshotScope, Tariff, UnreadableRecord,
};

/// All that one reading returned.
pub(super) struct Reading {
    pub(super) customers: Vec<Customer>,
    pub(super) services: Vec<ServiceRow>,
    pub(super) equipment: Vec<Equipment>,
    pub(super) tariffs: Vec<Tariff>,
    pub(super) unreadable: Vec<UnreadableRecord>,
}

/// The circumstances of a reading.
pub(super) struct Circumstances<'s> {
    pub(super) system: BillingName,
    pub(super) scope: SnapshotScope,
    pub(super) proof: Proof,
    pub(super) taken: u64,
    /// In the zone of the server.
    pub(super) today: NaiveDate,
    pub(super) states: &'s StateTable,
}

impl Reading {
    pub(super) fn snapshot(self, about: Circumstances<'_>) -> Snapshot {
        let mut unreadable = self.unreadable;
        let customers: BTreeMap<_, _> = self
            .customers
            .into_iter()
            .map(|one| (one.id.clone(), one))
            .collect();
        let mut services = Vec::with_capacity(self.services.len());
        let mut seen = BTreeSet::new();
        for row in self.services {
            match customers.get(&row.account) {
                Some(customer) if seen.insert(row.id.clone()) => {
                    services.push(dated(customer, row, &about));
                }
                Some(_) => {}
                None => unreadable.push(without_customer(row)),
            }
        }
        let services = deciding_rows(services);
        let services = services.into_iter().filter_map(|row| {
            let customer = customers.get(&row.row.account)?;
            Some(service(customer, row))
        });
        let mut snapshot = Snapshot {
            services: services.collect(),
            system: about.system,
            scope: about.scope,
            proof: about.proof,
            taken: about.taken,
            accounts: customers.into_values().map(account).collect(),
            equipment: self.equipment,
            tariffs: self
                .tariffs
                .into_iter()
                .map(|tariff| (tariff.id.clone(), tariff))
                .collect(),
            unreadable,
        };
        snapshot.sort();
        snapshot.equipment.dedup_by(|one, other| one.id == other.id);
        snapshot
    }
}

/// The status of a service follows from its customer's too, so without one it is not known.
fn without_customer(row: ServiceRow) -> UnreadableRecord {
    UnreadableRecord {
        collection: Collection::Services,
        id: Some(row.id.into()),
        account: Some(row.account),
        reason: CompactString::const_new(
            "customer_id: expected a customer that was read, got another one",
        ),
    }
}

fn dated(customer: &Customer, row: ServiceRow, about: &Circumstances<'_>) -> DatedRow {
    let state = row.state(customer);
    let status = state.status(about.today, about.states);
    let starts_later = state.starts_later(about.today);
    DatedRow {
        row,
        status,
        starts_later,
    }
}

fn service(customer: &Customer, dated: DatedRow) -> BillingService {
    let starts = dated.starts().map(|day| format_compact!("{day}"));
    let place_hint = dated.row.place_hint(customer);
    let DatedRow { row, status, .. } = dated;
    BillingService {
        account: row.account,
        service: row.id,
        login: row.login,
        tariff: row.tariff,
        status,
        macs: row.macs,
        location: customer.location.clone(),
        place_hint,
        unit: row.unit.or_else(|| customer.unit.clone()),
        starts,
        written_back: row.written_back,
    }
}

fn account(customer: Customer) -> (AccountId, BillingAccount) {
    let group = |kind: &str, id: &str| GroupId::new(&format_compact!("{kind}.{id}")).ok();
    let groups = [
        customer
            .partner
            .as_deref()
            .and_then(|id| group("partner", id)),
        customer
            .location
            .as_ref()
            .and_then(|id| group("location", id.as_str())),
        group("status", &customer.status),
    ];
    let account = BillingAccount {
        id: customer.id.clone(),
        name: customer.name,
        address: customer.address,
        groups: groups.into_iter().flatten().collect(),
    };
    (customer.id, account)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::row::FieldNames;
    use super::*;
    use crate::billing::json::Record;
    use crate::model::billing::{PendingCause, ServiceStatus};

    fn read<T>(values: &[Value], read: impl Fn(&Record<'_>) -> T) -> Vec<T> {
        values
            .iter()
            .map(|value| read(&Record::of(value, "").unwrap()))
            .collect()
    }

    fn snapshot(customers: &[Value], services: &[Value]) -> Snapshot {
        let fields = FieldNames {
            place: None,
            unit: Some("unit"),
        };
        let reading = Reading {
            customers: read(customers, |record| Customer::read(record, fields).unwrap()),
            services: read(services, |record| ServiceRow::read(record, fields).unwrap()),
            equipment: Vec::new(),
            tariffs: Vec::new(),
            unreadable: Vec::new(),
        };
        reading.snapshot(Circumstances {
            system: BillingName::new("splynx").unwrap(),
            scope: SnapshotScope::Everything,
            proof: Proof::of(BTreeMap::new(), Vec::new()),
            taken: 0,
            today: "2026-11-20".parse().unwrap(),
            states: &StateTable::default(),
        })
    }

    fn ngozi() -> Value {
        json!({"id": 1042, "status": "active", "partner_id": 1, "location_id": 3, "additional_attributes": {"unit": "101"}})
    }

    #[test]
    fn a_service_has_the_location_and_the_unit_of_its_customer() {
        let services = [
            json!({"id": 7001, "customer_id": 1042, "status": "active", "login": "a"}),
            json!({"id": 7002, "customer_id": 1042, "status": "active", "login": "b", "start_date": "2026-12-01",
                "additional_attributes": {"unit": "102"}}),
        ];
        let snapshot = snapshot(&[ngozi()], &services);
        let [first, second] = &snapshot.services[..] else {
            unreachable!("two services were given")
        };
        assert_eq!(first.location.as_ref().map(|id| id.as_str()), Some("3"));
        assert_eq!(
            (first.unit.as_deref(), second.unit.as_deref()),
            (Some("101"), Some("102"))
        );
        assert_eq!(
            (first.starts.as_deref(), second.starts.as_deref()),
            (None, Some("2026-12-01"))
        );
        let cause = PendingCause::NotStarted;
        assert_eq!(second.status, ServiceStatus::Pending { cause });
        let account = snapshot.accounts.values().next().unwrap();
        let groups: Vec<_> = account.groups.iter().map(GroupId::as_str).collect();
        assert_eq!(groups, ["partner.1", "location.3", "status.active"]);
    }

    #[test]
    fn a_service_of_a_customer_that_is_not_listed_is_unreadable() {
        let services = [
            json!({"id": 7001, "customer_id": 1042, "status": "active"}),
            json!({"id": 7003, "customer_id": 1099, "status": "active"}),
        ];
        let snapshot = snapshot(&[ngozi()], &services);
        assert_eq!(snapshot.services.len(), 1);
        let [unreadable] = &snapshot.unreadable[..] else {
            unreachable!("one service has no customer")
        };
        assert_eq!(unreadable.id.as_deref(), Some("7003"));
        assert_eq!(
            unreadable.account.as_ref().map(AccountId::as_str),
            Some("1099")
        );
    }

    #[test]
    fn a_record_that_came_twice_is_there_once() {
        let service = json!({"id": 7001, "customer_id": 1042, "status": "active"});
        let snapshot = snapshot(&[ngozi(), ngozi()], &[service.clone(), service]);
        assert_eq!((snapshot.accounts.len(), snapshot.services.len()), (1, 1));
    }
}
