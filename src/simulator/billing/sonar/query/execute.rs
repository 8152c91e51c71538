//! Computes the values of planned fields from rows, connections and the schema itself.

use serde_json::{Map, Value, json};

use super::error::GraphError;
use super::filter::Rows;
use super::page::Page;
use super::plan::Planned;
use super::view::View;
use crate::simulator::billing::sonar::data::{Cell, Database, Row, USER};
use crate::simulator::billing::sonar::graphql::TypeRef;
use crate::simulator::billing::sonar::schema::{FieldDef, Meta, MetaValue, Schema, Source};

/// The result of a mutation, before its fields are selected.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Outcome {
    Row(&'static str, u64),
    Rows(&'static str, Vec<u64>),
    Plain(Value),
}

/// Something that fields can be selected on.
enum Node<'a> {
    Row(&'static str, &'a Row),
    /// A page, and the name of its connection.
    Page(Page, &'a str),
    Plain(&'a Value),
    Meta(Meta<'a>),
}

/// Reads one state of the instance.
pub(crate) struct Executor<'a> {
    rows: Rows<'a>,
    /// The value of `webhook_model_events`.
    model_events: &'a Value,
}

/// The way to a field, for errors.
type Path = Vec<Value>;

impl<'a> Executor<'a> {
    pub(crate) fn new(
        schema: &'a Schema,
        db: &'a Database,
        view: &'a View,
        model_events: &'a Value,
    ) -> Self {
        Self {
            rows: Rows { schema, db, view },
            model_events,
        }
    }

    /// Returns the value of a root query.
    pub(crate) fn query(&self, planned: &Planned<'_>) -> Result<Value, GraphError> {
        let mut path = vec![json!(planned.key)];
        let schema = self.rows.schema;
        match &planned.field.source {
            Source::Typename => Ok(json!("Query")),
            Source::Root(table) => {
                let all = self.rows.db.table(table).into_iter();
                let all = all.flat_map(|table| table.rows());
                let is_empty = self.rows.view.empty.contains(planned.field.name);
                let candidates = all.take(if is_empty { 0 } else { usize::MAX });
                self.connection(table, candidates, planned, true, &mut path)
            }
            _ => match planned.field.name {
                "me" => self.outcome(planned, &Outcome::Row("User", USER)),
                "webhook_model_events" => {
                    self.object(&Node::Plain(self.model_events), planned, &mut path)
                }
                "__schema" => self.object(&Node::Meta(Meta::Schema), planned, &mut path),
                _ => {
                    let name = planned.arguments.get("name").and_then(Value::as_str);
                    let known = name.filter(|name| schema.get(name).is_some());
                    known.map_or(Ok(Value::Null), |name| {
                        let kind = TypeRef::Named(name.to_owned());
                        self.object(&Node::Meta(Meta::Type(kind)), planned, &mut path)
                    })
                }
            },
        }
    }

    /// Returns the value of a mutation.
    pub(crate) fn outcome(
        &self,
        planned: &Planned<'_>,
        outcome: &Outcome,
    ) -> Result<Value, GraphError> {
        let mut path = vec![json!(planned.key)];
        let row = |table: &'static str, id: u64, path: &mut Path| {
            let found = self.rows.db.row(table, id);
            found.map_or(Ok(Value::Null), |row| {
                self.object(&Node::Row(table, row), planned, path)
            })
        };
        match outcome {
            Outcome::Row(table, id) => row(table, *id, &mut path),
            Outcome::Rows(table, ids) => {
                let list: Result<Vec<Value>, GraphError> =
                    ids.iter().map(|id| row(table, *id, &mut path)).collect();
                list.map(Value::Array)
            }
            Outcome::Plain(value) => self.object(&Node::Plain(value), planned, &mut path),
        }
    }

    fn connection<'r>(
        &'r self,
        table: &'static str,
        candidates: impl Iterator<Item = &'r Row>,
        planned: &Planned<'_>,
        is_root: bool,
        path: &mut Path,
    ) -> Result<Value, GraphError> {
        let asks_for_aggregation = planned
            .arguments
            .get("aggregation")
            .is_some_and(|asked| !asked.is_null());
        if asks_for_aggregation {
            return Err(self.error("Aggregations are not available.", planned, path));
        }
        let page = self
            .rows
            .page(table, candidates, &planned.arguments, is_root)
            .map_err(|problem| self.error(&problem, planned, path))?;
        self.object(&Node::Page(page, planned.field.name), planned, path)
    }

    fn error(&self, message: &str, planned: &Planned<'_>, path: &Path) -> GraphError {
        GraphError {
            path: path.clone(),
            ..GraphError::at(message, planned.at)
        }
    }

    /// Returns an object with the fields that are selected on it.
    fn object(
        &self,
        node: &Node<'_>,
        planned: &Planned<'_>,
        path: &mut Path,
    ) -> Result<Value, GraphError> {
        let kind = match node {
            Node::Row(table, _) => table,
            _ => planned.field.kind.name(),
        };
        let selected = planned.inside.get(kind).map(Vec::as_slice);
        let mut values = Map::new();
        for field in selected.unwrap_or_default() {
            path.push(json!(field.key));
            let value = match field.field.source {
                Source::Typename => json!(kind),
                _ => self.value(node, field, path)?,
            };
            path.pop();
            values.insert(field.key.clone(), value);
        }
        Ok(Value::Object(values))
    }

    fn value(
        &self,
        node: &Node<'_>,
        planned: &Planned<'_>,
        path: &mut Path,
    ) -> Result<Value, GraphError> {
        match node {
            Node::Row(table, row) => self.of_row(table, row, planned, path),
            Node::Page(page, connection) => self.of_page(page, connection, planned, path),
            Node::Plain(value) => {
                let found = value.get(planned.field.name).unwrap_or(&Value::Null);
                self.plain(found, planned, path)
            }
            Node::Meta(meta) => match self.rows.schema.meta(meta, planned.field.name) {
                MetaValue::Plain(value) => Ok(value),
                MetaValue::One(meta) => self.object(&Node::Meta(meta), planned, path),
                MetaValue::Many(list) => list
                    .into_iter()
                    .map(|meta| self.object(&Node::Meta(meta), planned, path))
                    .collect::<Result<_, _>>()
                    .map(Value::Array),
            },
        }
    }

    fn plain(
        &self,
        value: &Value,
        planned: &Planned<'_>,
        path: &mut Path,
    ) -> Result<Value, GraphError> {
        match value {
            Value::Array(list) if !planned.inside.is_empty() => list
                .iter()
                .map(|value| self.plain(value, planned, path))
                .collect::<Result<_, _>>()
                .map(Value::Array),
            Value::Object(_) => self.object(&Node::Plain(value), planned, path),
            value => Ok(value.clone()),
        }
    }

    fn of_page(
        &self,
        page: &Page,
        connection: &str,
        planned: &Planned<'_>,
        path: &mut Path,
    ) -> Result<Value, GraphError> {
        match planned.field.source {
            Source::Entities => {
                let mut list = Vec::with_capacity(page.ids.len());
                for (number, id) in page.ids.iter().enumerate() {
                    let Some(row) = self.rows.db.row(page.table, *id) else {
                        continue;
                    };
                    path.push(json!(number));
                    list.push(self.object(&Node::Row(page.table, row), planned, path)?);
                    path.pop();
                }
                Ok(Value::Array(list))
            }
            Source::PageInfo if self.rows.view.page_info_fails.contains(connection) => {
                let message = "Call to undefined relationship while the aggregation was computed.";
                Err(self.error(message, planned, path))
            }
            Source::PageInfo => {
                // Only the totals of root queries move: this one is as long as the way to its `page_info`.
                let is_root = path.len() == 2;
                let off_by = if is_root {
                    self.rows.view.total_off_by
                } else {
                    0
                };
                self.object(&Node::Plain(&page.info(off_by)), planned, path)
            }
            _ => Ok(json!([])),
        }
    }

    fn of_row(
        &self,
        table: &'static str,
        row: &Row,
        planned: &Planned<'_>,
        path: &mut Path,
    ) -> Result<Value, GraphError> {
        let field = planned.field;
        let view = self.rows.view;
        let is_null = |(kind, name): &(String, String)| kind == table && name == field.name;
        if view.null_fields.iter().any(is_null) {
            return Ok(Value::Null);
        }
        let related = || self.rows.related(table, row, &field.source);
        match &field.source {
            Source::Stored(slot) => {
                Ok(self.stored(table, field, &self.rows.db.slot(table, row, *slot)))
            }
            Source::ToMany { target, .. } => {
                let candidates = related().into_iter();
                let candidates = candidates.filter_map(|(table, id)| self.rows.db.row(table, id));
                self.connection(target, candidates, planned, false, path)
            }
            _ => {
                let found = related().into_iter().next();
                let found = found.filter(|(table, id)| self.rows.is_visible(table, *id));
                let found =
                    found.and_then(|(table, id)| Some((table, self.rows.db.row(table, id)?)));
                let Some((target, found)) = found else {
                    return Ok(Value::Null);
                };
                let fits = self
                    .rows
                    .matches(target, found, &planned.arguments)
                    .map_err(|problem| self.error(&problem, planned, path))?;
                match fits {
                    true => self.object(&Node::Row(target, found), planned, path),
                    false => Ok(Value::Null),
                }
            }
        }
    }

    fn stored(&self, table: &str, field: &FieldDef, cell: &Cell) -> Value {
        let view = self.rows.view;
        let other = view
            .other_values
            .iter()
            .find(|(kind, name, _)| kind == table && name == field.name);
        match other {
            Some((_, _, value)) => json!(value),
            None => cell.to_json(field.kind.name(), view.ids_as_numbers),
        }
    }
}
