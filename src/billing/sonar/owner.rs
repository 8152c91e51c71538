//! Finds the accounts that a change concerns: directly, or by a service, an item or an address.

use std::collections::BTreeSet;

use compact_str::CompactString;
use serde_json::{Value, json};

use super::connection::Connection;
use super::page_walk::{PAGE_SIZE, Page};
use super::query::{Query, ids_are, paginator};
use crate::billing::json::{Record, ShapeError};
use crate::model::billing::{AccountId, EquipmentId, ServiceId};

/// An object that changed, by its id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChangedObject {
    Account(AccountId),
    Service(ServiceId),
    Item(EquipmentId),
    Address(CompactString),
    /// A tariff: it concerns every account that has it.
    Tariff,
}

impl ChangedObject {
    /// Returns the object of an id and the word of Sonar for its type, such as `AccountService`; `None` if it does not
    /// concern services.
    pub(super) fn of(kind: &str, id: &str) -> Option<Self> {
        // Types come as `AccountService`, `account_service` or with the name of a module before them.
        let kind = kind.rsplit(['\\', '/']).next().unwrap_or(kind);
        let kind: String = kind
            .chars()
            .filter(|sign| *sign != '_')
            .map(|sign| sign.to_ascii_lowercase())
            .collect();
        id.parse::<u64>().ok()?;
        match kind.as_str() {
            "account" => AccountId::new(id).ok().map(Self::Account),
            "accountservice" => ServiceId::new(id).ok().map(Self::Service),
            "inventoryitem" => EquipmentId::new(id).ok().map(Self::Item),
            "address" => Some(Self::Address(id.into())),
            "service" | "dataservicedetail" => Some(Self::Tariff),
            _ => None,
        }
    }
}

/// Reads an object that another record names by type and id, such as `addressable_type` and `addressable_id`.
pub(super) fn named_object(
    record: &Record<'_>,
    kind: &str,
    id: &str,
) -> Result<Option<ChangedObject>, ShapeError> {
    let kind = record.filled_text(kind)?;
    let id: Option<CompactString> = record.optional_id(id)?;
    Ok(kind
        .zip(id)
        .and_then(|(kind, id)| ChangedObject::of(&kind, &id)))
}

/// Looks up which objects the changed ones belong to. Each part is asked for only if there are ids for it.
const SERVICES: &str = "
  account_services(paginator: $page, search: $services) { entities { id account_id } }";
const ITEMS: &str = "
  inventory_items(paginator: $page, search: $items) {
    entities { id account_service_id inventoryitemable_type inventoryitemable_id } }";
const ADDRESSES: &str = "
  addresses(paginator: $page, search: $addresses) { entities { id addressable_type addressable_id } }";

/// Objects that have to be looked up.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Owners {
    pub(super) accounts: BTreeSet<AccountId>,
    pub(super) services: BTreeSet<ServiceId>,
    pub(super) items: BTreeSet<EquipmentId>,
    pub(super) addresses: BTreeSet<CompactString>,
    pub(super) tariffs_changed: bool,
}

impl Owners {
    pub(super) fn add(&mut self, object: ChangedObject) {
        match object {
            ChangedObject::Account(account) => {
                self.accounts.insert(account);
            }
            ChangedObject::Service(service) => {
                self.services.insert(service);
            }
            ChangedObject::Item(item) => {
                self.items.insert(item);
            }
            ChangedObject::Address(address) => {
                self.addresses.insert(address);
            }
            ChangedObject::Tariff => self.tariffs_changed = true,
        }
    }

    /// Removes and returns a part of the objects that fits into one query; `None` if all are accounts.
    pub(super) fn take_some(&mut self) -> Option<Self> {
        let some = Self {
            services: take(&mut self.services),
            items: take(&mut self.items),
            addresses: take(&mut self.addresses),
            ..Self::default()
        };
        let is_empty =
            some.services.is_empty() && some.items.is_empty() && some.addresses.is_empty();
        (!is_empty).then_some(some)
    }

    /// Adds the objects of another collection.
    pub(super) fn merge(&mut self, other: Self) {
        self.services.extend(other.services);
        self.items.extend(other.items);
        self.addresses.extend(other.addresses);
    }

    /// Removes what was looked up already.
    pub(super) fn remove(&mut self, asked: &Self) {
        self.services.retain(|id| !asked.services.contains(id));
        self.items.retain(|id| !asked.items.contains(id));
        self.addresses.retain(|id| !asked.addresses.contains(id));
    }

    /// Makes the query that looks these objects up.
    pub(super) fn query(&self) -> Query {
        let page = Page {
            number: 1,
            size: PAGE_SIZE,
        };
        let mut declared = String::from("query Owners($page: Paginator!");
        let mut parts = String::new();
        let mut variables = serde_json::Map::from_iter([("page".to_owned(), paginator(page))]);
        let services = ids_are(self.services.iter().map(ServiceId::as_str));
        let items = ids_are(self.items.iter().map(EquipmentId::as_str));
        let addresses = ids_are(self.addresses.iter().map(CompactString::as_str));
        for (name, text, search) in [
            ("services", SERVICES, services),
            ("items", ITEMS, items),
            ("addresses", ADDRESSES, addresses),
        ] {
            if search != json!([]) {
                declared.push_str(&format!(", ${name}: [Search]"));
                parts.push_str(text);
                variables.insert(name.to_owned(), search);
            }
        }
        Query {
            name: "owners",
            text: format!("{declared}) {{{parts}\n}}"),
            variables: Value::Object(variables),
        }
    }

    /// Reads what the query found into `found`, and returns the services that it did not find: they were deleted.
    pub(super) fn read(
        &self,
        data: &Value,
        found: &mut Self,
    ) -> Result<BTreeSet<ServiceId>, ShapeError> {
        let mut missing = self.services.clone();
        let data = Record::of(data, "")?;
        if data.has("account_services") {
            for (value, path) in Connection::read(&data, "account_services")?.entities {
                let service = Record::of(value, path)?;
                missing.remove(service.id::<ServiceId>("id")?.as_str());
                found.accounts.insert(service.id("account_id")?);
            }
        }
        if data.has("inventory_items") {
            for (value, path) in Connection::read(&data, "inventory_items")?.entities {
                read_item_owner(&Record::of(value, path)?, found)?;
            }
        }
        if data.has("addresses") {
            for (value, path) in Connection::read(&data, "addresses")?.entities {
                let address = Record::of(value, path)?;
                let owner = named_object(&address, "addressable_type", "addressable_id")?;
                if let Some(owner @ ChangedObject::Account(_)) = owner {
                    found.add(owner);
                }
            }
        }
        Ok(missing)
    }
}

/// Reads where an item is: at an address, bound to a service, or neither.
pub(super) fn read_item_owner(item: &Record<'_>, found: &mut Owners) -> Result<(), ShapeError> {
    if let Some(service) = item.optional_id("account_service_id")? {
        found.services.insert(service);
    }
    let place = named_object(item, "inventoryitemable_type", "inventoryitemable_id")?;
    if let Some(place @ (ChangedObject::Address(_) | ChangedObject::Account(_))) = place {
        found.add(place);
    }
    Ok(())
}

fn take<T: Ord>(from: &mut BTreeSet<T>) -> BTreeSet<T> {
    let page = usize::try_from(PAGE_SIZE).unwrap_or(1);
    let mut some = BTreeSet::new();
    while some.len() < page
        && let Some(id) = from.pop_first()
    {
        some.insert(id);
    }
    some
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_known_by_its_type_in_any_spelling() {
        let service = ChangedObject::Service(ServiceId::new("77").unwrap());
        for kind in [
            "AccountService",
            "account_service",
            "App\\Models\\AccountService",
        ] {
            assert_eq!(
                ChangedObject::of(kind, "77"),
                Some(service.clone()),
                "{kind}"
            );
        }
        assert_eq!(
            ChangedObject::of("Service", "31"),
            Some(ChangedObject::Tariff)
        );
        for kind in ["Ticket", "", "accounts"] {
            assert_eq!(ChangedObject::of(kind, "7"), None, "{kind}");
        }
        for id in ["", "a", "-1", "1 or 1=1"] {
            assert_eq!(ChangedObject::of("Account", id), None, "{id}");
        }
    }

    #[test]
    fn only_what_has_ids_is_looked_up() {
        let mut owners = Owners::default();
        assert!(owners.take_some().is_none());
        owners.add(ChangedObject::of("AccountService", "77").unwrap());
        let some = owners.take_some().unwrap();
        let query = some.query();
        assert!(query.text.contains("account_services"));
        assert!(!query.text.contains("addresses"));
        assert!(query.variables.get("addresses").is_none());
        assert!(owners.take_some().is_none());
    }

    #[test]
    fn owners_are_found_and_deleted_services_are_returned() {
        let mut owners = Owners::default();
        for (kind, id) in [
            ("AccountService", "77"),
            ("AccountService", "78"),
            ("InventoryItem", "9001"),
            ("Address", "5001"),
        ] {
            owners.add(ChangedObject::of(kind, id).unwrap());
        }
        let some = owners.take_some().unwrap();
        let mut found = Owners::default();
        let missing = some.read(
            &json!({
                "account_services": {"entities": [{"id": "77", "account_id": 1042}]},
                "inventory_items": {"entities": [
                    {"id": "9001", "account_service_id": "80", "inventoryitemable_type": "Address", "inventoryitemable_id": "5002"},
                    {"id": "9002", "account_service_id": null, "inventoryitemable_type": "Vehicle", "inventoryitemable_id": "1"}]},
                "addresses": {"entities": [
                    {"id": "5001", "addressable_type": "Account", "addressable_id": "1043"},
                    {"id": "5003", "addressable_type": "NetworkSite", "addressable_id": "1"}]},
            }),
            &mut found,
        );
        assert_eq!(
            missing.unwrap(),
            BTreeSet::from([ServiceId::new("78").unwrap()])
        );
        let accounts: Vec<_> = found.accounts.iter().map(AccountId::as_str).collect();
        assert_eq!(accounts, ["1042", "1043"]);
        assert!(found.services.contains("80"));
        assert!(found.addresses.contains("5002"));
        assert!(found.items.is_empty());
    }
}
