//! `gamctl adopt`: writes down as ours what both a device and the inventory have, and changes nothing on any device.

use super::invocation::{Invocation, StoreUse};
use super::scope::ScopeArguments;
use super::source::{InventoryArguments, refuse};
use crate::reconcile::run::{Preparation, RunRequest, Verb};
use crate::report::{Exit, adopt_document, adopt_text, preflight, run_document};

/// Write down as ours what both the devices and the inventory have; nothing is written to any device
///
/// What is ours may be removed when it leaves the inventory; what is not is never touched. `apply` writes that down by
/// itself for what it verified: this is for devices that ran before gamctl came, so that what is theirs and in the inventory
/// counts as ours at once, whatever still differs.
#[derive(Debug, clap::Args)]
pub(super) struct AdoptArguments {
    #[command(flatten)]
    inventory: InventoryArguments,

    #[command(flatten)]
    scope: ScopeArguments,
}

pub(super) fn run(arguments: &AdoptArguments, invocation: &Invocation) -> anyhow::Result<Exit> {
    let selected = invocation.select(arguments.inventory.given())?;
    let (terminal, watcher) = (&invocation.terminal, selected.watcher());
    let request = RunRequest {
        revision: arguments.inventory.revision().map(str::to_owned),
        scope: arguments.scope.patterns()?,
        ..RunRequest::of(Verb::Adopt, &selected.settings.who)
    };
    let reconciler = selected.reconciler(StoreUse::Required, &watcher)?;
    let exit = match invocation.wait(reconciler.prepare(request, &watcher))?? {
        Preparation::InventoryInvalid(reading) => {
            let why = "Nothing is adopted: with errors in it, the inventory does not say what is intended.";
            refuse(*reading, why, terminal)?
        }
        Preparation::Refused(refused) => {
            if let Some(refusal) = &refused.report.refusal {
                terminal.complain(&format!(
                    "Nothing is adopted: {}.",
                    preflight(refusal).because
                ));
            }
            terminal.document(|| run_document(&refused.report))?;
            Exit::from(refused.report.result())
        }
        Preparation::Ready(run) => {
            let report = invocation.wait(reconciler.adopt(*run))??;
            terminal.document(|| adopt_document(&report))?;
            terminal.result(&adopt_text(&report))?;
            Exit::from(report.result())
        }
    };
    invocation.wait(reconciler.close())?;
    Ok(exit)
}
