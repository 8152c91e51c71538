//! Decides which rows of a VIRTUOSO list become subscribers, and lists every other row with the reason.

use std::collections::{BTreeSet, HashMap};

use super::addition::{Addition, NewRow, additions};
use super::cell;
use super::column::{Column, ColumnError, Columns};
use super::difference::{differences, has_sold_values};
use super::known::Known;
use super::row::Row;
use super::row_problem::{LeftOutRow, RowProblem};
use super::same_lines::{lines_of, others};
use crate::authoring::csv::{CsvRow, CsvTable};
use crate::inventory::Inventory;
use crate::model::{DeviceName, MacAddress, PortAssignment, VlanId};

/// What a person decided about every row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ListOptions {
    /// The port of rows without one.
    pub default_port: Option<PortAssignment>,
    /// Takes over descriptions, which may be about people.
    pub with_descriptions: bool,
}

/// The decision about a whole list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Decision {
    pub additions: Vec<Addition>,
    /// Rows whose subscriber is in the inventory with the same values.
    pub unchanged: usize,
    /// Sorted by line; a row has an entry for each problem.
    pub left_out: Vec<LeftOutRow>,
    /// Columns that are not used.
    pub unused_columns: Vec<String>,
    /// The list has descriptions, and they are not taken over.
    pub has_unused_descriptions: bool,
    /// Columns of VIRTUOSO that the list lacks, so that new subscribers get their defaults.
    pub absent_columns: Vec<Column>,
    /// Rows whose address is not an IP address; that text is not kept.
    pub other_addresses: usize,
}

impl Decision {
    /// Returns the number of rows that are not taken over.
    pub fn rows_left_out(&self) -> usize {
        let lines: BTreeSet<usize> = self.left_out.iter().map(|one| one.line).collect();
        lines.len()
    }

    pub(super) fn leave_out(&mut self, line: usize, problem: RowProblem) {
        self.left_out.push(LeftOutRow { line, problem });
    }

    pub(super) fn sort(&mut self) {
        self.left_out.sort_by_key(|one| one.line);
    }
}

/// Decides about a list; nothing is written.
///
/// # Errors
///
/// Fails where the list has no usable columns; a row that cannot be used is listed.
pub fn decide(
    inventory: &Inventory,
    table: &CsvTable,
    options: ListOptions,
) -> Result<Decision, ColumnError> {
    let columns = Columns::of(&table.columns)?;
    let known = Known::of(inventory);
    let mut decision = Decision {
        unused_columns: columns.unused.clone(),
        has_unused_descriptions: columns.has(Column::Description) && !options.with_descriptions,
        absent_columns: columns.absent(),
        ..Decision::default()
    };
    let endpoints = endpoint_lines(table, &columns);
    let mut placed: Vec<(Row, DeviceName)> = Vec::new();
    for row in &table.rows {
        match read(row, &columns, &known, &endpoints, options) {
            Ok((row, device)) => {
                decision.other_addresses += usize::from(row.has_other_address);
                placed.push((row, device));
            }
            Err(problems) => {
                for problem in problems {
                    decision.leave_out(row.line, problem);
                }
            }
        }
    }
    let names = lines_of(placed.iter().map(|(row, device)| {
        let name = row.name.as_str().to_owned();
        ((device.clone(), name), row.line)
    }));
    let mut new = Vec::new();
    for (row, device) in placed {
        let (line, name) = (row.line, row.name.as_str().to_owned());
        let decided = match others(names.get(&(device.clone(), name)), line) {
            Some(others) => Err(RowProblem::NameTwice(others)),
            None => place(row, device, &known, options),
        };
        match decided {
            Ok(Some(one)) => new.push(one),
            Ok(None) => decision.unchanged += 1,
            Err(problem) => decision.leave_out(line, problem),
        }
    }
    for (line, addition) in additions(new, &known.subscribers) {
        match addition {
            Ok(addition) => decision.additions.push(addition),
            Err(problem) => decision.leave_out(line, problem),
        }
    }
    decision.sort();
    Ok(decision)
}

fn read(
    row: &CsvRow,
    columns: &Columns,
    known: &Known<'_>,
    endpoints: &HashMap<MacAddress, Vec<usize>>,
    options: ListOptions,
) -> Result<(Row, DeviceName), Vec<RowProblem>> {
    let row = Row::read(row, columns, options.with_descriptions)?;
    let lines = row.endpoint.and_then(|mac| endpoints.get(&mac));
    if let Some(others) = others(lines, row.line) {
        return Err(vec![RowProblem::EndpointTwice(others)]);
    }
    let device = known.device(row.system.as_deref(), row.address);
    let device = device.map_err(|problem| vec![problem])?.id.clone();
    Ok((row, device))
}

/// Returns the lines of each endpoint, also of rows with other problems: which of them is right is not known.
fn endpoint_lines(table: &CsvTable, columns: &Columns) -> HashMap<MacAddress, Vec<usize>> {
    let position = columns.position(Column::Endpoint);
    lines_of(table.rows.iter().filter_map(|row| {
        let cell = cell::unguarded(row.cell(position)?);
        Some((cell::mac(cell).ok()?, row.line))
    }))
}

/// Returns the new subscriber of a row; `None` if the inventory has it already.
fn place(
    row: Row,
    device: DeviceName,
    known: &Known<'_>,
    options: ListOptions,
) -> Result<Option<NewRow>, RowProblem> {
    let plan = || known.service_plan(&row.profile, row.service_plan.as_ref());
    if let Some(one) = known.subscriber(&row, &device)? {
        let plan = has_sold_values(&row, one).then(plan).transpose()?;
        let differences = differences(&row, one, &device, plan.as_ref());
        return match differences.is_empty() {
            true => Ok(None),
            false => Err(RowProblem::Differs {
                id: one.id.clone(),
                differences,
            }),
        };
    }
    if row.vlan == VlanId::UNSERVED {
        return Err(RowProblem::Unserved);
    }
    let service_plan = plan()?;
    let port = row.port.or(options.default_port);
    Ok(Some(NewRow {
        port: port.ok_or(RowProblem::NoPort)?,
        row,
        device,
        service_plan,
    }))
}
