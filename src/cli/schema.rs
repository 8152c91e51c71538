//! `gamctl schema`: JSON Schema of the inventory's files, for editors.

use clap::ValueEnum;

use super::terminal::Terminal;
use crate::inventory::{FileKind, json_schema};
use crate::report::Exit;

/// Print the JSON Schema of a kind of file, for editors that check while you type
///
/// `gamctl init` puts the schemas beside the inventory and a `#:schema` line into each file, which the TOML extensions of
/// common editors follow.
#[derive(Debug, clap::Args)]
pub(super) struct SchemaArguments {
    /// The kind of file
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
}

impl From<Kind> for FileKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Network => Self::Network,
            Kind::Policy => Self::Policy,
            Kind::ServicePlans => Self::ServicePlans,
            Kind::Credentials => Self::Credentials,
            Kind::Devices => Self::Devices,
            Kind::Subscribers => Self::Subscribers,
        }
    }
}

pub(super) fn run(arguments: &SchemaArguments, terminal: &Terminal) -> anyhow::Result<Exit> {
    let schema = json_schema(arguments.kind.into());
    terminal.json_text(|| schema.clone())?;
    terminal.result(&schema)?;
    Ok(Exit::Done)
}
