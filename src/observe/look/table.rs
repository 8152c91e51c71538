//! Reads a table with unknown rows: first the list of rows, then their cells.
//!
//! The rows come from a walked column. Wherever it has no rows, another column is asked for the next one. If these disagree,
//! the table changed meanwhile, or a column was truncated. A walk of both columns would show the same, in more requests.
//! Cells are requested by name, and each request includes the row's identity. The cells of one answer belong together,
//! so a row that was deleted and created again under the same number is detected.

use std::collections::BTreeMap;

use super::TRIES;
use super::ask::Asker;
use crate::observe::decode::{Grid, Row};
use crate::observe::mib::{Layout, Object, Sized};
use crate::observe::rows::Known;
use crate::transport::snmp::{Oid, SnmpError, Value};

/// A row number that never exists.
pub(super) const NOWHERE: u32 = 4_000_000;

/// Up to this number rows are searched in parallel: a full device has 16 for each of 24 ports. Higher ones are found
/// one after the other.
const HIGHEST: u32 = 384;

/// Values of one request: the maximum of one GET, which fits an Ethernet frame.
const MOST_VALUES: usize = 48;
const MOST_OCTETS: usize = 1_400;

/// The result of reading a table.
pub(super) enum Read {
    Whole(Grid),
    /// The agent lacks the table or a column.
    Missing(String),
    Unread(String),
    /// The device cannot be read any more.
    Failed(SnmpError),
}

impl Read {
    /// Returns the reason that it is not whole.
    pub(super) fn reason(&self) -> Option<String> {
        match self {
            Self::Whole(_) => None,
            Self::Missing(reason) | Self::Unread(reason) => Some(reason.clone()),
            Self::Failed(error) => Some(error.to_string()),
        }
    }
}

/// The reason why one attempt was not enough.
enum AttemptError {
    /// The rows changed.
    Changed(String),
    Ended(Read),
}

/// Reads a complete table, with all rows from the same moment.
pub(super) async fn read(asker: &Asker, layout: &Layout) -> Read {
    let mut why = String::new();
    for _ in 0..TRIES {
        match attempt(asker, layout).await {
            Ok(grid) => return Read::Whole(grid),
            Err(AttemptError::Ended(read)) => return read,
            Err(AttemptError::Changed(reason)) => why = reason,
        }
    }
    let what = layout.what;
    Read::Unread(format!("the {what} kept changing in {TRIES} tries: {why}"))
}

async fn attempt(asker: &Asker, layout: &Layout) -> Result<Grid, AttemptError> {
    let columns = asker
        .numbered(&[layout.walked.oid()], HIGHEST)
        .await
        .map_err(|error| AttemptError::Ended(ended(error)))?;
    let rows = Grid::of(&[layout.walked], &columns);
    if rows.rows.is_empty() {
        probe(asker, layout).await?;
    }
    let indices: Vec<Vec<u32>> = rows.rows.into_keys().collect();
    let chunks = chunks(&indices, layout);
    let answers = asker.all_or_none(chunks, |chunk| async {
        let answer = asker.get(&chunk.names).await;
        answer.map(|values| (chunk, values))
    });
    let (answers, compared) = tokio::join!(answers, compare(asker, layout, &indices));
    let answers = answers.map_err(|error| AttemptError::Ended(ended(error)))?;
    let mut grid = Grid::default();
    let mut identities: BTreeMap<Vec<u32>, Known<Value>> = BTreeMap::new();
    for (chunk, values) in answers {
        for ((index, object), value) in chunk.cells.into_iter().zip(values) {
            if value == Ok(Value::NoSuchObject) {
                let reason = format!("the agent has no {}", object.name);
                return Err(AttemptError::Ended(Read::Missing(reason)));
            }
            // Each chunk repeats the identity: a row replaced between two chunks would otherwise mix old and new cells.
            if object == layout.identity.0 {
                settle(&mut identities, &index, &value)?;
            }
            let row: &mut Row = grid.rows.entry(index).or_default();
            row.set(object, value);
        }
    }
    // After the cells: a missing column also looks like a difference, but reading again would not help.
    compared?;
    Ok(grid)
}

/// Asks another column what follows at each place where the walked one has no rows.
async fn compare(asker: &Asker, layout: &Layout, indices: &[Vec<u32>]) -> Result<(), AttemptError> {
    let (walked, compared) = (layout.walked, layout.compared);
    let gaps = gaps(indices);
    let names: Vec<Oid> = gaps.iter().map(|gap| compared.at(gap.after)).collect();
    let found = asker.following(&names).await;
    let found = found.map_err(|error| AttemptError::Ended(ended(error)))?;
    let column = compared.oid();
    for (gap, found) in gaps.iter().zip(&found) {
        let next = found.as_ref().and_then(|name| column.index_of(name));
        if next != gap.next {
            let is_earlier = |next| gap.next.is_none_or(|row| next < row);
            let (has, lacks, row) = match next.is_some_and(is_earlier) {
                true => (compared, walked, next),
                false => (walked, compared, gap.next),
            };
            let row = row.unwrap_or_default().iter();
            let row = row.map(u32::to_string).collect::<Vec<_>>();
            let (row, has, lacks) = (row.join("."), has.name, lacks.name);
            let reason = format!("{has} has the row {row}, and {lacks} lacks it");
            return Err(AttemptError::Changed(reason));
        }
    }
    Ok(())
}

/// A place where a column has no rows.
#[derive(Debug, PartialEq, Eq)]
struct Gap<'a> {
    /// The row before it; empty at the start of the column.
    after: &'a [u32],
    /// The row after it; `None` at the end of the column.
    next: Option<&'a [u32]>,
}

/// Returns the gaps between rows, from the start of the column to its end.
fn gaps(indices: &[Vec<u32>]) -> Vec<Gap<'_>> {
    let rows = || indices.iter().map(Vec::as_slice);
    let before = std::iter::once(&[][..]).chain(rows());
    let next = rows().map(Some).chain([None]);
    before
        .zip(next)
        .filter(|(before, next)| match (before, next) {
            ([before], Some([next])) => before.checked_add(1) != Some(*next),
            ([], Some([0])) => false,
            _ => true,
        })
        .map(|(after, next)| Gap { after, next })
        .collect()
}

/// Compares a row with its state in another answer.
fn settle(
    identities: &mut BTreeMap<Vec<u32>, Known<Value>>,
    index: &[u32],
    value: &Known<Value>,
) -> Result<(), AttemptError> {
    let number = index.first().copied().unwrap_or_default();
    if value == &Ok(Value::NoSuchInstance) {
        return Err(AttemptError::Changed(format!("row {number} disappeared")));
    }
    let before = identities
        .entry(index.to_vec())
        .or_insert_with(|| value.clone());
    if before != value {
        let reason = format!("row {number} was replaced by another");
        return Err(AttemptError::Changed(reason));
    }
    Ok(())
}

pub(super) fn ended(error: SnmpError) -> Read {
    match error {
        // These errors concern the requested cells; all others concern the agent or the network.
        SnmpError::Agent { .. }
        | SnmpError::TooLarge { .. }
        | SnmpError::Malformed { .. }
        | SnmpError::NotIncreasing { .. }
        | SnmpError::Endless { .. }
        | SnmpError::Timeout { .. } => Read::Unread(error.to_string()),
        _ => Read::Failed(error),
    }
}

/// Distinguishes an empty table from one that the agent lacks: both look alike in a walk.
async fn probe(asker: &Asker, layout: &Layout) -> Result<(), AttemptError> {
    let objects = [layout.walked, layout.compared, layout.identity.0];
    let names: Vec<Oid> = objects.iter().map(|object| object.at(&[NOWHERE])).collect();
    let values = asker
        .get(&names)
        .await
        .map_err(|error| AttemptError::Ended(ended(error)))?;
    for (object, value) in objects.iter().zip(values) {
        if value == Ok(Value::NoSuchObject) {
            let reason = format!("the agent has no {}", object.name);
            return Err(AttemptError::Ended(Read::Missing(reason)));
        }
    }
    Ok(())
}

/// Cells requested together.
struct Chunk {
    names: Vec<Oid>,
    cells: Vec<(Vec<u32>, &'static Object)>,
}

fn chunks(indices: &[Vec<u32>], layout: &Layout) -> Vec<Chunk> {
    let mut chunks = Vec::new();
    for group in layout.groups {
        let columns: Vec<Sized> = std::iter::once(layout.identity)
            .chain(group.iter().copied())
            .collect();
        let octets: usize = columns.iter().map(|(_, size)| size).sum();
        let rows = (MOST_VALUES / columns.len()).min(MOST_OCTETS / octets.max(1));
        for some in indices.chunks(rows.max(1)) {
            let cells: Vec<(Vec<u32>, &'static Object)> = some
                .iter()
                .flat_map(|index| columns.iter().map(|(object, _)| (index.clone(), *object)))
                .collect();
            let names = cells.iter().map(|(index, object)| object.at(index));
            chunks.push(Chunk {
                names: names.collect(),
                cells,
            });
        }
    }
    chunks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(indices: &[&[u32]]) -> Vec<String> {
        let indices: Vec<Vec<u32>> = indices.iter().map(|index| index.to_vec()).collect();
        let gaps = gaps(&indices);
        gaps.iter()
            .map(|gap| format!("{:?}..{:?}", gap.after, gap.next.unwrap_or_default()))
            .collect()
    }

    #[test]
    fn rows_may_be_missing_at_the_start_at_the_end_and_where_numbers_are_left_out() {
        assert_eq!(places(&[]), ["[]..[]"]);
        assert_eq!(places(&[&[1], &[2], &[3]]), ["[]..[1]", "[3]..[]"]);
        assert_eq!(places(&[&[0], &[1]]), ["[1]..[]"]);
        assert_eq!(
            places(&[&[1], &[2], &[5], &[6], &[9]]),
            ["[]..[1]", "[2]..[5]", "[6]..[9]", "[9]..[]"]
        );
        // Rows with other indices may be anywhere.
        assert_eq!(
            places(&[&[1], &[1, 1], &[2]]),
            ["[]..[1]", "[1]..[1, 1]", "[1, 1]..[2]", "[2]..[]"]
        );
    }
}
