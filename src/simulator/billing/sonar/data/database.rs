//! Stores rows by table and id, with an index on every column that refers to another row.

use std::collections::{BTreeMap, BTreeSet};

use super::cell::Cell;
use crate::simulator::billing::sonar::schema::{Class, ColumnDef, Schema, Slot};
use crate::simulator::gam::chance::draw;

/// One row, with the fields that every object has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub id: u64,
    pub created_at: u64,
    pub updated_at: u64,
    pub version: u64,
    pub cells: Box<[Cell]>,
}

/// The rows of one type.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    pub columns: Vec<ColumnDef>,
    rows: BTreeMap<u64, Row>,
    next_id: u64,
    /// By the place of a column: the rows that have a number in it.
    index: Vec<BTreeMap<i64, BTreeSet<u64>>>,
}

/// The values of a row that a write changed, by name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Change {
    pub before: Vec<(&'static str, Cell)>,
    pub after: Vec<(&'static str, Cell)>,
}

#[derive(Debug, Clone)]
pub(crate) struct Database {
    tables: BTreeMap<&'static str, Table>,
    seed: u64,
}

impl Database {
    /// Returns a database without rows.
    pub(crate) fn new(schema: &Schema, tables: &[&'static str], seed: u64) -> Self {
        let table = |name: &&'static str| {
            let columns = schema.get(name).map(|def| def.columns.clone())?;
            let table = Table {
                index: columns.iter().map(|_| BTreeMap::new()).collect(),
                columns,
                rows: BTreeMap::new(),
                next_id: 1,
            };
            Some((*name, table))
        };
        Self {
            tables: tables.iter().filter_map(table).collect(),
            seed,
        }
    }

    pub(crate) fn table(&self, table: &str) -> Option<&Table> {
        self.tables.get(table)
    }

    pub(crate) fn tables(&self) -> impl Iterator<Item = (&'static str, &Table)> {
        self.tables.iter().map(|(name, table)| (*name, table))
    }

    pub(crate) fn row(&self, table: &str, id: u64) -> Option<&Row> {
        self.table(table)?.rows.get(&id)
    }

    /// Returns a value of a row; `Null` if there is no such row or column.
    pub(crate) fn get(&self, table: &str, id: u64, column: &str) -> &Cell {
        self.table(table)
            .and_then(|table| table.rows.get(&id)?.cells.get(table.column(column)?))
            .unwrap_or(&Cell::Null)
    }

    /// Returns the value in a slot of a row.
    pub(crate) fn slot(&self, table: &str, row: &Row, slot: Slot) -> Cell {
        match slot {
            Slot::Id => Cell::id(row.id),
            Slot::UniqueId => Cell::text(format!("{:016x}", draw(self.seed, table, row.id))),
            Slot::CreatedAt => Cell::time(row.created_at),
            Slot::UpdatedAt => Cell::time(row.updated_at),
            Slot::Version => Cell::text(row.version.to_string()),
            Slot::Column(column) => row.cells.get(column).cloned().unwrap_or_default(),
        }
    }

    /// Returns the rows that have this number in a column, lowest id first.
    pub(crate) fn find(&self, table: &str, column: &str, value: u64) -> Vec<u64> {
        let found = self.table(table).and_then(|table| {
            let index = table.index.get(table.column(column)?)?;
            index.get(&i64::try_from(value).ok()?)
        });
        found.into_iter().flatten().copied().collect()
    }

    /// Returns the rows that a row of another type owns, by a pair of columns.
    pub(crate) fn owned(&self, table: &str, kind: &str, id: &str, owner: (&str, u64)) -> Vec<u64> {
        let mut found = self.find(table, id, owner.1);
        found.retain(|row| self.get(table, *row, kind).as_text() == Some(owner.0));
        found
    }

    /// Starts the ids of a table here.
    pub(crate) fn start_ids(&mut self, table: &str, first: u64) {
        if let Some(table) = self.tables.get_mut(table) {
            table.next_id = table.next_id.max(first);
        }
    }

    /// Adds a row and returns its id. Columns that are not given are null.
    pub(crate) fn insert(&mut self, table: &str, given: &[(&str, Cell)], now: u64) -> u64 {
        let Some(table) = self.tables.get_mut(table) else {
            return 0;
        };
        let id = table.next_id;
        table.next_id += 1;
        let given_or_null = |column: &ColumnDef| {
            let found = given.iter().find(|(name, _)| *name == column.name);
            found.map(|(_, cell)| cell.clone()).unwrap_or_default()
        };
        let cells: Box<[Cell]> = table.columns.iter().map(given_or_null).collect();
        table.index(id, &cells, true);
        let row = Row {
            id,
            created_at: now,
            updated_at: now,
            version: 1,
            cells,
        };
        table.rows.insert(id, row);
        id
    }

    /// Changes a row. Its version and time move only if a value does; `None` if there is no such row.
    pub(crate) fn update(
        &mut self,
        table: &str,
        id: u64,
        given: &[(&str, Cell)],
        now: u64,
    ) -> Option<Change> {
        let table = self.tables.get_mut(table)?;
        let mut row = table.rows.remove(&id)?;
        table.index(id, &row.cells, false);
        let mut change = Change::default();
        for (column, cell) in table.columns.iter().zip(row.cells.iter_mut()) {
            let new = given.iter().find(|(name, _)| *name == column.name);
            if let Some((_, new)) = new.filter(|(_, new)| new != cell) {
                change.before.push((column.name, cell.clone()));
                change.after.push((column.name, new.clone()));
                *cell = new.clone();
            }
        }
        if !change.after.is_empty() {
            row.version += 1;
            row.updated_at = now;
        }
        table.index(id, &row.cells, true);
        table.rows.insert(id, row);
        Some(change)
    }

    pub(crate) fn delete(&mut self, table: &str, id: u64) -> Option<Row> {
        let table = self.tables.get_mut(table)?;
        let row = table.rows.remove(&id)?;
        table.index(id, &row.cells, false);
        Some(row)
    }
}

impl Table {
    pub(crate) fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    /// Returns all rows, lowest id first.
    pub(crate) fn rows(&self) -> impl Iterator<Item = &Row> {
        self.rows.values()
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    fn index(&mut self, id: u64, cells: &[Cell], is_there: bool) {
        for ((column, cell), index) in self.columns.iter().zip(cells).zip(&mut self.index) {
            if column.class != Class::Integer || column.kind.name() != "Int64Bit" {
                continue;
            }
            let Some(number) = cell.as_number() else {
                continue;
            };
            if is_there {
                index.entry(number).or_default().insert(id);
            } else if let Some(rows) = index.get_mut(&number) {
                rows.remove(&id);
                if rows.is_empty() {
                    index.remove(&number);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn database() -> Database {
        Database::new(&Schema::current(), &["Account", "Address"], 1)
    }

    #[test]
    fn a_write_moves_version_and_time_of_the_row_itself_if_a_value_changes() {
        let mut db = database();
        let id = db.insert("Account", &[("name", Cell::text("A"))], 100);
        let changed = db
            .update("Account", id, &[("name", Cell::text("B"))], 200)
            .unwrap();
        assert_eq!(changed.before, [("name", Cell::text("A"))]);
        let row = db.row("Account", id).unwrap();
        assert_eq!((row.created_at, row.updated_at, row.version), (100, 200, 2));
        let same = db
            .update("Account", id, &[("name", Cell::text("B"))], 300)
            .unwrap();
        assert_eq!(same, Change::default());
        assert_eq!(db.row("Account", id).unwrap().updated_at, 200);
        assert_eq!(db.update("Account", 99, &[], 300), None);
    }

    #[test]
    fn rows_are_found_by_what_they_refer_to_until_they_change_or_go() {
        let mut db = database();
        let owner = |kind: &str, id| {
            [
                ("addressable_type", Cell::text(kind)),
                ("addressable_id", Cell::id(id)),
            ]
        };
        let first = db.insert("Address", &owner("Account", 7), 1);
        let second = db.insert("Address", &owner("NetworkSite", 7), 1);
        let owned = |db: &Database| {
            db.owned(
                "Address",
                "addressable_type",
                "addressable_id",
                ("Account", 7),
            )
        };
        assert_eq!(db.find("Address", "addressable_id", 7), [first, second]);
        assert_eq!(owned(&db), [first]);
        db.update("Address", first, &owner("Account", 8), 2);
        assert_eq!(owned(&db), Vec::<u64>::new());
        db.delete("Address", second);
        assert_eq!(db.find("Address", "addressable_id", 7), Vec::<u64>::new());
    }
}
