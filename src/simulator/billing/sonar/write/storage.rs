//! Carries out mutations on free storage: metadata of services and custom fields.

use serde_json::Value;

use super::given::{Given, must_exist};
use super::record::Writer;
use crate::simulator::billing::sonar::data::{Cell, Create};
use crate::simulator::billing::sonar::query::{GraphError, Outcome};

pub(super) fn update_account_service(
    writer: &mut Writer<'_>,
    given: Given<'_>,
) -> Result<Outcome, GraphError> {
    const TABLE: &str = "AccountService";
    const VALUES: &str = "ServiceMetadataValue";
    let id = given.id("id");
    must_exist(writer, TABLE, id)?;
    let service = writer.db.get(TABLE, id, "service_id").clone();
    let existing = |writer: &Writer<'_>, metadata: u64| {
        let mut values = writer.db.find(VALUES, "account_service_id", id).into_iter();
        values.find(|value| {
            writer.db.get(VALUES, *value, "service_metadata_id") == &Cell::id(metadata)
        })
    };
    let pairs = pairs(given.input_list("service_metadata"), "service_metadata_id");
    for (metadata, _) in &pairs {
        let of = writer.db.get("ServiceMetadata", *metadata, "service_id");
        if *of == Cell::Null || *of != service {
            return Err(GraphError::validation(
                "input.service_metadata",
                "The metadata does not belong to the service.",
            ));
        }
    }
    for (metadata, value) in pairs {
        let value = ("value", Cell::text(value));
        match existing(writer, metadata) {
            Some(found) => {
                writer.update(VALUES, found, &[value]);
            }
            None => {
                let owner = ("account_service_id", Cell::id(id));
                let of = ("service_metadata_id", Cell::id(metadata));
                writer.create(VALUES, &[owner, of, value]);
            }
        }
    }
    for metadata in given.input_list("unset_service_metadata") {
        if let Some(found) = metadata
            .as_u64()
            .and_then(|metadata| existing(writer, metadata))
        {
            writer.delete(VALUES, found);
        }
    }
    let names = [
        "quantity",
        "name_override",
        "price_override",
        "next_bill_date",
    ];
    let columns = given.columns(writer, TABLE, &names);
    writer.update(TABLE, id, &columns);
    Ok(Outcome::Row(TABLE, id))
}

pub(super) fn update_custom_fields(
    writer: &mut Writer<'_>,
    given: Given<'_>,
) -> Result<Outcome, GraphError> {
    const TABLE: &str = "CustomFieldData";
    let id = given.id("customfielddataable_id");
    let kind = given
        .argument("customfielddataable_type")
        .and_then(Value::as_str);
    let kind = kind.unwrap_or_default();
    if writer.db.row(kind, id).is_none() {
        return Err(GraphError::new(format!(
            "No {kind} with the id {id} was found."
        )));
    }
    let owned = |writer: &Writer<'_>| {
        let columns = ("customfielddataable_type", "customfielddataable_id");
        writer.db.owned(TABLE, columns.0, columns.1, (kind, id))
    };
    let existing = |writer: &Writer<'_>, field: u64| {
        let mut values = owned(writer).into_iter();
        values.find(|value| writer.db.get(TABLE, *value, "custom_field_id") == &Cell::id(field))
    };
    let pairs = pairs(given.input_list("custom_field_data"), "custom_field_id");
    for (field, _) in &pairs {
        if writer
            .db
            .get("CustomField", *field, "entity_type")
            .as_text()
            != Some(kind)
        {
            return Err(GraphError::validation(
                "input.custom_field_data",
                "The custom field does not belong to this type.",
            ));
        }
    }
    for (field, value) in pairs {
        let value = ("value", Cell::text(value));
        match existing(writer, field) {
            Some(found) => {
                writer.update(TABLE, found, &[value]);
            }
            None => {
                writer.create(
                    TABLE,
                    &[
                        ("custom_field_id", Cell::id(field)),
                        ("customfielddataable_type", Cell::text(kind)),
                        ("customfielddataable_id", Cell::id(id)),
                        value,
                    ],
                );
            }
        }
    }
    for field in given.input_list("unset_custom_field_data") {
        if let Some(found) = field.as_u64().and_then(|field| existing(writer, field)) {
            writer.delete(TABLE, found);
        }
    }
    Ok(Outcome::Rows(TABLE, owned(writer)))
}

pub(super) fn create_service_metadata(
    writer: &mut Writer<'_>,
    given: Given<'_>,
) -> Result<Outcome, GraphError> {
    must_exist(writer, "Service", given.input_id("service_id").unwrap_or(0))?;
    let columns = given.columns(writer, "ServiceMetadata", &["name", "service_id"]);
    let id = writer.create("ServiceMetadata", &columns);
    Ok(Outcome::Row("ServiceMetadata", id))
}

pub(super) fn create_custom_field(
    writer: &mut Writer<'_>,
    given: Given<'_>,
) -> Result<Outcome, GraphError> {
    let names = ["name", "type", "unique", "entity_type", "required"];
    let mut columns = given.columns(writer, "CustomField", &names);
    let options: Vec<&str> = given
        .input_list("enum_options")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    if !options.is_empty() {
        columns.push(("enum_options", Cell::text(options.join(","))));
    }
    let id = writer.create("CustomField", &columns);
    Ok(Outcome::Row("CustomField", id))
}

/// Returns the ids and values of a list.
fn pairs<'a>(list: &'a [Value], id: &str) -> Vec<(u64, &'a str)> {
    list.iter()
        .filter_map(|pair| pair.get(id)?.as_u64().zip(pair.get("value")?.as_str()))
        .collect()
}
