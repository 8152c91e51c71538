//! Carries out mutations on inventory items: links to services, fields, health, assignment.

use serde_json::Value;

use super::given::{Given, must_exist, success};
use super::record::Writer;
use crate::simulator::billing::sonar::data::{Cell, Create, mac_of};
use crate::simulator::billing::sonar::query::{GraphError, Outcome};

const ITEM: &str = "InventoryItem";
const DATA: &str = "InventoryModelFieldData";

pub(super) fn link(writer: &mut Writer<'_>, given: Given<'_>) -> Result<Outcome, GraphError> {
    let item = given.input_id("inventory_item_id").unwrap_or(0);
    must_exist(writer, ITEM, item)?;
    if let Some(service) = given.input_id("account_service_id") {
        must_exist(writer, "AccountService", service)?;
    }
    let columns = given.columns(writer, ITEM, &["account_service_id"]);
    writer.update(ITEM, item, &columns);
    Ok(success())
}

pub(super) fn update_fields(
    writer: &mut Writer<'_>,
    given: Given<'_>,
) -> Result<Outcome, GraphError> {
    let item = given.id("id");
    must_exist(writer, ITEM, item)?;
    let model = writer.db.get(ITEM, item, "inventory_model_id").clone();
    let problem = |problem: &str| Err(GraphError::validation("input.fields", problem));
    for given in given.input_list("fields") {
        let field = id_of(given, "inventory_model_field_id");
        if writer
            .db
            .get("InventoryModelField", field, "inventory_model_id")
            != &model
        {
            return problem("The field does not belong to the model.");
        }
        let is_mac = writer
            .db
            .get("InventoryModelField", field, "type")
            .as_text()
            == Some("MAC_ADDRESS");
        let value = given.get("value").and_then(Value::as_str);
        if is_mac && value.is_some_and(|value| mac_of(value).is_none()) {
            return problem("The value is not a MAC address.");
        }
    }
    for given in given.input_list("fields") {
        let field = id_of(given, "inventory_model_field_id");
        let mut values = writer.db.find(DATA, "inventory_item_id", item).into_iter();
        let existing = values.find(|value| {
            writer.db.get(DATA, *value, "inventory_model_field_id") == &Cell::id(field)
        });
        let value = given.get("value").and_then(Value::as_str);
        let is_unset = given.get("unset") == Some(&Value::Bool(true));
        match (existing, value) {
            (Some(existing), None) if is_unset => {
                writer.delete(DATA, existing);
            }
            (Some(existing), Some(value)) => {
                writer.update(DATA, existing, &[("value", Cell::text(value))]);
            }
            (None, Some(value)) => {
                let of = ("inventory_model_field_id", Cell::id(field));
                let owner = ("inventory_item_id", Cell::id(item));
                writer.create(DATA, &[owner, of, ("value", Cell::text(value))]);
            }
            (_, None) => {}
        }
    }
    Ok(Outcome::Row(ITEM, item))
}

pub(super) fn update_status(
    writer: &mut Writer<'_>,
    given: Given<'_>,
) -> Result<Outcome, GraphError> {
    let item = given.id("id");
    must_exist(writer, ITEM, item)?;
    let columns = given.columns(writer, ITEM, &["override_status"]);
    writer.update(ITEM, item, &columns);
    let own = writer.db.get(ITEM, item, "override_status").clone();
    let overall = if own == Cell::Null {
        Cell::text("GOOD")
    } else {
        own
    };
    writer.update(ITEM, item, &[("overall_status", overall)]);
    Ok(Outcome::Row(ITEM, item))
}

pub(super) fn assign(writer: &mut Writer<'_>, given: Given<'_>) -> Result<Outcome, GraphError> {
    let ids = given.argument("ids").and_then(Value::as_array);
    let ids: Vec<u64> = ids
        .into_iter()
        .flatten()
        .filter_map(Value::as_u64)
        .collect();
    for id in &ids {
        must_exist(writer, ITEM, *id)?;
    }
    let kind = given
        .input_text("inventoryitemable_type")
        .unwrap_or_default();
    let owner = given.input_id("inventoryitemable_id").unwrap_or(0);
    if writer.db.row(kind, owner).is_none() {
        return Err(GraphError::new(format!(
            "No {kind} with the id {owner} was found."
        )));
    }
    let names = ["inventoryitemable_type", "inventoryitemable_id"];
    let columns = given.columns(writer, ITEM, &names);
    for id in &ids {
        writer.update(ITEM, *id, &columns);
    }
    Ok(Outcome::Rows(ITEM, ids))
}

fn id_of(value: &Value, name: &str) -> u64 {
    value.get(name).and_then(Value::as_u64).unwrap_or(0)
}
