//! Sets values by path, as `accounts/1042/is_delinquent`; `*` is every row, null alone deletes.

use serde_json::Value;

use super::data::{Cell, Create};
use super::schema::{Schema, TypeKind};
use super::write::Writer;
use crate::simulator::billing::operation::OperationError;

/// Carries out an edit; returns the ids of the rows.
pub(super) fn edit(
    writer: &mut Writer<'_>,
    schema: &Schema,
    path: &str,
    value: &Value,
) -> Result<Vec<u64>, OperationError> {
    let no_path = || OperationError::NoPath(path.to_owned());
    let mut parts = path.split('/');
    let table = parts.next().and_then(|name| schema.table(name));
    let table = table.ok_or_else(no_path)?;
    let id = parts.next().ok_or_else(no_path)?;
    let column = parts.next();
    if parts.next().is_some() {
        return Err(no_path());
    }
    match (id, column, value) {
        ("new", None, Value::Object(members)) => {
            let mut given = Vec::new();
            for (name, value) in members {
                given.push((name.as_str(), cell(schema, table, name, path, value)?));
            }
            Ok(vec![writer.create(table, &given)])
        }
        (id, None, Value::Null) => {
            let ids = rows(writer, table, id).ok_or_else(no_path)?;
            for id in &ids {
                writer.delete(table, *id);
            }
            Ok(ids)
        }
        (id, Some(column), value) => {
            let ids = rows(writer, table, id).ok_or_else(no_path)?;
            let set = cell(schema, table, column, path, value)?;
            for id in &ids {
                writer.update(table, *id, &[(column, set.clone())]);
            }
            Ok(ids)
        }
        _ => Err(no_path()),
    }
}

/// Returns the rows that a part of a path names, which exist.
fn rows(writer: &Writer<'_>, table: &str, id: &str) -> Option<Vec<u64>> {
    if id == "*" {
        let table = writer.db.table(table)?;
        return Some(table.rows().map(|row| row.id).collect());
    }
    let id = id.parse().ok()?;
    writer.db.row(table, id).map(|_| vec![id])
}

/// Returns a value as the column stores it. Words that the enum lacks are accepted: they are what tests need.
fn cell(
    schema: &Schema,
    table: &str,
    column: &str,
    path: &str,
    value: &Value,
) -> Result<Cell, OperationError> {
    let def = schema.get(table);
    let def = def.and_then(|table| table.columns.iter().find(|def| def.name == column));
    let Some(def) = def else {
        return Err(OperationError::NoPath(path.to_owned()));
    };
    let scalar = def.kind.name();
    Cell::from_json(value, scalar).ok_or_else(|| OperationError::InvalidValue {
        path: path.to_owned(),
        expected: match scalar {
            "Boolean" => "true or false",
            "Int64Bit" | "Int" => "a number",
            "Datetime" => "a time such as 2026-11-20T14:03:09Z",
            "Date" => "a date such as 2026-11-20",
            "MacAddress" => "a MAC address",
            name if schema
                .get(name)
                .is_some_and(|def| def.kind == TypeKind::Enum) =>
            {
                "a word"
            }
            _ => "a text",
        },
    })
}
