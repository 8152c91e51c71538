//! Answers GET, HEAD and OPTIONS: lists, counts, single records and descriptions of tables.

use std::time::Duration;

use serde_json::json;

use super::cell::{FieldPosition, json};
use super::fault::{Event, FaultKind};
use super::refusal::{JSON, Refusal};
use super::route::{Part, Target};
use super::search::Search;
use super::table::{Row, TableName, signed};
use super::{HttpAnswer, HttpRequest, Splynx};

/// The days after which a customer who does not pay is blocked.
const BLOCKED_AFTER_DAYS: u64 = 10;

impl Splynx {
    /// Answers GET and HEAD of a list.
    pub(super) fn list(
        &mut self,
        target: &Target,
        request: &HttpRequest,
    ) -> Result<HttpAnswer, Refusal> {
        let is_count = request.method == "HEAD";
        let table = target.table;
        let mut search = self.search(table, &request.query);
        match (&target.part, search.conditions.is_empty()) {
            // Seen on a live 4.x.
            (Part::AllCustomers, true) => return Err(Refusal::SERVER_ERROR),
            (Part::All, true) if table == TableName::Changes => return Err(Refusal::BAD_REQUEST),
            _ => {}
        }
        let mut strike = |event| self.faults.strike(event, &request.method, &request.path);
        let mut struck = strike(Event::Search);
        struck.extend(strike(if is_count { Event::Count } else { Event::List }));
        let mut missing = 0;
        let mut moved = 0;
        let mut delay = Duration::ZERO;
        for fault in &struck {
            match fault {
                FaultKind::ErrorForList { status } => {
                    let answer = Refusal::SERVER_ERROR.answer();
                    return Ok(HttpAnswer {
                        status: *status,
                        ..answer
                    });
                }
                FaultKind::FiltersIgnored { column } => {
                    search.forget(table.columns(), column.as_deref());
                }
                FaultKind::EmptyList { counted } if *counted || !is_count => missing = usize::MAX,
                FaultKind::RowsMissing { rows, counted } if *counted || !is_count => {
                    missing = missing.max(usize::try_from(*rows).unwrap_or(usize::MAX));
                }
                FaultKind::CountsMove { by } => {
                    self.moved += by;
                    moved = self.moved;
                }
                FaultKind::SlowList { millis } => delay += Duration::from_millis(*millis),
                _ => {}
            }
        }
        let mut rows: Vec<(u64, &Row)> = self.visible(target, &search).collect();
        rows.truncate(rows.len().saturating_sub(missing));
        rows.retain(|(_, row)| search.is_match(row));
        let mut answer = HttpAnswer::new(200, JSON, "");
        if is_count {
            let total = signed(moved).saturating_add_unsigned(rows_of(&rows));
            answer.status = 204;
            answer
                .headers
                .push(("X-total-count".to_owned(), total.to_string()));
        } else {
            answer.body = self.array(table, search.page(rows));
        }
        answer.delay = delay;
        Ok(answer)
    }

    /// Reads a query, without conditions on columns that this version does not have.
    fn search(&self, table: TableName, query: &str) -> Search {
        let fields = self.database.defined_fields(table);
        let names: Vec<&str> = fields.iter().map(|field| field.text("name")).collect();
        let mut search = Search::read(query, table.columns(), &names);
        for column in table.columns() {
            if !self.instance.has_column(table, column) {
                search.forget(table.columns(), Some(column.name));
            }
        }
        search
    }

    /// Returns the records of a target that the key can see.
    fn visible<'a>(
        &'a self,
        target: &'a Target,
        search: &Search,
    ) -> impl Iterator<Item = (u64, &'a Row)> {
        let table = target.table;
        let hides_archived = table == TableName::Services
            && self.instance.leaves_archived_out
            && !search.names(table.columns(), "status");
        self.database.rows(table).filter(move |(id, row)| {
            let is_part = match &target.part {
                Part::All | Part::AllCustomers => true,
                Part::Customer(customer) => row.id("customer_id") == *customer,
                Part::Module(module) => row.text("module") == module,
            };
            let is_listed = table != TableName::Customers || self.unlisted != Some(*id);
            let is_archived = || matches!(row.text("status"), "archived" | "hidden");
            is_part
                && is_listed
                && self.is_of_partner(table, row)
                && !(hides_archived && is_archived())
        })
    }

    /// Returns whether the key has the partner of a record.
    fn is_of_partner(&self, table: TableName, row: &Row) -> bool {
        let lost = &self.instance.partners_lost;
        if lost.is_empty() {
            return true;
        }
        let customer = match table {
            TableName::Customers => Some(row),
            TableName::Services
            | TableName::Items
            | TableName::Changes
            | TableName::Notes
            | TableName::Tickets
            | TableName::Online => self
                .database
                .get(TableName::Customers, row.id("customer_id")),
            TableName::Partners => return !lost.contains(&row.id("id")),
            _ => None,
        };
        customer.is_none_or(|customer| !lost.contains(&customer.id("partner_id")))
    }

    /// Answers GET and HEAD of one record.
    pub(super) fn one(&self, target: &Target, id: u64) -> Result<HttpAnswer, Refusal> {
        let row = self.record(target, id)?;
        if !self.is_of_partner(target.table, row) {
            return Err(Refusal::OTHER_PARTNER);
        }
        let mut body = Vec::new();
        self.object(target.table, id, row, &mut body);
        Ok(HttpAnswer::new(200, JSON, body))
    }

    /// Finds the record of a path such as `customer/1042/internet-services--7001`.
    pub(super) fn record(&self, target: &Target, id: u64) -> Result<&Row, Refusal> {
        let row = self.database.get(target.table, id);
        let row = row.filter(|row| match &target.part {
            Part::Customer(customer) => row.id("customer_id") == *customer,
            Part::Module(module) => row.text("module") == module,
            Part::All | Part::AllCustomers => true,
        });
        let is_unlisted = target.table == TableName::Customers && self.unlisted == Some(id);
        row.filter(|_| !is_unlisted).ok_or(Refusal::NOT_FOUND)
    }

    fn array(&self, table: TableName, rows: Vec<(u64, &Row)>) -> Vec<u8> {
        let mut body = Vec::new();
        let mut before = b'[';
        for (id, row) in rows {
            body.push(before);
            before = b',';
            self.object(table, id, row, &mut body);
        }
        if before == b'[' {
            body.push(b'[');
        }
        body.push(b']');
        body
    }

    /// Appends a record in the typing of the instance.
    fn object(&self, table: TableName, id: u64, row: &Row, out: &mut Vec<u8>) {
        let mut before = b'{';
        for (place, (column, cell)) in row.columns.iter().zip(&row.cells).enumerate() {
            if !self.instance.has_column(table, column) {
                continue;
            }
            out.push(before);
            before = b',';
            json(out, column.name);
            out.push(b':');
            let position = FieldPosition {
                seed: self.seed,
                record: id,
                column: u64::try_from(place).unwrap_or(0),
            };
            self.instance
                .dialect
                .write(cell, column.kind, position, out);
        }
        if table.module().is_some() {
            out.extend_from_slice(b",\"additional_attributes\":");
            match row.additional.is_empty() {
                // PHP cannot tell an empty map from an empty list.
                true => out.extend_from_slice(b"[]"),
                false => json(out, &row.additional),
            }
        }
        out.push(b'}');
    }

    /// Describes a table.
    pub(super) fn options(&self, table: TableName) -> HttpAnswer {
        let columns = table.columns().iter();
        let columns = columns.filter(|column| self.instance.has_column(table, column));
        let attributes: Vec<_> = columns
            .map(|column| {
                json!({
                    "name": column.name,
                    "title": column.name.replace('_', " "),
                    "type": column.kind.word(),
                    "required": false,
                })
            })
            .collect();
        let fields = self.database.defined_fields(table);
        let additional: Vec<_> = fields
            .iter()
            .map(|field| {
                json!({
                    "name": field.text("name"),
                    "title": field.text("title"),
                    "type": field.text("type"),
                    "module": field.text("module"),
                    "is_unique": field.number("is_unique") == 1,
                    "searchable": field.number("searchable") == 1,
                    "readonly": field.number("readonly") == 1,
                    "hidden": field.number("hidden") == 1,
                })
            })
            .collect();
        let body = match self.instance.options_are_flat {
            true => json!([attributes, additional].concat()),
            false => json!({ "attributes": attributes, "additional_attributes": additional }),
        };
        HttpAnswer::new(200, JSON, body.to_string())
    }

    /// Answers when a customer will be blocked.
    pub(super) fn billing_info(&self, customer: u64, now: u64) -> Result<HttpAnswer, Refusal> {
        let row = self.database.get(TableName::Customers, customer);
        let row = row.ok_or(Refusal::NOT_FOUND)?;
        let status = row.text("status");
        let body = json!({
            "customer_id": signed(customer),
            "blocking_date": self.clock().date_after(now, BLOCKED_AFTER_DAYS),
            "is_already_blocked": status == "blocked",
            "is_already_disabled": status == "disabled",
        });
        Ok(HttpAnswer::new(200, JSON, body.to_string()))
    }

    /// Answers the position of a service.
    pub(super) fn geo(&self, service: u64) -> Result<HttpAnswer, Refusal> {
        let row = self.database.get(TableName::Services, service);
        let mut body = Vec::new();
        let row = row.ok_or(Refusal::NOT_FOUND)?;
        match row.cell("geo") {
            super::Cell::Json(geo) => json(&mut body, geo),
            _ => body.extend_from_slice(br#"{"address":"","marker":""}"#),
        }
        Ok(HttpAnswer::new(200, JSON, body))
    }
}

fn rows_of(rows: &[(u64, &Row)]) -> u64 {
    u64::try_from(rows.len()).unwrap_or(u64::MAX)
}
