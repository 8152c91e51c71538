//! Does what people in the office do: sell, block, take money, change plans, swap endpoints, deactivate, stop, cancel.

use serde_json::{Value, json};

use super::change::{Author, NewValues};
use super::table::{Row, TableName};
use super::world::ENDPOINT;
use super::{Cell, Operation, OperationError, Splynx};
use crate::simulator::billing::ChangePlanHow;

/// The storeroom that endpoints come from and go back to.
const STOREROOM: u64 = 1;

type Done = Result<Value, OperationError>;

impl Splynx {
    pub(super) fn live(&mut self, operation: &Operation, now: u64) -> Done {
        match operation {
            Operation::Sell {
                account,
                tariff,
                mac,
                site,
                unit,
            } => {
                self.tariff(*tariff)?;
                let site = site.as_deref().map(|site| self.site(site)).transpose()?;
                if let Some(mac) = mac {
                    check_mac(mac)?;
                }
                let customer = match account {
                    Some(account) => self.customer(*account)?,
                    None => self.new_customer(site, unit.as_deref(), now),
                };
                let service = self.add_service(customer, *tariff, now);
                let item = mac.as_deref();
                let item = item.map(|mac| self.assign(customer, service, mac));
                Ok(json!({ "account": customer, "service": service, "item": item }))
            }
            Operation::Block { account } => self.set_status(*account, "blocked", now),
            Operation::Pay { account } => self.pay(*account, now),
            Operation::ChangePlan {
                account,
                service,
                tariff,
                how,
            } => {
                self.tariff(*tariff)?;
                let service = self.service(*account, *service)?;
                self.change_plan(service, *tariff, *how, now)
            }
            Operation::Swap { account, mac } => self.swap(*account, mac, now),
            Operation::Return { account } => {
                let customer = self.customer(*account)?;
                let items = self.take_back(customer);
                match items.is_empty() {
                    true => Err(OperationError::NoEndpoint { account: *account }),
                    false => Ok(json!({ "items": items })),
                }
            }
            Operation::Cancel { account } => self.cancel(*account, now),
            Operation::Deactivate { account } => self.deactivate(*account, now),
            Operation::Stop { account, service } => {
                let service = self.service(*account, *service)?;
                let stopped = NewValues::text("status", "stopped");
                self.change(TableName::Services, service, stopped, Author::Person, now);
                Ok(json!({ "service": service }))
            }
            Operation::Edit { path, value } => self.edit(path, value, now),
        }
    }

    fn customer(&self, account: u64) -> Result<u64, OperationError> {
        let row = self.database.get(TableName::Customers, account);
        row.map(|_| account)
            .ok_or(OperationError::NoAccount(account))
    }

    fn tariff(&self, tariff: u64) -> Result<&Row, OperationError> {
        let row = self.database.get(TableName::Tariffs, tariff);
        row.ok_or(OperationError::NoTariff(tariff))
    }

    fn site(&self, name: &str) -> Result<u64, OperationError> {
        let is_named = |row: &Row| row.text("name").eq_ignore_ascii_case(name);
        let found = self.database.find(TableName::Locations, is_named);
        let first = found.first().copied();
        first.ok_or_else(|| OperationError::NoSite(name.to_owned()))
    }

    /// Finds a service of an account: the given one, or the first that has not ended.
    fn service(&self, account: u64, service: Option<u64>) -> Result<u64, OperationError> {
        self.customer(account)?;
        let all = self.services(account, |status| status != "archived");
        let is_live = |id: &u64| {
            let row = self.database.get(TableName::Services, *id);
            row.is_some_and(|row| row.text("status") != "disabled")
        };
        let found = match service {
            Some(service) => all.into_iter().find(|id| *id == service),
            None => all.into_iter().find(is_live),
        };
        found.ok_or(OperationError::NoService { account })
    }

    fn services(&self, customer: u64, is_wanted: impl Fn(&str) -> bool) -> Vec<u64> {
        self.database.find(TableName::Services, |row| {
            row.id("customer_id") == customer && is_wanted(row.text("status"))
        })
    }

    fn set_status(&mut self, account: u64, status: &str, now: u64) -> Done {
        let customer = self.customer(account)?;
        let values = NewValues::text("status", status);
        self.change(TableName::Customers, customer, values, Author::Person, now);
        Ok(json!({ "account": account, "status": status }))
    }

    /// The customer paid: active again. One who was deactivated returns, and the stopped copies become active.
    fn pay(&mut self, account: u64, now: u64) -> Done {
        let customer = self.customer(account)?;
        let row = self.database.get(TableName::Customers, customer);
        let returns = row.is_some_and(|row| row.text("status") == "disabled");
        let done = self.set_status(account, "active", now)?;
        if returns {
            let today = self.clock().date(now);
            for service in self.services(customer, |status| status == "stopped") {
                let values = NewValues::text("status", "active").with_text("start_date", &today);
                self.change(TableName::Services, service, values, Author::Person, now);
            }
        }
        Ok(done)
    }

    fn add_service(&mut self, customer: u64, tariff: u64, now: u64) -> u64 {
        let before = self.services(customer, |_| true).len();
        let before = u64::try_from(before).unwrap_or(0);
        let row = self.service_row(customer, tariff, &self.clock().date(now), before);
        self.create(TableName::Services, row, Author::Person, now)
    }

    fn change_plan(&mut self, service: u64, tariff: u64, how: ChangePlanHow, now: u64) -> Done {
        let table = TableName::Services;
        let Some(old) = self.database.get(table, service).cloned() else {
            return Ok(Value::Null);
        };
        let (title, price) = self.title_and_price(tariff);
        let values = NewValues::default()
            .with_id("tariff_id", tariff)
            .with_text("description", &title)
            .with_text("unit_price", &price);
        let today = self.clock().date(now);
        let id = match how {
            ChangePlanHow::InPlace => {
                self.change(table, service, values, Author::Person, now);
                service
            }
            ChangePlanHow::SameDay => {
                let id = self.successor(&old, values, "active", &today, now);
                let ended = NewValues::text("status", "archived").with_text("end_date", &today);
                self.change(table, service, ended, Author::Person, now);
                self.move_items(service, id);
                self.log_plan(id, old.id("tariff_id"), Author::Person, now);
                id
            }
            ChangePlanHow::Scheduled => {
                let start = self.clock().date_after(now, 1);
                let id = self.successor(&old, values, "pending", &start, now);
                let ending = NewValues::text("end_date", &today);
                self.change(table, service, ending, Author::Person, now);
                let pending = Row::new(TableName::PendingServices)
                    .with_id("customer_id", old.id("customer_id"))
                    .with_id("service_id", service)
                    .with_id("new_service_id", id)
                    .with_id("tariff_id", tariff)
                    .with_text("date", &start);
                self.database.add(TableName::PendingServices, pending);
                id
            }
        };
        Ok(json!({ "service": id, "before": service }))
    }

    /// Makes the service that follows another one: the same login, MAC address and additional fields (assumed), another id.
    fn successor(
        &mut self,
        old: &Row,
        values: NewValues,
        status: &str,
        start: &str,
        now: u64,
    ) -> u64 {
        let mut row = old
            .clone()
            .with_text("status", status)
            .with_text("start_date", start)
            .with_text("end_date", "0000-00-00");
        for (name, cell) in values.cells {
            row.set(name, cell);
        }
        self.create(TableName::Services, row, Author::Person, now)
    }

    /// Links the items of a service to the one that follows it (assumed).
    pub(super) fn move_items(&mut self, from: u64, to: u64) {
        for item in self
            .database
            .find(TableName::Items, |row| row.id("service_id") == from)
        {
            if let Some(row) = self.database.get_mut(TableName::Items, item) {
                row.set_id("service_id", to);
            }
        }
    }

    /// Not paid for long: services end, and a stopped copy of each waits for the customer's return.
    fn deactivate(&mut self, account: u64, now: u64) -> Done {
        let done = self.set_status(account, "disabled", now)?;
        let today = self.clock().date(now);
        let mut copies = Vec::new();
        for service in self.services(account, |status| matches!(status, "active" | "stopped")) {
            let Some(old) = self.database.get(TableName::Services, service).cloned() else {
                continue;
            };
            let ended = NewValues::text("status", "disabled").with_text("end_date", &today);
            self.change(TableName::Services, service, ended, Author::Person, now);
            let copy = self.successor(&old, NewValues::default(), "stopped", &today, now);
            self.move_items(service, copy);
            copies.push(json!({ "service": copy, "before": service }));
        }
        Ok(json!({ "account": account, "status": done.get("status"), "services": copies }))
    }

    fn cancel(&mut self, account: u64, now: u64) -> Done {
        let done = self.set_status(account, "disabled", now)?;
        let today = self.clock().date(now);
        for service in self.services(account, |status| {
            matches!(status, "active" | "stopped" | "pending")
        }) {
            let ended = NewValues::text("status", "disabled").with_text("end_date", &today);
            self.change(TableName::Services, service, ended, Author::Person, now);
        }
        self.take_back(account);
        Ok(done)
    }

    fn swap(&mut self, account: u64, mac: &str, now: u64) -> Done {
        check_mac(mac)?;
        let customer = self.customer(account)?;
        let service = self.service(account, None)?;
        let items = self.take_back(customer);
        let item = self.assign(customer, service, mac);
        // Only where someone had entered the old one.
        let row = self.database.get(TableName::Services, service);
        if row.is_some_and(|row| !row.text("mac").is_empty()) {
            let values = NewValues::text("mac", &plain_mac(mac));
            self.change(TableName::Services, service, values, Author::Person, now);
        }
        Ok(json!({ "service": service, "item": item, "returned": items }))
    }

    /// Assigns an endpoint: the one in the storeroom with this MAC address, or a new one.
    fn assign(&mut self, customer: u64, service: u64, mac: &str) -> u64 {
        let wanted = plain_mac(mac);
        let is_it =
            |row: &Row| row.id("customer_id") == 0 && plain_mac(row.text("barcode")) == wanted;
        let found = self.database.find(TableName::Items, is_it);
        let item = found.first().copied().unwrap_or_else(|| {
            let row = Row::new(TableName::Items)
                .with_id("product_id", ENDPOINT)
                .with_text("barcode", mac)
                .with_text("mark", "new");
            self.database.add(TableName::Items, row)
        });
        if let Some(row) = self.database.get_mut(TableName::Items, item) {
            row.set_text("status", "assigned");
            row.set_id("customer_id", customer);
            row.set_id("service_id", service);
            row.set_id("stock_id", 0);
        }
        item
    }

    /// Puts all endpoints of a customer back into the storeroom.
    fn take_back(&mut self, customer: u64) -> Vec<u64> {
        let is_endpoint =
            |row: &Row| row.id("customer_id") == customer && row.id("product_id") == ENDPOINT;
        let items = self.database.find(TableName::Items, is_endpoint);
        for item in &items {
            if let Some(row) = self.database.get_mut(TableName::Items, *item) {
                row.set_text("status", "returned");
                row.set_text("mark", "used");
                row.set("customer_id", Cell::Number(0));
                row.set("service_id", Cell::Number(0));
                row.set_id("stock_id", STOREROOM);
            }
        }
        items
    }

    pub(super) fn title_and_price(&self, tariff: u64) -> (String, String) {
        let row = self.database.get(TableName::Tariffs, tariff);
        let text = |name| row.map_or("", |row| row.text(name)).to_owned();
        (text("title"), text("price"))
    }
}

/// Returns the hexadecimal digits of a MAC address in upper case.
pub(super) fn plain_mac(text: &str) -> String {
    let digits = text.chars().filter(char::is_ascii_hexdigit);
    digits.map(|digit| digit.to_ascii_uppercase()).collect()
}

fn check_mac(text: &str) -> Result<(), OperationError> {
    let is_sign = |sign: char| sign.is_ascii_hexdigit() || ":-. ".contains(sign);
    match plain_mac(text).len() == 12 && text.chars().all(is_sign) {
        true => Ok(()),
        false => Err(OperationError::InvalidMac(text.to_owned())),
    }
}
