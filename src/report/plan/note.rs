//! Describes what was not planned; parts that were unreadable for one reason share one sentence.

use super::super::{listed, visible};
use super::entry::Entry;
use crate::plan::{DevicePlan, Note, Object, Planned};

/// The planner's sentence for a part that was not read as a whole, in pieces; notes with other sentences are not merged.
const BEFORE: &str = "not all ";
const BETWEEN: &str = " could be read: ";
const AFTER: &str = "; nothing is created or removed there";

pub(super) fn notes(planned: &Planned) -> Vec<Entry> {
    planned.devices.iter().flat_map(of_device).collect()
}

/// Returns whether a note is about the whole device, and so stands above the changes.
pub(super) fn is_premise(note: &Note) -> bool {
    note.rule == "factory-new"
}

fn of_device(plan: &DevicePlan) -> Vec<Entry> {
    let mut unread: Vec<(&str, Vec<String>)> = Vec::new();
    let mut others = Vec::new();
    // A premise of the plan is shown above it.
    let notes = plan.notes.iter().filter(|note| !is_premise(note));
    for note in notes {
        match part(note) {
            Some((part, reason)) => match unread.iter_mut().find(|(known, _)| *known == reason) {
                Some((_, parts)) => parts.push(part.to_owned()),
                None => unread.push((reason, vec![part.to_owned()])),
            },
            None => others.push(note),
        }
    }
    let parts = unread.iter().map(|(reason, parts)| {
        let head = format!("{BEFORE}{}{BETWEEN}{reason}{AFTER}", listed(parts));
        entry(plan, &head, parts.len())
    });
    let others = others.iter().map(|note| {
        let mut message = note.message.clone();
        for (reason, _) in &unread {
            message = message.replace(&format!(" ({reason})"), "");
        }
        let head = match &note.object {
            // Many messages name what they are about.
            Some(Object::Subscriber(name)) if message.contains(name.as_str()) => message,
            Some(object) if !message.contains(&object.to_string()) => {
                format!("{object}: {message}")
            }
            Some(_) | None => message,
        };
        entry(plan, &head, 1)
    });
    parts.chain(others).collect()
}

fn entry(plan: &DevicePlan, head: &str, weight: usize) -> Entry {
    Entry {
        under: Some(plan.device.to_string()),
        head: visible(head).into_owned(),
        weight,
        ..Entry::default()
    }
}

/// Returns the part that a note is about, and why it was not read whole.
fn part(note: &Note) -> Option<(&str, &str)> {
    if note.object.is_some() || note.rule != "not-read" {
        return None;
    }
    let (part, rest) = note.message.strip_prefix(BEFORE)?.split_once(BETWEEN)?;
    Some((part, rest.strip_suffix(AFTER)?))
}
