//! Drives one run for `apply` and `rollback`: prepares, shows the plan, asks, executes, prints.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::sync::watch;

use super::HowArguments;
use crate::cli::format::OutputFormat;
use crate::cli::invocation::{Selected, StoreUse};
use crate::cli::signals::{AtWork, stop_on_signals};
use crate::cli::source::refuse;
use crate::cli::terminal::Terminal;
use crate::cli::waves;
use crate::history::RunId;
use crate::model::{DeviceName, FreezeScope};
use crate::plan::{Planned, RolledBack};
use crate::reconcile::ConcurrencyLimits;
use crate::reconcile::run::{
    Allowances, PLAN_HOURS, PlanFile, PreflightRefusal, Preparation, PreparedRun, RunOptions,
    RunReport, RunRequest, Verb,
};
use crate::report::{
    Exit, PlanReport, counted, listed, moment, preflight, run_document, run_text, short_id,
    some_names, visible,
};

/// The request of a command.
pub(in crate::cli) struct RunArguments {
    pub(in crate::cli) verb: Verb,
    pub(in crate::cli) revision: Option<String>,
    pub(in crate::cli) file: Option<PlanFile>,
    pub(in crate::cli) scope: FreezeScope,
    /// Only these devices of the scope; `None` is all in scope.
    pub(in crate::cli) only: Option<BTreeSet<DeviceName>>,
    /// The rollbacks that may be undone without asking.
    pub(in crate::cli) reapply: BTreeSet<RunId>,
    /// The devices are divided into waves.
    pub(in crate::cli) in_waves: bool,
}

/// Carries out the request of a command and returns the exit code.
pub(in crate::cli) fn carry_out(
    asked: RunArguments,
    how: &HowArguments,
    selected: &Selected<'_>,
) -> anyhow::Result<Exit> {
    let (terminal, watcher) = (selected.terminal(), selected.watcher());
    let request = RunRequest {
        revision: asked.revision,
        plan_file: asked.file,
        scope: asked.scope,
        only: asked.only,
        allows: Allowances {
            uncommitted: how.allow_uncommitted,
            rewritten_history: how.accept_history,
            management: how.allow_management,
        },
        rehearses: how.rehearsal.rehearse,
        auto_approval: how.approval(),
        reapply: asked.reapply,
        ..RunRequest::of(asked.verb, &selected.settings.who)
    };
    let mut reconciler = selected.reconciler(StoreUse::Required, &watcher)?;
    reconciler.set_wait(Duration::from_secs(how.wait.unwrap_or_default()));
    let shown = RunDisplay {
        how,
        terminal,
        in_waves: asked.in_waves,
    };
    let invocation = selected.invocation;
    let exit = match invocation.wait(reconciler.prepare(request, &watcher))?? {
        Preparation::InventoryInvalid(reading) => {
            let why = "Nothing applied: the inventory has errors, so the intended configuration is unknown.";
            refuse(*reading, why, terminal)?
        }
        Preparation::Refused(refused) => {
            if let Some(planned) = &refused.planned {
                shown.plan(planned)?;
            }
            shown.result(&refused.report)?
        }
        Preparation::Ready(run) => {
            shown.plan(run.planned())?;
            let confirmed = shown.is_confirmed(&run);
            let run = run.confirm(confirmed);
            let (stopping, stop) = watch::channel(false);
            let options = options(how, selected, stop);
            let at_work = AtWork::default();
            let watcher = at_work.watching(&watcher);
            let is_divided = asked.in_waves && run.devices_with_steps() > 1;
            invocation.wait(async {
                let _signals = stop_on_signals(stopping, at_work, terminal.clone());
                if is_divided {
                    let format = how.format;
                    return waves::carry_out(&reconciler, run, options, &watcher, terminal, format)
                        .await;
                }
                let report = reconciler.execute(run, options, &watcher).await?;
                shown.result(&report)
            })??
        }
    };
    invocation.wait(reconciler.close())?;
    Ok(exit)
}

/// Returns the options of a run: arguments take precedence over settings, and settings over defaults.
fn options(how: &HowArguments, selected: &Selected<'_>, stop: watch::Receiver<bool>) -> RunOptions {
    let (settings, default) = (&selected.settings.apply, ConcurrencyLimits::default());
    let number = |given: Option<std::num::NonZeroU16>, set: Option<std::num::NonZeroU16>, or| {
        given.or(set).map_or(or, |number| usize::from(number.get()))
    };
    RunOptions {
        limits: ConcurrencyLimits {
            at_once: number(how.at_once, settings.at_once, default.at_once),
            at_once_per_site: number(
                how.at_once_per_site,
                settings.at_once_per_site,
                default.at_once_per_site,
            ),
            failure_budget: number(
                how.failure_budget,
                settings.failure_budget,
                default.failure_budget,
            ),
        },
        plan_hours: settings
            .plan_expires_hours
            .map_or(PLAN_HOURS, std::num::NonZeroU16::get),
        ..RunOptions::until(stop)
    }
}

/// Shows a run on the terminal.
struct RunDisplay<'a> {
    how: &'a HowArguments,
    terminal: &'a Terminal,
    in_waves: bool,
}

impl RunDisplay<'_> {
    /// Shows the plan; a refused plan is always shown.
    fn plan(&self, planned: &Planned) -> anyhow::Result<()> {
        let report = PlanReport {
            planned,
            is_detailed: self.how.detailed,
            is_expanded: false,
        };
        let text = || report.text(self.terminal.paint, self.terminal.width);
        if self.how.format == OutputFormat::Text {
            return self.terminal.result(&text());
        }
        if !planned.lint_errors.is_empty() || !planned.refusals.is_empty() {
            self.terminal.say_always(&text());
        }
        Ok(())
    }

    fn is_confirmed(&self, run: &PreparedRun) -> bool {
        let devices = run.devices().count();
        if devices == 0 || !run.needs_confirmation() {
            return false;
        }
        let devices = match self.in_waves && devices > 1 {
            true => format!("{} in waves", counted(devices, "device")),
            false => counted(devices, "device"),
        };
        let question = match brought_back(run) {
            None => format!("Apply this plan to {devices}?"),
            Some(what) => format!("Apply this plan to {devices}, and {what}?"),
        };
        self.terminal.confirms(&question)
    }

    /// Prints the result of a run, and returns the exit code.
    fn result(&self, report: &RunReport) -> anyhow::Result<Exit> {
        let terminal = self.terminal;
        let exit = Exit::from(report.result());
        terminal.document(|| run_document(report))?;
        if let Some(refusal) = &report.refusal {
            self.refusal(refusal);
            if let Some(run) = report.recorded_as {
                terminal.say(&format!("Run {} is the record of it.", short_id(run)));
            }
            return Ok(exit);
        }
        let has_content = report.run.is_some()
            || !report.skipped.is_empty()
            || !report.waiting.is_empty()
            || !report.still_unsaved.is_empty();
        match self.how.format {
            OutputFormat::Text if has_content => {
                // A blank line separates the result from the plan above it.
                let text = run_text(report, terminal.paint);
                terminal.result(&format!("\n{text}{}", end(report)))?;
            }
            OutputFormat::Text => {}
            OutputFormat::Json if has_content => {}
            OutputFormat::Json => terminal.say("Nothing to do."),
        }
        Ok(exit)
    }

    fn refusal(&self, refusal: &PreflightRefusal) {
        let text = preflight(refusal);
        match refusal {
            // The plan above names the limits.
            PreflightRefusal::Limits { .. } => self.terminal.say_always("Nothing applied."),
            _ => {
                self.terminal
                    .say_always(&format!("Nothing applied: {}.", text.because));
                self.terminal.hint(&text.hint);
            }
        }
    }
}

/// Names what a run would bring back although it was rolled back, with who did that.
fn brought_back(run: &PreparedRun) -> Option<String> {
    let mut by: BTreeMap<&RolledBack, BTreeSet<String>> = BTreeMap::new();
    for (device, step, rolled_back) in run.to_reapply() {
        let object = step.change.object_after().to_string();
        let object = step.subscriber_ids.in_text(&object);
        let object = format!("{object} on {device}");
        by.entry(rolled_back).or_default().insert(object);
    }
    let parts = by.into_iter().map(|(by, objects)| {
        let (who, at) = (visible(&by.who), moment(by.at));
        let objects = objects.iter().map(|object| visible(object));
        format!(
            "bring back {}, which {who} rolled back at {at}",
            some_names(objects)
        )
    });
    let parts: Vec<String> = parts.collect();
    (!parts.is_empty()).then(|| listed(&parts))
}

/// Returns a hint to the command that shows the run again.
pub(in crate::cli) fn end(report: &RunReport) -> String {
    let Some(run) = report.run.or(report.recorded_as) else {
        return String::new();
    };
    let run = short_id(run);
    let commit = report.commit.as_deref();
    let of = commit.map_or_else(String::new, |commit| {
        format!(", commit {}", commit.get(..12).unwrap_or(commit))
    });
    // It fits a terminal of 80 columns: an id that is broken into two lines cannot be copied.
    format!("\nRun {run}{of}; more: `gamctl history --run {run}`\n")
}
