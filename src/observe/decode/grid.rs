//! Collects cells of one or more tables by row and column, from walks or from single GETs.

use std::collections::BTreeMap;

use crate::observe::mib::Object;
use crate::observe::rows::Known;
use crate::transport::snmp::{Column, Value};

/// The cells of one row, by column number; tables with the same index may share a row.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in crate::observe) struct Row(BTreeMap<(&'static str, u32), Known<Value>>);

/// Rows by index.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in crate::observe) struct Grid {
    pub(in crate::observe) rows: BTreeMap<Vec<u32>, Row>,
    /// Reasons why there may be more rows.
    pub(in crate::observe) lost: Vec<String>,
}

impl Row {
    pub(in crate::observe) fn set(&mut self, object: &Object, value: Known<Value>) {
        self.0.insert((object.name, object.number), value);
    }

    /// Adds the cells of a row with the same index in another table.
    pub(in crate::observe) fn merge(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Returns a cell of this row; a column that was not requested is unknown.
    pub(in crate::observe) fn value(&self, object: &Object) -> Known<&Value> {
        match self.0.get(&(object.name, object.number)) {
            Some(Ok(value)) => Ok(value),
            Some(Err(reason)) => Err(reason.clone()),
            None => Err(format!("{} was not answered", object.name)),
        }
    }

    pub(in crate::observe) fn has(&self, object: &Object) -> bool {
        self.0.contains_key(&(object.name, object.number))
    }
}

impl Grid {
    /// Returns a grid of walked columns, one for each object.
    pub(in crate::observe) fn of(objects: &[&Object], columns: &[Column]) -> Self {
        let mut grid = Self::default();
        for object in objects {
            let oid = object.oid();
            let Some(column) = columns.iter().find(|column| column.oid == oid) else {
                grid.lost.push(format!("{} was not walked", object.name));
                continue;
            };
            for cell in &column.cells {
                let row = grid.rows.entry(cell.index.clone()).or_default();
                row.set(object, Ok(cell.value.clone()));
            }
        }
        grid
    }

    /// Returns an inconsistency between columns: a row that one of them has and another lacks.
    pub(in crate::observe) fn gap(&self, objects: &[&Object]) -> Option<String> {
        for (index, row) in &self.rows {
            if let Some(object) = objects.iter().find(|object| !row.has(object)) {
                let index = index.iter().map(u32::to_string).collect::<Vec<_>>();
                return Some(format!(
                    "row {} has no {}, but other columns have the row",
                    index.join("."),
                    object.name
                ));
            }
        }
        None
    }

    /// Returns the rows whose index is one number, and reports the others.
    pub(in crate::observe) fn numbered(&self, what: &str) -> (BTreeMap<u32, &Row>, Vec<String>) {
        let mut lost = self.lost.clone();
        let mut rows = BTreeMap::new();
        for (index, row) in &self.rows {
            match index.as_slice() {
                [number] => {
                    rows.insert(*number, row);
                }
                other => lost.push(format!("{what} with the invalid index {other:?}")),
            }
        }
        (rows, lost)
    }
}
