//! Renders a whole apply as text: failures with next steps, then changed devices, then the rest.

use std::collections::BTreeSet;

use super::super::alike::alike;
use super::super::plan::waits;
use super::super::{Paint, counted, visible};
use super::cause::{cause_text, left_text, remark_text};
use super::next::next_step;
use super::preflight::{notice, skip_reason};
use super::refusal::hint;
use crate::apply::cause::{Interruption, StoppedAt};
use crate::apply::{DeviceOutcome, Difference, Ended, RunReport};
use crate::model::DeviceName;

/// A part of the text: its title, and a filter for its devices.
type Part<'a> = (&'a str, &'a dyn Fn(&Ended) -> bool);

pub(super) fn text(report: &RunReport, paint: Paint) -> String {
    let mut text = format!("{}\n", paint.bold(&capital(&super::run_verdict(report))));
    for about in &report.notices {
        text.push_str(&format!("{}\n", visible(&notice(about))));
    }
    let sections: [Part<'_>; 8] = [
        ("Stuck", &|ended| matches!(ended, Ended::Stuck { .. })),
        ("Not saved", &|ended| matches!(ended, Ended::Unsaved { .. })),
        ("Interrupted", &|ended| {
            matches!(ended, Ended::Interrupted { .. })
        }),
        ("Rolled back", &|ended| {
            matches!(ended, Ended::RolledBack { .. })
        }),
        ("Refused", &|ended| matches!(ended, Ended::Refused { .. })),
        ("Changed since the plan", &|ended| {
            matches!(ended, Ended::Stale { .. })
        }),
        ("Not reached", &|ended| {
            matches!(ended, Ended::Unreachable { .. })
        }),
        ("Done", &|ended| {
            matches!(ended, Ended::Applied | Ended::Unchanged)
        }),
    ];
    for (title, belongs) in sections {
        let devices = report
            .outcomes
            .iter()
            .filter(|outcome| belongs(&outcome.ended));
        let entries: Vec<String> = match title {
            "Done" => devices.map(|outcome| entry(outcome, paint)).collect(),
            _ => failures(devices, &report.looks_new, paint),
        };
        section(&mut text, title, &entries, paint);
    }
    let unobservable = report.unobservable.iter();
    let unobservable = unobservable.map(|device| {
        let mut waiting = report.waiting.iter();
        let waiting = waiting.find(|one| one.device == device.device);
        let waiting = waiting.map_or_else(String::new, |one| format!("; {}", waits(one.changes)));
        (
            device.device.to_string(),
            format!("{}{waiting}", device.reason),
        )
    });
    section(
        &mut text,
        "Not observed, so not planned",
        &equal_once(unobservable),
        paint,
    );
    let unsaved = report.still_unsaved.iter().map(|device| {
        let name = paint.error(device.as_str());
        format!("  {name}: verified by an earlier run but not saved; a restart would undo it\n")
    });
    section(
        &mut text,
        "Still not saved",
        &unsaved.collect::<Vec<_>>(),
        paint,
    );
    let skipped = report.skipped.iter();
    let skipped = skipped.map(|skipped| (skipped.device.to_string(), skip_reason(&skipped.reason)));
    section(&mut text, "Skipped", &equal_once(skipped), paint);
    text
}

/// Renders reasons of devices, equal ones once.
fn equal_once(found: impl Iterator<Item = (String, String)>) -> Vec<String> {
    let entries = alike(found).into_iter().map(|same| {
        let names = same.names();
        let names = names.map_or_else(String::new, |names| format!("    {names}\n"));
        format!("  {}\n{names}", same.head())
    });
    entries.collect()
}

/// Renders devices that failed, those that failed in the same way once.
fn failures<'a>(
    devices: impl Iterator<Item = &'a DeviceOutcome>,
    looks_new: &BTreeSet<DeviceName>,
    paint: Paint,
) -> Vec<String> {
    let outcomes: Vec<&DeviceOutcome> = devices.collect();
    let found = outcomes.iter().map(|outcome| {
        let lines = described(outcome, looks_new.contains(&outcome.device));
        (outcome.device.to_string(), lines.join("\n"))
    });
    let entries = alike(found).into_iter().map(|same| {
        let name = match same.devices.as_slice() {
            [one] => paint.error(one),
            many => paint.error(&counted(many.len(), "device")),
        };
        let mut lines: Vec<String> = same.reason.split('\n').map(str::to_owned).collect();
        lines.extend(same.names());
        whole(&name, &lines)
    });
    entries.collect()
}

fn section(text: &mut String, title: &str, entries: &[String], paint: Paint) {
    if entries.is_empty() {
        return;
    }
    text.push_str(&format!("\n{}\n", paint.bold(title)));
    text.extend(entries.iter().map(String::as_str));
}

/// Renders the outcome of a device: a line, and its details.
pub(in crate::report) fn entry(outcome: &DeviceOutcome, paint: Paint) -> String {
    let name = match outcome.ended {
        Ended::Applied | Ended::Unchanged => paint.added(outcome.device.as_str()),
        _ => paint.error(outcome.device.as_str()),
    };
    whole(&name, &described(outcome, false))
}

/// Joins the name of a device, the first line and the details.
fn whole(name: &str, lines: &[String]) -> String {
    let mut lines = lines.iter();
    let head = lines.next().map(String::as_str).unwrap_or_default();
    let mut text = format!("  {name}: {}\n", visible(head));
    for line in lines {
        text.push_str(&format!("    {}\n", visible(line)));
    }
    text
}

/// Describes the outcome of a device without its name: one line, then the details.
fn described(outcome: &DeviceOutcome, looks_new: bool) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let because = || cause_text(&outcome.device, &outcome.ended).unwrap_or_default();
    let head = match &outcome.ended {
        Ended::Unchanged => "as intended; nothing was written".to_owned(),
        Ended::Applied => format!(
            "{}, verified and saved in {}",
            counted(outcome.steps.len(), "step"),
            seconds(outcome.millis)
        ),
        Ended::Unsaved { .. } => {
            lines.push(
                "The running-config is as intended but not saved; a restart would undo it. `gamctl apply` saves it."
                    .to_owned(),
            );
            because()
        }
        Ended::RolledBack { .. } => {
            lines.push("A look found it as it was before.".to_owned());
            because()
        }
        Ended::Stuck { left, .. } => {
            lines.push("Matches neither the intended nor the earlier configuration:".to_owned());
            lines.extend(left.iter().map(|object| format!("  {}", left_text(object))));
            lines.push(
                "Nothing was saved. Run `gamctl plan` to see the differences, then apply again or fix it by hand."
                    .to_owned(),
            );
            because()
        }
        Ended::Refused { refusal } => {
            lines.push(hint(refusal).to_owned());
            format!("{} [{}]", because(), refusal.rule())
        }
        Ended::Stale { differences } => {
            lines.extend(differences.iter().map(difference));
            lines.push("Nothing was written. `gamctl plan` shows the present changes.".to_owned());
            "it changed since the plan was made".to_owned()
        }
        Ended::Unreachable { .. } => {
            lines.push("Nothing was written.".to_owned());
            because()
        }
        Ended::Interrupted { cause } => {
            lines.extend(after_interruption(cause).map(str::to_owned));
            because()
        }
    };
    lines.extend(next_step(&outcome.device, &outcome.ended, looks_new));
    lines.extend(outcome.remarks.iter().map(remark_text));
    lines.extend(not_compared(outcome));
    lines.insert(0, head);
    let named = |text: &String| outcome.subscriber_ids.in_text(text).into_owned();
    lines.iter().map(named).collect()
}

/// Returns the next step after an interruption, which depends on what is known of the device; none where the cause itself
/// names what a look found.
fn after_interruption(cause: &Interruption) -> Option<&'static str> {
    Some(match cause {
        Interruption::ProcessEnded { .. } => return None,
        Interruption::StopRequested {
            at:
                StoppedAt::BeforeWriting
                | StoppedAt::AfterStep {
                    step: 0,
                    not_left: None,
                    ..
                },
        } => "It is as it was before; the next `gamctl apply` does all of it.",
        Interruption::StopRequested {
            at: StoppedAt::AfterStep { not_left: None, .. },
        } => {
            "A restart of the device would undo these steps; the next `gamctl apply` looks at it and does the rest."
        }
        _ => "The outcome is unknown; the next `gamctl apply` looks at it first.",
    })
}

/// Lists the parts of a device that may differ from the inventory.
fn not_compared(outcome: &DeviceOutcome) -> Vec<String> {
    let missing = outcome.not_compared.iter();
    let mut lines: Vec<String> = missing
        .map(|missing| format!("not compared: {}", missing.because))
        .collect();
    if !lines.is_empty() {
        lines.push(format!(
            "Look again with `gamctl observe {}`.",
            outcome.device
        ));
    }
    lines
}

/// Renders a difference: the values at planning, now and intended.
fn difference(of: &Difference) -> String {
    let word = |value: &Option<String>| value.clone().unwrap_or_else(|| "not there".to_owned());
    let field = of.field.as_ref();
    let what = field.map_or_else(String::new, |field| format!(" `{field}`"));
    let object = &of.object;
    let (then, now) = (word(&of.then), word(&of.now));
    match &of.intended {
        Some(intended) => {
            format!("{object}{what}: was {then} when planned, is {now}, intended is {intended}")
        }
        None => format!("{object}{what}: was {then} when planned, is {now}; none is intended"),
    }
}

fn seconds(millis: u64) -> String {
    format!("{}.{} s", millis / 1000, millis % 1000 / 100)
}

fn capital(sentence: &str) -> String {
    let mut letters = sentence.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    }
}
