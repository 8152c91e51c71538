//! Renders the screen of `gamctl status`: it fits a terminal, and what needs a person comes first.

use super::{BranchLine, ConditionLine, DeviceStatusLine, FleetStatus, InstanceLine};
use crate::model::ConditionSeverity;
use crate::report::fold::{fact, fold};
use crate::report::{Paint, counted, listed, moment, short_id, visible};

/// Devices that are listed under a heading; `--format json` has all of them.
const MOST_LISTED: usize = 10;

/// Renders the state of the fleet.
pub fn fleet_status(status: &FleetStatus, paint: Paint, width: usize) -> String {
    let mut text = String::new();
    attention(status, paint, width, &mut text);
    for rollout in &status.rollouts {
        text.push_str(&fact("Rollout", &rollout.summary(), width));
    }
    text.push_str(&fact("Target", &target(status), width));
    text.push_str(&fact("Devices", &devices(status), width));
    for system in status.billing.iter().filter(|one| !one.needs_person) {
        let line = format!(
            "{}: {}, {}",
            visible(&system.system),
            system.word,
            system.sentence
        );
        text.push_str(&fact("Billing", &line, width));
    }
    for instance in &status.instances {
        text.push_str(&fact("Service", &service(instance, status.at), width));
    }
    if status.instances.is_empty() {
        let none = "no instance runs; start one with `gamctl serve`";
        text.push_str(&fact("Service", none, width));
    }
    text
}

fn attention(status: &FleetStatus, paint: Paint, width: usize, text: &mut String) {
    let mut entries: Vec<(String, String)> = branch(&status.branch);
    for instance in status.instances.iter().filter(|one| one.is_live) {
        for (task, error) in &instance.failing {
            // The branch has a line of its own.
            if task != "fetch" {
                let at = format!("task {task} on {}", visible(&instance.host));
                entries.push((at, format!("fails: {}", visible(error))));
            }
        }
    }
    // Also where none of its devices waits: it may have paused in its last wave.
    for rollout in &status.rollouts {
        if rollout.state == "paused" {
            let id = short_id(rollout.id);
            let because = rollout
                .because
                .as_deref()
                .map_or("no reason".into(), visible);
            let said = format!(
                "paused: {because}; `gamctl rollout show {id}` shows it, `gamctl rollout resume {id}` continues, `gamctl rollout abandon {id}` ends it, both with a reason"
            );
            entries.push((format!("rollout {id}"), said));
        }
    }
    for system in status.billing.iter().filter(|one| one.needs_person) {
        let at = format!("billing {}", visible(&system.system));
        entries.push((at, format!("{}: {}", system.word, system.sentence)));
    }
    let waiting: Vec<&DeviceStatusLine> = status
        .devices
        .iter()
        .filter(|device| is_urgent(&device.condition))
        .collect();
    for device in waiting.iter().take(MOST_LISTED) {
        let condition = &device.condition;
        let said = format!(
            "{}: {}; {}",
            condition.word, condition.sentence, condition.next
        );
        entries.push((device.device.to_string(), said));
    }
    if entries.is_empty() {
        text.push_str(&paint.bold("Nothing needs attention."));
        text.push_str("\n\n");
        return;
    }
    text.push_str(&paint.bold("Needs attention"));
    text.push('\n');
    for (name, said) in entries {
        let folded = fold(&format!("{name}  {said}"), 2, 6, width.max(40));
        text.push_str(&folded.join("\n"));
        text.push('\n');
    }
    let more = waiting.len().saturating_sub(MOST_LISTED);
    if more > 0 {
        text.push_str(&format!(
            "  and {}; `gamctl status --format json` lists all\n",
            counted(more, "more device")
        ));
    }
    text.push('\n');
}

/// Returns whether a condition belongs to what needs attention: a person must act, or the device is at risk.
fn is_urgent(condition: &ConditionLine) -> bool {
    condition.needs_person || condition.rank.1 == ConditionSeverity::Fault
}

/// Returns what keeps the branch from being applied.
fn branch(branch: &BranchLine) -> Vec<(String, String)> {
    let mut entries = Vec::new();
    if let Some(halted) = &branch.halted {
        let said = format!(
            "halted: the branch is at {}, which does not descend from the target {}; nothing is applied; put the branch back, or accept it with `gamctl accept-history {} {} --reason '…'`",
            short(&halted.candidate),
            short(&halted.target),
            short(&halted.target),
            short(&halted.candidate)
        );
        entries.push(("history rewritten".to_owned(), said));
    }
    if let Some(held) = &branch.held {
        let at = format!("commit {}", short(&held.commit));
        entries.push((at, format!("{}: {}", held.word, visible(&held.sentence))));
    }
    if let Some(error) = &branch.error {
        entries.push(("fetch".to_owned(), format!("fails: {}", visible(error))));
    }
    entries
}

fn target(status: &FleetStatus) -> String {
    let fetched = status
        .branch
        .fetched
        .map(|at| format!("branch fetched {} ago", ago(status.at, at)));
    let target = match &status.target {
        Some(target) => format!("{} since {}", short(&target.commit), moment(target.since)),
        None => "none yet".to_owned(),
    };
    match fetched {
        Some(fetched) => format!("{target}; {fetched}"),
        None => target,
    }
}

fn devices(status: &FleetStatus) -> String {
    let all: usize = status.conditions.values().sum();
    let parts: Vec<String> = status
        .conditions
        .iter()
        .map(|(word, count)| format!("{count} {word}"))
        .collect();
    match parts.is_empty() {
        true => "none yet".to_owned(),
        false => format!("{}: {}", counted(all, "device"), listed(&parts)),
    }
}

fn service(instance: &InstanceLine, now: u64) -> String {
    let leads = match instance.leads.is_empty() {
        true => String::new(),
        false => format!(", leads {}", listed(&instance.leads)),
    };
    let seen = match instance.is_live {
        true => format!("{} devices{leads}", instance.devices),
        false => format!("not heard for {}", ago(now, instance.seen)),
    };
    format!(
        "{} on {} (process {}), {seen}",
        short_id(instance.id),
        visible(&instance.host),
        instance.process
    )
}

fn ago(now: u64, at: u64) -> String {
    let seconds = now.saturating_sub(at);
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7199 => format!("{} min", seconds / 60),
        7200..=172_799 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}

fn short(commit: &str) -> &str {
    commit.get(..12).unwrap_or(commit)
}
