//! Summarises a run in one sentence.

use super::super::unreached::wrong_settings;
use super::super::{counted, listed};
use super::preflight::still_unsaved;
use crate::apply::{Ended, RunReport};

/// The number of devices by outcome.
#[derive(Debug, Default, PartialEq, Eq)]
struct Totals {
    applied: usize,
    unchanged: usize,
    unsaved: usize,
    rolled_back: usize,
    stuck: usize,
    refused: usize,
    stale: usize,
    unreachable: usize,
    interrupted: usize,
    not_compared: usize,
}

fn totals(report: &RunReport) -> Totals {
    let mut totals = Totals::default();
    for outcome in &report.outcomes {
        let count = match outcome.ended {
            Ended::Unchanged => &mut totals.unchanged,
            Ended::Applied => &mut totals.applied,
            Ended::Unsaved { .. } => &mut totals.unsaved,
            Ended::RolledBack { .. } => &mut totals.rolled_back,
            Ended::Stuck { .. } => &mut totals.stuck,
            Ended::Refused { .. } => &mut totals.refused,
            Ended::Stale { .. } => &mut totals.stale,
            Ended::Unreachable { .. } => &mut totals.unreachable,
            Ended::Interrupted { .. } => &mut totals.interrupted,
        };
        *count += 1;
        totals.not_compared += usize::from(!outcome.not_compared.is_empty());
    }
    totals
}

/// Renders one sentence: what is done and verified, and what is not.
pub(super) fn verdict(report: &RunReport) -> String {
    let totals = totals(report);
    let mut good = Vec::new();
    let mut bad = Vec::new();
    let say = |list: &mut Vec<String>, count: usize, words: &str| {
        if count > 0 {
            list.push(format!("{} {words}", counted(count, "device")));
        }
    };
    say(&mut good, totals.applied, "changed, verified and saved");
    say(&mut good, totals.unchanged, "already as intended");
    say(&mut bad, totals.stuck, "STUCK between before and after");
    say(&mut bad, totals.unsaved, "verified and NOT saved");
    say(&mut bad, totals.interrupted, "interrupted");
    say(&mut bad, totals.rolled_back, "rolled back");
    say(&mut bad, totals.refused, "refused");
    say(&mut bad, totals.stale, "changed since the plan");
    say(&mut bad, totals.unreachable, "not reached");
    say(&mut bad, totals.not_compared, "not compared in every part");
    say(&mut bad, report.unobservable.len(), "not observed");
    say(&mut bad, report.skipped.len(), "skipped");
    let changes: usize = report.waiting.iter().map(|one| one.changes).sum();
    if changes > 0 {
        bad.push(format!("{} not carried out", counted(changes, "change")));
    }
    if !report.still_unsaved.is_empty() {
        bad.push(still_unsaved(report.still_unsaved.len()));
    }
    let start = if report.is_interrupted {
        "Interrupted: "
    } else {
        ""
    };
    let text = match (good.is_empty(), bad.is_empty()) {
        (true, true) => format!("{start}nothing to do."),
        (false, true) => format!("{start}{}.", listed(&good)),
        (true, false) => format!("{start}{}.", listed(&bad)),
        (false, false) => format!("{start}{}; {}.", listed(&good), listed(&bad)),
    };
    match wrong_settings(report) {
        Some(cause) => format!("{text} The cause is in our own settings: {cause}."),
        None => text,
    }
}
