//! Decides which rows a connection has: equality, searches, and filters over relations.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::view::View;
use crate::simulator::billing::sonar::data::{Cell, Database, Row};
use crate::simulator::billing::sonar::schema::{Class, Link, Schema, Slot, Source};

/// The rows that a request can see.
#[derive(Clone, Copy)]
pub(super) struct Rows<'a> {
    pub(super) schema: &'a Schema,
    pub(super) db: &'a Database,
    pub(super) view: &'a View,
}

/// The lists of a search element, with the class of columns that each is for.
const LISTS: &[(&str, Class)] = &[
    ("string_fields", Class::Text),
    ("integer_fields", Class::Integer),
    ("float_fields", Class::Float),
    ("datetime_fields", Class::Datetime),
    ("date_fields", Class::Date),
    ("boolean_fields", Class::Boolean),
    ("ip_address_fields", Class::Address),
    ("geopoint_fields", Class::Point),
];

impl Rows<'_> {
    /// Returns whether the user may see a row: not if it is, or belongs to, an account that is hidden.
    pub(super) fn is_visible(&self, table: &str, id: u64) -> bool {
        if self.view.hidden_accounts.is_empty() {
            return true;
        }
        let account = match table {
            "Account" => Some(id),
            "Address"
                if self.db.get(table, id, "addressable_type").as_text() == Some("Account") =>
            {
                self.db.get(table, id, "addressable_id").as_id()
            }
            _ => self.db.get(table, id, "account_id").as_id(),
        };
        let hidden = &self.view.hidden_accounts;
        account.is_none_or(|account| {
            !hidden.iter().any(|(column, value)| {
                self.db.get("Account", account, column).as_id() == Some(*value)
            })
        })
    }

    /// Returns whether a row fits all arguments; the problem if one of them makes no sense.
    pub(super) fn matches(
        &self,
        table: &str,
        row: &Row,
        arguments: &Map<String, Value>,
    ) -> Result<bool, String> {
        for (name, value) in arguments {
            let fits = match name.as_str() {
                "paginator" | "sorter" | "aggregation" | "include_archived" => true,
                "search" => value.is_null() || self.search(table, row, value)?,
                "general_search" => value.as_str().is_none_or(|text| general(row, text)),
                "reverse_relation_filters" => self.relations(table, row, value)?,
                column => self.equals(table, row, column, value),
            };
            if !fits {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn equals(&self, table: &str, row: &Row, column: &str, value: &Value) -> bool {
        let field = self.schema.field(table, column);
        field.is_some_and(|field| match field.source {
            Source::Stored(slot) => {
                Cell::from_json(value, field.kind.name()) == Some(self.db.slot(table, row, slot))
            }
            _ => false,
        })
    }

    /// The elements are alternatives; all fields within one must fit.
    fn search(&self, table: &str, row: &Row, elements: &Value) -> Result<bool, String> {
        let elements = elements.as_array().map(Vec::as_slice).unwrap_or_default();
        let mut fits = elements.is_empty();
        for element in elements {
            // Every element is looked at, so that a wrong attribute is always an error.
            fits |= self.element(table, row, element)?;
        }
        Ok(fits)
    }

    fn element(&self, table: &str, row: &Row, element: &Value) -> Result<bool, String> {
        let mut fits = true;
        let list = |name: &str| {
            let found = element.get(name).and_then(Value::as_array);
            found.map(Vec::as_slice).unwrap_or_default()
        };
        for (name, class) in LISTS {
            for condition in list(name) {
                fits &= self.condition(table, row, condition, *class)?;
            }
        }
        for (name, is_set) in [("exists", true), ("unset_fields", false)] {
            for attribute in list(name).iter().filter_map(Value::as_str) {
                fits &= self.is_set(table, row, attribute)? == is_set;
            }
        }
        if let Some(filters) = element.get("reverse_relation_filters") {
            fits &= self.relations(table, row, filters)?;
        }
        Ok(fits)
    }

    fn slot(&self, table: &str, attribute: &str) -> Result<(Slot, Class), String> {
        self.schema
            .slot(table, attribute)
            .ok_or_else(|| format!("The attribute \"{attribute}\" does not exist on {table}."))
    }

    /// A relation is set if it has rows.
    fn is_set(&self, table: &str, row: &Row, attribute: &str) -> Result<bool, String> {
        let field = self.schema.field(table, attribute);
        match field.map(|field| &field.source) {
            Some(Source::Stored(slot)) => Ok(self.db.slot(table, row, *slot) != Cell::Null),
            Some(source) => Ok(!self.related(table, row, source).is_empty()),
            None => self.slot(table, attribute).map(|_| false),
        }
    }

    fn condition(
        &self,
        table: &str,
        row: &Row,
        condition: &Value,
        class: Class,
    ) -> Result<bool, String> {
        let word = |name: &str| condition.get(name).and_then(Value::as_str);
        let is = |name: &str| condition.get(name).and_then(Value::as_bool);
        let attribute = word("attribute").unwrap_or_default();
        let (slot, own) = self.slot(table, attribute)?;
        if own != class {
            return Err(format!(
                "The attribute \"{attribute}\" of {table} cannot be searched as {class:?}."
            ));
        }
        let cell = self.db.slot(table, row, slot);
        let wanted = condition.get("search_value").unwrap_or(&Value::Null);
        match class {
            Class::Text | Class::Address | Class::Point => {
                let wanted = wanted.as_str().unwrap_or_default();
                let found = cell.as_text().unwrap_or_default();
                let fits = match class == Class::Text && is("partial_matching") != Some(false) {
                    true => found.to_lowercase().contains(&wanted.to_lowercase()),
                    false => cell != Cell::Null && found == wanted,
                };
                Ok(fits == is("match").unwrap_or(true))
            }
            _ => {
                let scalar = match class {
                    Class::Datetime => "Datetime",
                    Class::Date => "Date",
                    Class::Boolean => "Boolean",
                    _ => "Int64Bit",
                };
                let wanted = Cell::from_json(wanted, scalar).unwrap_or_default();
                let operator = word("operator").unwrap_or("EQ");
                Ok(
                    cell != Cell::Null && compares(cell.order(&wanted), operator)
                        || cell == Cell::Null && operator == "NEQ",
                )
            }
        }
    }

    /// Filters of one group must all fit; the groups are alternatives.
    fn relations(&self, table: &str, row: &Row, filters: &Value) -> Result<bool, String> {
        let filters = filters.as_array().map(Vec::as_slice).unwrap_or_default();
        let mut groups: BTreeMap<&str, bool> = BTreeMap::new();
        for filter in filters {
            let word = |name: &str| filter.get(name).and_then(Value::as_str);
            let path = word("relation").unwrap_or_default();
            let mut found = vec![(self.table(table)?, row.id)];
            for name in path.split('.') {
                let mut next = Vec::new();
                for (table, id) in found {
                    let relation = self.schema.field(table, name).map(|field| &field.source);
                    let Some(source) =
                        relation.filter(|source| !matches!(source, Source::Stored(_)))
                    else {
                        return Err(format!(
                            "The relation \"{path}\" does not exist on {table}."
                        ));
                    };
                    let row = self.db.row(table, id);
                    next.extend(
                        row.into_iter()
                            .flat_map(|row| self.related(table, row, source)),
                    );
                }
                found = next;
            }
            let mut any = false;
            for (table, id) in found {
                let Some(row) = self.db.row(table, id) else {
                    continue;
                };
                let is_found = match filter.get("search") {
                    Some(Value::Null) | None => true,
                    Some(search) => self.search(table, row, search)?,
                };
                let text = word("general_search");
                any |= is_found && text.is_none_or(|text| general(row, text));
            }
            let is_empty = filter.get("is_empty").and_then(Value::as_bool) == Some(true);
            *groups.entry(word("group").unwrap_or("1")).or_insert(true) &= any != is_empty;
        }
        Ok(groups.is_empty() || groups.values().any(|fits| *fits))
    }

    fn table(&self, name: &str) -> Result<&'static str, String> {
        self.schema
            .table(name)
            .ok_or_else(|| format!("{name} has no relations."))
    }

    /// Returns the rows that a relation leads to, lowest id first.
    pub(super) fn related(
        &self,
        table: &str,
        row: &Row,
        source: &Source,
    ) -> Vec<(&'static str, u64)> {
        let id_in = |column: usize| row.cells.get(column).and_then(Cell::as_id);
        let rows = |target: &'static str, ids: Vec<u64>| -> Vec<(&'static str, u64)> {
            let is_there = |id: &u64| self.db.row(target, *id).is_some();
            ids.into_iter()
                .filter(is_there)
                .map(|id| (target, id))
                .collect()
        };
        match source {
            Source::ToOne { target, column } => rows(target, id_in(*column).into_iter().collect()),
            Source::HasOne { target, column } => {
                let found = self.db.find(target, column, row.id);
                rows(target, found.into_iter().take(1).collect())
            }
            Source::OneOf { kind, id } => {
                let kind = row.cells.get(*kind).and_then(Cell::as_text);
                let target = kind.and_then(|kind| self.schema.table(kind));
                target.map_or_else(Vec::new, |target| {
                    rows(target, id_in(*id).into_iter().collect())
                })
            }
            Source::ToMany { target, link } => match link {
                Link::Column(column) => rows(target, self.db.find(target, column, row.id)),
                Link::Owner { kind, id } => {
                    rows(target, self.db.owned(target, kind, id, (table, row.id)))
                }
                Link::Through { table, own, other } => {
                    let members = self.db.find(table, own, row.id).into_iter();
                    let others = members.filter_map(|id| self.db.get(table, id, other).as_id());
                    rows(target, others.collect())
                }
            },
            _ => Vec::new(),
        }
    }
}

/// Searches all texts of a row, and its id.
fn general(row: &Row, text: &str) -> bool {
    let text = text.to_lowercase();
    let mut cells = row.cells.iter().filter_map(Cell::as_text);
    row.id.to_string() == text || cells.any(|cell| cell.to_lowercase().contains(&text))
}

fn compares(order: Ordering, operator: &str) -> bool {
    match operator {
        "GTE" => order != Ordering::Less,
        "GT" => order == Ordering::Greater,
        "LTE" => order != Ordering::Greater,
        "LT" => order == Ordering::Less,
        "NEQ" => order != Ordering::Equal,
        _ => order == Ordering::Equal,
    }
}
