//! `gamctl export`: writes the subscribers of the inventory as a list for another system.

use std::path::PathBuf;

use anyhow::{Context, ensure};

use super::invocation::Invocation;
use super::output_file::check_output_file;
use super::scope::ScopeArguments;
use super::source::{InventoryArguments, refuse};
use super::terminal::WrittenFiles;
use crate::authoring::replace;
use crate::authoring::virtuoso::{ListForm, export};
use crate::report::{DocumentKind, Exit, counted};

/// Write the subscribers of the inventory as a list for another system
///
/// The list has names and endpoints of subscribers: keep it where such data may be. `gamctl import --virtuoso` reads it back.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  gamctl export --virtuoso --out list.csv                    with the columns that gamctl needs to read it back
  gamctl export --virtuoso --virtuoso-columns > list.csv     only the columns of VIRTUOSO
  gamctl export --virtuoso --site maple-court --rev v42      one site, as it was committed

A cell that a spreadsheet would take for a formula begins with an apostrophe; the import takes it off.")]
pub(super) struct ExportArguments {
    /// Write a CSV list with the columns of VIRTUOSO
    #[arg(long, required = true)]
    virtuoso: bool,

    /// Leave out gamctl's own columns, and subscribers that need them
    ///
    /// Subscribers that are suspended or pending are left out, because no column of VIRTUOSO has their state.
    #[arg(long)]
    virtuoso_columns: bool,

    /// Write the list to this file instead of stdout
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,

    #[command(flatten)]
    inventory: InventoryArguments,

    #[command(flatten)]
    scope: ScopeArguments,
}

pub(super) fn run(arguments: &ExportArguments, invocation: &Invocation) -> anyhow::Result<Exit> {
    let selected = invocation.select(arguments.inventory.given())?;
    let terminal = &invocation.terminal;
    match &arguments.out {
        Some(out) => check_output_file("the list", out)?,
        None => terminal.no_json("a list on stdout; add `--out FILE`")?,
    }
    let reading = selected.read(arguments.inventory.revision())?;
    if reading.has_errors() {
        let why = "Nothing exported: the inventory has errors, so a list of it could be wrong.";
        return refuse(reading, why, terminal);
    }
    let scope = arguments.scope.scope()?;
    let form = match arguments.virtuoso_columns {
        true => ListForm::VirtuosoOnly,
        false => ListForm::WithOwnColumns,
    };
    let mut devices = reading.inventory.devices();
    ensure!(
        arguments.scope.is_everything() || devices.any(|device| scope.has(device)),
        "no device is in the scope; `gamctl show` lists devices and sites"
    );
    let exported = export(&reading.inventory, |device| scope.has(device), form);
    let rows = counted(exported.rows, "subscriber");
    match &arguments.out {
        Some(out) => {
            replace(out, exported.text.as_bytes())
                .with_context(|| format!("failed to write {}", out.display()))?;
            let written = vec![out.clone()];
            terminal.json(DocumentKind::Written, &WrittenFiles { written })?;
            terminal.say(&format!("Wrote {rows} to {}.", out.display()));
        }
        None => terminal.result(&exported.text)?,
    }
    let states = [
        (exported.suspended, "suspended"),
        (exported.pending, "pending"),
    ];
    for (count, state) in states {
        let left_out = match count {
            0 => continue,
            1 => format!("1 subscriber is {state} and left out"),
            count => format!("{} are {state} and left out", counted(count, "subscriber")),
        };
        terminal.say(&format!(
            "note: {left_out}: no column of VIRTUOSO has the state."
        ));
    }
    Ok(Exit::Done)
}
