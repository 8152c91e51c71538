//! Reads subscribers from a list of VIRTUOSO, the vendor's manager, and writes such a list.
//!
//! `column` the columns and their spellings · `cell` values as they are written in cells · `row` a row as types · `known` what the
//! inventory has · `decide` which rows become subscribers · `addition` their ids and edits · `same_lines` rows with one key ·
//! `difference` where a row and a subscriber differ · `row_problem` why a row is not taken over · `weed` drops rows that would cause
//! errors · `export` the list of an inventory.
//!
//! *Guarantees*: an export that is imported into an inventory with the same devices and service plans gives the same
//! subscribers, except for the keys of billing and protection. No cell begins as a formula of a spreadsheet.

mod addition;
mod cell;
mod column;
mod decide;
mod difference;
mod export;
mod known;
mod row;
mod row_problem;
mod same_lines;
#[cfg(test)]
mod tests;
mod weed;

pub use addition::{Addition, edits};
pub use cell::CellError;
pub use column::{Column, ColumnError, column_names};
pub use decide::{Decision, ListOptions, decide};
pub use export::{Exported, ListForm, export};
pub use row_problem::{Difference, LeftOutRow, RowProblem};
pub use weed::{WeededImport, weed};
