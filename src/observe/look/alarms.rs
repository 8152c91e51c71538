//! Reads the table of active alarms to its end; only then an empty table proves that there are no alarms.

use super::TRIES;
use super::ask::Asker;
use super::table::{NOWHERE, Read, ended};
use crate::observe::decode::Grid;
use crate::observe::mib::{Object, alarm};
use crate::observe::rows::Known;
use crate::transport::snmp::{Oid, SnmpError, Value};

/// The columns that are read. The row's number is in the index of each.
const COLUMNS: [&Object; 6] = [
    &alarm::UUID,
    &alarm::ENTITY,
    &alarm::CONDITION,
    &alarm::SEVERITY,
    &alarm::SERVICE_AFFECTING,
    &alarm::OCCURRED,
];

/// Reads the whole table. A row that was read in part, because an alarm came or went meanwhile, makes it read again.
pub(super) async fn read(asker: &Asker) -> Read {
    let names = COLUMNS.map(Object::oid);
    let mut why = String::new();
    for _ in 0..TRIES {
        let columns = match asker.together(&names).await {
            Ok(columns) => columns,
            Err(error) => return ended(error),
        };
        let grid = Grid::of(&COLUMNS, &columns);
        let is_empty = |object: &&&Object| !grid.rows.values().any(|row| row.has(object));
        let empty: Vec<&Object> = COLUMNS.iter().filter(is_empty).copied().collect();
        let missing = match missing(asker, &empty).await {
            Ok(Ok(missing)) => missing,
            Ok(Err(reason)) => return Read::Unread(reason),
            Err(error) => return ended(error),
        };
        let there: Vec<&Object> = COLUMNS
            .into_iter()
            .filter(|object| !missing.contains(object))
            .collect();
        if there.is_empty() {
            return Read::Missing(format!("the agent has no {}", alarm::CONDITION.name));
        }
        match grid.gap(&there) {
            None => return Read::Whole(grid),
            Some(gap) => why = gap,
        }
    }
    Read::Unread(format!("the alarms kept changing in {TRIES} tries: {why}"))
}

/// Returns those of these empty columns that the agent does not have: both look alike in a walk. Fails with a reason if they
/// cannot be distinguished.
pub(super) async fn missing<'o>(
    asker: &Asker,
    empty: &[&'o Object],
) -> Result<Known<Vec<&'o Object>>, SnmpError> {
    if empty.is_empty() {
        return Ok(Ok(Vec::new()));
    }
    let names: Vec<Oid> = empty.iter().map(|object| object.at(&[NOWHERE])).collect();
    let mut missing = Vec::new();
    for (object, value) in empty.iter().zip(asker.get(&names).await?) {
        match value {
            Ok(Value::NoSuchObject | Value::EndOfMibView) => missing.push(*object),
            Ok(_) => {}
            Err(reason) => return Ok(Err(reason)),
        }
    }
    Ok(Ok(missing))
}
