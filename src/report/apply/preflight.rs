//! Explains a refused run or a skipped device: the reason, and the next step.

use super::super::alike::alike;
use super::super::freeze::short_run;
use super::super::plan::{some_names, waits};
use super::super::{counted, moment, short_id, visible};
use super::interruption::found_text;
use crate::apply::cause::FoundByRecovery;
use crate::apply::{
    CommitNamedBy, HeldBy, PlanPart, PreflightRefusal, Recovered, RecoveryResult, RunNotice,
    RunReport, SkipReason,
};
use crate::model::DeviceName;
use crate::plan::RolledBack;

/// The next step for a plan file that can no longer be applied.
const MAKE_AGAIN: &str = "make a new one with `gamctl plan --out FILE`";

/// The text of a refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusalText {
    /// One sentence, without a full stop.
    pub because: String,
    pub hint: String,
}

/// Shortens a commit id.
fn short(commit: &str) -> &str {
    commit.get(..12).unwrap_or(commit)
}

/// Renders the reason that a whole run was refused.
pub fn preflight(refusal: &PreflightRefusal) -> RefusalText {
    let text = |because: String, hint: String| RefusalText { because, hint };
    match refusal {
        PreflightRefusal::Uncommitted => text(
            "the inventory has uncommitted changes, so the history could not show what was applied"
                .to_owned(),
            "commit them, or use `--allow-uncommitted`, which is recorded".to_owned(),
        ),
        PreflightRefusal::OlderCommit {
            commit,
            applied,
            named_by,
        } => older(short(commit), short(applied), *named_by),
        PreflightRefusal::RewrittenHistory { commit, applied } => {
            rewritten(short(commit), short(applied))
        }
        PreflightRefusal::UnknownHistory { commit, applied } => {
            unknown(short(commit), short(applied))
        }
        PreflightRefusal::OtherInventory { folder } => text(
            format!(
                "the plan was made from another inventory than the one in {}",
                visible(folder)
            ),
            MAKE_AGAIN.to_owned(),
        ),
        PreflightRefusal::PlanDiffers { device, part } => plan_differs(device, part),
        PreflightRefusal::OtherPolicy => text(
            "the plan was made under another policy than the one in force now".to_owned(),
            MAKE_AGAIN.to_owned(),
        ),
        PreflightRefusal::PlanAlreadyApplied { run, at } => text(
            format!(
                "this plan was applied already, on {} by run {}",
                moment(*at),
                visible(run)
            ),
            MAKE_AGAIN.to_owned(),
        ),
        PreflightRefusal::PlanExpired { made, hours } => text(
            format!(
                "this plan was made on {}, more than {hours} hours ago",
                moment(*made)
            ),
            MAKE_AGAIN.to_owned(),
        ),
        PreflightRefusal::Limits { refusals } => {
            let first = refusals.first();
            text(
                first.map_or_else(String::new, |first| first.message.clone()),
                first.map_or_else(String::new, |first| first.hint.clone()),
            )
        }
        PreflightRefusal::NotConfirmed {
            is_harmless_approved,
        } => text(
            "not confirmed".to_owned(),
            match is_harmless_approved {
                true => "subscribers would notice; `--yes` applies without asking",
                false => {
                    "`--yes` applies without asking; `--auto-approve harmless` asks only about changes that subscribers notice"
                }
            }
            .to_owned(),
        ),
        PreflightRefusal::StoreFull { error } => text(
            visible(error).into_owned(),
            "no device was written to".to_owned(),
        ),
    }
}

fn older(now: &str, before: &str, named_by: CommitNamedBy) -> RefusalText {
    let older = format!("commit {now} is older than {before}, the last applied commit");
    let (because, hint) = match named_by {
        CommitNamedBy::Checkout => (
            format!("{older}: this checkout is behind"),
            "pull first: `git pull`".to_owned(),
        ),
        CommitNamedBy::Operator => (
            format!("{older}, so this would be a rollback"),
            format!("to roll back on purpose, run `gamctl rollback --to {now}`"),
        ),
        CommitNamedBy::PlanFile => (
            format!("the plan is of an earlier state: {older}"),
            MAKE_AGAIN.to_owned(),
        ),
    };
    RefusalText { because, hint }
}

fn rewritten(now: &str, before: &str) -> RefusalText {
    RefusalText {
        because: format!(
            "commit {now} does not descend from {before}, the last applied commit, so it lacks the changes of {before}"
        ),
        hint: format!(
            "find out who rewrote the history: `git log --graph {before} {now}`; if that was intended, add `--accept-history`"
        ),
    }
}

fn unknown(now: &str, before: &str) -> RefusalText {
    RefusalText {
        because: format!(
            "commit {before}, the last applied one, is missing from this repository, or the clone is shallow, so gamctl cannot check that {now} comes after it"
        ),
        hint: format!(
            "fetch the whole history (`git fetch --unshallow`, `git fetch --all`); if {before} was removed on purpose, add `--accept-history`"
        ),
    }
}

fn plan_differs(device: &DeviceName, part: &PlanPart) -> RefusalText {
    let verb = match part {
        PlanPart::Lines { .. } | PlanPart::Inverse { .. } => "are",
        _ => "is",
    };
    RefusalText {
        because: format!(
            "{} of {device} in the plan file {verb} not what gamctl plans now, although the device has not changed",
            plan_part(part)
        ),
        hint: "the file was changed by hand, or ownership or the program changed since; make a new one with `gamctl plan --out FILE`"
            .to_owned(),
    }
}

fn plan_part(part: &PlanPart) -> String {
    match part {
        PlanPart::StepCount { approved, now } => {
            format!("the number of steps ({approved} approved, {now} now)")
        }
        PlanPart::Change { step } => format!("step {step}"),
        PlanPart::Lines { step } => format!("the lines of step {step}"),
        PlanPart::Inverse { step } => format!("the lines that undo step {step}"),
        PlanPart::Explanation { step } => format!("the impact or the reason of step {step}"),
        PlanPart::Rest => "a note or a total".to_owned(),
    }
}

/// Renders the reason that a device was skipped, in one sentence.
pub fn skip_reason(reason: &SkipReason) -> String {
    match reason {
        SkipReason::Refused(refusal) => {
            format!("{} [{}]; {}", refusal.message, refusal.rule, refusal.hint)
        }
        SkipReason::NoAccess(why) => why.to_string(),
        SkipReason::Frozen { who, until, reason } => format!(
            "frozen by {} until {}: {}",
            visible(who),
            moment(*until),
            visible(reason)
        ),
        SkipReason::Held { until, by } => lease_held(*until, by.as_deref()),
        SkipReason::Budget { failures } => {
            format!("{failures} devices failed, which is the failure budget")
        }
        SkipReason::Stopped => "stopped before it was started".to_owned(),
        SkipReason::StoreAway { error } => error.clone(),
        SkipReason::NotConfirmed => {
            "subscribers would notice, and it was not confirmed; `--yes` applies without asking"
                .to_owned()
        }
        SkipReason::RolledBack { by, objects } => rolled_back(by, objects),
        SkipReason::NotRecovered { error } => format!(
            "an earlier run ended in the middle of writing, and the device could not be looked at: {error}; the next `gamctl apply` looks again"
        ),
    }
}

/// The devices that the record of a run names; the rest is counted.
const MOST_RECORDED: usize = 5;

/// Returns the changes that a run did not carry out, each with the reason, for the record. Left out if there are none.
pub fn not_carried_out(report: &RunReport) -> Option<String> {
    let skipped = report.skipped.iter();
    let skipped = skipped.map(|one| (one.device.to_string(), skip_reason(&one.reason)));
    let waiting = report.waiting.iter().map(|one| {
        let mut missing = report.unobservable.iter();
        let reason = missing.find(|missing| missing.device == one.device);
        let reason = reason.map_or_else(String::new, |missing| format!("; {}", missing.reason));
        (
            one.device.to_string(),
            format!("{}{reason}", waits(one.changes)),
        )
    });
    let found = alike(skipped.chain(waiting));
    let mut parts: Vec<String> = found
        .iter()
        .take(MOST_RECORDED)
        .map(|same| {
            let names = same.devices.iter().map(|device| visible(device));
            format!("{}: {}", some_names(names), same.reason)
        })
        .collect();
    if found.len() > MOST_RECORDED {
        parts.push(format!("and {} more", found.len() - MOST_RECORDED));
    }
    (!parts.is_empty()).then(|| parts.join("; "))
}

fn rolled_back(by: &RolledBack, objects: &[String]) -> String {
    let names = objects.iter().map(|object| visible(object));
    let RolledBack { run, who, at } = by;
    format!(
        "it would bring back what {} rolled back at {} ({}); to do so, add `--reapply {}`",
        visible(who),
        moment(*at),
        some_names(names),
        visible(short_run(run)),
    )
}

/// Renders who holds a lease: run, person, host, process, since when and until when.
pub fn lease_held(until: u64, by: Option<&HeldBy>) -> String {
    let until = moment(until);
    let Some(by) = by else {
        return format!("another gamctl holds the lease (expires {until} at the latest)");
    };
    format!(
        "{} since {}; its lease lasts until {until}, and longer while it works; `--wait 2m` waits for it",
        lease_holder(by),
        moment(by.since)
    )
}

/// Renders a process that holds a lease: `run 0199f3a2 of ada@noc (process 4711 on noc1) is writing to it`.
pub fn lease_holder(by: &HeldBy) -> String {
    let process = format!("process {} on {}", by.process, visible(&by.host));
    match by.run {
        Some(run) => format!(
            "run {} of {} ({process}) is writing to it",
            short_id(run),
            visible(&by.who)
        ),
        None => format!(
            "{} ({process}) is looking at what an earlier run left",
            visible(&by.who)
        ),
    }
}

/// Renders the state of a device that an earlier run left. A run that still writes to it has not ended.
pub fn recovery(one: &Recovered) -> String {
    let found = recovered(&one.found);
    let found = visible(&found);
    match one.found {
        RecoveryResult::Held { .. } => format!("{}: {found}.", one.device),
        _ => format!(
            "{}: an earlier run ended in the middle of writing; {found}.",
            one.device
        ),
    }
}

/// Renders the progress of a dead process on a device.
fn recovered(found: &RecoveryResult) -> String {
    match (found, found.known()) {
        (_, Some(known)) => found_text(known),
        (RecoveryResult::Held { until, by }, None) => lease_held(*until, by.as_deref()),
        (RecoveryResult::NotSeen { error }, None) => {
            format!("unknown, the next run looks again: {error}")
        }
        (
            RecoveryResult::Whole
            | RecoveryResult::Partial { .. }
            | RecoveryResult::Untouched
            | RecoveryResult::Other,
            None,
        ) => found_text(FoundByRecovery::SomethingElse),
    }
}

/// Renders a notice about the run as a whole.
pub(super) fn notice(notice: &RunNotice) -> String {
    match notice {
        RunNotice::PlanAgeUnknown => {
            "This store has no record of the plan, so its age is unknown.".to_owned()
        }
        RunNotice::StoreUnreachable { error } => format!(
            "The store is unreachable; the journal has the entries since then, and the next run replays them: {error}"
        ),
        RunNotice::EndNotRecorded { error } => {
            format!("The end of the run could not be recorded: {error}")
        }
        RunNotice::OwnershipNotRecorded { error } => {
            format!("The ownership of devices that needed no change could not be recorded: {error}")
        }
        RunNotice::OutcomeNotRecorded { device, error } => format!(
            "The outcome on {device} could not be recorded: {error}; the next run looks at the device again."
        ),
    }
}

/// Returns the sentence about devices that stay unsaved.
pub(super) fn still_unsaved(count: usize) -> String {
    format!(
        "{} in scope verified earlier and still NOT saved",
        counted(count, "device")
    )
}
