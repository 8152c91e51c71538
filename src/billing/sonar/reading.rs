//! Reads the lists inside of an account, and notes what is cut, uncounted or not understood.

use std::collections::{BTreeMap, BTreeSet};

use compact_str::CompactString;

use super::connection::{Connection, Remarks, readable_id};
use super::record::{Cut, NestedList};
use crate::billing::json::{Record, ShapeError};
use crate::model::billing::{AccountId, Collection};

/// Collects, while the lists of one account are read, what is cut, uncounted or not understood.
#[derive(Debug)]
pub(super) struct Reading {
    pub(super) account: AccountId,
    pub(super) cut: Vec<Cut>,
    pub(super) uncounted: BTreeSet<Collection>,
    pub(super) remarks: Remarks,
}

impl Reading {
    pub(super) fn new(account: AccountId) -> Self {
        Self {
            account,
            cut: Vec::new(),
            uncounted: BTreeSet::new(),
            remarks: Remarks::default(),
        }
    }

    /// Reads a list of records with ids. A reader returns `None` for a record of another kind.
    pub(super) fn records<'v, T>(
        &mut self,
        record: &Record<'v>,
        key: &str,
        collection: Collection,
        read: impl Fn(&mut Self, &Record<'v>) -> Result<Option<T>, ShapeError>,
    ) -> Result<NestedList<T>, ShapeError> {
        let connection = Connection::read(record, key)?;
        if connection.total.is_none() {
            self.uncounted.insert(collection);
        }
        let mut list = NestedList {
            total: connection.total,
            entries: BTreeMap::new(),
            others: BTreeSet::new(),
            nameless: 0,
        };
        for (value, path) in connection.entities {
            let entry = Record::of(value, path).and_then(|entry| read(self, &entry));
            let entry = entry.unwrap_or_else(|reason| {
                let account = Some(&self.account);
                self.remarks.unreadable(collection, value, account, &reason);
                None
            });
            match (readable_id(value), entry) {
                (Some(id), Some(entry)) => {
                    list.entries.insert(id, entry);
                }
                (Some(id), None) => {
                    list.others.insert(id);
                }
                (None, _) => list.nameless = list.nameless.saturating_add(1),
            }
        }
        Ok(list)
    }

    /// Reads a list without ids of its own, all of it or an error.
    pub(super) fn values<'v, T>(
        &mut self,
        record: &Record<'v>,
        key: &str,
        collection: Collection,
        read: impl Fn(&Record<'v>) -> Result<T, ShapeError>,
    ) -> Result<Vec<T>, ShapeError> {
        let connection = Connection::read(record, key)?;
        let received = u64::try_from(connection.entities.len()).unwrap_or(u64::MAX);
        self.note_total(collection, record.path(key), connection.total, received);
        let entries = connection.entities.into_iter();
        entries
            .map(|(value, path)| read(&Record::of(value, path)?))
            .collect()
    }

    /// Notes whether a list is as long as its total.
    pub(super) fn note_total(
        &mut self,
        collection: Collection,
        list: CompactString,
        total: Option<u64>,
        received: u64,
    ) {
        match total {
            None => {
                self.uncounted.insert(collection);
            }
            Some(total) if total == received => {}
            Some(total) => self.cut.push(Cut {
                collection,
                list,
                total,
                received,
            }),
        }
    }
}
