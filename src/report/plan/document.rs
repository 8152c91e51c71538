//! Arranges what is shown of a plan, in the same order for a terminal and for a pull request.

use std::collections::BTreeSet;

use super::super::alike::{Alike, alike};
use super::super::unreached::has_one_cause;
use super::super::{Exit, counted, listed, visible};
use super::PlanReport;
use super::entry::{Entry, Sign};
use super::group::{At, Group, groups, hurts};
use super::lost_store;
use super::note::{is_premise, notes};
use super::reason::Reasons;
use super::service::{self, ServiceOutlook};
use super::stored;
use super::verdict::{Totals, exit, verdict};
use super::words;
use crate::model::ConfigLine;
use crate::plan::{DevicePlan, Impact, Planned, Refusal, Step, Verb};

/// The number of lines of a part on a terminal without `--expand`; all parts with their titles have under 200.
const REFUSAL_LINES: usize = 24;
const GROUP_LINES: usize = 40;
const CHANGE_LINES: usize = 60;
const NOTE_LINES: usize = 15;
const STORED_LINES: usize = 15;
const SERVICE_LINES: usize = 40;
const UNMANAGED_LINES: usize = 10;
const UNOBSERVABLE_LINES: usize = 12;

/// A plan as it is shown.
#[derive(Debug)]
pub(super) struct Document {
    pub exit: Exit,
    pub verdict: String,
    /// The inputs of the plan, and the facts that it lacks.
    pub premises: Vec<String>,
    pub sections: Vec<Section>,
}

/// A part of it with a title.
#[derive(Debug)]
pub(super) struct Section {
    pub title: &'static str,
    pub entries: Vec<Entry>,
    /// The number of lines without `--expand`; nothing: always complete.
    pub most: Option<usize>,
    /// The word for the entries if some are left out.
    pub noun: &'static str,
}

pub(super) fn document(report: &PlanReport<'_>, service: Option<&ServiceOutlook>) -> Document {
    let planned = report.planned;
    let totals = Totals::of(planned);
    let mut sections = vec![
        section("Faults of gamctl", "fault", None, lint_errors(planned)),
        section("Refused", "refusal", Some(REFUSAL_LINES), refusals(planned)),
        section(
            "Removed or disconnected",
            "lost object",
            None,
            losses(planned),
        ),
        // Before what is cut first: a reviewer must see who has to act.
        section(
            "What the service does after the merge",
            "remark",
            Some(SERVICE_LINES),
            service.map(service::entries).unwrap_or_default(),
        ),
    ];
    let is_whole = report.is_detailed || report.is_expanded;
    let groups = if is_whole {
        Vec::new()
    } else {
        groups(planned)
    };
    let grouped: BTreeSet<At> = groups
        .iter()
        .flat_map(|group| group.steps.iter().copied())
        .collect();
    let same = groups.iter().map(group_entry).collect();
    sections.push(section(
        "The same change many times",
        "group of changes",
        Some(GROUP_LINES),
        same,
    ));
    let singles = changes(report, &grouped, is_whole);
    let title = if is_whole { "Step by step" } else { "Changes" };
    sections.push(section(title, "change", Some(CHANGE_LINES), singles));
    sections.push(section(
        "Not planned",
        "note",
        Some(NOTE_LINES),
        notes(planned),
    ));
    sections.push(section(
        "Known from the store",
        "remark",
        Some(STORED_LINES),
        stored::entries(&planned.stored),
    ));
    sections.push(section(
        "Unmanaged, left unchanged",
        "object",
        Some(UNMANAGED_LINES),
        unmanaged(planned),
    ));
    sections.push(section(
        "Not observed",
        "device",
        Some(UNOBSERVABLE_LINES),
        unobservable(planned),
    ));
    sections.push(section(
        "Out of scope",
        "remark",
        None,
        out_of_scope(planned),
    ));
    sections.retain(|section| !section.entries.is_empty());
    Document {
        exit: exit(planned),
        verdict: verdict(planned, &totals),
        premises: premises(planned),
        sections,
    }
}

fn section(
    title: &'static str,
    noun: &'static str,
    most: Option<usize>,
    entries: Vec<Entry>,
) -> Section {
    Section {
        title,
        entries,
        most,
        noun,
    }
}

fn premises(planned: &Planned) -> Vec<String> {
    let mut said = Vec::new();
    if let Some(against) = &planned.against {
        said.push(format!(
            "Compared with the inventory at {}, as if every device were exactly that; no device was asked.",
            short(against)
        ));
        return said;
    }
    let has_steps = planned.devices.iter().any(|plan| !plan.steps.is_empty());
    let has_strangers = planned
        .devices
        .iter()
        .any(|plan| !plan.unmanaged.is_empty());
    if let Some(memory) = &planned.memory {
        let unknown = lost_store::unknown(memory, planned.devices.len());
        said.extend(unknown.filter(|_| has_steps || has_strangers));
        said.extend(lost_store::only_found(memory));
    } else if planned.applied.is_none() && (has_steps || has_strangers) {
        said.push(match has_steps {
            true => "No commit is named as applied: nothing is removed, and what differs may have drifted or was never \
                     applied; `--applied REV` tells which. If there was a store and it is lost, `gamctl adopt --rev REV` \
                     records what is owned, with the commit that was applied last."
                .to_owned(),
            false => "No commit is named as applied (`--applied REV`), so nothing is removed. If there was a store and it is \
                      lost, `gamctl adopt --rev REV` records what is owned, with the commit that was applied last."
                .to_owned(),
        });
    }
    let notes = planned.devices.iter().flat_map(|plan| &plan.notes);
    let premises = notes.filter(|note| is_premise(note));
    said.extend(premises.map(|note| format!("{}.", visible(&note.message.to_string()))));
    if !planned.read_over_ssh.is_empty() {
        said.push(read_over_ssh(planned));
    }
    if planned.origins_cut {
        said.push(
            "Some reasons name no commit: the search ends where a shallow clone ends (fetch all of it: `git fetch \
             --unshallow`, in CI `fetch-depth: 0` or `GIT_DEPTH: 0`), or after 10 000 commits."
                .to_owned(),
        );
    }
    said
}

/// Names the devices that were read over SSH; of many, only their number.
fn read_over_ssh(planned: &Planned) -> String {
    let (who, whose) = match planned.read_over_ssh.as_slice() {
        [one] => (
            format!("{}: {}", one.device, listed(&one.parts)),
            "its running-config over SSH; its agent has",
        ),
        many => (
            format!("Configuration of {}", counted(many.len(), "device")),
            "the running-config over SSH; their agents have",
        ),
    };
    format!("{who} read from {whose} no tables of that.")
}

fn short(revision: &str) -> &str {
    let is_id = revision.len() == 40 && revision.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_id {
        revision.get(..12).unwrap_or(revision)
    } else {
        revision
    }
}

fn lint_errors(planned: &Planned) -> Vec<Entry> {
    let lint_errors = planned.lint_errors.iter();
    lint_errors
        .map(|found| Entry {
            under: Some(found.device.to_string()),
            sign: Sign::Wrong,
            head: visible(&found.lint_error.to_string()).into_owned(),
            weight: 1,
            ..Entry::default()
        })
        .collect()
}

fn refusals(planned: &Planned) -> Vec<Entry> {
    let entry = |under: Option<String>, refusal: &Refusal| Entry {
        under,
        sign: Sign::Wrong,
        head: format!("{}: {}", refusal.rule, visible(&refusal.message)),
        below: vec![format!("hint: {}", visible(&refusal.hint))],
        weight: 1,
        ..Entry::default()
    };
    let everywhere = planned.refusals.iter().map(|refusal| entry(None, refusal));
    let here = planned.devices.iter().flat_map(|plan| {
        let refusals = plan.refusals.iter();
        refusals.map(|refusal| entry(Some(plan.device.to_string()), refusal))
    });
    everywhere.chain(here).collect()
}

/// Returns every step that takes something from a subscriber; for each device, disconnections first.
fn losses(planned: &Planned) -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut reasons = Reasons::of(planned);
    for plan in &planned.devices {
        let mut lost: Vec<&Step> = plan.steps.iter().filter(|step| hurts(step)).collect();
        lost.sort_by_key(|step| match step.impact {
            Impact::Disconnects { .. } => 0,
            Impact::TouchesManagement => 1,
            Impact::Interrupts { .. } => 2,
            Impact::None => 3,
        });
        entries.extend(lost.iter().map(|step| Entry {
            // Lines stand in their order below; here is who loses what.
            lines: Vec::new(),
            undo: Vec::new(),
            remark: None,
            ..step_entry(plan, step, false, &mut reasons)
        }));
    }
    entries
}

fn group_entry(group: &Group) -> Entry {
    let objects = counted(group.steps.len(), group.kind);
    let on = words::on_devices(group.devices);
    let verb = match group.verb {
        Verb::Create => "created on",
        Verb::Update => "on",
        Verb::Remove => "removed from",
    };
    let mut head = format!("{objects} {verb} {on}");
    if !group.what.is_empty() {
        head.push_str(&format!(": {}", group.what));
    }
    let mut below = Vec::new();
    if group.interrupted > 0 {
        below.push(format!(
            "interrupts {}",
            counted(group.interrupted, "subscriber")
        ));
    }
    let effects = [(group.slower, "slower"), (group.faster, "faster")];
    for (count, how) in effects.into_iter().filter(|(count, _)| *count > 0) {
        below.push(format!("makes {} {how}", counted(count, "subscriber")));
    }
    if group.restored > 0 {
        below.push(format!(
            "serves {} again",
            counted(group.restored, "subscriber")
        ));
    }
    if group.cannot_undo > 0 {
        below.push(format!(
            "{} of them cannot be undone: `--detailed` shows why",
            group.cannot_undo
        ));
    }
    below.extend(group.rolled_back.clone());
    for reason in &group.because {
        below.push(match group.has_one_reason {
            true => reason.clone(),
            false => format!("for the first of them: {reason}"),
        });
    }
    Entry {
        sign: sign(group.verb),
        head,
        below,
        weight: group.steps.len(),
        ..Entry::default()
    }
}

fn changes(report: &PlanReport<'_>, grouped: &BTreeSet<At>, is_whole: bool) -> Vec<Entry> {
    let mut devices: Vec<(usize, &DevicePlan)> =
        report.planned.devices.iter().enumerate().collect();
    if report.planned.against.is_some() {
        // What a reviewer must see comes first.
        devices.sort_by_key(|(_, plan)| {
            let noticed: usize = plan
                .steps
                .iter()
                .map(|step| step.impact.subscribers().count() + step.effects.slower().count())
                .sum();
            std::cmp::Reverse(noticed)
        });
    }
    let mut entries = Vec::new();
    let mut reasons = Reasons::of(report.planned);
    if is_whole {
        let steps = devices.iter().flat_map(|(_, plan)| &plan.steps);
        let usual = reasons.say_once(&steps.collect::<Vec<_>>());
        entries.extend(usual.map(|said| {
            Entry {
                head: "every step below that gives only a line of the inventory has this reason:"
                    .to_owned(),
                below: said,
                ..Entry::default()
            }
        }));
    }
    for (device, plan) in devices {
        for (index, step) in plan.steps.iter().enumerate() {
            let is_shown = grouped.contains(&(device, index)) || (hurts(step) && !is_whole);
            if !is_shown {
                entries.push(step_entry(plan, step, report.is_detailed, &mut reasons));
            }
        }
    }
    entries
}

fn step_entry(plan: &DevicePlan, step: &Step, is_detailed: bool, reasons: &mut Reasons) -> Entry {
    let what = words::what(&step.change);
    let object = words::object(step);
    let head = match (step.change.verb(), what.is_empty()) {
        (Verb::Remove, _) | (_, true) => object,
        (Verb::Create | Verb::Update, false) => format!("{object}: {what}"),
    };
    let lines = |lines: &[ConfigLine]| -> Vec<String> {
        let lines = lines.iter().filter(|_| is_detailed);
        lines
            .map(|line| visible(line.text()).into_owned())
            .collect()
    };
    Entry {
        under: Some(plan.device.to_string()),
        sign: sign(step.change.verb()),
        head,
        below: words::impact(step)
            .into_iter()
            .chain(words::effects(step))
            .chain(words::rolled_back(step))
            .chain(words::cannot_undo(step))
            .chain(reasons.of_step(plan.device.as_str(), step))
            .collect(),
        lines: lines(&step.lines),
        undo: lines(&step.inverse),
        remark: words::lasting(step).filter(|_| is_detailed),
        weight: 1,
    }
}

fn sign(verb: Verb) -> Sign {
    match verb {
        Verb::Create => Sign::Create,
        Verb::Update => Sign::Update,
        Verb::Remove => Sign::Remove,
    }
}

fn unmanaged(planned: &Planned) -> Vec<Entry> {
    let mut entries = Vec::new();
    for plan in &planned.devices {
        entries.extend(plan.unmanaged.iter().map(|object| {
            let port = object.port.map(|port| format!(", port {port}"));
            let port = port.unwrap_or_default();
            let (kind, name, slot) = (&object.kind, &object.name, object.slot.0);
            Entry {
                under: Some(plan.device.to_string()),
                head: match name.as_str() {
                    "?" => format!("{} {slot}{port}, whose name is not known", visible(kind)),
                    name => format!("{} {} ({slot}){port}", visible(kind), visible(name)),
                },
                weight: 1,
                ..Entry::default()
            }
        }));
    }
    entries
}

fn unobservable(planned: &Planned) -> Vec<Entry> {
    let devices = planned.unobservable.iter();
    let found = devices.map(|found| (found.device.to_string(), found.reason.to_string()));
    let is_said = planned.devices.is_empty() && has_one_cause(&planned.unobservable);
    let entry = |same: Alike| Entry {
        sign: Sign::Wrong,
        head: match is_said {
            true => format!(
                "{}: the reason is above",
                counted(same.devices.len(), "device")
            ),
            false => same.head(),
        },
        below: same.names().into_iter().collect(),
        weight: same.devices.len(),
        ..Entry::default()
    };
    alike(found).into_iter().map(entry).collect()
}

fn out_of_scope(planned: &Planned) -> Vec<Entry> {
    let scope = &planned.out_of_scope;
    let mut entries = Vec::new();
    let mut say = |head: String| {
        entries.push(Entry {
            head,
            weight: 1,
            ..Entry::default()
        });
    };
    if scope.devices > 0 {
        let devices = counted(scope.devices, "device");
        let names: Vec<String> = scope.pending.iter().map(ToString::to_string).collect();
        say(
            match (
                planned.applied.is_some() || planned.memory.is_some(),
                names.as_slice(),
            ) {
                (false, _) => format!("{devices}, not looked at"),
                (true, []) => {
                    format!("{devices}, not looked at; their inventory is as it was applied")
                }
                (true, names) => format!(
                    "{devices}, not looked at; still pending there: {}",
                    listed(names)
                ),
            },
        );
    }
    for device in &scope.dropped {
        say(format!(
            "{device} is no longer in the inventory: nothing is done to it, and what is on it stays"
        ));
    }
    if scope.preprovisioned > 0 {
        say(format!(
            "{} not installed yet, and not contacted",
            counted(scope.preprovisioned, "device")
        ));
    }
    entries
}
