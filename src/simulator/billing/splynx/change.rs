//! Changes records, writes the log of statuses and plans, and announces changes by hooks.

use super::Splynx;
use super::cell::Cell;
use super::fault::{Event, FaultKind};
use super::php::Php;
use super::table::{Row, TableName};

/// The author of a change, and whether hooks announce it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Author {
    /// A person in the web interface.
    Person,
    /// A client of the API.
    Api,
    /// The nightly run: logged, never announced.
    System,
}

/// The new values of a record.
#[derive(Debug, Clone, Default)]
pub(super) struct NewValues {
    pub(super) cells: Vec<(&'static str, Cell)>,
    pub(super) additional: Vec<(String, String)>,
}

impl NewValues {
    pub(super) fn text(name: &'static str, text: &str) -> Self {
        Self::default().with_text(name, text)
    }

    #[must_use]
    pub(super) fn with_text(mut self, name: &'static str, text: &str) -> Self {
        self.cells.push((name, Cell::text(text)));
        self
    }

    #[must_use]
    pub(super) fn with_id(mut self, name: &'static str, id: u64) -> Self {
        let id = super::table::signed(id);
        self.cells.push((name, Cell::Number(id)));
        self
    }
}

/// A row for the log of statuses and plans.
enum Logged<'a> {
    Status(&'a str, &'a str),
    Plan {
        service: u64,
        old: Option<u64>,
        new: Option<u64>,
    },
}

impl Splynx {
    /// Adds a record, and announces it.
    pub(super) fn create(
        &mut self,
        table: TableName,
        mut row: Row,
        author: Author,
        now: u64,
    ) -> u64 {
        self.stamp(table, &mut row, now);
        let id = self.database.add(table, row);
        self.announce(table, id, "create", &[], author, now);
        id
    }

    /// Changes a record; logs and announces what differs.
    pub(super) fn change(
        &mut self,
        table: TableName,
        id: u64,
        values: NewValues,
        author: Author,
        now: u64,
    ) {
        let Some(row) = self.database.get(table, id) else {
            return;
        };
        let (before, mut row) = (row.clone(), row.clone());
        let mut changed = Vec::new();
        for (name, cell) in values.cells {
            let old = row.cell(name).clone();
            if old != cell {
                row.set(name, cell);
                changed.push((name.to_owned(), old.plain()));
            }
        }
        for (name, value) in values.additional {
            if row.additional.get(&name) != Some(&value) {
                let old = row.additional.insert(name.clone(), value);
                changed.push((name, old.unwrap_or_default()));
            }
        }
        if changed.is_empty() {
            return;
        }
        self.stamp(table, &mut row, now);
        if let Some(place) = self.database.get_mut(table, id) {
            *place = row.clone();
        }
        self.log_difference(table, &before, &row, author, now);
        let action = match table {
            TableName::Customers => "update",
            _ => "edit",
        };
        self.announce(table, id, action, &changed, author, now);
    }

    /// Deletes a record, which then is in no list.
    pub(super) fn delete(&mut self, table: TableName, id: u64, author: Author, now: u64) {
        self.announce(table, id, "delete", &[], author, now);
        let Some(row) = self.database.remove(table, id) else {
            return;
        };
        match table {
            TableName::Services => {
                let plan = Logged::Plan {
                    service: id,
                    old: Some(row.id("tariff_id")),
                    new: None,
                };
                self.log(row.id("customer_id"), &plan, author, now);
            }
            TableName::Customers => {
                self.log(id, &Logged::Status(row.text("status"), ""), author, now);
            }
            _ => {}
        }
    }

    /// Sets the time of the last change. That of a customer does not move with its services.
    fn stamp(&self, table: TableName, row: &mut Row, now: u64) {
        let time = self.clock().date_and_time(now);
        match table {
            TableName::Customers => row.set_text("last_update", &time),
            _ => row.set_text("updated_at", &time),
        }
    }

    fn log_difference(
        &mut self,
        table: TableName,
        before: &Row,
        after: &Row,
        author: Author,
        now: u64,
    ) {
        let (old, new) = (before.text("status"), after.text("status"));
        match table {
            TableName::Customers if old != new => {
                self.log(after.id("id"), &Logged::Status(old, new), author, now);
            }
            TableName::Services => {
                let tariffs = (before.id("tariff_id"), after.id("tariff_id"));
                let is_on = |status: &str| status == "active";
                // A status row has no service, so a pause is the end of a plan.
                let (old, new) = match (is_on(old), is_on(new)) {
                    (true, true) if tariffs.0 != tariffs.1 => (Some(tariffs.0), Some(tariffs.1)),
                    (true, false) => (Some(tariffs.0), None),
                    (false, true) => (None, Some(tariffs.1)),
                    _ => return,
                };
                let service = after.id("id");
                let plan = Logged::Plan { service, old, new };
                self.log(after.id("customer_id"), &plan, author, now);
            }
            _ => {}
        }
    }

    /// Logs that a service follows another one with another plan.
    pub(super) fn log_plan(&mut self, service: u64, old: u64, author: Author, now: u64) {
        let Some(row) = self.database.get(TableName::Services, service) else {
            return;
        };
        let (customer, new) = (row.id("customer_id"), row.id("tariff_id"));
        let plan = Logged::Plan {
            service,
            old: Some(old),
            new: Some(new),
        };
        self.log(customer, &plan, author, now);
    }

    fn log(&mut self, customer: u64, what: &Logged<'_>, author: Author, now: u64) {
        let clock = self.clock();
        let row = Row::new(TableName::Changes)
            .with_id("customer_id", customer)
            .with_text("date", &clock.date(now))
            .with_text("time", &clock.time(now))
            .with_id("administrator_id", u64::from(author != Author::System));
        let number =
            |id: Option<u64>| id.map_or(Cell::Null, |id| Cell::Number(super::table::signed(id)));
        let row = match what {
            Logged::Status(old, new) => row
                .with_text("old_status", old)
                .with_text("new_status", new)
                .with("service_id", Cell::Null)
                .with("tariff_type", Cell::Null)
                .with("old_tariff", Cell::Null)
                .with("new_tariff", Cell::Null),
            Logged::Plan { service, old, new } => row
                .with_id("service_id", *service)
                .with("old_status", Cell::Null)
                .with("new_status", Cell::Null)
                .with_text("tariff_type", "internet")
                .with("old_tariff", number(*old))
                .with("new_tariff", number(*new)),
        };
        self.database.add(TableName::Changes, row);
    }

    fn announce(
        &mut self,
        table: TableName,
        id: u64,
        action: &str,
        changed: &[(String, String)],
        author: Author,
        now: u64,
    ) {
        let (Some(model), true) = (model(table), self.hooks.is_set()) else {
            return;
        };
        let Some(row) = self
            .database
            .get(table, id)
            .filter(|_| author != Author::System)
        else {
            return;
        };
        let row = row.clone();
        let faults = self.faults.strike(Event::Hook, "", model);
        if faults.contains(&FaultKind::HookFailed {}) {
            self.announce_failure(table, &row, "status", now);
        }
        let event = self.event(table, &row, action, author, now);
        let changed = changed.iter();
        let changed = changed.map(|(name, old)| (name.clone(), Php::text(old)));
        let extra = [
            ("result", Php::text("success")),
            ("changed_attributes", Php::Map(changed.collect())),
            ("errors", Php::Null),
        ];
        self.push(event, extra, &faults, now);
    }

    /// Announces a save that the model refused, as the log of events keeps it.
    pub(super) fn announce_failure(&mut self, table: TableName, row: &Row, field: &str, now: u64) {
        if model(table).is_none() {
            return;
        }
        let event = self.event(table, row, "edit", Author::Api, now);
        let error = Php::map([
            ("attribute", Php::text(field)),
            ("error", Php::text("is invalid.")),
        ]);
        let extra = [
            ("result", Php::text("failed")),
            ("changed_attributes", Php::Null),
            ("errors", Php::List(vec![error])),
        ];
        self.push(event, extra, &[], now);
    }

    /// Sends a ping, as the button for a test does.
    pub(super) fn ping(&mut self, now: u64) {
        let body = Php::map([("type", Php::text("ping")), ("data", Php::map([]))]);
        let is_form = self.instance.hooks_are_forms;
        self.hooks.push(&body, is_form, &[], now);
    }

    fn push(
        &mut self,
        mut event: Vec<(String, Php)>,
        extra: [(&str, Php); 3],
        faults: &[FaultKind],
        now: u64,
    ) {
        event.extend(extra.map(|(name, value)| (name.to_owned(), value)));
        let call = event.iter().find_map(|(name, value)| match value {
            Php::Text(model) if name == "model" && model.ends_with("Customers") => {
                Some("customer/update")
            }
            _ => None,
        });
        let body = Php::map([
            ("type", Php::text("event")),
            ("call", Php::text(call.unwrap_or_default())),
            ("data", Php::Map(event)),
        ]);
        let is_form = self.instance.hooks_are_forms;
        self.hooks.push(&body, is_form, faults, now);
    }

    /// Returns the part of an event that every result has.
    fn event(
        &self,
        table: TableName,
        row: &Row,
        action: &str,
        author: Author,
        now: u64,
    ) -> Vec<(String, Php)> {
        let clock = self.clock();
        let customer = match table {
            // The customer's own event has it in the attributes only.
            TableName::Customers => Php::Null,
            _ => Php::text(&row.id("customer_id").to_string()),
        };
        let cells = row.columns.iter().zip(&row.cells);
        let cells = cells.filter(|(column, _)| self.instance.has_column(table, column));
        let attributes = cells.map(|(column, cell)| {
            let value = match cell {
                Cell::Null => Php::Null,
                cell => Php::Text(cell.plain()),
            };
            (column.name.to_owned(), value)
        });
        let additional = row.additional.iter();
        let additional = additional.map(|(name, value)| (name.clone(), Php::text(value)));
        let source = if author == Author::Api {
            "api"
        } else {
            "admin"
        };
        let Php::Map(entries) = Php::map([
            ("source", Php::text(source)),
            ("model", Php::text(model(table).unwrap_or_default())),
            ("action", Php::text(action)),
            ("date", Php::text(&clock.date(now))),
            ("time", Php::text(&clock.time(now))),
            ("administrator_id", Php::text("1")),
            ("customer_id", customer),
            ("attributes", Php::Map(attributes.collect())),
            ("attributes_additional", Php::Map(additional.collect())),
            ("extra", Php::Null),
            ("ip", Php::text("192.0.2.10")),
        ]) else {
            return Vec::new();
        };
        entries
    }
}

/// Returns the class that events of a table name.
fn model(table: TableName) -> Option<&'static str> {
    Some(match table {
        TableName::Customers => r"models\common\customers\Customers",
        TableName::Services => r"models\common\customers\ServicesInternet",
        TableName::Tariffs => r"models\admin\tariffs\InternetTariffs",
        TableName::Locations => r"models\admin\administration\Locations",
        TableName::Partners => r"models\admin\administration\Partners",
        _ => return None,
    })
}
