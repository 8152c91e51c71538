//! Renders what a run prints: the sync, the difference of the files, the commit, a list.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::sync::Arc;

use gamctl::authoring::edit::FileChange;
use gamctl::inventory::Reading;
use gamctl::model::Severity;
use gamctl::reconcile::sync::{PreparedSync, services_of};
use gamctl::report::sync::{services_table, sync_text, sync_verdict};
use gamctl::report::{Exit, FindingFormat, FindingReport, Paint, Summary, Web, difference};
use gamctl::sync::{Classification, LaneUse};

use super::world::Day;

/// The system of the common inventory.
pub(super) const SYSTEM: &str = "splynx";

/// The id of each run in the messages of commits.
const RUN: &str = "0193809f-0000-7000-8000-000000000000";

/// The result of one run.
#[derive(Debug, Clone, Default)]
pub(super) struct Outcome {
    pub text: String,
    pub exit: u8,
    /// The classes and the rules that occur.
    pub words: BTreeSet<&'static str>,
    pub changes: usize,
    pub used: LaneUse,
}

pub(super) fn outcome(prepared: &PreparedSync<'_>, day: &Day, list: Option<&str>) -> Outcome {
    let report = &prepared.report;
    let mut text = format!("$ gamctl sync {SYSTEM}");
    for account in day.accounts() {
        let _ = write!(text, " --account {account}");
    }
    let _ = write!(text, "\n{}", sync_text(report, Paint::Plain));
    if !prepared.files.changes.is_empty() {
        text.push('\n');
    }
    for FileChange {
        path,
        before,
        after,
    } in &prepared.files.changes
    {
        let side = |side: &Option<Arc<str>>| side.as_deref().unwrap_or_default().to_owned();
        text.push_str(&difference(path, &side(before), &side(after), Paint::Plain));
    }
    let exit = Exit::from(report.state()).code();
    let _ = write!(text, "! {}\n[exit {exit}]\n", sync_verdict(report));
    if prepared.has_changes() {
        let commit = prepared.commit_text(RUN).unwrap();
        let _ = write!(
            text,
            "\n$ git log --max-count 1 --format=%B    # with --commit\n{}\n",
            commit.message
        );
        for (key, value) in commit.trailers {
            let _ = writeln!(text, "{key}: {value}");
        }
    }
    let mut words = BTreeSet::new();
    for service in prepared.services() {
        words.insert(service.classification.as_str());
        words.extend(service.reasons.iter().map(|reason| reason.rule()));
    }
    words.extend(report.gate.iter().map(|line| line.rule));
    if let Some(list) = list {
        let mut all = Classification::ALL.into_iter();
        let class = all.find(|class| class.as_str() == list).unwrap();
        let listed = services_table(&services_of(prepared, class), Paint::Plain);
        let _ = write!(text, "\n$ gamctl sync list {list}\n{listed}");
    }
    Outcome {
        text,
        exit,
        words,
        changes: report.changes.len(),
        used: prepared.lane_use(),
    }
}

/// Returns what is printed about an inventory with errors.
pub(super) fn refused(mut reading: Reading) -> Outcome {
    let findings = &mut reading.findings;
    findings.retain(|finding| finding.severity == Severity::Error);
    let report = FindingReport {
        findings: &reading.findings,
        summary: Summary {
            errors: reading.findings.len(),
            files: reading.inventory.file_count(),
            devices: reading.inventory.devices().count(),
            subscribers: reading.inventory.subscribers().count(),
            service_plans: reading.inventory.service_plans().count(),
            ..Summary::default()
        },
        text_of: &|path| reading.inventory.text_of(path),
        path_prefix: "",
        web: Web::default(),
    };
    let findings = report.render(FindingFormat::Human, Paint::Plain, 100);
    let exit = Exit::InventoryInvalid.code();
    let mut text = format!("$ gamctl sync {SYSTEM}\n");
    let why = "Nothing synced: the inventory has errors, so the effect of a change is unknown.";
    for line in findings.lines().chain([why]) {
        let _ = writeln!(text, "{}", format!("! {line}").trim_end());
    }
    let _ = writeln!(text, "[exit {exit}]");
    Outcome {
        text,
        exit,
        words: reading.findings.iter().map(|one| one.rule.id).collect(),
        ..Outcome::default()
    }
}
