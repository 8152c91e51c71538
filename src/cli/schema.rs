//! `gamctl schema`: JSON Schema of the inventory's files, for editors, and of plans and documents, for programs.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

use super::terminal::Terminal;
use crate::inventory::{FileKind, json_schema};
use crate::report::{DocumentKind, Exit, PLAN_SCHEMA};

/// Print the JSON Schema of a kind of file or document
///
/// `gamctl init` puts the schemas of files beside the inventory and a `#:schema` line into each file. The TOML extensions
/// of common editors follow that line. Documents of `--format json` name their schema, such as `gamctl/find`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  gamctl schema subscribers       for an editor
  gamctl schema plan              the file that `gamctl plan --out` writes
  gamctl schema gamctl/run        what `gamctl apply --format json` prints")]
pub(super) struct SchemaArguments {
    /// Print the schema of this kind of file, or of this document
    #[arg(value_parser = kinds())]
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    File(FileKind),
    PlanFile,
    Document(DocumentKind),
}

/// Every kind with its word.
fn all() -> impl Iterator<Item = (String, Kind)> {
    let files = FileKind::ALL.map(|kind| (kind.to_string(), Kind::File(kind)));
    let documents = DocumentKind::ALL.iter().copied();
    let documents = documents.map(|kind| (kind.name().to_owned(), Kind::Document(kind)));
    let plan = ("plan".to_owned(), Kind::PlanFile);
    files.into_iter().chain([plan]).chain(documents)
}

fn kinds() -> impl TypedValueParser<Value = Kind> {
    let words = all().map(|(word, kind)| {
        // Thirty names of documents would hide the files in the help.
        PossibleValue::new(word).hide(matches!(kind, Kind::Document(_)))
    });
    PossibleValuesParser::new(words).try_map(|given| {
        let mut all = all();
        let found = all.find(|(word, _)| *word == given);
        found.map(|(_, kind)| kind).ok_or("not a kind")
    })
}

impl Kind {
    fn schema(self) -> String {
        match self {
            Self::File(kind) => json_schema(kind),
            Self::PlanFile => PLAN_SCHEMA.to_owned(),
            Self::Document(kind) => kind.schema().to_owned(),
        }
    }
}

pub(super) fn run(arguments: &SchemaArguments, terminal: &Terminal) -> anyhow::Result<Exit> {
    let schema = arguments.kind.schema();
    terminal.json_text(|| schema.clone())?;
    terminal.result(&schema)?;
    Ok(Exit::Done)
}
