//! `gamctl adopt`: records objects that both device and inventory have as owned; changes no device.

use std::path::PathBuf;

use super::adopt_drift;
use super::format::OutputFormat;
use super::invocation::{Invocation, StoreUse};
use super::scope::ScopeArguments;
use super::source::{InventoryArguments, refuse};
use super::timeout::TimeoutArguments;
use crate::reconcile::run::{Preparation, RunRequest, Verb};
use crate::report::{Exit, adopt_document, adopt_text, preflight, run_document};

/// Record objects that both device and inventory have as owned
///
/// Writes to no device. Owned objects may be removed when they leave the inventory; unmanaged objects are never
/// changed. `apply` records what it verified as owned by itself. Use `adopt` for devices that ran before gamctl: their
/// objects that are also in the inventory count as owned at once, even where they still differ.
///
/// With --drift, it writes what devices have into the inventory instead: the fields that changed on a device since they
/// were last verified, as a commit on --branch. Without --branch the difference is only shown.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  gamctl adopt                                    record what devices and inventory have in common as owned
  gamctl adopt --drift --device maple-a           show what the inventory would get
  gamctl adopt --drift --device maple-a --branch keep-vlan   commit it, for a pull request")]
pub(super) struct AdoptArguments {
    #[command(flatten)]
    pub(super) inventory: InventoryArguments,

    #[command(flatten)]
    pub(super) scope: ScopeArguments,

    /// Write fields that changed on devices into the inventory
    ///
    /// What the inventory cannot express, or what would change other subscribers too, is listed and left out.
    #[arg(long)]
    drift: bool,

    /// With --drift: commit to this branch, created if missing
    ///
    /// A new branch starts at the current commit. The present branch is changed only if it is named.
    #[arg(long, requires = "drift", conflicts_with = "rev")]
    pub(super) branch: Option<String>,

    /// Name the author, as `Name <address>` [default: from git]
    #[arg(long, requires = "branch")]
    pub(super) author: Option<String>,

    /// With --drift: use recorded looks from these files and folders
    #[arg(long = "offline", value_name = "FILE", num_args = 1.., requires = "drift")]
    pub(super) offline: Vec<PathBuf>,

    #[command(flatten)]
    pub(super) timeout: TimeoutArguments,

    /// Print the result in this format
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(super) format: OutputFormat,
}

pub(super) fn run(arguments: &AdoptArguments, invocation: &Invocation) -> anyhow::Result<Exit> {
    if arguments.drift {
        return adopt_drift::run(arguments, invocation);
    }
    let selected = invocation
        .select(arguments.inventory.given())?
        .waiting(arguments.timeout);
    let (terminal, watcher) = (&invocation.terminal, selected.watcher());
    let request = RunRequest {
        revision: arguments.inventory.revision().map(str::to_owned),
        scope: arguments.scope.patterns()?,
        ..RunRequest::of(Verb::Adopt, &selected.settings.who)
    };
    let reconciler = selected.reconciler(StoreUse::Required, &watcher)?;
    let exit = match invocation.wait(reconciler.prepare(request, &watcher))?? {
        Preparation::InventoryInvalid(reading) => {
            let why = "Nothing adopted: the inventory has errors, so the intended configuration is unknown.";
            refuse(*reading, why, terminal)?
        }
        Preparation::Refused(refused) => {
            if let Some(refusal) = &refused.report.refusal {
                terminal.say_always(&format!("Nothing adopted: {}.", preflight(refusal).because));
            }
            terminal.document(|| run_document(&refused.report))?;
            Exit::from(refused.report.result())
        }
        Preparation::Ready(run) => {
            let report = invocation.wait(reconciler.adopt(*run))??;
            let text = || adopt_text(&report);
            terminal.print(arguments.format, || adopt_document(&report), text)?;
            Exit::from(report.result())
        }
    };
    invocation.wait(reconciler.close())?;
    Ok(exit)
}
