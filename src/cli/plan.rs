//! `gamctl plan`: what would change on which device, and why; nothing is written to any device.

use std::path::PathBuf;

use anyhow::Context;

use super::format::PlanFormat;
use super::invocation::{Invocation, StoreUse};
use super::looking::all_from_files;
use super::output_file::check_output_file;
use super::scope::ScopeArguments;
use super::source::{InventoryArguments, refuse};
use super::terminal::Terminal;
use crate::model::chain;
use crate::plan::Planned;
use crate::reconcile::run::{
    Allowances, Baseline, LookSource, Preparation, PreparedRun, Reconciler, RunRequest, Verb,
    Watcher,
};
use crate::report::{Exit, PlanReport, preflight, run_document, write_plan};

/// Say what would change on which device, line by line, and write to none
///
/// Looks at the devices over SNMP, compares them with the inventory, and says what it would take: who loses something
/// first, then who notices, then the rest, each with the reason. Exits with 0 where nothing would change, with 2 where
/// something would, with 4 where the policy refuses it, and with 6 where all is well but some devices could not be observed.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  gamctl plan                                      all devices, against the inventory in this folder
  gamctl plan network                              the inventory in another folder, with its own gamctl.toml
  gamctl plan --site maple-court --detailed        one site, with every line that would be typed
  gamctl plan --applied v42 --out plan.json        removals too: what v42 had is ours; the plan for `apply`
  gamctl plan --against origin/main --format markdown   what a pull request would change; asks no device
  gamctl plan --offline looks/                     from looks that were recorded with `observe --save`

The inventory is taken as it is committed where the work tree is the same, so that reasons name commits. A folder that is
named and holds a `gamctl.toml` brings its own settings and secrets; `--config` overrules that.")]
pub(super) struct PlanArguments {
    /// The inventory's folder, or a git repository with --rev [default: the settings', else this folder]
    #[arg(conflicts_with = "inventory")]
    path: Option<PathBuf>,

    #[command(flatten)]
    inventory: InventoryArguments,

    /// The revision that was last applied: what it had on a device is ours, and may be removed; its policy judges
    #[arg(long, value_name = "REV")]
    applied: Option<String>,

    /// Compare with the inventory at this revision instead of with devices, as if each were exactly that
    #[arg(long, value_name = "REV", conflicts_with_all = ["applied", "offline"])]
    against: Option<String>,

    /// Plan from looks in these files and folders instead of looking
    #[arg(long, value_name = "FILE", num_args = 1..)]
    offline: Vec<PathBuf>,

    /// Write the plan to this file, for `apply` and for the record
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,

    #[command(flatten)]
    scope: ScopeArguments,

    /// How it is written
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: PlanFormat,

    /// Show the lines that would be typed, and those that undo them
    #[arg(long)]
    detailed: bool,

    /// Show everything, however long it gets
    #[arg(long)]
    expand: bool,

    /// The most bytes of markdown; forges take some 65 000
    #[arg(long, value_name = "BYTES", default_value_t = 60_000, value_parser = clap::value_parser!(u32).range(2_000..))]
    max_bytes: u32,

    /// Let the plan change what our own way to a device goes through
    #[arg(long)]
    allow_management: bool,
}

pub(super) fn run(arguments: &PlanArguments, invocation: &Invocation) -> anyhow::Result<Exit> {
    let given = arguments.path.as_deref().or(arguments.inventory.given());
    let selected = invocation.select(given)?;
    let (terminal, watcher) = (&invocation.terminal, selected.watcher());
    if let Some(out) = &arguments.out {
        check_output_file("the plan", out)?;
    }
    let request = arguments.request(&selected.settings.who)?;
    let store = match (&request.baseline, &arguments.out) {
        // A person says what is owned; the store is not asked.
        (Baseline::Revision(_) | Baseline::Nothing, _) => StoreUse::None,
        (Baseline::Store, Some(_)) => StoreUse::IfPossible,
        (Baseline::Store, None) => StoreUse::IfThere,
    };
    let reconciler = selected.reconciler(store, &watcher)?;
    let exit = match invocation.wait(reconciler.prepare(request, &watcher))?? {
        Preparation::InventoryInvalid(reading) => {
            let why = "Nothing is planned: with errors in it, the inventory does not say what is intended.";
            refuse(*reading, why, terminal)?
        }
        Preparation::Refused(refused) => {
            if let Some(refusal) = &refused.report.refusal {
                terminal.complain(&format!(
                    "Nothing is planned: {}.",
                    preflight(refusal).because
                ));
            }
            terminal.document(|| run_document(&refused.report))?;
            Exit::from(refused.report.result())
        }
        Preparation::Ready(run) => {
            if let Some(out) = &arguments.out {
                let text = write_plan(run.planned());
                std::fs::write(out, &text)
                    .with_context(|| format!("failed to write {}", out.display()))?;
                invocation.wait(remember(&reconciler, &text, &run, &watcher))?;
            }
            show(run.planned(), arguments, terminal)?
        }
    };
    invocation.wait(reconciler.close())?;
    Ok(exit)
}

/// Tells the store of a plan that was written to a file, for whoever applies it.
async fn remember(reconciler: &Reconciler, text: &str, run: &PreparedRun, watcher: &Watcher) {
    if let Err(error) = reconciler.keep_plan(text, run.looks()).await {
        watcher.note(crate::reconcile::run::RunNote::PlanNotKept {
            error: chain(&error),
        });
    }
}

impl PlanArguments {
    fn request(&self, who: &str) -> anyhow::Result<RunRequest> {
        let named = self.applied.as_ref().or(self.against.as_ref());
        let looks = match (&self.against, self.offline.is_empty()) {
            (Some(_), _) => LookSource::Baseline,
            (None, false) => LookSource::Recorded(all_from_files(&self.offline)?),
            (None, true) => LookSource::Devices,
        };
        Ok(RunRequest {
            revision: self.inventory.revision().map(str::to_owned),
            scope: self.scope.patterns()?,
            baseline: named.map_or(Baseline::Store, |named| Baseline::Revision(named.clone())),
            looks,
            allows: Allowances {
                management: self.allow_management,
                ..Allowances::default()
            },
            ..RunRequest::of(Verb::Plan, who)
        })
    }
}

fn show(planned: &Planned, arguments: &PlanArguments, terminal: &Terminal) -> anyhow::Result<Exit> {
    let report = PlanReport {
        planned,
        is_detailed: arguments.detailed,
        is_expanded: arguments.expand,
    };
    let most_bytes = usize::try_from(arguments.max_bytes)?;
    let text = || match arguments.format {
        PlanFormat::Markdown => report.markdown(most_bytes),
        PlanFormat::Text | PlanFormat::Json => report.text(terminal.paint, terminal.width),
    };
    terminal.print(arguments.format, || report.json(), text)?;
    Ok(report.exit())
}
