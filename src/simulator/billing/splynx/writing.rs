//! Carries out POST, PUT and DELETE; drops what is not defined, refuses what the model refuses.

use serde_json::{Map, Value, json};

use super::cell::{Cell, scalar};
use super::change::{Author, NewValues};
use super::fault::{Event, FaultKind};
use super::refusal::{JSON, Refusal, invalid};
use super::route::{Part, Route, Target};
use super::table::{Row, TableName};
use super::{Delivery, HttpAnswer, HttpRequest, Splynx};

/// Attributes of a service that change what a customer pays.
const BILLED: [&str; 10] = [
    "status",
    "tariff_id",
    "unit_price",
    "quantity",
    "start_date",
    "end_date",
    "discount",
    "period",
    "parent_id",
    "bundle_service_id",
];

type Body = Map<String, Value>;

impl Splynx {
    /// Carries out a write, with its faults.
    pub(super) fn write(
        &mut self,
        route: &Route,
        request: &HttpRequest,
        now: u64,
    ) -> Result<HttpAnswer, Refusal> {
        let struck = self
            .faults
            .strike(Event::Write, &request.method, &request.path);
        let refused = struck.iter().find_map(|fault| match fault {
            FaultKind::WriteRefused { field } => Some(field),
            _ => None,
        });
        if let Some(field) = refused {
            return Ok(self.invalid(field));
        }
        let mut answer = self.carry_out(route, request, now)?;
        if struck.contains(&FaultKind::AnswerLost {}) {
            answer.delivery = Delivery::Nothing;
        }
        Ok(answer)
    }

    fn carry_out(
        &mut self,
        route: &Route,
        request: &HttpRequest,
        now: u64,
    ) -> Result<HttpAnswer, Refusal> {
        let path = request
            .path
            .split_once("admin/")
            .map_or("", |(_, path)| path);
        let kind = format!("{} {path}", request.method);
        let (target, method) = (route, request.method.as_str());
        match (target, method) {
            (Route::Bills, _) => {
                self.counters.write(kind, true);
                Ok(HttpAnswer::new(201, JSON, r#"{"id":1}"#))
            }
            (Route::Kill { customer }, "PUT") => {
                self.kill(*customer);
                self.counters.write(kind, false);
                Ok(accepted())
            }
            (Route::Geo { service }, "PUT") => {
                let geo = Value::Object(body(request)?);
                let geo = Cell::Json(Box::new(geo));
                let row = self.database.get_mut(TableName::Services, *service);
                row.ok_or(Refusal::NOT_FOUND)?.set("geo", geo);
                self.counters.write(kind, false);
                Ok(accepted())
            }
            (Route::Table(target), "PUT") => self.put(target, request, kind, now),
            (Route::Table(target), "POST") => self.post(target, request, kind, now),
            (Route::Table(target), "DELETE") => {
                let id = target.id.ok_or(Refusal::BAD_REQUEST)?;
                let can = [
                    TableName::Customers,
                    TableName::Services,
                    TableName::Tickets,
                ];
                if !can.contains(&target.table) {
                    return Err(Refusal::WRONG_METHOD);
                }
                self.record(target, id)?;
                self.delete(target.table, id, Author::Api, now);
                self.counters
                    .write(kind, target.table != TableName::Tickets);
                Ok(HttpAnswer::new(204, JSON, ""))
            }
            _ => Err(Refusal::WRONG_METHOD),
        }
    }

    fn put(
        &mut self,
        target: &Target,
        request: &HttpRequest,
        kind: String,
        now: u64,
    ) -> Result<HttpAnswer, Refusal> {
        let id = target.id.ok_or(Refusal::BAD_REQUEST)?;
        let table = target.table;
        let can = [
            TableName::Customers,
            TableName::Services,
            TableName::Items,
            TableName::Monitoring,
            TableName::Tickets,
        ];
        if !can.contains(&table) {
            return Err(Refusal::WRONG_METHOD);
        }
        let row = self.record(target, id)?.clone();
        let body = body(request)?;
        let values = match self.values(table, &body) {
            Ok(values) => values,
            Err(field) => {
                self.announce_failure(table, &row, field, now);
                return Ok(self.invalid(field));
            }
        };
        let struck = self
            .faults
            .strike(Event::Put, &request.method, &request.path);
        let is_billed = match table {
            TableName::Services => body.keys().any(|key| BILLED.contains(&key.as_str())),
            TableName::Customers => body.contains_key("status"),
            _ => false,
        };
        self.counters.write(kind, is_billed);
        if !struck.contains(&FaultKind::PutIgnored {}) {
            self.change(table, id, values, Author::Api, now);
        }
        Ok(accepted())
    }

    /// Reads the attributes of a body; returns the name of the first that the model refuses.
    fn values(&self, table: TableName, body: &Body) -> Result<NewValues, &'static str> {
        let mut values = NewValues::default();
        for column in table.columns() {
            let Some(value) = body.get(column.name) else {
                continue;
            };
            // What cannot be written is dropped without a word, as what is not known.
            if column.is_open && self.instance.has_column(table, column) {
                let cell = column.kind.read(value).ok_or(column.name)?;
                values.cells.push((column.name, cell));
            }
        }
        if let Some(Value::Object(additional)) = body.get("additional_attributes") {
            for field in self.database.defined_fields(table) {
                let value = additional.get(field.text("name"));
                let value = value.filter(|_| field.number("readonly") == 0);
                if let Some(value) = value {
                    let name = field.text("name").to_owned();
                    values.additional.push((name, scalar(value)));
                }
            }
        }
        Ok(values)
    }

    fn post(
        &mut self,
        target: &Target,
        request: &HttpRequest,
        kind: String,
        now: u64,
    ) -> Result<HttpAnswer, Refusal> {
        let table = target.table;
        let required = required(table).ok_or(Refusal::WRONG_METHOD)?;
        let body = body(request)?;
        let is_given = |name: &&str| {
            body.get(*name)
                .is_some_and(|value| !scalar(value).is_empty())
        };
        if let Some(missing) = required.iter().find(|name| !is_given(name)) {
            return Ok(self.invalid(missing));
        }
        let values = match self.values(table, &body) {
            Ok(values) => values,
            Err(field) => return Ok(self.invalid(field)),
        };
        let mut row = Row::new(table);
        for (name, cell) in values.cells {
            row.set(name, cell);
        }
        row.additional.extend(values.additional);
        if let Part::Customer(customer) = target.part {
            row.set_id("customer_id", customer);
        }
        let customer = row.id("customer_id");
        let names_customer = super::table::kind_of(row.columns, "customer_id").is_some();
        let is_known = self.database.get(TableName::Customers, customer).is_some();
        // A ticket may be without a customer.
        if names_customer && !is_known && (customer != 0 || table != TableName::Tickets) {
            return Ok(self.invalid("customer_id"));
        }
        if let Part::Module(module) = &target.part {
            let is_taken = |other: &Row| {
                other.text("module") == module && other.text("name") == row.text("name")
            };
            if !self.database.find(table, is_taken).is_empty() {
                return Ok(self.invalid("name"));
            }
            row.set_text("module", module);
        }
        let clock = self.clock();
        row.set_text("created_at", &clock.date_and_time(now));
        row.set_text("time", &clock.time(now));
        if table == TableName::TicketMessages {
            row.set_text("date", &clock.date(now));
        }
        let name = row.text("name").to_owned();
        let id = self.create(table, row, Author::Api, now);
        if let (TableName::Tickets, Some(Value::Object(message))) = (table, body.get("message")) {
            self.add_message(id, message, now);
        }
        let bills = [TableName::Customers, TableName::Services].contains(&table);
        self.counters.write(kind, bills);
        let body = match table {
            TableName::AdditionalFields => json!({ "name": name }),
            _ => json!({ "id": id }),
        };
        Ok(HttpAnswer::new(201, JSON, body.to_string()))
    }

    /// Keeps the message inside a new ticket, unless this version drops it.
    fn add_message(&mut self, ticket: u64, message: &Body, now: u64) {
        if self.instance.drops_ticket_message {
            return;
        }
        let Ok(values) = self.values(TableName::TicketMessages, message) else {
            return;
        };
        let mut row = Row::new(TableName::TicketMessages);
        for (name, cell) in values.cells {
            row.set(name, cell);
        }
        row.set_id("ticket_id", ticket);
        let clock = self.clock();
        row.set_text("date", &clock.date(now));
        row.set_text("time", &clock.time(now));
        self.database.add(TableName::TicketMessages, row);
    }

    fn kill(&mut self, customer: u64) {
        let sessions = self
            .database
            .find(TableName::Online, |row| row.id("customer_id") == customer);
        for session in sessions {
            drop(self.database.remove(TableName::Online, session));
        }
    }

    fn invalid(&self, field: &str) -> HttpAnswer {
        invalid(field, self.instance.validation, self.instance.is_french)
    }
}

/// Returns the attributes that a new record needs; `None` where clients make none.
fn required(table: TableName) -> Option<&'static [&'static str]> {
    Some(match table {
        TableName::Customers => &["name"],
        TableName::Services => &["tariff_id"],
        TableName::Monitoring => &["title", "ip"],
        TableName::PendingStatuses => &["customer_id", "status", "date"],
        TableName::AdditionalFields => &["name", "title", "type"],
        TableName::Notes => &["customer_id", "type", "comment"],
        TableName::Tickets => &["subject", "priority", "type_id"],
        TableName::TicketMessages => &["ticket_id", "message"],
        _ => return None,
    })
}

/// PUT answers 202, not 200, and its body is small or empty.
fn accepted() -> HttpAnswer {
    HttpAnswer::new(202, JSON, "")
}

/// Reads an object of JSON.
fn body(request: &HttpRequest) -> Result<Body, Refusal> {
    let value: Value = serde_json::from_slice(&request.body).map_err(|_| Refusal::BAD_REQUEST)?;
    match value {
        Value::Object(body) => Ok(body),
        // PHP's empty map.
        Value::Array(list) if list.is_empty() => Ok(Body::new()),
        _ => Err(Refusal::BAD_REQUEST),
    }
}
