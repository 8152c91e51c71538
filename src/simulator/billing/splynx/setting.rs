//! Sets single values by their path, and the data that faults change.

use serde_json::{Value, json};

use super::cell::Kind;
use super::change::{Author, NewValues};
use super::fault::{FaultKind, Faults};
use super::instance::Instance;
use super::life::plain_mac;
use super::route::Route;
use super::table::{Row, TableName};
use super::{Cell, OperationError, ReplacedValue, Splynx};
use crate::simulator::billing::FaultError;

/// The tables that can be edited, by the first part of a path.
const TABLES: [(&str, TableName); 9] = [
    ("accounts", TableName::Customers),
    ("customers", TableName::Customers),
    ("services", TableName::Services),
    ("tariffs", TableName::Tariffs),
    ("items", TableName::Items),
    ("monitoring", TableName::Monitoring),
    ("locations", TableName::Locations),
    ("partners", TableName::Partners),
    ("tickets", TableName::Tickets),
];

impl Splynx {
    /// Sets one value. A path is `TABLE/ID/COLUMN`, `TABLE/ID/additional/NAME`, `TABLE/ID` to delete, `key/SWITCH`,
    /// `nightly` or `ping`; the id `*` is every record.
    pub(super) fn edit(
        &mut self,
        path: &str,
        value: &Value,
        now: u64,
    ) -> Result<Value, OperationError> {
        let parts: Vec<&str> = path.split('/').collect();
        let wrong = |expected| OperationError::InvalidValue {
            path: path.to_owned(),
            expected,
        };
        let no_path = || OperationError::NoPath(path.to_owned());
        match parts.as_slice() {
            ["nightly"] => {
                let today = self.clock().date(now);
                let (date, blocked) = night(value, today)
                    .ok_or_else(|| wrong("null, a date, or a list of accounts to block"))?;
                self.night(&date, &blocked, now);
                Ok(json!({ "date": date, "blocked": blocked }))
            }
            ["ping"] => {
                self.ping(now);
                Ok(json!({ "ping": true }))
            }
            ["key", switch] => {
                let is_on = value.as_bool().ok_or_else(|| wrong("true or false"))?;
                let key = &mut self.access.key;
                let place = match *switch {
                    "unsecure" => &mut key.is_unsecure,
                    "check_nonce" => &mut key.checks_nonce,
                    "revoked" => &mut key.is_revoked,
                    _ => return Err(no_path()),
                };
                *place = is_on;
                Ok(json!({ "key": { *switch: is_on } }))
            }
            [table, id, rest @ ..] => {
                let (table, ids) = self.records_of(table, id).ok_or_else(no_path)?;
                if rest.is_empty() {
                    if !value.is_null() {
                        return Err(wrong("null, which deletes it"));
                    }
                    for id in &ids {
                        self.delete(table, *id, Author::Person, now);
                    }
                } else {
                    let values = new_values(table, rest, value, path)?;
                    for id in &ids {
                        self.change(table, *id, values.clone(), Author::Person, now);
                    }
                }
                Ok(json!({ "path": path, "value": value, "records": ids.len() }))
            }
            _ => Err(no_path()),
        }
    }

    /// Returns the records that a path names: one by its id, or all by `*`.
    fn records_of(&self, table: &str, id: &str) -> Option<(TableName, Vec<u64>)> {
        let (_, table) = TABLES.iter().find(|(name, _)| *name == table)?;
        if id == "*" {
            return Some((*table, self.database.find(*table, |_| true)));
        }
        let id = id.parse().ok()?;
        self.database.get(*table, id).map(|_| (*table, vec![id]))
    }

    /// Puts back what earlier faults changed, and carries out the new ones.
    pub(super) fn replace_faults(&mut self, faults: Faults) -> Result<(), FaultError> {
        for kind in faults.standing() {
            let (FaultKind::ModuleOff { module } | FaultKind::Forbidden { module }) = kind else {
                continue;
            };
            if !Route::is_module(module) {
                let problem = format!("unknown module `{module}`; one is `inventory/items`");
                return Err(faults.invalid(kind, problem));
            }
        }
        for ReplacedValue {
            table,
            id,
            column,
            before,
            after,
        } in std::mem::take(&mut self.replaced)
        {
            // A value that someone changed since stays.
            if let Some(row) = self.database.get_mut(table, id)
                && *row.cell(column) == after
            {
                row.set(column, before);
            }
        }
        self.moved = 0;
        self.unlisted = None;
        self.instance = Instance::of(faults.standing());
        for kind in faults.set() {
            self.set_data(kind);
        }
        self.faults = faults;
        Ok(())
    }

    fn set_data(&mut self, fault: &FaultKind) {
        match fault {
            FaultKind::SameMac { items } => {
                let assigned = self.assigned();
                let pair = items.or_else(|| Some([*assigned.first()?, *assigned.get(1)?]));
                if let Some([first, second]) = pair {
                    let mac = self.database.get(TableName::Items, first);
                    let mac = mac.map(|row| row.cell("barcode").clone());
                    self.replace(TableName::Items, second, "barcode", mac);
                }
            }
            FaultKind::ItemWithoutService { item } => {
                let item = item.or_else(|| {
                    let linked = |row: &Row| row.id("service_id") != 0;
                    self.database
                        .find(TableName::Items, linked)
                        .first()
                        .copied()
                });
                if let Some(item) = item {
                    let none = Some(Cell::Number(0));
                    self.replace(TableName::Items, item, "service_id", none);
                }
            }
            FaultKind::MacNotations {} => {
                let items = self.database.find(TableName::Items, |row| {
                    plain_mac(row.text("barcode")).len() == 12
                });
                for (place, item) in items.into_iter().enumerate() {
                    let row = self.database.get(TableName::Items, item);
                    let text = row.map(|row| notation(row.text("barcode"), place));
                    let cell = text.map(|text| Cell::text(&text));
                    self.replace(TableName::Items, item, "barcode", cell);
                }
            }
            FaultKind::UnlistedCustomer { customer } => {
                let mut active = self.database.rows(TableName::Services);
                let first = active.find(|(_, row)| row.text("status") == "active");
                let first = first.map(|(_, row)| row.id("customer_id"));
                self.unlisted = customer.or(first);
            }
            FaultKind::FieldsUndefined {} => {
                let fields = self.database.find(TableName::AdditionalFields, |row| {
                    row.text("name").starts_with("gam_")
                });
                for field in fields {
                    drop(self.database.remove(TableName::AdditionalFields, field));
                }
            }
            FaultKind::HookPing {} => self.ping(0),
            _ => {}
        }
    }

    /// Returns the items that customers have, in order of their ids.
    fn assigned(&self) -> Vec<u64> {
        let is_assigned = |row: &Row| row.id("customer_id") != 0;
        self.database.find(TableName::Items, is_assigned)
    }

    fn replace(&mut self, table: TableName, id: u64, column: &'static str, cell: Option<Cell>) {
        let (Some(row), Some(after)) = (self.database.get_mut(table, id), cell) else {
            return;
        };
        let before = row.cell(column).clone();
        row.set(column, after.clone());
        self.replaced.push(ReplacedValue {
            table,
            id,
            column,
            before,
            after,
        });
    }
}

/// Reads the part of a path that follows the record, and its value.
fn new_values(
    table: TableName,
    rest: &[&str],
    value: &Value,
    path: &str,
) -> Result<NewValues, OperationError> {
    let no_path = || OperationError::NoPath(path.to_owned());
    let mut values = NewValues::default();
    match rest {
        ["additional", name] => {
            let value = super::cell::scalar(value);
            values.additional.push(((*name).to_owned(), value));
        }
        [name] => {
            let mut columns = table.columns().iter();
            let column = columns.find(|column| column.name == *name);
            let column = column.ok_or_else(no_path)?;
            // A person can enter a word that the model does not know yet.
            let cell = match (column.kind, value) {
                (Kind::Word(_), Value::String(word)) => Some(Cell::text(word)),
                (kind, value) => kind.read(value),
            };
            let cell = cell.ok_or_else(|| OperationError::InvalidValue {
                path: path.to_owned(),
                expected: "a value of the column's type",
            })?;
            values.cells.push((column.name, cell));
        }
        _ => return Err(no_path()),
    }
    Ok(values)
}

/// Reads the date of a nightly run, and the customers that it blocks.
fn night(value: &Value, today: String) -> Option<(String, Vec<u64>)> {
    match value {
        Value::Null => Some((today, Vec::new())),
        Value::String(date) => Some((date.clone(), Vec::new())),
        Value::Array(accounts) => {
            let accounts: Option<Vec<u64>> = accounts.iter().map(Value::as_u64).collect();
            Some((today, accounts?))
        }
        _ => None,
    }
}

/// Writes a MAC address in one of the five notations that labels have.
fn notation(mac: &str, number: usize) -> String {
    let plain = plain_mac(mac);
    let parted = |size: usize, mark: &str| {
        let digits: Vec<char> = plain.chars().collect();
        let parts: Vec<String> = digits
            .chunks(size)
            .map(|part| part.iter().collect())
            .collect();
        parts.join(mark)
    };
    match number % 5 {
        0 => parted(2, ":"),
        1 => parted(2, ":").to_lowercase(),
        2 => parted(2, "-"),
        3 => parted(4, ".").to_lowercase(),
        _ => plain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mac_address_has_five_notations() {
        let all: Vec<String> = (0..5)
            .map(|one| notation("00:0E:D8:1C:95:08", one))
            .collect();
        assert_eq!(
            all,
            [
                "00:0E:D8:1C:95:08",
                "00:0e:d8:1c:95:08",
                "00-0E-D8-1C-95-08",
                "000e.d81c.9508",
                "000ED81C9508",
            ]
        );
    }
}
