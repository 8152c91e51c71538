//! Summarises a plan: totals, a headline, the exit code.

use std::collections::BTreeSet;

use serde::Serialize;

use super::super::unreached::none_observed;
use super::super::{Exit, counted, listed};
use super::stored::sentences;
use crate::model::{DeviceName, DeviceState, SubscriberName};
use crate::plan::{DevicePlan, Impact, Planned, UNREAD_NOTES, Verb};

/// The totals of a plan.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Totals {
    pub devices: usize,
    pub devices_with_changes: usize,
    pub created: usize,
    pub updated: usize,
    pub removed: usize,
    pub interrupted_subscribers: usize,
    pub disconnected_subscribers: usize,
    pub slower_subscribers: usize,
    pub faster_subscribers: usize,
    /// Served again, after they had no service before the plan.
    pub restored_subscribers: usize,
    /// They may be authenticated otherwise, because the device sends their names and numbers upstream.
    pub authentication_subscribers: usize,
    /// Steps that would undo a rollback.
    pub brought_back: usize,
    pub touching_management: usize,
    /// Steps that no line undoes.
    pub cannot_be_undone: usize,
    pub refused_devices: usize,
    pub unobservable_devices: usize,
    pub unmanaged_objects: usize,
    pub notes: usize,
    /// An earlier run ended in the middle of writing to them.
    pub half_written_devices: usize,
    /// What an earlier run wrote is not in their startup-config.
    pub unsaved_devices: usize,
    /// Something is to be done there, and a freeze delays it.
    pub frozen_devices: usize,
    /// Changes since the last verification of devices that could not be observed.
    pub waiting_changes: usize,
    /// Differ from the inventory, and are in a state in which nothing is written to them.
    pub only_shown_devices: usize,
    /// The steps that would change these; no other number counts them.
    pub only_shown_changes: usize,
}

impl Totals {
    pub fn of(planned: &Planned) -> Self {
        let mut totals = Self {
            devices: planned.devices.len(),
            unobservable_devices: planned.unobservable.len(),
            half_written_devices: planned.stored.half_written.len(),
            unsaved_devices: planned.stored.unsaved.len(),
            frozen_devices: planned.stored.delayed(),
            waiting_changes: planned.stored.waiting_changes(),
            ..Self::default()
        };
        let mut interrupted: BTreeSet<(&DeviceName, &SubscriberName)> = BTreeSet::new();
        let mut disconnected = BTreeSet::new();
        let (mut slower, mut faster, mut restored) =
            (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        let mut authentication = BTreeSet::new();
        for plan in &planned.devices {
            if !plan.state.is_written() && !plan.steps.is_empty() {
                totals.only_shown_devices += 1;
                totals.only_shown_changes += plan.steps.len();
                totals.unmanaged_objects += plan.unmanaged.len();
                totals.notes += plan.notes.len();
                totals.refused_devices += usize::from(plan.is_refused());
                continue;
            }
            totals.devices_with_changes += usize::from(!plan.steps.is_empty());
            totals.refused_devices += usize::from(plan.is_refused());
            totals.unmanaged_objects += plan.unmanaged.len();
            totals.notes += plan.notes.len();
            for step in &plan.steps {
                totals.cannot_be_undone += usize::from(step.cannot_undo.is_some());
                totals.brought_back += usize::from(step.rolled_back.is_some());
                match step.change.verb() {
                    Verb::Create => totals.created += 1,
                    Verb::Update => totals.updated += 1,
                    Verb::Remove => totals.removed += 1,
                }
                let named_here = |name| (&plan.device, name);
                interrupted.extend(step.impact.interrupted().iter().map(named_here));
                disconnected.extend(step.impact.disconnected().iter().map(named_here));
                slower.extend(step.effects.slower().map(named_here));
                faster.extend(step.effects.faster().map(named_here));
                restored.extend(step.effects.restores.iter().map(named_here));
                authentication.extend(step.effects.authentication.iter().map(named_here));
                if step.impact == Impact::TouchesManagement {
                    totals.touching_management += 1;
                }
            }
        }
        totals.disconnected_subscribers = disconnected.len();
        totals.interrupted_subscribers = interrupted.difference(&disconnected).count();
        // Also those that are interrupted: the limit counts the same ones.
        totals.slower_subscribers = slower.len();
        totals.faster_subscribers = faster.difference(&slower).count();
        totals.restored_subscribers = restored.len();
        totals.authentication_subscribers = authentication.len();
        totals
    }

    pub fn changes(&self) -> usize {
        self.created + self.updated + self.removed
    }
}

/// Returns one sentence, or two: what would happen in total.
pub fn verdict(planned: &Planned, totals: &Totals) -> String {
    let mut text = sentence(planned, totals);
    if totals.brought_back > 0 {
        let verb = if totals.brought_back == 1 {
            "undoes"
        } else {
            "undo"
        };
        text.push_str(&format!(
            " {} {verb} a rollback.",
            counted(totals.brought_back, "step")
        ));
    }
    if totals.cannot_be_undone > 0 {
        text.push_str(&format!(
            " {} cannot be undone.",
            counted(totals.cannot_be_undone, "step")
        ));
    }
    let faulty: BTreeSet<String> = planned
        .lint_errors
        .iter()
        .map(|found| found.device.to_string())
        .collect();
    if !faulty.is_empty() {
        let faulty: Vec<String> = faulty.into_iter().collect();
        text.push_str(&format!(
            " gamctl does not understand its own plan for {}: that is a fault of gamctl, and nothing of it may be applied there.",
            listed(&faulty)
        ));
    }
    if totals.unobservable_devices > 0 && totals.devices > 0 {
        let devices = counted(totals.unobservable_devices, "device");
        text.push_str(&match (
            planned.stored.waiting.is_empty(),
            totals.unobservable_devices,
        ) {
            (true, 1) => format!(" {devices} could not be observed; nothing is known of it."),
            (true, _) => format!(" {devices} could not be observed; nothing is known of them."),
            (false, _) => format!(" {devices} could not be observed."),
        });
    }
    if totals.only_shown_changes > 0 && totals.changes() > 0 {
        text.push_str(&format!(" {}.", only_shown(totals)));
    }
    text.push_str(&sentences(&planned.stored));
    match planned.out_of_scope.dropped.as_slice() {
        [] => {}
        [one] => text.push_str(&format!(
            " {one} is no longer in the inventory; what is on it stays."
        )),
        many => text.push_str(&format!(
            " {} are no longer in the inventory; what is on them stays.",
            counted(many.len(), "device")
        )),
    }
    text
}

fn sentence(planned: &Planned, totals: &Totals) -> String {
    let devices = counted(totals.devices, "device");
    if totals.changes() == 0 {
        return match (totals.devices, is_refused(planned)) {
            (0, false) => match none_observed(&planned.unobservable) {
                Some(cause) => format!("No device was planned: {cause}."),
                None => "No device was planned.".to_owned(),
            },
            (_, true) => format!("{}.", refused(planned, totals)),
            (_, false) if totals.only_shown_changes > 0 => {
                format!("Nothing would be changed: {}.", only_shown(totals))
            }
            (_, false) if planned.stored.unavailable.is_some() => {
                format!("Nothing would change on {devices} as far as is known.")
            }
            (_, false) if has_drift(planned) => {
                format!(
                    "Nothing would be changed on {devices}; what is locked differs from the inventory."
                )
            }
            (_, false) if has_note(planned, &UNREAD_NOTES) => {
                let count = not_planned(planned);
                format!(
                    "Nothing would change on {devices} as far as is known, and {} could not be planned.",
                    counted(count, "part or object")
                        .replace("part or objects", "parts and objects")
                )
            }
            (_, false) if has_note(planned, &STUCK) => {
                format!("Nothing can be done on {devices}, and not all is as the inventory says.")
            }
            (_, false) if planned.stored.has_open_work() => {
                format!("No object would change on {devices}.")
            }
            (_, false) if planned.against.is_some() => {
                format!("Nothing would change on {devices}.")
            }
            (1, false) => "Nothing to do: the device is as the inventory says.".to_owned(),
            (_, false) => format!("Nothing to do: {devices} are as the inventory says."),
        };
    }
    let mut kinds = Vec::new();
    for (count, verb) in [
        (totals.removed, "removed"),
        (totals.updated, "changed"),
        (totals.created, "created"),
    ] {
        if count > 0 {
            kinds.push(format!("{} {verb}", counted(count, "object")));
        }
    }
    let on = counted(totals.devices_with_changes, "device");
    let people = people(totals);
    let start = if is_refused(planned) {
        format!("{}: ", refused(planned, totals))
    } else {
        String::new()
    };
    format!("{start}{} on {on}; {people}.", listed(&kinds))
}

/// Names the differences of devices that are never written to.
fn only_shown(totals: &Totals) -> String {
    let changes = totals.only_shown_changes;
    let verb = if changes == 1 { "is" } else { "are" };
    format!(
        "{} on {} {verb} only shown, because nothing is written in state `observe`",
        counted(changes, "change"),
        counted(totals.only_shown_devices, "device")
    )
}

fn people(totals: &Totals) -> String {
    let effects = [
        (totals.disconnected_subscribers, "disconnected"),
        (totals.interrupted_subscribers, "interrupted"),
        (totals.slower_subscribers, "slower"),
        (
            totals.authentication_subscribers,
            "perhaps authenticated otherwise",
        ),
    ];
    let gains = [
        (totals.restored_subscribers, "served again"),
        (totals.faster_subscribers, "faster"),
    ];
    let said = |effects: &[(usize, &str)]| -> Vec<String> {
        let effects = effects.iter().filter(|(count, _)| *count > 0);
        let effects =
            effects.map(|(count, how)| format!("{} {how}", counted(*count, "subscriber")));
        effects.collect()
    };
    let mut parts = said(&effects);
    if totals.touching_management > 0 {
        parts.push("our own way to a device may be cut".to_owned());
    }
    let gains = said(&gains);
    if parts.is_empty() {
        parts.push(match gains.is_empty() {
            true => "no subscriber notices".to_owned(),
            false => "no subscriber interrupted".to_owned(),
        });
    }
    parts.extend(gains);
    listed(&parts)
}

fn is_refused(planned: &Planned) -> bool {
    !planned.refusals.is_empty() || planned.devices.iter().any(DevicePlan::is_refused)
}

/// Returns what is refused: all of it, or so many devices of it.
fn refused(planned: &Planned, totals: &Totals) -> String {
    if !planned.refusals.is_empty() || totals.refused_devices == totals.devices {
        return "Refused, nothing of it may be applied".to_owned();
    }
    format!(
        "Refused on {} of {}",
        totals.refused_devices,
        counted(totals.devices, "device")
    )
}

/// Returns whether a locked device differs from the inventory.
fn has_drift(planned: &Planned) -> bool {
    planned.devices.iter().any(|plan| {
        plan.state == DeviceState::Locked && plan.notes.iter().any(|note| note.rule == "drift")
    })
}

/// The device is known to differ from the inventory, and gamctl cannot change that.
const STUCK: [&str; 2] = ["blocked", "cannot-be-set"];

fn has_note(planned: &Planned, rules: &[&str]) -> bool {
    let mut notes = planned.devices.iter().flat_map(|plan| &plan.notes);
    notes.any(|note| rules.contains(&note.rule.as_str()))
}

fn not_planned(planned: &Planned) -> usize {
    let notes = planned.devices.iter().flat_map(|plan| &plan.notes);
    notes
        .filter(|note| UNREAD_NOTES.contains(&note.rule.as_str()))
        .count()
}

/// Returns the exit code, by the first of these that holds.
///
/// 1. The lint objected to the plan of a device: 1, for that is a fault of the program, whatever becomes of the other devices.
/// 2. Something is refused, or frozen: 4, because an apply would do less than the inventory asks for, until a person decides.
/// 3. Something would change on a device that is written to, or a locked device has drifted, or something wanted cannot be brought about: 2.
/// 4. No device could be observed: 1, for then the fault may be here, and nothing is known.
/// 5. An earlier run left something open, or a change waits for a device that could not be observed: 2.
/// 6. The store could not be asked: 1, because what it knows may be left to do.
/// 7. A device, or a part of one, could not be observed: 6, and all else is as it should be.
/// 8. Everything is as the inventory has it: 0.
pub fn exit(planned: &Planned) -> Exit {
    let (looked, missing) = (planned.devices.len(), planned.unobservable.len());
    let mut written = planned
        .devices
        .iter()
        .filter(|plan| plan.state.is_written());
    let has_changes = written.any(|plan| !plan.steps.is_empty())
        || has_drift(planned)
        || has_note(planned, &STUCK);
    match () {
        () if !planned.lint_errors.is_empty() => Exit::Failed,
        () if is_refused(planned) || planned.stored.delayed() > 0 => Exit::Refused,
        () if has_changes => Exit::ChangesPending,
        () if looked == 0 && missing > 0 => Exit::of_looks(looked, missing),
        () if planned.stored.has_open_work() => Exit::ChangesPending,
        () if planned.stored.unavailable.is_some() => Exit::Failed,
        () if has_note(planned, &UNREAD_NOTES) => Exit::Unobservable,
        () => Exit::of_looks(looked, missing),
    }
}
