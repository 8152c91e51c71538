//! Reads profiles: their columns of SNMP, their options in a running-config, and the row that both give.

use crate::observe::decode::Grid;
use crate::observe::decode::cell::{number, text};
use crate::observe::known::{Known, Table};
use crate::observe::mib::{Object, objects};
use crate::observe::running_config::options::{ObjectOptions, Occurs, OptionSpec, Shape, missing};
use crate::observe::running_config::words;

objects! { &[1, 3, 6, 1, 4, 1, 20095, 2001, 143, 1, 2, 30, 1] =>
    NAME = 30, "gamGhnAgentConfigBwProfileName";
    DESCRIPTION = 40, "gamGhnAgentConfigBwProfileDescription";
    DOWN = 50, "gamGhnAgentConfigBwProfileDsBw";
    UP = 60, "gamGhnAgentConfigBwProfileUsBw";
}

/// The built-in profile, which a new subscriber gets (docs/gam.md).
pub(in crate::observe) const DELIVERED: u32 = 1;

/// Read for every number that a profile can have.
pub(in crate::observe) const COLUMNS: [&Object; 4] = [&NAME, &DESCRIPTION, &DOWN, &UP];

/// The last option is not managed; a change by gamctl keeps it.
pub(in crate::observe) const OPTIONS: &[OptionSpec] = &[
    ("name", Shape::Value, Occurs::Elsewhere),
    ("description", Shape::Value, Occurs::Elsewhere),
    ("rate-downstream", Shape::Value, Occurs::OnlyHere),
    ("rate-upstream", Shape::Value, Occurs::OnlyHere),
    ("service-limit-level", Shape::Value, Occurs::Elsewhere),
];

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileRow {
    pub name: Known<String>,
    /// Empty means none.
    pub description: Known<String>,
    pub down: Known<u32>,
    pub up: Known<u32>,
    /// Settings that our types cannot hold, a reason each; gamctl must not change such an object.
    pub unheld: Vec<String>,
}

pub(in crate::observe) fn from_cells(grid: &Grid) -> Table<ProfileRow> {
    super::table(grid, "there is a profile", |row| ProfileRow {
        name: text(row, &NAME),
        description: text(row, &DESCRIPTION),
        down: number(row, &DOWN),
        up: number(row, &UP),
        unheld: Vec::new(),
    })
}

pub(in crate::observe) fn from_options(given: ObjectOptions) -> ProfileRow {
    let speed = |name| given.get(name, missing(name), words::number);
    ProfileRow {
        name: given.text("name", missing("name")),
        description: given.text("description", Ok(String::new())),
        down: speed("rate-downstream"),
        up: speed("rate-upstream"),
        unheld: given.unknown,
    }
}
