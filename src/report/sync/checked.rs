//! Renders the check of a billing system as a table: each probe, its result, and the next step.

use serde::Serialize;

use crate::report::{Align, Paint, Table};

/// One probe of a billing system.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct CheckLine {
    pub probe: String,
    pub state: CheckState,
    /// The answer, with the next step where there is one.
    pub detail: String,
}

/// The result of a probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum CheckState {
    Good,
    /// The sync works, with less.
    Limited,
    Bad,
}

impl CheckState {
    fn word(self) -> &'static str {
        match self {
            Self::Good => "ok",
            Self::Limited => "limited",
            Self::Bad => "problem",
        }
    }
}

/// Returns the probes as a table, problems with their next step.
pub fn check_table(lines: &[CheckLine], paint: Paint) -> String {
    let columns = ["", "probe", "answer"];
    let mut table = Table::new(columns.map(|column| (column, Align::Left)));
    for line in lines {
        table.push([line.state.word(), &line.probe, &line.detail]);
    }
    table.render(paint)
}
