//! Stores records by table and id, as the database under the API does.

use std::collections::BTreeMap;

use super::cell::{Cell, Column, Kind};
use super::columns;

/// A table of the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum TableName {
    Customers,
    Services,
    Tariffs,
    Items,
    Products,
    Vendors,
    Monitoring,
    Sites,
    Locations,
    Partners,
    Changes,
    PendingStatuses,
    PendingServices,
    AdditionalFields,
    Notes,
    Tickets,
    TicketMessages,
    TicketTypes,
    TicketStatuses,
    TicketGroups,
    Online,
}

impl TableName {
    pub(super) fn columns(self) -> &'static [Column] {
        match self {
            Self::Customers => columns::CUSTOMERS,
            Self::Services => columns::SERVICES,
            Self::Tariffs => columns::TARIFFS,
            Self::Items => columns::ITEMS,
            Self::Products => columns::PRODUCTS,
            Self::Vendors | Self::Locations | Self::Partners => columns::NAMED,
            Self::Monitoring => columns::MONITORING,
            Self::Sites => columns::SITES,
            Self::Changes => columns::CHANGES,
            Self::PendingStatuses => columns::PENDING_STATUSES,
            Self::PendingServices => columns::PENDING_SERVICES,
            Self::AdditionalFields => columns::ADDITIONAL_FIELDS,
            Self::Notes => columns::NOTES,
            Self::Tickets => columns::TICKETS,
            Self::TicketMessages => columns::TICKET_MESSAGES,
            Self::TicketTypes | Self::TicketStatuses | Self::TicketGroups => columns::TITLED,
            Self::Online => columns::ONLINE,
        }
    }

    /// Returns the name of the module that its additional fields are defined for.
    pub(super) fn module(self) -> Option<&'static str> {
        Some(match self {
            Self::Customers => "customers",
            Self::Services => "services_internet",
            Self::Tariffs => "tariffs_internet",
            Self::Monitoring => "monitoring",
            Self::Items => "inventory_items",
            _ => return None,
        })
    }
}

/// A record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) columns: &'static [Column],
    /// One for each column.
    pub(super) cells: Vec<Cell>,
    pub(super) additional: BTreeMap<String, String>,
}

impl Row {
    /// Returns a record without values.
    pub(super) fn new(table: TableName) -> Self {
        let columns = table.columns();
        Self {
            columns,
            cells: columns.iter().map(|column| column.kind.empty()).collect(),
            additional: BTreeMap::new(),
        }
    }

    pub(super) fn cell(&self, name: &str) -> &Cell {
        let place = self.columns.iter().position(|column| column.name == name);
        place
            .and_then(|place| self.cells.get(place))
            .unwrap_or(&Cell::Null)
    }

    pub(super) fn number(&self, name: &str) -> i64 {
        self.cell(name).as_number()
    }

    /// Returns the id of another record; 0 is none.
    pub(super) fn id(&self, name: &str) -> u64 {
        u64::try_from(self.number(name)).unwrap_or(0)
    }

    pub(super) fn text(&self, name: &str) -> &str {
        match self.cell(name) {
            Cell::Text(text) => text,
            _ => "",
        }
    }

    pub(super) fn set(&mut self, name: &str, cell: Cell) {
        let place = self.columns.iter().position(|column| column.name == name);
        if let Some(old) = place.and_then(|place| self.cells.get_mut(place)) {
            *old = cell;
        }
    }

    pub(super) fn set_text(&mut self, name: &str, text: &str) {
        self.set(name, Cell::text(text));
    }

    pub(super) fn set_id(&mut self, name: &str, id: u64) {
        self.set(name, Cell::Number(signed(id)));
    }

    #[must_use]
    pub(super) fn with_text(mut self, name: &str, text: &str) -> Self {
        self.set_text(name, text);
        self
    }

    #[must_use]
    pub(super) fn with_id(mut self, name: &str, id: u64) -> Self {
        self.set_id(name, id);
        self
    }

    #[must_use]
    pub(super) fn with(mut self, name: &str, cell: Cell) -> Self {
        self.set(name, cell);
        self
    }
}

/// Returns a number as the database stores it.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// All tables.
#[derive(Debug, Clone, Default)]
pub(super) struct Database {
    tables: BTreeMap<TableName, BTreeMap<u64, Row>>,
    next: BTreeMap<TableName, u64>,
}

impl Database {
    /// Sets the id that the next record of a table gets.
    pub(super) fn number_from(&mut self, table: TableName, first: u64) {
        self.next.insert(table, first);
    }

    /// Adds a record, and returns its id.
    pub(super) fn add(&mut self, table: TableName, row: Row) -> u64 {
        let next = self.next.entry(table).or_insert(1);
        let id = *next;
        *next += 1;
        self.put(table, id, row);
        id
    }

    /// Adds a record with a given id; ids of later records are higher.
    pub(super) fn put(&mut self, table: TableName, id: u64, mut row: Row) {
        let next = self.next.entry(table).or_insert(1);
        *next = (*next).max(id.saturating_add(1));
        row.set("id", Cell::Number(signed(id)));
        self.tables.entry(table).or_default().insert(id, row);
    }

    pub(super) fn get(&self, table: TableName, id: u64) -> Option<&Row> {
        self.tables.get(&table)?.get(&id)
    }

    pub(super) fn get_mut(&mut self, table: TableName, id: u64) -> Option<&mut Row> {
        self.tables.get_mut(&table)?.get_mut(&id)
    }

    pub(super) fn remove(&mut self, table: TableName, id: u64) -> Option<Row> {
        self.tables.get_mut(&table)?.remove(&id)
    }

    /// Returns all records of a table in order of their ids.
    pub(super) fn rows(&self, table: TableName) -> impl DoubleEndedIterator<Item = (u64, &Row)> {
        let rows = self.tables.get(&table).into_iter().flatten();
        rows.map(|(id, row)| (*id, row))
    }

    /// Returns the ids of the records that a condition holds for.
    pub(super) fn find(&self, table: TableName, is_so: impl Fn(&Row) -> bool) -> Vec<u64> {
        let found = self.rows(table).filter(|(_, row)| is_so(row));
        found.map(|(id, _)| id).collect()
    }

    /// Returns the names of the additional fields that are defined for a table.
    pub(super) fn defined_fields(&self, table: TableName) -> Vec<&Row> {
        let Some(module) = table.module() else {
            return Vec::new();
        };
        let all = self.rows(TableName::AdditionalFields);
        all.map(|(_, row)| row)
            .filter(|row| row.text("module") == module && row.number("disabled") == 0)
            .collect()
    }
}

/// Returns the kind of a column.
pub(super) fn kind_of(columns: &[Column], name: &str) -> Option<Kind> {
    columns
        .iter()
        .find(|column| column.name == name)
        .map(|column| column.kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_record_has_the_next_id_and_the_values_of_none() {
        let mut database = Database::default();
        database.number_from(TableName::Services, 7001);
        let row = Row::new(TableName::Services).with_text("status", "active");
        assert_eq!(database.add(TableName::Services, row.clone()), 7001);
        database.put(TableName::Services, 9000, row.clone());
        assert_eq!(database.add(TableName::Services, row), 9001);
        let row = database.get(TableName::Services, 7001).unwrap();
        assert_eq!(row.id("id"), 7001);
        assert_eq!(row.text("end_date"), "0000-00-00");
        assert_eq!(row.number("access_device"), 0);
        assert_eq!(row.cell("bogus"), &Cell::Null);
    }

    #[test]
    fn no_column_is_listed_twice() {
        for table in [TableName::Customers, TableName::Services, TableName::Items] {
            let mut names: Vec<&str> = table.columns().iter().map(|one| one.name).collect();
            let count = names.len();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), count);
        }
    }
}
