//! `gamctl schema`: JSON Schema of the inventory's files, for editors, and of plans, for programs.

use clap::ValueEnum;

use super::terminal::Terminal;
use crate::inventory::{FileKind, json_schema};
use crate::report::{Exit, PLAN_SCHEMA};

/// Print the JSON Schema of a kind of file, for editors and programs
///
/// `gamctl init` puts the schemas beside the inventory and a `#:schema` line into each file. The TOML extensions of
/// common editors follow that line.
#[derive(Debug, clap::Args)]
pub(super) struct SchemaArguments {
    /// Print the schema of this kind of file
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    Network,
    Policy,
    ServicePlans,
    Credentials,
    Devices,
    Subscribers,
    /// The file that `gamctl plan --out` writes
    Plan,
}

impl Kind {
    fn schema(self) -> String {
        json_schema(match self {
            Self::Network => FileKind::Network,
            Self::Policy => FileKind::Policy,
            Self::ServicePlans => FileKind::ServicePlans,
            Self::Credentials => FileKind::Credentials,
            Self::Devices => FileKind::Devices,
            Self::Subscribers => FileKind::Subscribers,
            Self::Plan => return PLAN_SCHEMA.to_owned(),
        })
    }
}

pub(super) fn run(arguments: &SchemaArguments, terminal: &Terminal) -> anyhow::Result<Exit> {
    let schema = arguments.kind.schema();
    terminal.json_text(|| schema.clone())?;
    terminal.result(&schema)?;
    Ok(Exit::Done)
}
