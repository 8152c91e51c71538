//! Sorts the rows of a connection and cuts one page out of them.

use std::cmp::Ordering;

use serde_json::{Map, Value, json};

use super::filter::Rows;
use crate::simulator::billing::sonar::data::Row;
use crate::simulator::billing::sonar::schema::Slot;

/// One page of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Page {
    pub(super) table: &'static str,
    pub(super) ids: Vec<u64>,
    pub(super) total: usize,
    number: usize,
    size: usize,
}

impl Page {
    pub(super) fn info(&self, off_by: usize) -> Value {
        let total = self.total + off_by;
        json!({
            "page": self.number,
            "total_pages": total.div_ceil(self.size).max(1),
            "total_count": total,
            "records_per_page": self.size,
        })
    }
}

impl Rows<'_> {
    /// Returns the page that the arguments of a connection ask for.
    pub(super) fn page<'r>(
        &'r self,
        table: &'static str,
        candidates: impl Iterator<Item = &'r Row>,
        arguments: &Map<String, Value>,
        is_root: bool,
    ) -> Result<Page, String> {
        let archived = (table == "Account").then_some("archived_at");
        let archived = archived.filter(|_| arguments.get("include_archived") != Some(&json!(true)));
        let archived = archived.and_then(|column| self.schema.slot(table, column));
        let mut found: Vec<&Row> = Vec::new();
        for row in candidates {
            let is_archived = archived
                .is_some_and(|(slot, _)| self.db.slot(table, row, slot).as_number().is_some());
            if !is_archived
                && self.is_visible(table, row.id)
                && self.matches(table, row, arguments)?
            {
                found.push(row);
            }
        }
        self.sort(table, &mut found, arguments)?;
        let asked = arguments.get("paginator").filter(|asked| !asked.is_null());
        let (number, size) = match asked {
            Some(asked) => (whole(asked, "page")?, whole(asked, "records_per_page")?),
            None if is_root => (1, self.view.default_page),
            None => (1, self.view.nested_page),
        };
        if self.view.account_slips
            && is_root
            && table == "Account"
            && number > 1
            && size < found.len()
        {
            // The first account of page 2 is the first of page 1 now: a client that read page 1 before never sees it.
            let slipped = found.remove(size);
            found.insert(0, slipped);
        }
        let total = found.len();
        let first = size.saturating_mul(number - 1);
        let ids = found.iter().skip(first).take(size).map(|row| row.id);
        Ok(Page {
            table,
            ids: ids.collect(),
            total,
            number,
            size,
        })
    }

    fn sort(
        &self,
        table: &str,
        rows: &mut [&Row],
        arguments: &Map<String, Value>,
    ) -> Result<(), String> {
        let sorters = arguments.get("sorter").and_then(Value::as_array);
        let mut keys: Vec<(Slot, bool)> = Vec::new();
        for sorter in sorters.into_iter().flatten() {
            let word = |name: &str| sorter.get(name).and_then(Value::as_str);
            let attribute = word("attribute").unwrap_or_default();
            let slot = self.schema.slot(table, attribute).ok_or_else(|| {
                format!("The attribute \"{attribute}\" does not exist on {table}.")
            })?;
            keys.push((slot.0, word("direction") == Some("DESC")));
        }
        if keys.as_slice() == [(Slot::Id, false)] || keys.is_empty() {
            return Ok(()); // Rows come by id.
        }
        rows.sort_by(|one, other| {
            keys.iter()
                .fold(Ordering::Equal, |order, (slot, is_descending)| {
                    order.then_with(|| {
                        let (one, other) = (
                            self.db.slot(table, one, *slot),
                            self.db.slot(table, other, *slot),
                        );
                        match is_descending {
                            true => other.order(&one),
                            false => one.order(&other),
                        }
                    })
                })
        });
        Ok(())
    }
}

fn whole(paginator: &Value, name: &str) -> Result<usize, String> {
    paginator
        .get(name)
        .and_then(Value::as_u64)
        .and_then(|number| usize::try_from(number).ok())
        .filter(|number| *number > 0)
        .ok_or_else(|| format!("The {name} of the paginator must be at least 1."))
}
