//! What a run comes to: one sentence, and what the shell is told.

use super::super::{Exit, counted, listed};
use super::{ApplyReport, Why};
use crate::apply::Ended;

/// How many devices ended in which way.
#[derive(Debug, Default, PartialEq, Eq)]
struct Totals {
    applied: usize,
    unchanged: usize,
    unsaved: usize,
    rolled_back: usize,
    stuck: usize,
    refused: usize,
    moved: usize,
    unreachable: usize,
    interrupted: usize,
    not_compared: usize,
}

fn totals(report: &ApplyReport) -> Totals {
    let mut totals = Totals::default();
    for outcome in &report.outcomes {
        let count = match outcome.ended {
            Ended::Unchanged => &mut totals.unchanged,
            Ended::Applied => &mut totals.applied,
            Ended::Unsaved { .. } => &mut totals.unsaved,
            Ended::RolledBack { .. } => &mut totals.rolled_back,
            Ended::Stuck { .. } => &mut totals.stuck,
            Ended::Refused { .. } => &mut totals.refused,
            Ended::Moved { .. } => &mut totals.moved,
            Ended::Unreachable { .. } => &mut totals.unreachable,
            Ended::Interrupted { .. } => &mut totals.interrupted,
        };
        *count += 1;
        totals.not_compared += usize::from(!outcome.not_compared.is_empty());
    }
    totals
}

/// Returns what the shell is told: the worst of what happened, in the order of who must act first.
pub fn apply_exit(report: &ApplyReport) -> Exit {
    let totals = totals(report);
    let is_left = |whys: &[Why]| report.not_begun.iter().any(|left| whys.contains(&left.why));
    if report.is_interrupted {
        return Exit::Interrupted;
    }
    if totals.unsaved + totals.rolled_back + totals.stuck + totals.interrupted > 0
        || is_left(&[Why::Budget])
    {
        return Exit::DeviceFailed;
    }
    if is_left(&[Why::StoreAway]) {
        return Exit::Failed;
    }
    if totals.refused > 0 || is_left(&[Why::Refused, Why::Frozen, Why::Held, Why::Stopped]) {
        return Exit::Refused;
    }
    if totals.moved > 0 {
        return Exit::Moved;
    }
    if totals.unreachable + totals.not_compared > 0 || !report.unobservable.is_empty() {
        return Exit::Unobservable;
    }
    Exit::Done
}

/// Returns one sentence: what is done and proved, and what is not.
pub(super) fn verdict(report: &ApplyReport) -> String {
    let totals = totals(report);
    let mut good = Vec::new();
    let mut bad = Vec::new();
    let say = |list: &mut Vec<String>, count: usize, words: &str| {
        if count > 0 {
            list.push(format!("{} {words}", counted(count, "device")));
        }
    };
    say(&mut good, totals.applied, "changed, verified and saved");
    say(&mut good, totals.unchanged, "as the inventory says already");
    say(&mut bad, totals.stuck, "STUCK between before and after");
    say(&mut bad, totals.unsaved, "verified and NOT saved");
    say(&mut bad, totals.interrupted, "interrupted on the way");
    say(&mut bad, totals.rolled_back, "rolled back");
    say(&mut bad, totals.refused, "refused");
    say(&mut bad, totals.moved, "moved since the plan");
    say(&mut bad, totals.unreachable, "not reached");
    say(&mut bad, totals.not_compared, "not compared in every part");
    say(&mut bad, report.unobservable.len(), "not observed");
    say(&mut bad, report.not_begun.len(), "not begun");
    let start = if report.is_interrupted {
        "Interrupted: "
    } else {
        ""
    };
    match (good.is_empty(), bad.is_empty()) {
        (true, true) => format!("{start}nothing had to be done."),
        (false, true) => format!("{start}{}.", listed(&good)),
        (true, false) => format!("{start}{}.", listed(&bad)),
        (false, false) => format!("{start}{}; {}.", listed(&good), listed(&bad)),
    }
}
