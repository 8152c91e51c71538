//! Writes rows and records what follows from each write: logs, account events, webhook events.

use serde_json::{Map, Value, json};

use crate::simulator::billing::sonar::data::{
    Cell, Change, Create, Database, Row, USER, date_at, datetime_text,
};

/// The models that webhooks can be registered for.
pub(crate) const MODELS: &[&str] = &[
    "Account",
    "AccountService",
    "Address",
    "DataServiceDetail",
    "InventoryItem",
    "InventoryModelFieldData",
    "ServiceMetadataValue",
    "CustomFieldData",
    "Ticket",
    "UninventoriedMacAddress",
];

pub(crate) const WEBHOOK_EVENTS: &[&str] = &["CREATED", "UPDATED", "DELETED"];

/// Tables whose rows are records of other writes.
const RECORDS: &[&str] = &[
    "AccountEvent",
    "InventoryItemEvent",
    "Log",
    "DisconnectionLog",
    "WebhookEndpoint",
    "WebhookEndpointModelEvent",
    "WebhookEndpointEventDispatch",
    "WebhookEndpointEventDispatchAttempt",
];

/// An event that webhooks may be registered for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Happened {
    pub model: &'static str,
    /// `CREATED`, `UPDATED` or `DELETED`.
    pub kind: &'static str,
    /// The word in the body of the webhook.
    pub event: String,
    pub id: u64,
    pub current: Value,
}

/// One user at one time.
pub(crate) struct Writer<'a> {
    pub db: &'a mut Database,
    pub now: u64,
    pub happened: Vec<Happened>,
}

impl Create for Writer<'_> {
    fn create(&mut self, table: &'static str, given: &[(&str, Cell)]) -> u64 {
        let id = self.db.insert(table, given, self.now);
        let Some(row) = self.db.row(table, id).cloned() else {
            return id;
        };
        let change = Change {
            before: Vec::new(),
            after: self.values(table, &row),
        };
        self.record(table, &row, "CREATED", &change);
        if let Some(account) = self
            .db
            .get(table, id, "account_id")
            .as_id()
            .filter(|_| table == "AccountService")
        {
            self.account_event(account, "SERVICES_ADDED", None, Some(id.to_string()));
        }
        id
    }
}

impl<'a> Writer<'a> {
    pub(crate) fn new(db: &'a mut Database, now: u64) -> Self {
        Self {
            db,
            now,
            happened: Vec::new(),
        }
    }

    /// Changes a row; returns whether it exists.
    pub(crate) fn update(&mut self, table: &'static str, id: u64, given: &[(&str, Cell)]) -> bool {
        let Some(change) = self.db.update(table, id, given, self.now) else {
            return false;
        };
        let Some(row) = self
            .db
            .row(table, id)
            .cloned()
            .filter(|_| !change.after.is_empty())
        else {
            return true;
        };
        self.record(table, &row, "UPDATED", &change);
        let has = |name: &str| {
            let found = change.before.iter().zip(&change.after);
            let mut found = found.filter(|((column, _), _)| *column == name);
            found
                .next()
                .map(|((_, before), (_, after))| (before.clone(), after.clone()))
        };
        match table {
            "Account" => {
                if let Some((before, after)) = has("account_status_id") {
                    self.account_event(id, "STATUS_UPDATED", plain(&before), plain(&after));
                    self.activate(id, &after);
                }
                if let Some((before, after)) = has("account_type_id") {
                    self.account_event(id, "TYPE_UPDATED", plain(&before), plain(&after));
                }
                if let Some((_, after)) = has("archived_at") {
                    let event = if after == Cell::Null {
                        "UNARCHIVED"
                    } else {
                        "ARCHIVED"
                    };
                    self.account_event(id, event, None, None);
                }
            }
            "AccountService" => {
                if let Some(account) = self.db.get(table, id, "account_id").as_id() {
                    let id = Some(id.to_string());
                    self.account_event(account, "SERVICES_UPDATED", id.clone(), id);
                }
            }
            "InventoryItem"
                if has("inventoryitemable_id")
                    .or(has("inventoryitemable_type"))
                    .is_some() =>
            {
                self.create(
                    "InventoryItemEvent",
                    &[
                        ("inventory_item_id", Cell::id(id)),
                        ("event", Cell::text("ASSIGNED")),
                        ("event_datetime", Cell::time(self.now)),
                    ],
                );
            }
            _ => {}
        }
        true
    }

    /// Deletes a row; returns whether it was there.
    pub(crate) fn delete(&mut self, table: &'static str, id: u64) -> bool {
        let account = self.db.get(table, id, "account_id").as_id();
        let owner = self.owner(table, id);
        let Some(row) = self.db.delete(table, id) else {
            return false;
        };
        let change = Change {
            before: self.values(table, &row),
            after: Vec::new(),
        };
        self.record_for(table, &row, "DELETED", &change, owner);
        match (table, account) {
            ("AccountService", Some(account)) => {
                self.account_event(account, "SERVICES_REMOVED", Some(id.to_string()), None);
                for value in self
                    .db
                    .find("ServiceMetadataValue", "account_service_id", id)
                {
                    self.delete("ServiceMetadataValue", value);
                }
                for item in self.db.find("InventoryItem", "account_service_id", id) {
                    self.update("InventoryItem", item, &[("account_service_id", Cell::Null)]);
                }
            }
            ("InventoryItem", _) => {
                for value in self
                    .db
                    .find("InventoryModelFieldData", "inventory_item_id", id)
                {
                    self.delete("InventoryModelFieldData", value);
                }
            }
            _ => {}
        }
        true
    }

    /// The first status that activates sets the date from which services are billed.
    fn activate(&mut self, account: u64, status: &Cell) {
        let status = status.as_id().unwrap_or(0);
        let activates = self.db.get("AccountStatus", status, "activates_account");
        let is_new = self.db.get("Account", account, "activation_date") == &Cell::Null;
        if activates.as_bool() == Some(true) && is_new {
            let today = date_at(self.now);
            self.account_event(account, "ACTIVATED", None, Some(today.clone()));
            self.update(
                "Account",
                account,
                &[("activation_date", Cell::text(today))],
            );
        }
    }

    fn account_event(
        &mut self,
        account: u64,
        event: &str,
        previous: Option<String>,
        current: Option<String>,
    ) {
        let text = |text: Option<String>| text.map_or(Cell::Null, Cell::text);
        self.create(
            "AccountEvent",
            &[
                ("account_id", Cell::id(account)),
                ("event", Cell::text(event)),
                ("event_datetime", Cell::time(self.now)),
                ("previous", text(previous)),
                ("current", text(current)),
            ],
        );
    }

    fn values(&self, table: &str, row: &Row) -> Vec<(&'static str, Cell)> {
        let columns = self
            .db
            .table(table)
            .into_iter()
            .flat_map(|table| &table.columns);
        let names = columns.map(|column| column.name);
        names.zip(row.cells.iter().cloned()).collect()
    }

    /// Returns the account that a row belongs to.
    fn owner(&self, table: &str, id: u64) -> Option<u64> {
        let value = |column: &str| self.db.get(table, id, column).as_id();
        match table {
            "Account" => Some(id),
            "Address"
                if self.db.get(table, id, "addressable_type").as_text() == Some("Account") =>
            {
                value("addressable_id")
            }
            _ => value("account_id").or_else(|| {
                let service = value("account_service_id")?;
                self.db.get("AccountService", service, "account_id").as_id()
            }),
        }
    }

    fn record(&mut self, table: &'static str, row: &Row, kind: &'static str, change: &Change) {
        let owner = self.owner(table, row.id);
        self.record_for(table, row, kind, change, owner);
    }

    fn record_for(
        &mut self,
        table: &'static str,
        row: &Row,
        kind: &'static str,
        change: &Change,
        owner: Option<u64>,
    ) {
        if RECORDS.contains(&table) {
            return;
        }
        let text = |values: &[(&'static str, Cell)]| match values {
            [] => Cell::Null,
            values => Cell::text(Value::Object(self.json(table, values)).to_string()),
        };
        let log = [
            ("type", Cell::text(kind)),
            ("logged_entity_type", Cell::text(table)),
            ("logged_entity_id", Cell::id(row.id)),
            (
                "loggable_type",
                owner.map_or(Cell::Null, |_| Cell::text("Account")),
            ),
            ("loggable_id", owner.map_or(Cell::Null, Cell::id)),
            ("previous", text(&change.before)),
            ("current", text(&change.after)),
            ("user_id", Cell::id(USER)),
        ];
        self.db.insert("Log", &log, self.now);
        let mut current = self.json(table, &self.values(table, row));
        for (name, value) in [
            ("id", json!(row.id)),
            ("created_at", json!(datetime_text(row.created_at))),
            ("updated_at", json!(datetime_text(row.updated_at))),
        ] {
            current.insert(name.to_owned(), value);
        }
        self.happened.push(Happened {
            model: table,
            kind,
            event: event(table, kind, change),
            id: row.id,
            current: Value::Object(current),
        });
    }

    /// Returns values with ids as numbers, as webhooks and logs have them.
    fn json(&self, table: &str, values: &[(&'static str, Cell)]) -> Map<String, Value> {
        let columns = self.db.table(table).map(|table| table.columns.as_slice());
        let scalar = |name: &str| {
            let mut columns = columns.unwrap_or_default().iter();
            let column = columns.find(|column| column.name == name);
            column.map_or("String", |column| column.kind.name())
        };
        let member = |(name, cell): &(&'static str, Cell)| {
            ((*name).to_owned(), cell.to_json(scalar(name), true))
        };
        values.iter().map(member).collect()
    }
}

fn plain(cell: &Cell) -> Option<String> {
    match cell {
        Cell::Null => None,
        Cell::Number(number) => Some(number.to_string()),
        Cell::Bool(is) => Some(is.to_string()),
        Cell::Text(text) => Some(text.to_string()),
    }
}

/// Returns the word for an event; the vendor has two examples, and the others are like them (assumed).
fn event(table: &str, kind: &str, change: &Change) -> String {
    let has_status = change
        .after
        .iter()
        .any(|(name, _)| *name == "account_status_id");
    match (table, kind) {
        ("Account", "UPDATED") if has_status => "account.status".to_owned(),
        ("AccountService", "CREATED") => "account.service.add".to_owned(),
        ("AccountService", "DELETED") => "account.service.remove".to_owned(),
        _ => {
            let mut name = String::new();
            for sign in table.chars() {
                if sign.is_uppercase() && !name.is_empty() {
                    name.push('_');
                }
                name.extend(sign.to_lowercase());
            }
            format!("{name}.{}", kind.to_lowercase())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::billing::sonar::data::{ACTIVE, INACTIVE, LEAD, SeedSettings, seed};
    use crate::simulator::billing::sonar::schema::Schema;

    fn instance() -> Database {
        let schema = Schema::current();
        let tables: Vec<&'static str> = schema.tables().collect();
        let mut db = Database::new(&schema, &tables, 1);
        let settings = SeedSettings {
            accounts: 50,
            first_account: 1001,
            seed: 1,
            hostile_every: 0,
        };
        seed(&mut db, settings, 1_000_000_000);
        db
    }

    fn events(db: &Database) -> Vec<String> {
        let rows = db.table("AccountEvent").unwrap().rows();
        rows.map(|row| {
            db.get("AccountEvent", row.id, "event")
                .as_text()
                .unwrap()
                .to_owned()
        })
        .collect()
    }

    #[test]
    fn a_change_of_status_leaves_a_log_an_event_and_a_webhook() {
        let mut db = instance();
        let account = db.find("Account", "account_status_id", ACTIVE)[0];
        let mut writer = Writer::new(&mut db, 1_000_000_100);
        assert!(writer.update(
            "Account",
            account,
            &[("account_status_id", Cell::id(INACTIVE))]
        ));
        let happened = std::mem::take(&mut writer.happened);
        assert_eq!(happened.len(), 1);
        assert_eq!(
            (happened[0].event.as_str(), happened[0].id),
            ("account.status", account)
        );
        assert_eq!(happened[0].current["account_status_id"], json!(3));
        assert_eq!(events(&db), ["STATUS_UPDATED"]);
        let log = db.table("Log").unwrap().rows().next().unwrap().id;
        assert_eq!(
            db.get("Log", log, "previous"),
            &Cell::text(r#"{"account_status_id":2}"#)
        );
        assert_eq!(db.get("Log", log, "loggable_id"), &Cell::id(account));
    }

    #[test]
    fn a_lead_that_becomes_active_is_activated_once() {
        let mut db = instance();
        let lead = db.find("Account", "account_status_id", LEAD)[0];
        let mut writer = Writer::new(&mut db, 1_000_000_100);
        for status in [ACTIVE, INACTIVE, ACTIVE] {
            writer.update("Account", lead, &[("account_status_id", Cell::id(status))]);
        }
        assert_eq!(
            events(&db),
            [
                "STATUS_UPDATED",
                "ACTIVATED",
                "STATUS_UPDATED",
                "STATUS_UPDATED"
            ]
        );
        assert_eq!(
            db.get("Account", lead, "activation_date"),
            &Cell::text("2001-09-09")
        );
    }

    #[test]
    fn a_removed_service_takes_its_values_and_releases_its_items() {
        let mut db = instance();
        let item = db
            .table("InventoryItem")
            .unwrap()
            .rows()
            .find(|row| db.get("InventoryItem", row.id, "account_service_id") != &Cell::Null)
            .unwrap()
            .id;
        let service = db
            .get("InventoryItem", item, "account_service_id")
            .as_id()
            .unwrap();
        let mut writer = Writer::new(&mut db, 1_000_000_100);
        let value = [
            ("account_service_id", Cell::id(service)),
            ("value", Cell::text("x")),
        ];
        let value = writer.create("ServiceMetadataValue", &value);
        assert!(writer.delete("AccountService", service));
        assert!(!writer.delete("AccountService", service));
        let words: Vec<String> = writer
            .happened
            .iter()
            .map(|one| one.event.clone())
            .collect();
        assert!(
            words.contains(&"account.service.remove".to_owned()),
            "{words:?}"
        );
        assert_eq!(db.row("ServiceMetadataValue", value), None);
        assert_eq!(
            db.get("InventoryItem", item, "account_service_id"),
            &Cell::Null
        );
        assert!(events(&db).contains(&"SERVICES_REMOVED".to_owned()));
    }
}
