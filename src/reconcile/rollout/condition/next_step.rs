//! Renders what happens next to a device: by itself and when, or by a person and with which command.

use super::command;
use super::facts::{
    AwaitedApproval, AwaitedWave, ClosedWindow, ConditionFacts, DriftFound, FreezeInForce,
    IdentityProblem, OnDrift, Pin, Unreachable, UsedBudget,
};
use super::reason::{Ignorance, Reason};
use super::wording::{short, short_hash, time, until};
use crate::model::{DeviceState, NotObserved};
use crate::plan::Refusal;

/// Returns the next step of a reason, in lower case and without a full stop.
pub(super) fn next_step(reason: &Reason<'_>, facts: &ConditionFacts, now: u64) -> String {
    let device = &facts.device;
    match reason {
        Reason::WrongDevice(problem) => wrong_device(problem, facts),
        Reason::Stuck(apply) => format!(
            "read {} and {}, then {}, or change the device by hand",
            command::history(apply.run),
            command::plan(device),
            command::apply(device)
        ),
        Reason::Unsaved(_) => format!("{} saves it", command::apply(device)),
        Reason::Applying(apply) => format!(
            "gamctl looks again when all steps are sent, then saves; {} shows each line",
            command::history(apply.run)
        ),
        Reason::Unreachable(one) => unreachable(one, facts, now),
        Reason::Invalid(invalid) => format!(
            "nothing is written until a commit fixes it; {} shows each error",
            command::validate(&invalid.commit)
        ),
        Reason::Refused(first, _) => refused(first, facts),
        Reason::Contested(..) => format!(
            "gamctl stops restoring it; find out who changes it, or keep the value: {}",
            command::adopt_drift(device)
        ),
        Reason::DoesNotConverge(remaining) => format!(
            "gamctl stops applying until the next commit; {} shows the replies of the device",
            command::history(remaining.run)
        ),
        Reason::Frozen(freeze, number) => frozen(freeze, *number, facts, now),
        Reason::Held(hold) => format!(
            "revert the commit with `git revert`, or bring the change back: {}",
            command::reapply(device, hold.run)
        ),
        Reason::Abandoned(_) => format!(
            "the next commit is planned again; {} applies this one",
            command::apply(device)
        ),
        Reason::Approval(approval) => waiting_for_approval(approval, now),
        Reason::Window(window) => waiting_for_window(window, now),
        Reason::Budget(budget) => waiting_for_budget(budget, now),
        Reason::Wave(wave) => waiting_for_wave(wave),
        Reason::Lane(lane) => format!(
            "later commits wait too; revert {} with `git revert`, or let an author with more rights commit it",
            short_hash(&lane.commit)
        ),
        Reason::Drifted(drift) => drifted(drift, facts),
        Reason::Pending(_) => format!(
            "gamctl applies them with the next rollout; {} shows them",
            command::plan(device)
        ),
        Reason::Unknown(ignorance) => unknown(*ignorance, facts, now),
        Reason::Observe => format!(
            "gamctl never writes to it; {} shows the steps, `state = \"managed\"` in the inventory allows them",
            command::plan(device)
        ),
        Reason::Locked => {
            "gamctl never writes to it until its `state` in the inventory is `managed`".to_owned()
        }
        Reason::Converged(_) if facts.state == DeviceState::Retired => {
            "delete it from the inventory".to_owned()
        }
        Reason::Converged(_) => look_due(facts, now),
    }
}

fn look_due(facts: &ConditionFacts, now: u64) -> String {
    match facts.next_look {
        Some(at) => format!("next look {}", until(at, now)),
        None => "no look is due; check that `gamctl serve` runs".to_owned(),
    }
}

fn wrong_device(problem: &IdentityProblem, facts: &ConditionFacts) -> String {
    let device = &facts.device;
    let fix = match problem.pin {
        Pin::HostKey => format!(
            "if that is right, {} pins it",
            command::pin_host_key(device)
        ),
        Pin::Serial | Pin::Mac | Pin::Model => {
            "if the hardware was replaced, correct the pins in the inventory".to_owned()
        }
    };
    format!("nothing is written; compare with the device's console; {fix}")
}

fn unreachable(one: &Unreachable, facts: &ConditionFacts, now: u64) -> String {
    let doctor = command::doctor(&facts.device);
    let next = until(one.next_try, now);
    match &one.reason {
        NotObserved::Panicked { .. } => {
            format!("gamctl tries again {next}; please report this fault of gamctl")
        }
        reason if reason.retry_helps() => {
            format!("gamctl tries again {next}; check power and uplink; {doctor} checks access")
        }
        reason if reason.is_own_setting() => {
            format!("correct address, credentials or secrets; {doctor} checks them")
        }
        _ => format!("check what answers at its address; {doctor} checks access"),
    }
}

fn refused(first: &Refusal, facts: &ConditionFacts) -> String {
    let plan = command::plan(&facts.device);
    match first.hint.trim() {
        "" => format!("nothing is written until the inventory changes; {plan} shows the plan"),
        hint => format!("{}; {plan} shows the plan", short(hint)),
    }
}

fn frozen(freeze: &FreezeInForce, number: usize, facts: &ConditionFacts, now: u64) -> String {
    let ends = until(freeze.until, now);
    let follows = match &facts.pending {
        Some(_) if facts.state.is_written() => format!("changes go on {ends}"),
        _ => format!("writes are allowed again {ends}"),
    };
    match number {
        0 | 1 => format!("{follows}; {} ends it early", command::thaw(freeze.id)),
        _ => format!("{follows}; `gamctl freeze --list` shows each, `gamctl thaw` ends one"),
    }
}

fn waiting_for_approval(approval: &AwaitedApproval, now: u64) -> String {
    format!(
        "{} shows it and asks, until {}",
        command::approve(&approval.plan),
        time(approval.expires, now)
    )
}

fn waiting_for_window(window: &ClosedWindow, now: u64) -> String {
    let windows = command::WINDOWS;
    let begins = match window.opens {
        Some(opens) => format!("gamctl begins {}; {windows} lists them", until(opens, now)),
        None => format!("nothing happens by itself; {windows} lists the windows"),
    };
    match &window.plan {
        Some(plan) => format!("{begins}, {} does not wait", command::approve_now(plan)),
        None => begins,
    }
}

fn waiting_for_budget(budget: &UsedBudget, now: u64) -> String {
    let goes_on = match budget.free_at {
        Some(at) => format!("gamctl goes on {}", until(at, now)),
        None => "nothing happens by itself".to_owned(),
    };
    match &budget.plan {
        Some(plan) => {
            let by = match budget.persons {
                0 | 1 => String::new(),
                persons => format!(" by {persons} persons"),
            };
            format!(
                "{goes_on}; {}{by} exceeds the limit once",
                command::approve(plan)
            )
        }
        None => goes_on,
    }
}

fn waiting_for_wave(wave: &AwaitedWave) -> String {
    match wave.paused {
        Some(_) => format!(
            "{} shows why; {} continues, {} ends it, both with a reason",
            command::ROLLOUT,
            command::RESUME,
            command::ABANDON
        ),
        None => format!(
            "the wave begins when the gate opens; {} shows it, {} pauses it",
            command::ROLLOUT,
            command::PAUSE
        ),
    }
}

fn drifted(drift: &DriftFound, facts: &ConditionFacts) -> String {
    let device = &facts.device;
    let keep = command::adopt_drift(device);
    if !facts.state.is_written() {
        return format!("gamctl only reports it; {keep} keeps it");
    }
    match drift.policy {
        OnDrift::Report => format!(
            "gamctl only reports it; {} restores, {keep} keeps it",
            command::apply(device)
        ),
        OnDrift::Ask => format!("gamctl asks for an approval to restore it; {keep} keeps it"),
        OnDrift::Restore => {
            format!("gamctl restores it with the next rollout; {keep} keeps it")
        }
    }
}

fn unknown(ignorance: Ignorance<'_>, facts: &ConditionFacts, now: u64) -> String {
    match ignorance {
        Ignorance::Preprovision => {
            "once it is installed, set `state = \"managed\"` in the inventory".to_owned()
        }
        Ignorance::NeverLookedAt => match facts.next_look {
            Some(at) => format!("gamctl looks at it {}, then plans it", until(at, now)),
            None => look_due(facts, now),
        },
        Ignorance::Unread(_) => format!(
            "{}; `gamctl observe --device {}` shows each part",
            look_due(facts, now),
            facts.device
        ),
        Ignorance::NotCompared => {
            format!("gamctl plans it with the target; {}", look_due(facts, now))
        }
    }
}
