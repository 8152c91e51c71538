//! `gamctl adopt`: records objects that both device and inventory have as owned; changes no device.

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
#[derive(Debug, clap::Args)]
pub(super) struct AdoptArguments {
    #[command(flatten)]
    inventory: InventoryArguments,

    #[command(flatten)]
    scope: ScopeArguments,

    #[command(flatten)]
    timeout: TimeoutArguments,

    /// Print the result in this format
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: OutputFormat,
}

pub(super) fn run(arguments: &AdoptArguments, invocation: &Invocation) -> anyhow::Result<Exit> {
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
