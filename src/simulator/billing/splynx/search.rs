//! Reads conditions, order and pages from a query, and applies them to records; what it does not know it ignores.

use std::cmp::Ordering;

use super::brackets::{Entries, Node, parse};
use super::cell::{Cell, Column, Kind};
use super::pattern::{Regexp, is_like};
use super::table::Row;

/// A search over one table.
#[derive(Debug, Clone, Default)]
pub(super) struct Search {
    pub(super) conditions: Vec<Condition>,
    order: Vec<(Field, bool)>,
    limit: Option<usize>,
    offset: usize,
}

/// The part of a record that a condition or an order is about.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Field {
    Column(usize, Kind),
    /// An additional field, by its name.
    Additional(String),
}

/// One condition on one field.
#[derive(Debug, Clone)]
pub(super) struct Condition {
    field: Field,
    test: Test,
}

#[derive(Debug, Clone)]
enum Test {
    /// One of the six comparisons, by the orderings that it accepts.
    Compare(&'static [Ordering], String),
    Between(String, String),
    In(Vec<String>),
    Like(String),
    Regexp(Regexp),
    FindInSet(String),
    IsNull(bool),
}

const EQUAL: &[Ordering] = &[Ordering::Equal];
const DIFFERENT: &[Ordering] = &[Ordering::Less, Ordering::Greater];

impl Search {
    /// Reads the query of a list. `additional` has the names of the additional fields that are defined.
    pub(super) fn read(query: &str, columns: &'static [Column], additional: &[&str]) -> Self {
        let parameters = parse(query);
        let number = |name: &str| -> Option<usize> {
            let text = parameters.get(name).and_then(Node::text)?;
            text.trim().parse().ok()
        };
        let mut search = Self {
            limit: number("limit"),
            offset: number("offset").unwrap_or(0),
            ..Self::default()
        };
        let fields = |group: &str| {
            let entries = parameters.get(group).and_then(Node::map);
            entries.into_iter().flat_map(Entries::iter)
        };
        for (name, node) in fields("main_attributes") {
            search.add(column(columns, name), node);
        }
        for (name, node) in fields("additional_attributes") {
            let field = additional.contains(&name);
            search.add(field.then(|| Field::Additional(name.to_owned())), node);
        }
        for (name, node) in fields("order") {
            let is_down = node
                .text()
                .is_some_and(|word| word.eq_ignore_ascii_case("desc"));
            let field = column(columns, name).or_else(|| {
                let is_known = additional.contains(&name);
                is_known.then(|| Field::Additional(name.to_owned()))
            });
            search.order.extend(field.map(|field| (field, is_down)));
        }
        search
    }

    fn add(&mut self, field: Option<Field>, node: &Node) {
        if let (Some(field), Some(test)) = (field, test(node)) {
            self.conditions.push(Condition { field, test });
        }
    }

    /// Drops the conditions on one column, or all.
    pub(super) fn forget(&mut self, columns: &'static [Column], name: Option<&str>) {
        let column = name.and_then(|name| column(columns, name));
        self.conditions
            .retain(|condition| name.is_some() && Some(&condition.field) != column.as_ref());
    }

    /// Returns whether a condition is about a column.
    pub(super) fn names(&self, columns: &'static [Column], name: &str) -> bool {
        let field = column(columns, name);
        let mut conditions = self.conditions.iter();
        conditions.any(|condition| Some(&condition.field) == field.as_ref())
    }

    pub(super) fn is_match(&self, row: &Row) -> bool {
        self.conditions
            .iter()
            .all(|condition| condition.is_met(row))
    }

    /// Puts records in order, and cuts out the page that was asked for.
    pub(super) fn page<'a>(&self, mut rows: Vec<(u64, &'a Row)>) -> Vec<(u64, &'a Row)> {
        if !self.order.is_empty() {
            rows.sort_by(|(_, left), (_, right)| self.compare(left, right));
        }
        let limit = self.limit.unwrap_or(usize::MAX);
        rows.into_iter().skip(self.offset).take(limit).collect()
    }

    fn compare(&self, left: &Row, right: &Row) -> Ordering {
        let mut keys = self.order.iter().map(|(field, is_down)| {
            let order = match field {
                Field::Column(place, kind) => {
                    let of = |row: &Row| row.cells.get(*place).cloned().unwrap_or(Cell::Null);
                    order(&of(left), &of(right).plain(), *kind)
                }
                Field::Additional(name) => {
                    left.additional.get(name).cmp(&right.additional.get(name))
                }
            };
            if *is_down { order.reverse() } else { order }
        });
        keys.find(|order| *order != Ordering::Equal)
            .unwrap_or(Ordering::Equal)
    }
}

fn column(columns: &'static [Column], name: &str) -> Option<Field> {
    let place = columns.iter().position(|column| column.name == name)?;
    let kind = columns.get(place)?.kind;
    Some(Field::Column(place, kind))
}

/// Reads `=value`, `[0]=operator&[1]=value`; `None` for anything else, such as `[>]=value`.
fn test(node: &Node) -> Option<Test> {
    let map = match node {
        Node::Text(value) => return Some(Test::Compare(EQUAL, value.clone())),
        Node::Map(map) => map,
    };
    let text = |key: &str| map.get(key).and_then(Node::text);
    let first = || text("1").map(str::to_owned);
    let operator = text("0")?.trim().to_ascii_uppercase();
    let compare = |orders| first().map(|value| Test::Compare(orders, value));
    match operator.as_str() {
        "=" => compare(EQUAL),
        "!=" | "<>" => compare(DIFFERENT),
        ">" => compare(&[Ordering::Greater]),
        "<" => compare(&[Ordering::Less]),
        ">=" => compare(&[Ordering::Greater, Ordering::Equal]),
        "<=" => compare(&[Ordering::Less, Ordering::Equal]),
        "BETWEEN" => Some(Test::Between(first()?, text("2")?.to_owned())),
        "IN" => Some(Test::In(values(map.get("1")?))),
        "LIKE" => first().map(Test::Like),
        "REGEXP" => Regexp::parse(text("1")?).map(Test::Regexp),
        "FIND_IN_SET" => first().map(Test::FindInSet),
        "IS" => match text("1")?.trim().to_ascii_lowercase().as_str() {
            "null" => Some(Test::IsNull(true)),
            "not null" => Some(Test::IsNull(false)),
            _ => None,
        },
        _ => None,
    }
}

fn values(node: &Node) -> Vec<String> {
    match node {
        Node::Text(value) => vec![value.clone()],
        Node::Map(map) => {
            let texts = map.iter().filter_map(|(_, node)| node.text());
            texts.map(str::to_owned).collect()
        }
    }
}

impl Condition {
    fn is_met(&self, row: &Row) -> bool {
        match &self.field {
            Field::Column(place, kind) => {
                let cell = row.cells.get(*place).unwrap_or(&Cell::Null);
                self.test.is_met(cell, *kind)
            }
            Field::Additional(name) => {
                let cell = row.additional.get(name);
                let cell = cell.map_or(Cell::Null, |value| Cell::text(value));
                self.test.is_met(&cell, Kind::Text)
            }
        }
    }
}

impl Test {
    fn is_met(&self, cell: &Cell, kind: Kind) -> bool {
        let is_null = *cell == Cell::Null;
        let order_to = |value: &str| order(cell, value, kind);
        match self {
            Self::IsNull(expected) => is_null == *expected,
            // As in SQL, no comparison holds for NULL.
            _ if is_null => false,
            Self::Compare(orders, value) => orders.contains(&order_to(value)),
            Self::Between(low, high) => order_to(low).is_ge() && order_to(high).is_le(),
            Self::In(values) => values.iter().any(|value| order_to(value).is_eq()),
            Self::Like(pattern) => is_like(&cell.plain(), pattern),
            Self::Regexp(pattern) => pattern.is_match(&cell.plain()),
            Self::FindInSet(value) => cell.plain().split(',').any(|one| one == value),
        }
    }
}

/// Compares as MySQL does: numbers as numbers, texts without regard to case.
fn order(cell: &Cell, value: &str, kind: Kind) -> Ordering {
    match (cell, kind) {
        (Cell::Number(number), _) => match value.trim().parse::<i64>() {
            Ok(value) => number.cmp(&value),
            Err(_) => decimal(&number.to_string()).total_cmp(&decimal(value)),
        },
        (Cell::Text(text), Kind::Money) => decimal(text).total_cmp(&decimal(value)),
        _ => cell.plain().to_lowercase().cmp(&value.to_lowercase()),
    }
}

/// Returns a text as a number; one that is not a number is 0, as in MySQL.
fn decimal(text: &str) -> f64 {
    text.trim().parse().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::columns;
    use super::super::table::TableName;
    use super::*;

    fn rows() -> Vec<Row> {
        let row = |id: u64, status: &str, mac: &str| {
            let mut row = Row::new(TableName::Services)
                .with_id("id", id)
                .with_text("status", status)
                .with_text("mac", mac)
                .with_text("start_date", &format!("2026-03-{id:02}"));
            row.additional
                .insert("gam_vlan".to_owned(), (100 + id).to_string());
            row
        };
        vec![
            row(1, "active", "000ED81C9501"),
            row(2, "stopped", "00:0E:D8:1C:95:02").with("geo", Cell::Json(Box::new(json!([1, 3])))),
            row(3, "disabled", ""),
            row(10, "active", ""),
        ]
    }

    fn ids(query: &str) -> Vec<u64> {
        let rows = rows();
        let search = Search::read(query, columns::SERVICES, &["gam_vlan"]);
        let found = rows.iter().filter(|row| search.is_match(row));
        let page = search.page(found.map(|row| (row.id("id"), row)).collect());
        page.into_iter().map(|(id, _)| id).collect()
    }

    #[test]
    fn every_operator_selects_its_records() {
        for (query, expected) in [
            ("main_attributes[status]=active", &[1, 10][..]),
            ("main_attributes[status]=ACTIVE", &[1, 10]),
            (
                "main_attributes[id][0]=>&main_attributes[id][1]=2",
                &[3, 10],
            ),
            (
                "main_attributes[id][0]=%3E=&main_attributes[id][1]=3",
                &[3, 10],
            ),
            ("main_attributes[id][0]=<&main_attributes[id][1]=2", &[1]),
            (
                "main_attributes[id][0]=<=&main_attributes[id][1]=2",
                &[1, 2],
            ),
            (
                "main_attributes[id][0]=!=&main_attributes[id][1]=2",
                &[1, 3, 10],
            ),
            (
                "main_attributes[id][0]=<>&main_attributes[id][1]=2",
                &[1, 3, 10],
            ),
            ("main_attributes[id][0]==&main_attributes[id][1]=2", &[2]),
            (
                "main_attributes[id][0]=BETWEEN&main_attributes[id][1]=2&main_attributes[id][2]=3",
                &[2, 3],
            ),
            (
                "main_attributes[status][0]=IN&main_attributes[status][1][0]=stopped&main_attributes[status][1][1]=disabled",
                &[2, 3],
            ),
            (
                "main_attributes[mac][0]=LIKE&main_attributes[mac][1]=%25d81c%25",
                &[1],
            ),
            (
                "main_attributes[mac][0]=REGEXP&main_attributes[mac][1]=^[0-9A-F]%2B$",
                &[1],
            ),
            (
                "main_attributes[geo][0]=FIND_IN_SET&main_attributes[geo][1]=3",
                &[2],
            ),
            (
                "main_attributes[geo][0]=IS&main_attributes[geo][1]=null",
                &[1, 3, 10],
            ),
            (
                "main_attributes[geo][0]=IS&main_attributes[geo][1]=not+null",
                &[2],
            ),
            (
                "main_attributes[start_date][0]=>=&main_attributes[start_date][1]=2026-03-03",
                &[3, 10],
            ),
            ("additional_attributes[gam_vlan]=102", &[2]),
            ("main_attributes[id]=-1", &[]),
        ] {
            assert_eq!(ids(query), expected, "{query}");
        }
    }

    #[test]
    fn a_parameter_that_is_not_known_is_ignored_without_a_word() {
        for query in [
            "page=2",
            "itemsPerPage=1",
            "main_attributes[bogus]=1",
            "main_attributes[id][>]=3",
            "main_attributes[id][0]=OVER&main_attributes[id][1]=3",
            "main_attributes[status][0]=active",
            "additional_attributes[bogus]=1",
            "main_attributes=1",
            "order[bogus]=ASC",
            "limit=many",
        ] {
            assert_eq!(ids(query), [1, 2, 3, 10], "{query}");
        }
    }

    #[test]
    fn order_and_pages_apply_after_the_conditions() {
        assert_eq!(ids("order[id]=DESC&limit=2"), [10, 3]);
        assert_eq!(ids("order[status]=ASC&order[id]=DESC"), [10, 1, 3, 2]);
        assert_eq!(ids("limit=2&offset=1"), [2, 3]);
        assert_eq!(ids("limit=0"), [0; 0]);
        let keyset = "limit=1&order[id]=ASC&main_attributes[id][0]=%3E&main_attributes[id][1]=3";
        assert_eq!(ids(keyset), [10]);
    }

    #[test]
    fn a_condition_can_be_forgotten() {
        let query = "main_attributes[id]=1&main_attributes[status]=active";
        let mut search = Search::read(query, columns::SERVICES, &[]);
        search.forget(columns::SERVICES, Some("id"));
        assert_eq!(search.conditions.len(), 1);
        search.forget(columns::SERVICES, None);
        assert!(search.conditions.is_empty());
    }
}
