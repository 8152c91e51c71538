//! Renders the sentence of a condition: the facts, with times relative to now.

use super::facts::{
    AbandonedRollout, ApplyInProgress, AwaitedApproval, AwaitedWave, ClosedWindow, ConditionFacts,
    ContestedField, DriftFound, FailedApply, FreezeInForce, IdentityProblem, InvalidInventory,
    MatchedTarget, OutsideLane, PendingSteps, Pin, RemainingDifferences, RollbackHold, Unreachable,
    UsedBudget,
};
use super::reason::{Ignorance, Reason};
use super::wording::{
    ago, differences, first_name, first_of, name, short, short_hash, time, until, with_detail,
};
use crate::model::{DeviceState, NotObserved};
use crate::plan::Refusal;
use crate::report::{counted, short_id};

/// Returns the sentence of a reason, in lower case and without a full stop.
pub(super) fn sentence(reason: &Reason<'_>, facts: &ConditionFacts, now: u64) -> String {
    match reason {
        Reason::WrongDevice(problem) => wrong_device(problem),
        Reason::Stuck(apply) => stuck(apply, now),
        Reason::Unsaved(apply) => unsaved(apply, now),
        Reason::Applying(apply) => applying(apply, now),
        Reason::Unreachable(one) => unreachable(one, facts, now),
        Reason::Invalid(invalid) => invalid_inventory(invalid),
        Reason::Refused(first, rest) => refused(first, rest),
        Reason::Contested(first, rest) => contested(first, rest),
        Reason::DoesNotConverge(remaining) => does_not_converge(remaining),
        Reason::Frozen(freeze, number) => frozen(freeze, *number, now),
        Reason::Held(hold) => held(hold, now),
        Reason::Abandoned(rollout) => abandoned(rollout, now),
        Reason::Approval(approval) => waiting_for_approval(approval),
        Reason::Window(window) => waiting_for_window(window, now),
        Reason::Budget(budget) => waiting_for_budget(budget, now),
        Reason::Wave(wave) => waiting_for_wave(wave),
        Reason::Lane(lane) => waiting_for_lane(lane),
        Reason::Drifted(drift) => drifted(drift, now),
        Reason::Pending(steps) => pending(steps, facts.state),
        Reason::Unknown(ignorance) => unknown(*ignorance, facts, now),
        Reason::Observe => observe(facts),
        Reason::Locked => "gamctl reports its drift and plans nothing".to_owned(),
        Reason::Converged(matched) => converged(matched, facts.state, now),
    }
}

/// Returns the name of a pin in a sentence.
fn pin(pin: Pin) -> &'static str {
    match pin {
        Pin::Serial => "serial number",
        Pin::Mac => "MAC address",
        Pin::Model => "model",
        Pin::HostKey => "SSH host key",
    }
}

fn wrong_device(problem: &IdentityProblem) -> String {
    format!(
        "the {} is {}, and the inventory pins {}",
        pin(problem.pin),
        short(&problem.found),
        short(&problem.expected)
    )
}

fn stuck(apply: &FailedApply, now: u64) -> String {
    let sentence = format!(
        "run {} ended between two configurations at {}, {} left",
        short_id(apply.run),
        time(apply.at, now),
        differences(&apply.left)
    );
    with_detail(sentence, &short(&apply.cause))
}

fn unsaved(apply: &FailedApply, now: u64) -> String {
    let sentence = format!(
        "run {} was verified at {} and not saved, so a reboot undoes it",
        short_id(apply.run),
        time(apply.at, now)
    );
    with_detail(sentence, &short(&apply.cause))
}

fn applying(apply: &ApplyInProgress, now: u64) -> String {
    let run = short_id(apply.run);
    let (who, since) = (name(&apply.who), time(apply.since, now));
    match apply.step {
        0 => format!("run {run} by {who} has it since {since}, no line is sent yet"),
        step => format!(
            "run {run} by {who} sends step {step} of {}, since {since}",
            apply.steps
        ),
    }
}

fn unreachable(one: &Unreachable, facts: &ConditionFacts, now: u64) -> String {
    let next = until(one.next_try, now);
    let since = time(one.since, now);
    let last = match &facts.look {
        Some(look) => format!("last look {}", time(look.at, now)),
        None => "never looked at".to_owned(),
    };
    match (&one.reason, &facts.look) {
        (NotObserved::NoAnswer { .. }, Some(_)) => {
            format!("not heard since {since}; {last}; next try {next}")
        }
        (NotObserved::NoAnswer { .. }, None) => {
            let tries = counted(one.tries, "time");
            format!("never heard, tried {tries} since {since}; next try {next}")
        }
        (reason, _) => {
            let reason = short(&reason.to_string());
            format!("cannot be looked at since {since}: {reason}; {last}; next try {next}")
        }
    }
}

fn invalid_inventory(invalid: &InvalidInventory) -> String {
    let sentence = format!(
        "the inventory at {} has {} that concern it",
        short_hash(&invalid.commit),
        counted(invalid.findings.len(), "error")
    );
    // One error concerns it.
    let sentence = match invalid.findings.len() {
        1 => sentence.replace("that concern it", "that concerns it"),
        _ => sentence,
    };
    with_detail(sentence, &first_of(&invalid.findings))
}

fn refused(first: &Refusal, rest: &[Refusal]) -> String {
    let others = match rest.len() {
        0 => String::new(),
        more => format!(", and by {}", counted(more, "more rule")),
    };
    format!(
        "refused by `{}`{others}: {}",
        name(&first.rule),
        short(&first.message)
    )
}

fn contested(first: &ContestedField, rest: &[ContestedField]) -> String {
    let others = match rest.len() {
        0 => String::new(),
        more => format!("; {} too", counted(more, "more field")),
    };
    format!(
        "{} was restored {} in 24 h and changed back each time{others}",
        short(&first.field),
        counted(first.restored, "time")
    )
}

fn does_not_converge(remaining: &RemainingDifferences) -> String {
    let sentence = format!(
        "{} stayed after {}",
        differences(&remaining.differences),
        match remaining.applies {
            1 => "1 apply".to_owned(),
            applies => format!("{applies} applies"),
        }
    );
    with_detail(sentence, &first_of(&remaining.differences))
}

fn frozen(freeze: &FreezeInForce, number: usize, now: u64) -> String {
    let by = match number {
        0 | 1 => format!("by {}", name(&freeze.who)),
        more => format!("by {more} freezes, the last of {}", name(&freeze.who)),
    };
    let sentence = format!("frozen until {} {by}", time(freeze.until, now));
    with_detail(sentence, &short(&freeze.reason))
}

fn held(hold: &RollbackHold, now: u64) -> String {
    let sentence = format!(
        "rolled back by {} at {} (run {}) and left as it is",
        name(&hold.who),
        time(hold.since, now),
        short_id(hold.run)
    );
    with_detail(sentence, &short(&hold.reason))
}

fn abandoned(abandoned: &AbandonedRollout, now: u64) -> String {
    let sentence = format!(
        "{} abandoned rollout {} at {}, so what is left of it is not applied",
        name(&abandoned.who),
        short_id(abandoned.rollout),
        time(abandoned.since, now)
    );
    with_detail(sentence, &short(&abandoned.reason))
}

fn waiting_for_approval(approval: &AwaitedApproval) -> String {
    let missing = approval.needed.saturating_sub(approval.given).max(1);
    let needs = match approval.given {
        0 => counted(missing, "approval"),
        given => format!("{} besides the {given} given", counted(missing, "approval")),
    };
    let except = match approval.excluded.as_slice() {
        [] => String::new(),
        excluded => format!(", not by {}", first_name(excluded)),
    };
    let sentence = format!("plan {} needs {needs}{except}", short_hash(&approval.plan));
    with_detail(sentence, &short(&approval.because))
}

fn waiting_for_window(window: &ClosedWindow, now: u64) -> String {
    let opens = match window.opens {
        Some(opens) => format!(
            "the next one opens at {} ({})",
            time(opens, now),
            until(opens, now)
        ),
        None => "no other one is in sight".to_owned(),
    };
    match window.is_too_short {
        true => format!("the open window ends before the wave would; {opens}"),
        false => format!("no window is open; {opens}"),
    }
}

fn waiting_for_budget(budget: &UsedBudget, now: u64) -> String {
    let free = match budget.free_at {
        Some(at) => format!("; enough is free at {}", time(at, now)),
        None => "; the plan alone is above the limit".to_owned(),
    };
    let on = match &budget.device {
        Some(device) => format!(" on {device}"),
        None => String::new(),
    };
    format!(
        "`{}` allows {} in an hour{on}: {} used, {} planned{free}",
        name(&budget.rule),
        budget.limit,
        budget.used,
        budget.planned
    )
}

fn waiting_for_wave(wave: &AwaitedWave) -> String {
    let place = format!("in wave {} of {}", wave.wave, wave.waves);
    match &wave.paused {
        Some(paused) => {
            let by = match &paused.who {
                Some(who) => format!(" by {}", name(who)),
                None => String::new(),
            };
            let sentence = format!("{place}, the rollout is paused{by}");
            with_detail(sentence, &short(&paused.reason))
        }
        None => with_detail(place, &short(&wave.gate)),
    }
}

fn waiting_for_lane(lane: &OutsideLane) -> String {
    let sentence = format!(
        "commit {} of {} is outside of lane `{}`",
        short_hash(&lane.commit),
        name(&lane.author),
        name(&lane.lane)
    );
    with_detail(sentence, &first_of(&lane.outside))
}

fn drifted(drift: &DriftFound, now: u64) -> String {
    let sentence = format!(
        "{} without a commit since {}",
        differences(&drift.differences),
        time(drift.since, now)
    );
    with_detail(sentence, &first_of(&drift.differences))
}

fn pending(pending: &PendingSteps, state: DeviceState) -> String {
    let steps = counted(pending.steps, "step");
    let commit = short_hash(&pending.commit);
    match state {
        DeviceState::Retired => format!("{steps} left to remove what gamctl owns, as of {commit}"),
        _ => format!("{steps} left to commit {commit}"),
    }
}

fn unknown(ignorance: Ignorance<'_>, facts: &ConditionFacts, now: u64) -> String {
    let looked = facts.look.as_ref().map(|look| time(look.at, now));
    let looked = looked.unwrap_or_default();
    match ignorance {
        Ignorance::Preprovision => "not installed yet, so it is not looked at yet".to_owned(),
        Ignorance::NeverLookedAt => match facts.next_look {
            Some(at) => format!("not looked at yet; first look {}", until(at, now)),
            None => "not looked at yet".to_owned(),
        },
        Ignorance::Unread(parts) => format!(
            "the look at {looked} could not read {}: {}",
            counted(parts.len(), "part"),
            first_of(parts)
        ),
        Ignorance::NotCompared => {
            format!("looked at {looked}, not compared with the target yet")
        }
    }
}

fn observe(facts: &ConditionFacts) -> String {
    match (&facts.pending, &facts.matched) {
        (Some(pending), _) => format!(
            "only observed; {} would bring it to commit {}",
            counted(pending.steps, "step"),
            short_hash(&pending.commit)
        ),
        (None, Some(matched)) => format!(
            "only observed; it matches commit {}",
            short_hash(&matched.commit)
        ),
        (None, None) => "only observed, never written to".to_owned(),
    }
}

fn converged(matched: &MatchedTarget, state: DeviceState, now: u64) -> String {
    let verified = format!(
        "verified at {} ({})",
        time(matched.verified, now),
        ago(matched.verified, now)
    );
    match state {
        DeviceState::Retired => format!("nothing that gamctl owns is left on it, {verified}"),
        _ => format!("matches commit {}, {verified}", short_hash(&matched.commit)),
    }
}
