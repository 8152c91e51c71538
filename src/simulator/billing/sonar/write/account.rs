//! Carries out mutations that bill or end a contract. gamctl sends none of them; tests count them.

use serde_json::Value;

use super::given::{Given, must_exist, success};
use super::record::Writer;
use crate::simulator::billing::sonar::data::{Cell, Create, add_service as add};
use crate::simulator::billing::sonar::query::{GraphError, Outcome};

const ACCOUNT: &str = "Account";

pub(super) fn update(writer: &mut Writer<'_>, given: Given<'_>) -> Result<Outcome, GraphError> {
    let id = given.id("id");
    must_exist(writer, ACCOUNT, id)?;
    if let Some(status) = given.input_id("account_status_id") {
        must_exist(writer, "AccountStatus", status)?;
    }
    let names = ["name", "account_status_id", "account_type_id"];
    let columns = given.columns(writer, ACCOUNT, &names);
    writer.update(ACCOUNT, id, &columns);
    Ok(Outcome::Row(ACCOUNT, id))
}

pub(super) fn add_service(
    writer: &mut Writer<'_>,
    given: Given<'_>,
) -> Result<Outcome, GraphError> {
    let account = given.input_id("account_id").unwrap_or(0);
    let service = given.input_id("service_id").unwrap_or(0);
    must_exist(writer, ACCOUNT, account)?;
    must_exist(writer, "Service", service)?;
    let quantity = given.input("quantity").and_then(Value::as_i64).unwrap_or(1);
    let id = add(writer, account, service, quantity);
    Ok(Outcome::Row("AccountService", id))
}

pub(super) fn delete_service(
    writer: &mut Writer<'_>,
    given: Given<'_>,
) -> Result<Outcome, GraphError> {
    must_exist(writer, "AccountService", given.id("id"))?;
    writer.delete("AccountService", given.id("id"));
    Ok(success())
}

/// Frees the addresses of an account and writes a disconnection log.
pub(super) fn disconnect(writer: &mut Writer<'_>, given: Given<'_>) -> Result<Outcome, GraphError> {
    let id = given.id("id");
    must_exist(writer, ACCOUNT, id)?;
    writer.disconnect(id, given.input_text("reason"));
    Ok(Outcome::Row(ACCOUNT, id))
}

pub(super) fn archive(writer: &mut Writer<'_>, given: Given<'_>) -> Result<Outcome, GraphError> {
    let id = given.id("id");
    must_exist(writer, ACCOUNT, id)?;
    let now = Cell::time(writer.now);
    writer.update(ACCOUNT, id, &[("archived_at", now)]);
    Ok(Outcome::Row(ACCOUNT, id))
}

impl Writer<'_> {
    /// Frees the addresses of an account. What is installed there stays.
    pub(crate) fn disconnect(&mut self, account: u64, reason: Option<&str>) {
        let owner = (ACCOUNT, account);
        for address in self
            .db
            .owned("Address", "addressable_type", "addressable_id", owner)
        {
            let free = [
                ("addressable_type", Cell::Null),
                ("addressable_id", Cell::Null),
            ];
            self.update("Address", address, &free);
        }
        let reason = reason.map_or(Cell::Null, Cell::text);
        let log = [("account_id", Cell::id(account)), ("reason", reason)];
        self.create("DisconnectionLog", &log);
    }
}
