//! `gamctl fmt`: brings inventory files into canonical order and spacing.

use anyhow::Context;
use serde::Serialize;

use super::format::OutputFormat;
use super::invocation::Invocation;
use super::source::OldFolderArguments;
use crate::authoring::format;
use crate::authoring::replace_inside;
use crate::inventory::canonical_order;
use crate::inventory::source::{Entry, Limits, ReadProblem, Source};
use crate::report::{DocumentKind, Exit, counted, difference, visible};

/// Bring the inventory's files into canonical order and spacing
///
/// Keys come in the order of the reference, objects by their ids within each section. A section begins at a comment
/// with a blank line around it. Comments stay with the lines they describe, and the meaning never changes. With --check
/// no file is written, and the exit code is 2 if a file is not in order.
#[derive(Debug, clap::Args)]
pub(super) struct FmtArguments {
    #[command(flatten)]
    inventory: OldFolderArguments,

    /// Only list the files that are not in order
    #[arg(long)]
    check: bool,

    /// Show the changes as a diff
    #[arg(long)]
    diff: bool,

    /// Print the result in this format
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: OutputFormat,
}

/// The JSON document of the command.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct FmtDocument<'a> {
    /// The files that were not in order.
    changed: Vec<&'a str>,
    broken: &'a [UnformattedFile<'a>],
}

/// A file that cannot be brought into order.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct UnformattedFile<'a> {
    file: &'a str,
    message: String,
}

pub(super) fn run(arguments: &FmtArguments, invocation: &Invocation) -> anyhow::Result<Exit> {
    let terminal = &invocation.terminal;
    let root = invocation.folder(arguments.inventory.given());
    let source = Source::directory(&root)?;
    let limits = Limits::default();
    let listing = source.list(&limits)?;
    let mut reader = source.reader()?;
    anyhow::ensure!(
        !(listing.entries.is_empty() && listing.findings.is_empty()),
        "there is no file of an inventory in {}",
        root.display()
    );
    let (mut changed, mut broken) = (Vec::new(), Vec::new());
    let mut shown = String::new();
    for entry in &listing.entries {
        let problem = match reader.read(entry, &limits) {
            Ok(bytes) => match formatted(entry, bytes) {
                Ok(Some((before, after))) => {
                    changed.push((entry, before, after));
                    continue;
                }
                Ok(None) => continue,
                Err(problem) => problem,
            },
            Err(ReadProblem::Finding(finding)) => finding.message,
            Err(ReadProblem::Source(error)) => return Err(error.into()),
        };
        terminal.say_always(&format!("{}: {problem}", visible(&entry.path)));
        broken.push(UnformattedFile {
            file: &entry.path,
            message: problem,
        });
    }
    for (entry, before, after) in &changed {
        shown.push_str(&match arguments.diff {
            true => difference(&entry.path, before, after, terminal.paint),
            false => format!("{}\n", visible(&entry.path)),
        });
        if !arguments.check {
            let file = root.join(&*entry.path);
            replace_inside(&root, &file, after.as_bytes())
                .with_context(|| format!("failed to write {}", file.display()))?;
        }
    }
    let document = FmtDocument {
        changed: changed.iter().map(|(entry, ..)| &*entry.path).collect(),
        broken: &broken,
    };
    terminal.print(
        arguments.format,
        || DocumentKind::Fmt.document(&document),
        || shown,
    )?;
    let files = counted(changed.len(), "file");
    if !broken.is_empty() {
        terminal.hint("`gamctl validate` shows the errors");
        return Ok(Exit::InventoryInvalid);
    }
    match (changed.is_empty(), arguments.check) {
        (true, _) => terminal.detail("Every file is in order."),
        (false, true) => {
            terminal.say(&format!(
                "{files} {}; `gamctl fmt` brings {}.",
                if changed.len() == 1 {
                    "is not in order"
                } else {
                    "are not in order"
                },
                if changed.len() == 1 {
                    "it there"
                } else {
                    "them there"
                },
            ));
            return Ok(Exit::ChangesPending);
        }
        (false, false) => terminal.say(&format!("Brought {files} into order.")),
    }
    Ok(Exit::Done)
}

/// Returns a file before and after formatting, or `None` if it is in order.
fn formatted(entry: &Entry, bytes: Vec<u8>) -> Result<Option<(String, String)>, String> {
    let before = String::from_utf8(bytes).map_err(|_| "is not UTF-8".to_owned())?;
    let order = |path: &[&str]| canonical_order(entry.kind, path);
    let after = format(entry.kind, &before, &order).map_err(|error| error.to_string())?;
    Ok((before != after).then_some((before, after)))
}
