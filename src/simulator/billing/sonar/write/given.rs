//! Reads the arguments of a mutation, and checks and answers what all mutations have in common.

use serde_json::{Map, Value, json};

use super::record::Writer;
use crate::simulator::billing::sonar::data::Cell;
use crate::simulator::billing::sonar::query::{GraphError, Outcome};

/// The arguments of a mutation, already of the right types.
#[derive(Clone, Copy)]
pub(super) struct Given<'a> {
    arguments: &'a Map<String, Value>,
}

impl<'a> Given<'a> {
    pub(super) const fn new(arguments: &'a Map<String, Value>) -> Self {
        Self { arguments }
    }

    /// Returns an argument that is an id.
    pub(super) fn id(self, name: &str) -> u64 {
        self.arguments
            .get(name)
            .and_then(Value::as_u64)
            .unwrap_or(0)
    }

    pub(super) fn argument(self, name: &str) -> Option<&'a Value> {
        self.arguments.get(name)
    }

    /// Returns a member of `input` that is given and not null.
    pub(super) fn input(self, name: &str) -> Option<&'a Value> {
        let found = self.arguments.get("input")?.get(name)?;
        (!found.is_null()).then_some(found)
    }

    pub(super) fn input_id(self, name: &str) -> Option<u64> {
        self.input(name).and_then(Value::as_u64)
    }

    pub(super) fn input_text(self, name: &str) -> Option<&'a str> {
        self.input(name).and_then(Value::as_str)
    }

    pub(super) fn input_list(self, name: &str) -> &'a [Value] {
        let list = self.input(name).and_then(Value::as_array);
        list.map(Vec::as_slice).unwrap_or_default()
    }

    /// Returns the columns that `input` sets: what is left out stays, null needs `unset_NAME`.
    pub(super) fn columns(
        self,
        writer: &Writer<'_>,
        table: &str,
        names: &[&'static str],
    ) -> Vec<(&'static str, Cell)> {
        let mut set = Vec::new();
        for name in names {
            let columns = writer.db.table(table).map(|table| table.columns.as_slice());
            let mut columns = columns.unwrap_or_default().iter();
            let column = columns.find(|column| column.name == *name);
            let scalar = column.map_or("String", |column| column.kind.name());
            let value = self
                .input(name)
                .and_then(|value| Cell::from_json(value, scalar));
            let is_unset = self.input(&format!("unset_{name}")) == Some(&Value::Bool(true));
            if let Some(cell) = value.or(is_unset.then_some(Cell::Null)) {
                set.push((*name, cell));
            }
        }
        set
    }
}

/// Returns an error if there is no such row.
pub(super) fn must_exist(
    writer: &Writer<'_>,
    table: &'static str,
    id: u64,
) -> Result<(), GraphError> {
    match writer.db.row(table, id) {
        Some(_) => Ok(()),
        None => Err(GraphError::new(format!(
            "No {table} with the id {id} was found."
        ))),
    }
}

/// Returns the answer of a mutation that returns no object.
pub(super) fn success() -> Outcome {
    Outcome::Plain(json!({"success": true, "message": null}))
}
