//! Finds the commit behind each step's reason: the newest one that changed what the inventory intends.
//!
//! `question` defines what is asked of the history, `keys` lists the keys of the inventory that a value is derived from,
//! `still` completes the reasons of removals.

mod keys;
mod question;
mod still;

use std::collections::BTreeMap;

use super::Fleet;
use crate::inventory::blame::{Answers, Found, History, Tables, Written};
use crate::inventory::source::SourceError;
use crate::inventory::{Inventory, KeyReference, locations, written_values};
use crate::model::{DeviceName, SourceLocation};
use crate::plan::{Because, Cause, Field, Origin, OriginCommit, Planned, Verb};
use keys::Names;
use question::{Question, Version};

/// The position of a reason: its device, step and number.
type At = (usize, usize, usize);

/// A question about a field of a step, or about all of it.
#[derive(Debug)]
struct Asked {
    at: At,
    field: Option<Field>,
    device: DeviceName,
    question: Question,
}

/// The answer to a question.
#[derive(Debug, Clone, Default)]
struct Answer {
    by: Option<OriginCommit>,
    key: Option<KeyReference>,
    /// The earlier place of what the inventory does not have any more.
    before: Option<SourceLocation>,
}

/// Fills in the inventory line behind each step, and the commit that changed it; also for drift and objects that were never
/// applied. The fields of a reason get a reason of their own for each commit.
///
/// A value may be derived from several lines; the commit is the last one after which the intended value was another one than
/// before. Without git, or if the inventory is not committed, there are file and line but no commit.
pub fn find_origins(
    planned: &mut Planned,
    fleet: &Fleet<'_>,
    history: Option<&History>,
) -> Result<(), SourceError> {
    still::add_still(planned, fleet);
    let asked = questions(planned, fleet);
    let mut search = Search {
        now: fleet.inventory,
        answers: vec![Answer::default(); asked.len()],
    };
    if let (Some(history), Some(commit)) = (history, fleet.inventory.commit()) {
        let mut open: BTreeMap<DeviceName, Vec<(usize, Question)>> = BTreeMap::new();
        for (number, one) in asked.iter().enumerate() {
            let questions = open.entry(one.device.clone()).or_default();
            questions.push((number, one.question.clone()));
        }
        planned.origins_cut |= history.walk(commit, fleet.inventory, open, &mut search)?;
    }
    search.choose_keys(fleet, &asked);
    let origins = search.origins();
    fill_in(planned, &asked, &origins);
    Ok(())
}

/// Returns the questions of all reasons, sorted by device, step and reason.
fn questions(planned: &Planned, fleet: &Fleet<'_>) -> Vec<Asked> {
    let mut asked = Vec::new();
    for (device, plan) in planned.devices.iter().enumerate() {
        if plan.steps.is_empty() {
            continue;
        }
        let now = Names::of(fleet.inventory, &plan.device);
        for (number, step) in plan.steps.iter().enumerate() {
            for (which, because) in step.because.iter().enumerate() {
                if matches!(because.cause, Cause::Unmanaged | Cause::Temporary) {
                    continue;
                }
                let fields: Vec<Option<Field>> = match step.change.verb() {
                    Verb::Update if !because.fields.is_empty() => {
                        because.fields.iter().copied().map(Some).collect()
                    }
                    Verb::Create | Verb::Update | Verb::Remove => vec![None],
                };
                asked.extend(fields.into_iter().map(|field| Asked {
                    at: (device, number, which),
                    field,
                    device: plan.device.clone(),
                    question: Question::of(&step.change, field, &now),
                }));
            }
        }
    }
    asked
}

/// The state of the search.
struct Search<'a> {
    now: &'a Inventory,
    answers: Vec<Answer>,
}

impl Answers for Search<'_> {
    type Question = (usize, Question);

    fn tables(&self, device: &DeviceName, asked: &[Self::Question]) -> Option<Tables> {
        let mut tables = Tables::from([("device", device.to_string())]);
        for (_, question) in asked {
            tables.extend(question.table()?);
        }
        Some(tables)
    }

    fn unchanged(
        &self,
        device: &DeviceName,
        asked: &[Self::Question],
        before: &Inventory,
        after: &Inventory,
    ) -> Vec<Option<Self::Question>> {
        let (before, after) = (Version::of(before, device), Version::of(after, device));
        let unchanged = asked.iter().map(|(number, question)| {
            let earlier = question.earlier(&before, &after);
            let is_same = before.value(&earlier) == after.value(question);
            is_same.then_some((*number, earlier))
        });
        unchanged.collect()
    }

    fn found(&mut self, asked: Vec<(DeviceName, Self::Question)>, found: &Found<'_>) {
        let by = commit(&found.by);
        let asked: Vec<(DeviceName, usize, Question)> = asked
            .into_iter()
            .map(|(device, (number, question))| (device, number, question))
            .collect();
        let Some((before, after)) = found.between else {
            for (_, number, question) in asked {
                // What the first commit does not have was never removed by a commit.
                if let Some(answer) = self.answers.get_mut(number)
                    && !question.is_gone
                {
                    answer.by = Some(by.clone());
                }
            }
            return;
        };
        for (number, key) in changed_keys(&asked, before, after, self.now) {
            let Some(answer) = self.answers.get_mut(number) else {
                continue;
            };
            answer.by = Some(by.clone());
            answer.key = key;
        }
        let gone: Vec<(usize, KeyReference)> = asked
            .iter()
            .filter(|(_, _, question)| question.is_gone)
            .filter_map(|(_, number, _)| Some((*number, self.answers.get(*number)?.key.clone()?)))
            .collect();
        let keys: Vec<KeyReference> = gone.iter().map(|(_, key)| key.clone()).collect();
        for ((number, _), place) in gone.iter().zip(locations(before, &keys)) {
            if let Some(answer) = self.answers.get_mut(*number) {
                answer.before = place;
            }
        }
    }
}

/// Returns, for each question, the first of its keys that is written otherwise after a change than before it.
///
/// If none is, it returns the likeliest key. The keys of what is gone are those before the change.
fn changed_keys(
    asked: &[(DeviceName, usize, Question)],
    before: &Inventory,
    after: &Inventory,
    now: &Inventory,
) -> Vec<(usize, Option<KeyReference>)> {
    let mut found = Vec::new();
    let mut open: Vec<(usize, bool, Vec<KeyReference>)> = Vec::new();
    for group in asked.chunk_by(|left, right| left.0 == right.0) {
        let Some((device, ..)) = group.first() else {
            continue;
        };
        let (names_before, names_now) = (Names::of(before, device), Names::of(now, device));
        open.extend(group.iter().map(|(device, number, question)| {
            let names = match question.is_gone {
                true => &names_before,
                false => &names_now,
            };
            (*number, question.is_gone, question.keys(device, names))
        }));
    }
    // Usually the first key is the one, and there may be many questions.
    for is_first in [true, false] {
        let keys_of = |keys: &[KeyReference]| match is_first {
            true => keys.iter().take(1).cloned().collect(),
            false => keys.to_vec(),
        };
        let all: Vec<KeyReference> = open.iter().flat_map(|(.., keys)| keys_of(keys)).collect();
        let changed: Vec<bool> = written_values(before, &all)
            .into_iter()
            .zip(written_values(after, &all))
            .map(|(before, after)| before != after)
            .collect();
        let mut changed = changed.into_iter();
        open.retain(|(number, _, keys)| {
            let keys = keys_of(keys);
            let changed: Vec<bool> = changed.by_ref().take(keys.len()).collect();
            let first = keys.iter().zip(changed).find(|(_, changed)| *changed);
            if let Some((key, _)) = first {
                found.push((*number, Some(key.clone())));
            }
            first.is_none()
        });
    }
    // The first key of what is gone is the state of the device.
    found.extend(open.into_iter().map(|(number, is_gone, keys)| {
        let likeliest = keys.into_iter().nth(usize::from(is_gone));
        (number, likeliest)
    }));
    found
}

impl Search<'_> {
    /// Chooses a key for each question that has none: one that differs from the applied inventory, else its first one.
    fn choose_keys(&mut self, fleet: &Fleet<'_>, asked: &[Asked]) {
        let open: Vec<(DeviceName, usize, Question)> = asked
            .iter()
            .enumerate()
            .filter(|(number, _)| {
                self.answers
                    .get(*number)
                    .is_some_and(|answer| answer.key.is_none())
            })
            .map(|(number, one)| (one.device.clone(), number, one.question.clone()))
            .collect();
        let before = fleet
            .applied
            .as_ref()
            .map_or(self.now, |applied| applied.inventory);
        for (number, key) in changed_keys(&open, before, self.now, self.now) {
            if let Some(answer) = self.answers.get_mut(number) {
                answer.key = key;
            }
        }
    }

    /// Returns the origin of each question, as far as there is one.
    fn origins(self) -> Vec<Option<Origin>> {
        let keys: Vec<KeyReference> = self
            .answers
            .iter()
            .filter_map(|answer| answer.key.clone())
            .collect();
        let mut places = locations(self.now, &keys).into_iter();
        let answers = self.answers.into_iter();
        let origins = answers.map(|answer| {
            let place = answer.key.as_ref().and_then(|_| places.next().flatten());
            let place = place.or(answer.before)?;
            Some(Origin {
                file: place.file.to_string(),
                line: usize::try_from(place.line).unwrap_or(usize::MAX),
                commit: answer.by,
            })
        });
        origins.collect()
    }
}

/// Sets the origins of the reasons; a reason whose fields come from several commits is split.
fn fill_in(planned: &mut Planned, asked: &[Asked], origins: &[Option<Origin>]) {
    let answered: Vec<(&Asked, &Option<Origin>)> = asked.iter().zip(origins).collect();
    // From the last one: a split moves the reasons behind it.
    for group in answered
        .chunk_by(|(left, _), (right, _)| left.at == right.at)
        .rev()
    {
        let Some((first, _)) = group.first() else {
            continue;
        };
        let (device, step, which) = first.at;
        let step = planned
            .devices
            .get_mut(device)
            .and_then(|plan| plan.steps.get_mut(step));
        let Some(step) = step.filter(|step| which < step.because.len()) else {
            continue;
        };
        let because = step.because.remove(which);
        for (offset, part) in split(because, group).into_iter().enumerate() {
            step.because.insert(which + offset, part);
        }
    }
}

/// Returns a reason for each commit among the origins of a reason's fields.
fn split(because: Because, group: &[(&Asked, &Option<Origin>)]) -> Vec<Because> {
    let commit = |origin: &Option<Origin>| {
        let commit = origin.as_ref()?.commit.as_ref()?;
        Some(commit.id.clone())
    };
    let mut parts: Vec<Because> = Vec::new();
    for (asked, origin) in group {
        match parts
            .iter_mut()
            .find(|part| commit(&part.origin) == commit(origin))
        {
            Some(part) => part.fields.extend(asked.field),
            None => parts.push(Because {
                cause: because.cause.clone(),
                fields: asked.field.into_iter().collect(),
                origin: Option::clone(origin),
            }),
        }
    }
    if let [only] = parts.as_mut_slice() {
        only.fields = because.fields;
    }
    parts
}

fn commit(written: &Written) -> OriginCommit {
    let Written {
        commit,
        author,
        date,
        subject,
    } = written.clone();
    OriginCommit {
        id: commit,
        author,
        date,
        subject,
    }
}
