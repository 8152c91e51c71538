//! Takes out changes that would cause an error of the inventory, and keeps all others.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use super::authoring_edit::authoring_edits;
use super::edit::{ProposedChange, SyncEdit};
use super::reason::{LOST_FILE, NOT_EDITABLE, Reason};
use crate::authoring::edit::{EditError, Object, apply};
use crate::inventory::source::Limits;
use crate::inventory::{
    Inventory, KeyReference, Reading, ReferencedObject, canonical_order, locations, read_edited,
};
use crate::model::{Finding, Severity, SubscriberId};

/// The changes that can be committed, and those that cannot with the reason.
#[derive(Debug, Default)]
pub struct Weeded {
    pub accepted: Vec<ProposedChange>,
    pub refused: Vec<(ProposedChange, Reason)>,
}

type Texts = BTreeMap<Arc<str>, Arc<str>>;

/// Tries the changes on an inventory, and takes out those that cause an error until none is left.
///
/// Changes of one service stand or fall together, since later ones may need earlier ones.
pub fn weed(base: &Reading, changes: &[ProposedChange]) -> Weeded {
    let mut weeded = Weeded {
        accepted: changes.to_vec(),
        refused: Vec::new(),
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
            return weeded;
        };
        weeded.refuse(&refusal);
    }
    weeded
}

/// Subscribers whose changes are refused, with the reason.
type Refusal = BTreeMap<SubscriberId, Reason>;

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
        let services: BTreeMap<_, &Reason> = self
            .accepted
            .iter()
            .filter_map(|change| {
                let reason = refusal.get(&change.subscriber).or_else(|| {
                    let replaced = change.replaces.as_ref()?;
                    refusal.get(replaced)
                })?;
                Some((change.service.clone(), reason))
            })
            .collect();
        let all = std::mem::take(&mut self.accepted);
        for change in all {
            match services.get(&change.service) {
                Some(reason) => self.refused.push((change, (*reason).clone())),
                None => self.accepted.push(change),
            }
        }
    }

    fn last(&self, reason: Reason) -> Refusal {
        let last = self.accepted.last();
        last.map(|change| (change.subscriber.clone(), reason))
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
            return BTreeMap::from([(id, reason(error))]);
        }
        // The error names no object: each change is tried alone.
        let mut refusal = Refusal::new();
        for change in &self.accepted {
            let edits = authoring_edits(&change.edits);
            if let Err(error) = apply(texts, &edits, &|kind, path| canonical_order(kind, path)) {
                refusal.insert(change.subscriber.clone(), reason(&error));
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
                (id.clone(), reason)
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
            let cause = owners.iter().find(|id| self.is_about(id)).cloned();
            let cause = cause.or_else(|| self.on_same_device(after, owners.first()?));
            match cause {
                Some(id) => drop(refusal.entry(id).or_insert(reason)),
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

fn places<'a>(
    inventory: &Inventory,
    ids: impl Iterator<Item = &'a SubscriberId>,
) -> Vec<Option<(Arc<str>, u32)>> {
    let asked: Vec<KeyReference> = ids
        .map(|id| {
            let object = ReferencedObject::Subscriber(id.as_str().to_owned());
            KeyReference::new(object, [])
        })
        .collect();
    let places = locations(inventory, &asked);
    let places = places.into_iter();
    places
        .map(|place| place.map(|place| (place.file, place.line)))
        .collect()
}

/// The subscribers of each file by the lines at which they begin.
struct Objects(BTreeMap<Arc<str>, BTreeMap<u32, SubscriberId>>);

impl Objects {
    fn of(inventory: &Inventory) -> Self {
        let ids: Vec<&SubscriberId> = inventory.subscribers().map(|object| &object.id).collect();
        let mut objects: BTreeMap<Arc<str>, BTreeMap<u32, SubscriberId>> = BTreeMap::new();
        let places = places(inventory, ids.iter().copied());
        for (id, place) in ids.into_iter().zip(places) {
            if let Some((file, line)) = place {
                objects.entry(file).or_default().insert(line, id.clone());
            }
        }
        Self(objects)
    }

    /// Returns the subscriber that a line belongs to.
    fn at(&self, file: &str, line: u32) -> Option<SubscriberId> {
        let before = self.0.get(file)?.range(..=line);
        before.last().map(|(_, id)| id.clone())
    }
}
