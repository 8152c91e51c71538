//! Takes out changes that would cause an error of the inventory, and keeps all others. `objects` finds whose text has an error.

mod objects;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use objects::{Objects, places};

use super::ServiceKey;
use super::authoring_edit::authoring_edits;
use super::edit::{ProposedChange, SyncEdit};
use super::reason::{LOST_FILE, NOT_EDITABLE, Reason};
use crate::authoring::edit::{EditError, Object, apply};
use crate::inventory::source::Limits;
use crate::inventory::{Inventory, Reading, canonical_order, read_edited};
use crate::model::{Finding, Severity, SubscriberId};

/// The changes that can be committed, and those that cannot with the reason.
#[derive(Debug, Default)]
pub struct Weeded {
    pub accepted: Vec<ProposedChange>,
    pub refused: Vec<(ProposedChange, Reason)>,
    /// Refused on a guess: an error names nobody who is changed, such as that of a full port.
    guessed: Vec<(ProposedChange, Reason)>,
}

type Texts = BTreeMap<Arc<str>, Arc<str>>;

/// Tries the changes on an inventory, and takes out those that cause an error until none is left.
///
/// Changes of one service stand or fall together, since later ones may need earlier ones.
pub fn weed(base: &Reading, changes: &[ProposedChange]) -> Weeded {
    let mut weeded = Weeded {
        accepted: changes.to_vec(),
        ..Weeded::default()
    };
    let texts: Texts = base.inventory.texts().collect();
    let known: HashSet<(&str, &str)> = base
        .findings
        .iter()
        .map(|finding| (finding.rule.id, &*finding.message))
        .collect();
    // Each round takes out at least one change.
    for _ in 0..=changes.len() {
        let Some(refusal) = weeded.try_once(base, &texts, &known) else {
            break;
        };
        weeded.refuse(&refusal);
    }
    if !weeded.guessed.is_empty() {
        weeded.take_back(|weeded| weeded.try_once(base, &texts, &known).is_none());
        let refused = weeded.refused.iter().map(|(change, _)| &change.service);
        let refused: BTreeSet<&ServiceKey> = refused.collect();
        let accepted = changes.iter();
        let accepted = accepted.filter(|change| !refused.contains(&change.service));
        weeded.accepted = accepted.cloned().collect();
    }
    weeded
}

/// The reason to refuse the changes of a subscriber.
struct Blame {
    reason: Reason,
    /// The error names nobody who is changed.
    is_guess: bool,
}

impl Blame {
    fn sure(reason: Reason) -> Self {
        Self {
            reason,
            is_guess: false,
        }
    }

    fn guess(reason: Reason) -> Self {
        Self {
            reason,
            is_guess: true,
        }
    }
}

/// Subscribers whose changes are refused.
type Refusal = BTreeMap<SubscriberId, Blame>;

impl Weeded {
    /// Returns the changes to take out, or nothing if all that are left can be committed.
    fn try_once(
        &self,
        base: &Reading,
        texts: &Texts,
        known: &HashSet<(&str, &str)>,
    ) -> Option<Refusal> {
        if self.accepted.is_empty() {
            return None;
        }
        let edits = self.accepted.iter().flat_map(|change| &change.edits);
        let edits = authoring_edits(edits);
        let files = match apply(texts, &edits, &|kind, path| canonical_order(kind, path)) {
            Ok(files) => files,
            Err(error) => return Some(self.refusal_of(texts, &error)),
        };
        let mut after = texts.clone();
        let mut lost = BTreeSet::new();
        for file in files {
            match file.after {
                Some(text) => drop(after.insert(file.path, text)),
                None => {
                    after.remove(&file.path);
                    lost.insert(file.path);
                }
            }
        }
        if !lost.is_empty() {
            return Some(self.removals_in(&base.inventory, &lost));
        }
        let reading = read_edited(&base.inventory, &after, &Limits::default());
        let new = reading.findings.iter().filter(|finding| {
            finding.severity == Severity::Error
                && !known.contains(&(finding.rule.id, &*finding.message))
        });
        let new: Vec<&Finding> = new.collect();
        (!new.is_empty()).then(|| self.causes(&reading.inventory, &new))
    }

    /// Takes out every change of the services that a refusal is about.
    fn refuse(&mut self, refusal: &Refusal) {
        let services: BTreeMap<_, &Blame> = self
            .accepted
            .iter()
            .filter_map(|change| {
                let blame = refusal.get(&change.subscriber).or_else(|| {
                    let replaced = change.replaces.as_ref()?;
                    refusal.get(replaced)
                })?;
                Some((change.service.clone(), blame))
            })
            .collect();
        let all = std::mem::take(&mut self.accepted);
        for change in all {
            match services.get(&change.service) {
                Some(blame) if blame.is_guess => self.guessed.push((change, blame.reason.clone())),
                Some(blame) => self.refused.push((change, blame.reason.clone())),
                None => self.accepted.push(change),
            }
        }
    }

    /// Takes back what was refused on a guess and fits together with the rest: by halves, so that few tries find the few changes
    /// that do not.
    fn take_back(&mut self, fits: impl Fn(&Self) -> bool) {
        let mut of_services: BTreeMap<ServiceKey, Vec<(ProposedChange, Reason)>> = BTreeMap::new();
        for (change, reason) in std::mem::take(&mut self.guessed) {
            let of_service = of_services.entry(change.service.clone()).or_default();
            of_service.push((change, reason));
        }
        let mut parts: Vec<Vec<_>> = vec![of_services.into_values().collect()];
        while let Some(mut part) = parts.pop() {
            let before = self.accepted.len();
            let changes = part.iter().flatten().map(|(change, _)| change.clone());
            self.accepted.extend(changes);
            if fits(self) {
                continue;
            }
            self.accepted.truncate(before);
            if part.len() < 2 {
                self.refused.extend(part.into_iter().flatten());
                continue;
            }
            let second = part.split_off(part.len() / 2);
            parts.extend([second, part]);
        }
    }

    fn last(&self, reason: Reason) -> Refusal {
        let last = self.accepted.last();
        last.map(|change| (change.subscriber.clone(), Blame::guess(reason)))
            .into_iter()
            .collect()
    }

    /// Returns the change that an edit could not be made for.
    fn refusal_of(&self, texts: &Texts, error: &EditError) -> Refusal {
        let reason = |error: &EditError| Reason::CausesFinding {
            rule: NOT_EDITABLE,
            message: error.to_string().into(),
        };
        if let Some(id) = object_of(error).filter(|id| self.is_about(id)) {
            return BTreeMap::from([(id, Blame::sure(reason(error)))]);
        }
        // The error names no object: each change is tried alone.
        let mut refusal = Refusal::new();
        for change in &self.accepted {
            let edits = authoring_edits(&change.edits);
            if let Err(error) = apply(texts, &edits, &|kind, path| canonical_order(kind, path)) {
                let blame = Blame::sure(reason(&error));
                refusal.insert(change.subscriber.clone(), blame);
            }
        }
        match refusal.is_empty() {
            true => self.last(reason(error)),
            false => refusal,
        }
    }

    fn is_about(&self, id: &SubscriberId) -> bool {
        let mut accepted = self.accepted.iter();
        accepted.any(|change| change.subscriber == *id || change.replaces.as_ref() == Some(id))
    }

    /// Returns the removals that leave a file without objects: that waits for a person.
    fn removals_in(&self, before: &Inventory, lost: &BTreeSet<Arc<str>>) -> Refusal {
        let edits = self.accepted.iter().flat_map(|change| &change.edits);
        let removed: Vec<&SubscriberId> = edits
            .filter_map(|edit| match edit {
                SyncEdit::Remove { subscriber } => Some(subscriber),
                SyncEdit::Set { .. } | SyncEdit::Add { .. } => None,
            })
            .collect();
        let places = places(before, removed.iter().copied());
        let in_lost = removed.into_iter().zip(places).filter_map(|(id, place)| {
            let (file, _) = place?;
            lost.contains(&file).then(|| {
                let reason = Reason::CausesFinding {
                    rule: LOST_FILE,
                    message: format!("`{file}` would have no object left").into(),
                };
                (id.clone(), Blame::sure(reason))
            })
        });
        let refusal: Refusal = in_lost.collect();
        match refusal.is_empty() {
            true => self.last(Reason::CausesFinding {
                rule: LOST_FILE,
                message: "a file would have no object left".into(),
            }),
            false => refusal,
        }
    }

    /// Returns the changes that cause findings.
    fn causes(&self, after: &Inventory, findings: &[&Finding]) -> Refusal {
        let objects = Objects::of(after);
        let mut refusal = Refusal::new();
        let mut unclear = None;
        for finding in findings {
            let reason = Reason::CausesFinding {
                rule: finding.rule.id,
                message: (&*finding.message).into(),
            };
            let related = finding.related.iter().map(|related| &related.place);
            let places = std::iter::once(&finding.place).chain(related);
            let owners: Vec<SubscriberId> = places
                .filter_map(|place| objects.at(&place.file, place.line))
                .collect();
            // Of two that cannot be together, the one that is changed gives way.
            if let Some(id) = owners.iter().find(|id| self.is_about(id)) {
                let known = refusal.get(id);
                // The first reason counts, and none that is only a guess.
                if known.is_none_or(|known| known.is_guess) {
                    refusal.insert(id.clone(), Blame::sure(reason));
                }
                continue;
            }
            let owner = owners.first();
            match owner.and_then(|owner| self.on_same_device(after, owner)) {
                Some(id) => drop(refusal.entry(id).or_insert(Blame::guess(reason))),
                None => unclear = Some(reason),
            }
        }
        match (refusal.is_empty(), unclear) {
            (true, Some(reason)) => self.last(reason),
            _ => refusal,
        }
    }

    /// Returns the last change on the device of a subscriber, for a finding about the device as a whole.
    fn on_same_device(&self, after: &Inventory, owner: &SubscriberId) -> Option<SubscriberId> {
        let device_of = |id: &str| after.subscriber(id)?.text.device.clone();
        let device = device_of(owner.as_str())?;
        let mut last = self.accepted.iter().rev();
        last.find(|change| device_of(change.subscriber.as_str()) == Some(device.clone()))
            .map(|change| change.subscriber.clone())
    }
}

fn object_of(error: &EditError) -> Option<SubscriberId> {
    let object = match error {
        EditError::UnknownObject { object, .. }
        | EditError::AlreadyThere { object, .. }
        | EditError::SpreadOverFiles { object, .. }
        | EditError::NotEditable { object, .. }
        | EditError::WrongFile { object, .. }
        | EditError::Id { object, .. }
        | EditError::NoSuchKind(object) => object,
        EditError::ParseFile { .. } | EditError::WouldChangeMore { .. } => return None,
    };
    match object {
        Object::Named(_, id) => SubscriberId::new(id).ok(),
        Object::Settings(_) => None,
    }
}
