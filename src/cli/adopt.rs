//! `gamctl adopt`: writes down as ours what both a device and the inventory have, and changes nothing on any device.

use std::path::PathBuf;

use super::invocation::{Invocation, StoreUse};
use super::scope::ScopeArguments;
use super::source::refuse;
use crate::reconcile::run::{Preparation, RunRequest, Verb};
use crate::report::{Exit, adopt_text, preflight, run_exit};

/// Write down as ours what both the devices and the inventory have; nothing is written to any device
///
/// What is ours may be removed when it leaves the inventory; what is not is never touched. `apply` writes that down by
/// itself for what it verified: this is for devices that ran before gamctl came, so that what is theirs and in the inventory
/// counts as ours at once, whatever still differs.
#[derive(Debug, clap::Args)]
pub(super) struct AdoptArguments {
    /// The inventory's folder, or a git repository with --rev [default: the settings', else this folder]
    #[arg(long, short = 'i', value_name = "PATH")]
    inventory: Option<PathBuf>,

    /// Take the inventory as it was committed at this revision
    #[arg(long, value_name = "REV")]
    rev: Option<String>,

    #[command(flatten)]
    scope: ScopeArguments,
}

pub(super) fn run(arguments: &AdoptArguments, invocation: &Invocation) -> anyhow::Result<Exit> {
    let selected = invocation.select(arguments.inventory.as_deref())?;
    let (terminal, watcher) = (&invocation.terminal, selected.watcher());
    let request = RunRequest {
        revision: arguments.rev.clone(),
        scope: arguments.scope.patterns()?,
        ..RunRequest::of(Verb::Adopt, &selected.settings.who)
    };
    let reconciler = selected.reconciler(StoreUse::Required, &watcher)?;
    let exit = match invocation.wait(reconciler.prepare(request, &watcher))?? {
        Preparation::InventoryInvalid(reading) => {
            let why = "Nothing is adopted: with errors there is no telling what is intended.";
            refuse(*reading, why, terminal)?
        }
        Preparation::Refused(refused) => {
            if let Some(refusal) = &refused.report.refusal {
                terminal.complain(&format!(
                    "Nothing is adopted: {}.",
                    preflight(refusal).because
                ));
            }
            Exit::Refused
        }
        Preparation::Ready(run) => {
            let report = invocation.wait(reconciler.adopt(*run))??;
            terminal.json_text(|| crate::report::adopt_document(&report))?;
            terminal.result(&adopt_text(&report))?;
            run_exit(report.result())
        }
    };
    invocation.wait(reconciler.close())?;
    Ok(exit)
}
