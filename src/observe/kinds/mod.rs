//! Describes profiles, endpoints and subscribers: the columns and the words from which a row of each kind is read.
//!
//! One file for each kind has its row, its columns in the MIB, the requests for them, its options in the running-config, and
//! the two functions that make a row: from SNMP cells and from options. A field of a kind has its place only there.

pub(super) mod endpoint;
pub(super) mod profile;
pub(super) mod subscriber;

pub use endpoint::{EndpointRow, ExpectedPort};
pub use profile::ProfileRow;
pub use subscriber::SubscriberRow;

use super::decode::{Grid, Row};
use super::known::Table;

/// Returns the rows of a table whose index is the number of the object.
fn table<R>(grid: &Grid, what: &str, read: impl Fn(&Row) -> R) -> Table<R> {
    let (rows, lost) = grid.numbered(what);
    let rows = rows.into_iter().map(|(number, row)| (number, read(row)));
    Table {
        rows: rows.collect(),
        lost,
    }
}
