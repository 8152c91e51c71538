//! `gamctl plan`: shows the changes to each device and the reason for each; writes to no device.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use super::format::PlanFormat;
use super::invocation::{Invocation, StoreUse};
use super::looking::all_from_files;
use super::output_file::check_output_file;
use super::scope::ScopeArguments;
use super::show_plan::read_plan_file;
use super::source::{OfflineArguments, OldInventoryArguments, markdown, refuse};
use super::terminal::Terminal;
use super::timeout::TimeoutArguments;
use crate::inventory::source::merge_base;
use crate::model::chain;
use crate::plan::Planned;
use crate::reconcile::run::{
    Allowances, Baseline, LookSource, Preparation, PreparedRun, Reconciler, RunRequest, Verb,
    Watcher,
};
use crate::report::{
    ComparisonReport, Drift, Exit, PLAN_MARKER, PlanReport, ServiceOutlook, no_plan_markdown,
    preflight, read_plan, run_document, visible, write_plan,
};

/// The reason that an inventory with errors is not planned.
const NO_INTENT: &str =
    "Nothing planned: the inventory has errors, so the intended configuration is unknown.";

/// Show the changes to each device, line by line; writes to no device
///
/// Looks at the devices over SNMP, compares them with the inventory, and lists the changes with their reasons: first
/// those that remove something, then those that a subscriber notices, then the rest. Exits with 0 if there is nothing to
/// do, with 2 if there is, with 4 if the policy or a freeze refuses it, with 6 if only some devices could not be
/// observed, and with 1 if none could.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  gamctl plan                                      all devices, against the inventory in this folder
  gamctl plan -i network                           the inventory in another folder, with its own gamctl.toml
  gamctl plan --site maple-court --detailed        one site, with every line that would be sent
  gamctl plan --applied v42 --out plan.json        with removals: objects of v42 are owned; writes the file for `apply`
  gamctl plan --rev HEAD --against origin/main --merge-base --service --format markdown --exit-zero   for a pull request
  gamctl plan --compare reviewed.json              after a merge: is it what was reviewed?
  gamctl plan --drift                              nightly: 0 without drift, 2 with drift
  gamctl plan --offline looks/                     from looks recorded with `observe --out`

If the work tree is clean, gamctl reads the inventory from the commit, so that reasons can name commits. An
inventory with a `gamctl.toml` uses its own settings and secrets; `--config` takes precedence.")]
pub(super) struct PlanArguments {
    #[command(flatten)]
    inventory: OldInventoryArguments,

    /// Treat objects of this revision as owned; its policy applies
    ///
    /// Gives the revision that was last applied: objects that it had on a device may be removed.
    #[arg(long, value_name = "REV")]
    applied: Option<String>,

    /// Compare with the inventory at this revision
    ///
    /// Plans as if each device had exactly the configuration of that revision, and contacts no device.
    #[arg(long, value_name = "REV", conflicts_with_all = ["applied", "offline"])]
    against: Option<String>,

    /// Compare with the commit where this branch left --against
    ///
    /// As `git diff A...B` does: commits that only the other branch has do not show as changes that are taken back.
    #[arg(long, requires = "against")]
    merge_base: bool,

    #[command(flatten)]
    offline: OfflineArguments,

    /// Write the plan to this file, for `gamctl apply`
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,

    #[command(flatten)]
    scope: ScopeArguments,

    #[command(flatten)]
    timeout: TimeoutArguments,

    /// Print the result in this format
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: PlanFormat,

    #[command(flatten)]
    detail: DetailArguments,

    /// Exit with 0 instead of 2 if changes are pending
    ///
    /// For a job that shows the plan of a pull request: there, changes are what is expected. Inventory errors (3),
    /// refusals (4) and devices that could not be observed (6) keep their codes, so a green job never hides them.
    #[arg(long)]
    exit_zero: bool,

    /// Exit with 2 only for drift, not for changes not applied yet
    ///
    /// For a nightly job. Exits with 0 without drift, with 4 if another device answers, and with 6 if devices could not
    /// be observed. Needs the store, or --applied, to tell drift from a new commit. The whole plan is shown.
    #[arg(long, conflicts_with_all = ["against", "exit_zero"])]
    drift: bool,

    /// Allow changes that affect management access (VLAN, uplink, address)
    #[arg(long)]
    allow_management: bool,

    #[command(flatten)]
    rehearsal: RehearsalArguments,

    /// Add what the service would do by itself, and what would wait
    ///
    /// By the `policy.toml` of the target branch, which is --against: which devices go by themselves, which wait for the
    /// approval of one or two persons, in which waves and windows. In text and Markdown.
    #[arg(long)]
    service: bool,

    /// Compare with this reviewed plan instead of showing the plan
    ///
    /// Lists the steps that were added, are missing or changed since, by device. Exits as usual if the plans are identical,
    /// and with 7 if they are not. Reasons and looks are not compared: a merge gives commits other ids.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["drift", "service"])]
    compare: Option<PathBuf>,
}

/// The rehearsal of a plan, for `plan`, `apply` and `rollback`.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(super) struct RehearsalArguments {
    /// Try each plan on a simulated GAM first, and refuse those that fail
    ///
    /// The simulated device begins as the real one was seen. Its answers are the usual ones, then the strictest where it is
    /// not known how a GAM behaves. A line that it refuses, another end than planned, or a further difference refuses the
    /// device's plan; other devices go on.
    #[arg(long)]
    pub(super) rehearse: bool,
}

/// The amount of detail of a plan, for `plan` and `show plan`.
#[derive(Debug, clap::Args)]
pub(super) struct DetailArguments {
    /// Include the CLI lines, and those that undo them or the replies
    #[arg(long)]
    detailed: bool,

    /// Show every step, however long the plan is
    #[arg(long)]
    expand: bool,

    /// Limit Markdown to this many bytes; forges accept about 65 000
    #[arg(long, value_name = "BYTES", default_value_t = 60_000, value_parser = clap::value_parser!(u32).range(2_000..))]
    max_bytes: u32,
}

pub(super) fn run(arguments: &PlanArguments, invocation: &Invocation) -> anyhow::Result<Exit> {
    let selected = invocation
        .select(arguments.inventory.given())?
        .waiting(arguments.timeout);
    let (terminal, watcher) = (&invocation.terminal, selected.watcher());
    if let Some(out) = &arguments.out {
        check_output_file("the plan", out)?;
    }
    if arguments.service && arguments.format == PlanFormat::Json {
        bail!("`--service` has no JSON form; use text or markdown");
    }
    let reviewed = arguments.compare.as_deref().map(reviewed).transpose()?;
    let request = arguments.request(&selected.settings.who, &selected.folder)?;
    let store = match (&request.baseline, &arguments.out) {
        // The arguments define what is owned; the store is not queried.
        (Baseline::Revision(_) | Baseline::Nothing, _) => StoreUse::None,
        (Baseline::Store, Some(_)) => StoreUse::IfPossible,
        (Baseline::Store, None) => StoreUse::IfThere,
    };
    let reconciler = selected.reconciler(store, &watcher)?;
    let exit = match invocation.wait(reconciler.prepare(request, &watcher))?? {
        Preparation::InventoryInvalid(reading) => {
            if arguments.format == PlanFormat::Markdown {
                let findings = markdown(&reading, arguments.detail.max_bytes, terminal)?;
                terminal.result(&format!("{PLAN_MARKER}{NO_INTENT}\n\n{findings}"))?;
            }
            refuse(*reading, NO_INTENT, terminal)?
        }
        Preparation::Refused(refused) => {
            if let Some(refusal) = &refused.report.refusal {
                let because = preflight(refusal).because;
                terminal.say_always(&format!("Nothing planned: {because}."));
                if arguments.format == PlanFormat::Markdown {
                    terminal.result(&no_plan_markdown(&because))?;
                }
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
            let exit = match &reviewed {
                Some(reviewed) => arguments.compare(reviewed, run.planned(), terminal)?,
                None => {
                    let request = arguments.request(&selected.settings.who, &selected.folder)?;
                    let policy_at = arguments.against.as_deref();
                    let service = arguments.service.then(|| {
                        let planned = run.planned();
                        invocation.wait(reconciler.service_outlook(&request, planned, policy_at))
                    });
                    let service = service.transpose()?.transpose()?;
                    print_with_service(
                        run.planned(),
                        service.as_ref(),
                        arguments.format,
                        &arguments.detail,
                        terminal,
                    )?
                }
            };
            let exit = arguments.exit(exit, run.planned(), terminal)?;
            if let Some(out) = &arguments.out {
                written(out, run.planned(), terminal);
            }
            exit
        }
    };
    invocation.wait(reconciler.close())?;
    Ok(exit)
}

/// Reads a reviewed plan: its id and its content.
fn reviewed(file: &Path) -> anyhow::Result<(String, Planned)> {
    let bytes = read_plan_file(file)?;
    let shown = file.display().to_string();
    read_plan(&bytes).with_context(|| format!("cannot compare with {}", visible(&shown)))
}

/// Prints where the plan is, and the commands that show and apply it. `apply` refuses a comparison of two commits, and a
/// plan that exceeds a limit.
fn written(out: &Path, planned: &Planned, terminal: &Terminal) {
    let path = out.display().to_string();
    let path = visible(&path);
    let is_applicable = planned.against.is_none() && planned.refusals.is_empty();
    let apply = match is_applicable {
        true => format!(", `gamctl apply {path}` applies exactly this plan"),
        false => String::new(),
    };
    terminal.say(&format!(
        "Plan written to {path}. `gamctl show plan {path}` shows it{apply}."
    ));
}

/// Records in the store that a plan was written to a file.
async fn remember(reconciler: &Reconciler, text: &str, run: &PreparedRun, watcher: &Watcher) {
    if let Err(error) = reconciler.keep_plan(text, run.looks()).await {
        watcher.note(crate::reconcile::run::RunNote::PlanNotKept {
            error: chain(&error),
        });
    }
}

impl PlanArguments {
    /// Prints the differences between a reviewed plan and this one.
    fn compare(
        &self,
        (id, reviewed): &(String, Planned),
        planned: &Planned,
        terminal: &Terminal,
    ) -> anyhow::Result<Exit> {
        let report = ComparisonReport::of(reviewed, id, planned);
        let most_bytes = usize::try_from(self.detail.max_bytes)?;
        let text = || match self.format {
            PlanFormat::Markdown => report.markdown(most_bytes, terminal.forge()),
            PlanFormat::Text | PlanFormat::Json => {
                report.text(terminal.paint, terminal.width, self.detail.expand)
            }
        };
        terminal.print(self.format, || report.json(), text)?;
        Ok(report.exit())
    }

    /// Returns the exit code by `--exit-zero` and `--drift`.
    fn exit(&self, exit: Exit, planned: &Planned, terminal: &Terminal) -> anyhow::Result<Exit> {
        if self.drift {
            let drift = Drift::of(planned).context(
                "cannot tell drift from changes not applied yet: there is no record of what was applied; use the \
                 store that `apply` writes to, or name the applied commit with `--applied REV`",
            )?;
            terminal.say(&drift.verdict());
            return Ok(drift.exit());
        }
        Ok(match exit {
            Exit::ChangesPending if self.exit_zero => Exit::Done,
            exit => exit,
        })
    }

    fn request(&self, who: &str, folder: &Path) -> anyhow::Result<RunRequest> {
        let against = match &self.against {
            Some(against) if self.merge_base => {
                let head = self.inventory.revision().unwrap_or("HEAD");
                Some(merge_base(folder, head, against)?)
            }
            against => against.clone(),
        };
        let named = self.applied.as_ref().or(against.as_ref());
        let looks = match (&self.against, self.offline.files.is_empty()) {
            (Some(_), _) => LookSource::Baseline,
            (None, false) => LookSource::Recorded(all_from_files(&self.offline.files)?),
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
            rehearses: self.rehearsal.rehearse,
            ..RunRequest::of(Verb::Plan, who)
        })
    }
}

/// Prints a plan and returns its exit code.
pub(super) fn print_plan(
    planned: &Planned,
    format: PlanFormat,
    detail: &DetailArguments,
    terminal: &Terminal,
) -> anyhow::Result<Exit> {
    print_with_service(planned, None, format, detail, terminal)
}

fn print_with_service(
    planned: &Planned,
    service: Option<&ServiceOutlook>,
    format: PlanFormat,
    detail: &DetailArguments,
    terminal: &Terminal,
) -> anyhow::Result<Exit> {
    let report = PlanReport {
        planned,
        is_detailed: detail.detailed,
        is_expanded: detail.expand,
    };
    let most_bytes = usize::try_from(detail.max_bytes)?;
    let text = || match format {
        PlanFormat::Markdown => report.markdown_with(service, most_bytes, terminal.forge()),
        PlanFormat::Text | PlanFormat::Json => {
            report.text_with(service, terminal.paint, terminal.width)
        }
    };
    terminal.print(format, || report.json(), text)?;
    Ok(report.exit())
}
