//! Carries out what a person in the office does, as the rows of this system show it.

use serde_json::{Value, json};

use super::data::{
    ACTIVE, COMPANIES, Cell, Create, ENDPOINT_MODEL, INACTIVE, LEAD, NewAddress, PAUSED, STOREROOM,
    add_account, add_address, add_item, add_service,
};
use super::edit;
use super::find::{
    addresses, anchor_of, checked_mac, item_of, must_exist, service_of, tariff_must_exist,
};
use super::schema::Schema;
use super::write::Writer;
use crate::simulator::billing::operation::{ChangePlanHow, Operation, OperationError};
use crate::simulator::billing::people::People;

const ACCOUNT: &str = "Account";
const SERVICE: &str = "AccountService";
const ITEM: &str = "InventoryItem";

/// A change of plan that waits for its day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Scheduled {
    due: u64,
    account: u64,
    service: u64,
    tariff: u64,
    /// The row about it.
    event: u64,
}

/// The office: the people who may become customers, and what waits for its day.
#[derive(Debug)]
pub(super) struct Office {
    people: People,
    /// The number of the next new customer.
    next_person: u64,
    scheduled: Vec<Scheduled>,
}

impl Office {
    pub(super) fn new(people: People, next_person: u64) -> Self {
        Self {
            people,
            next_person,
            scheduled: Vec::new(),
        }
    }

    /// Returns when the next change of plan is due.
    pub(super) fn next_scheduled(&self) -> Option<u64> {
        self.scheduled.iter().map(|one| one.due).min()
    }

    /// Carries out an operation and returns the ids of what it made or changed.
    pub(super) fn operate(
        &mut self,
        operation: &Operation,
        writer: &mut Writer<'_>,
        schema: &Schema,
    ) -> Result<Value, OperationError> {
        match operation {
            Operation::Sell {
                account,
                tariff,
                mac,
                site,
                unit,
            } => {
                let place = (site.as_deref(), unit.as_deref());
                self.sell(*account, *tariff, mac.as_deref(), place, writer)
            }
            Operation::Block { account } => {
                set(writer, *account, "is_delinquent", Cell::Bool(true))
            }
            Operation::Pay { account } => set(writer, *account, "is_delinquent", Cell::Bool(false)),
            Operation::ChangePlan {
                account,
                service,
                tariff,
                how,
            } => self.change_plan(*account, *service, *tariff, *how, writer),
            Operation::Swap { account, mac } => swap(writer, *account, mac),
            Operation::Return { account } => {
                let item = item_of(writer, *account)?;
                store(writer, item);
                Ok(json!({"account": account, "item": item}))
            }
            Operation::Cancel { account } => cancel(writer, *account),
            Operation::Edit { path, value } => {
                let ids = edit::edit(writer, schema, path, value)?;
                Ok(json!({"ids": ids}))
            }
            Operation::Deactivate { account } => {
                set(writer, *account, "account_status_id", Cell::id(INACTIVE))
            }
            // There is no pause of one service: the account gets a status that does not activate.
            Operation::Stop { account, service } => {
                service_of(writer, *account, *service)?;
                set(writer, *account, "account_status_id", Cell::id(PAUSED))
            }
        }
    }

    fn sell(
        &mut self,
        account: Option<u64>,
        tariff: u64,
        mac: Option<&str>,
        (site, unit): (Option<&str>, Option<&str>),
        writer: &mut Writer<'_>,
    ) -> Result<Value, OperationError> {
        tariff_must_exist(writer, tariff)?;
        let mac = mac.map(checked_mac).transpose()?;
        let (account, address) = match account {
            Some(account) => {
                must_exist(writer, account)?;
                let status = writer.db.get(ACCOUNT, account, "account_status_id");
                if status.as_id() == Some(LEAD) {
                    writer.update(ACCOUNT, account, &[("account_status_id", Cell::id(ACTIVE))]);
                }
                (account, addresses(writer, account).into_iter().next())
            }
            None => {
                let anchor = site.map(|site| anchor_of(writer, site)).transpose()?;
                let person = self.people.person(self.next_person);
                self.next_person += 1;
                let [company, _] = COMPANIES;
                let now = writer.now;
                let account = add_account(writer, &person, (ACTIVE, 1, company), Some(now));
                let text = |id: u64, column: &str| {
                    let found = writer.db.get("Address", id, column).as_text();
                    found.map(str::to_owned)
                };
                let anchor = anchor.or_else(|| anchor_of(writer, &person.building.name).ok());
                let line1 = anchor.and_then(|anchor| text(anchor, "line1"));
                let zip = anchor.and_then(|anchor| text(anchor, "zip"));
                let new = NewAddress {
                    owner: (ACCOUNT, account),
                    anchor,
                    line1: line1.as_deref().unwrap_or(&person.building.street),
                    line2: Some(unit.unwrap_or(&person.unit)),
                    zip: zip.as_deref().unwrap_or(&person.building.zip),
                };
                (account, Some(add_address(writer, new)))
            }
        };
        let service = add_service(writer, account, tariff, 1);
        let item = match (mac, address) {
            (Some(mac), Some(address)) => Some(add_item(
                writer,
                ENDPOINT_MODEL,
                &mac,
                ("Address", address),
                Some(service),
            )),
            _ => None,
        };
        Ok(json!({"account": account, "service": service, "address": address, "item": item}))
    }

    fn change_plan(
        &mut self,
        account: u64,
        service: Option<u64>,
        tariff: u64,
        how: ChangePlanHow,
        writer: &mut Writer<'_>,
    ) -> Result<Value, OperationError> {
        let service = service_of(writer, account, service)?;
        tariff_must_exist(writer, tariff)?;
        let new = match how {
            ChangePlanHow::InPlace => {
                writer.update(SERVICE, service, &[("service_id", Cell::id(tariff))]);
                service
            }
            ChangePlanHow::SameDay => replace_service(writer, account, service, tariff),
            ChangePlanHow::Scheduled => {
                let due = (writer.now / 86_400 + 1) * 86_400;
                let event = writer.create(
                    "ScheduledEvent",
                    &[
                        ("account_id", Cell::id(account)),
                        ("description", Cell::text("Change of plan")),
                        ("scheduled_for", Cell::time(due)),
                    ],
                );
                self.scheduled.push(Scheduled {
                    due,
                    account,
                    service,
                    tariff,
                    event,
                });
                service
            }
        };
        Ok(json!({"account": account, "service": new}))
    }

    /// Carries out what is due.
    pub(super) fn run_scheduled(&mut self, writer: &mut Writer<'_>) {
        let now = writer.now;
        let due: Vec<Scheduled> = self
            .scheduled
            .extract_if(.., |scheduled| scheduled.due <= now)
            .collect();
        for one in due {
            writer.delete("ScheduledEvent", one.event);
            // The customer may have left in the meantime.
            if writer.db.row(SERVICE, one.service).is_some() {
                replace_service(writer, one.account, one.service, one.tariff);
            }
        }
    }
}

/// Ends one service and begins another one with its items; the metadata of the old one is lost.
fn replace_service(writer: &mut Writer<'_>, account: u64, service: u64, tariff: u64) -> u64 {
    let items = writer.db.find(ITEM, "account_service_id", service);
    let new = add_service(writer, account, tariff, 1);
    writer.delete(SERVICE, service);
    for item in items {
        writer.update(ITEM, item, &[("account_service_id", Cell::id(new))]);
    }
    new
}

fn swap(writer: &mut Writer<'_>, account: u64, mac: &str) -> Result<Value, OperationError> {
    let mac = checked_mac(mac)?;
    let old = item_of(writer, account)?;
    let address = writer.db.get(ITEM, old, "inventoryitemable_id").as_id();
    let service = writer.db.get(ITEM, old, "account_service_id").as_id();
    store(writer, old);
    let new = add_item(
        writer,
        ENDPOINT_MODEL,
        &mac,
        ("Address", address.unwrap_or(0)),
        service,
    );
    Ok(json!({"account": account, "item": new, "returned": old}))
}

/// Ends all services and the contract; what is installed stays at the address, as it often does.
fn cancel(writer: &mut Writer<'_>, account: u64) -> Result<Value, OperationError> {
    must_exist(writer, account)?;
    let services = writer.db.find(SERVICE, "account_id", account);
    for service in &services {
        writer.delete(SERVICE, *service);
    }
    writer.update(
        ACCOUNT,
        account,
        &[("account_status_id", Cell::id(INACTIVE))],
    );
    writer.disconnect(account, Some("Moved away"));
    let now = Cell::time(writer.now);
    writer.update(ACCOUNT, account, &[("archived_at", now)]);
    Ok(json!({"account": account, "services": services}))
}

fn set(
    writer: &mut Writer<'_>,
    account: u64,
    column: &'static str,
    value: Cell,
) -> Result<Value, OperationError> {
    match writer.update(ACCOUNT, account, &[(column, value)]) {
        true => Ok(json!({"account": account})),
        false => Err(OperationError::NoAccount(account)),
    }
}

/// Moves an item to the storeroom.
fn store(writer: &mut Writer<'_>, item: u64) {
    let place = [
        ("inventoryitemable_type", Cell::text("InventoryLocation")),
        ("inventoryitemable_id", Cell::id(STOREROOM)),
        ("account_service_id", Cell::Null),
    ];
    writer.update(ITEM, item, &place);
}
