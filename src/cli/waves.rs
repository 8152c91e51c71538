//! Carries out a confirmed plan in waves for `apply --waves`, and shows each wave and each gate.

use serde::Serialize;

use super::apply::end;
use super::format::OutputFormat;
use super::terminal::Terminal;
use crate::model::DeviceName;
use crate::reconcile::run::{ConfirmedRun, Reconciler, RunOptions, RunReport, Watcher};
use crate::reconcile::{PlanInWaves, WaveEvent, WavesEnd, WavesReport};
use crate::report::{
    DocumentKind, Exit, counted, preflight, run_document, run_text, some_names, visible,
};

/// Carries out a run in waves and returns the exit code.
pub(super) async fn carry_out(
    reconciler: &Reconciler,
    run: ConfirmedRun,
    options: RunOptions,
    watcher: &Watcher,
    terminal: &Terminal,
    format: OutputFormat,
) -> anyhow::Result<Exit> {
    let plan = reconciler.in_waves(run.into_approved()?).await?;
    let shown = |event: &WaveEvent<'_>| show(event, terminal, format);
    let carried_out = reconciler.carry_out_waves(&plan, &options, watcher, shown);
    let report = carried_out.await?;
    let all = together(&plan, &report);
    let because = because(&report);
    terminal.document(|| {
        let document = WavesDocument::of(&report, because.as_deref());
        DocumentKind::Waves.document(&document)
    })?;
    // What belongs to no wave is shown once, at the end: devices that were skipped, or could not be looked at.
    let rest = &plan.approved.report;
    let has_rest = !rest.skipped.is_empty()
        || !rest.waiting.is_empty()
        || !rest.unobservable.is_empty()
        || !rest.still_unsaved.is_empty();
    if has_rest && format == OutputFormat::Text {
        terminal.result(&format!("\n{}", run_text(rest, terminal.paint)))?;
    }
    terminal.say(&verdict(&plan, &report, because.as_deref()));
    if !report.not_started.is_empty() {
        terminal.hint("`gamctl apply --waves` plans the rest again and goes on with it");
    }
    Ok(match report.end {
        WavesEnd::Paused => Exit::DeviceFailed,
        WavesEnd::Interrupted => Exit::Interrupted,
        WavesEnd::Done | WavesEnd::Refused => Exit::from(all.result()),
    })
}

/// Shows an event between the runs.
fn show(event: &WaveEvent<'_>, terminal: &Terminal, format: OutputFormat) {
    match event {
        WaveEvent::Starts {
            number,
            of,
            devices,
        } => terminal.say(&format!("Wave {number} of {of}: {}", named(devices))),
        WaveEvent::Ended { report } => {
            if let Some(refusal) = &report.refusal {
                let text = preflight(refusal);
                terminal.say_always(&format!("Nothing applied: {}.", text.because));
                terminal.hint(&text.hint);
            } else if format == OutputFormat::Text {
                let text = run_text(report, terminal.paint);
                // A reader that is gone is noticed at the end; the waves go on.
                let _gone = terminal.result(&format!("\n{text}{}\n", end(report)));
            }
        }
        WaveEvent::NotYet { reason } => {
            terminal.say(&format!("Gate: {}.", visible(&reason.to_string())));
        }
        WaveEvent::Open => terminal.say("Gate: open, every device of the wave is fine."),
    }
}

fn named(devices: &[DeviceName]) -> String {
    some_names(devices.iter().map(|device| device.as_str().into()))
}

/// Returns why the waves ended early.
fn because(report: &WavesReport) -> Option<String> {
    let last = report.waves.last()?;
    let paused = last.paused.as_ref().map(ToString::to_string);
    let refused = || {
        let refusal = last.report.refusal.as_ref();
        refusal.map(|refusal| preflight(refusal).because)
    };
    paused.or_else(refused)
}

/// Returns the last line: how far the waves came.
fn verdict(plan: &PlanInWaves, report: &WavesReport, because: Option<&str>) -> String {
    let (done, of) = (report.waves.len(), plan.waves.len());
    let because = because.map(visible).unwrap_or_default();
    let not_started = match report.not_started.as_slice() {
        [] => String::new(),
        devices => format!(
            " {} not started: {}.",
            counted(devices.len(), "device"),
            named(devices)
        ),
    };
    let applied: Vec<DeviceName> = report
        .waves
        .iter()
        .flat_map(|wave| &wave.report.outcomes)
        .filter(|outcome| matches!(outcome.ended.word(), "applied" | "unchanged"))
        .map(|outcome| outcome.device.clone())
        .collect();
    let applied = match applied.as_slice() {
        [] => " No device was changed and saved.".to_owned(),
        devices => format!(" Done: {}.", named(devices)),
    };
    match report.end {
        WavesEnd::Done => format!("All {} are carried out.", counted(of, "wave")),
        WavesEnd::Paused => {
            format!("Paused after wave {done} of {of}: {because}.{applied}{not_started}")
        }
        WavesEnd::Refused => {
            format!("Stopped at wave {done} of {of}: {because}.{applied}{not_started}")
        }
        WavesEnd::Interrupted => format!("Stopped in wave {done} of {of}.{applied}{not_started}"),
    }
}

/// Returns the runs of all waves as one report, for the exit code.
fn together(plan: &PlanInWaves, report: &WavesReport) -> RunReport {
    let mut all = plan.approved.report.clone();
    for wave in &report.waves {
        let run = wave.report.clone();
        all.outcomes.extend(run.outcomes);
        all.skipped.extend(run.skipped);
        all.unobservable.extend(run.unobservable);
        all.waiting.extend(run.waiting);
        all.still_unsaved.extend(run.still_unsaved);
        all.notices.extend(run.notices);
        all.refusal = all.refusal.or(run.refusal);
    }
    all
}

/// The result as JSON.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct WavesDocument {
    /// `done`, `paused`, `refused` or `interrupted`.
    end: &'static str,
    /// Why it ended early; left out if it did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    because: Option<String>,
    waves: Vec<WaveDocument>,
    /// The devices of waves that were not started.
    not_started: Vec<String>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct WaveDocument {
    devices: Vec<String>,
    /// The run of the wave, as `gamctl/run`.
    #[cfg_attr(test, schemars(with = "crate::report::document::types::Anything"))]
    run: serde_json::Value,
}

impl WavesDocument {
    fn of(report: &WavesReport, because: Option<&str>) -> Self {
        let names = |devices: &[DeviceName]| devices.iter().map(ToString::to_string).collect();
        let waves = report.waves.iter().map(|wave| WaveDocument {
            devices: names(&wave.devices),
            run: serde_json::from_str(&run_document(&wave.report)).unwrap_or_default(),
        });
        Self {
            end: match report.end {
                WavesEnd::Done => "done",
                WavesEnd::Paused => "paused",
                WavesEnd::Refused => "refused",
                WavesEnd::Interrupted => "interrupted",
            },
            because: because.map(str::to_owned),
            waves: waves.collect(),
            not_started: names(&report.not_started),
        }
    }
}
