//! Reads cells by name and columns to their end for a poll; a failed part is unread and affects no other.

use crate::observe::decode::{Grid, Row};
use crate::observe::look::TRIES;
use crate::observe::look::ask::Asker;
use crate::observe::look::table::{Read, ended};
use crate::observe::mib::Object;
use crate::observe::rows::Known;
use crate::transport::snmp::{Oid, SnmpError, Value};

/// Values and octets of one request that fit an Ethernet frame.
const MOST_VALUES: usize = 48;
const MOST_OCTETS: usize = 1_350;

/// Expected octets of a cell in an answer, name included.
pub(super) const SHORT: usize = 28;
pub(super) const COUNTER: usize = 36;

/// Reads the cells of these rows. A row of which the agent has no cell at all is left out.
pub(super) async fn cells(
    asker: &Asker,
    objects: &[&'static Object],
    indices: &[Vec<u32>],
    octets: usize,
) -> Result<Known<Grid>, SnmpError> {
    let most = MOST_VALUES.min(MOST_OCTETS / octets.max(1));
    let rows = (most / objects.len().max(1)).max(1);
    let chunks: Vec<(&[Vec<u32>], Vec<Oid>)> = indices
        .chunks(rows)
        .map(|indices| {
            let names = indices
                .iter()
                .flat_map(|index| objects.iter().map(|object| object.at(index)));
            (indices, names.collect())
        })
        .collect();
    let answers = asker.all_or_none(chunks, |(indices, names)| async move {
        asker.get(&names).await.map(|values| (indices, values))
    });
    let answers = match answers.await {
        Ok(answers) => answers,
        Err(error) => return settled(ended(error)),
    };
    let mut grid = Grid::default();
    for (indices, values) in answers {
        let mut values = values.into_iter();
        for index in indices {
            put_row(&mut grid, objects, index, values.by_ref());
        }
    }
    Ok(Ok(grid))
}

/// Adds the next values as a row, unless the agent has none of its cells.
pub(super) fn put_row(
    grid: &mut Grid,
    objects: &[&Object],
    index: &[u32],
    values: impl Iterator<Item = Known<Value>>,
) {
    let absent =
        |value: &Known<Value>| matches!(value, Ok(Value::NoSuchInstance | Value::NoSuchObject));
    let values: Vec<Known<Value>> = values.take(objects.len()).collect();
    if values.iter().all(absent) {
        return;
    }
    let mut row = Row::default();
    for (object, value) in objects.iter().zip(values) {
        row.set(object, value);
    }
    grid.rows.insert(index.to_vec(), row);
}

/// Walks columns of one table to their end. Cells that some rows lack are unread.
pub(super) async fn walk(
    asker: &Asker,
    objects: &[&'static Object],
) -> Result<Known<Grid>, SnmpError> {
    let names: Vec<Oid> = objects.iter().map(|object| object.oid()).collect();
    settled(match asker.together(&names).await {
        Ok(columns) => Read::Whole(Grid::of(objects, &columns)),
        Err(error) => ended(error),
    })
}

/// Walks columns of a table whose rows always have all of them. If a row came or went meanwhile, it reads again.
pub(super) async fn steady(
    asker: &Asker,
    objects: &[&'static Object],
) -> Result<Known<Grid>, SnmpError> {
    let mut why = String::new();
    for _ in 0..TRIES {
        let grid = match walk(asker, objects).await? {
            Ok(grid) => grid,
            Err(reason) => return Ok(Err(reason)),
        };
        match grid.gap(objects) {
            None => return Ok(Ok(grid)),
            Some(gap) => why = gap,
        }
    }
    Ok(Err(format!(
        "the table kept changing in {TRIES} tries: {why}"
    )))
}

/// Returns what was read, the reason that a part is unread, or the error that makes the whole poll impossible.
pub(super) fn settled(read: Read) -> Result<Known<Grid>, SnmpError> {
    match read {
        Read::Whole(grid) => Ok(Ok(grid)),
        Read::Missing(reason) | Read::Unread(reason) => Ok(Err(reason)),
        Read::Failed(error) => Err(error),
    }
}
