//! Describes what was not planned; parts that were unreadable for one reason share one sentence.

use super::super::{listed, visible};
use super::entry::Entry;
use crate::plan::{DevicePlan, NAMES_NOTE, Note, NoteText, Planned, Sentence};

pub(super) fn notes(planned: &Planned) -> Vec<Entry> {
    planned.devices.iter().flat_map(of_device).collect()
}

/// Returns whether a note is about the whole device, and so stands above the changes.
pub(super) fn is_premise(note: &Note) -> bool {
    note.rule == "factory-new" || note.rule == NAMES_NOTE
}

fn of_device(plan: &DevicePlan) -> Vec<Entry> {
    let mut unread: Vec<(&str, Vec<String>)> = Vec::new();
    let mut others: Vec<&Sentence> = Vec::new();
    // A premise of the plan is shown above it.
    let notes = plan.notes.iter().filter(|note| !is_premise(note));
    for note in notes {
        match &note.message {
            NoteText::PartUnread { part, reason } => {
                let part = part.as_str().to_owned();
                match unread.iter_mut().find(|(known, _)| known == reason) {
                    Some((_, parts)) => parts.push(part),
                    None => unread.push((reason, vec![part])),
                }
            }
            NoteText::Sentence(sentence) => others.push(sentence),
        }
    }
    let parts = unread.iter().map(|(reason, parts)| {
        let head = NoteText::parts_unread(&listed(parts), reason);
        entry(plan, &head, parts.len())
    });
    let is_known = |reason: &str| unread.iter().any(|(known, _)| *known == reason);
    let others = others.into_iter().map(|sentence| {
        let head = match sentence.reason().is_some_and(is_known) {
            true => sentence.without_reason(),
            false => sentence.to_string(),
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
