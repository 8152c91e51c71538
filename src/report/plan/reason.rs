//! Attributes each step to a commit: author and subject in full the first time, the short id afterwards.

use std::collections::{BTreeMap, BTreeSet};

use super::super::{counted, listed, visible};
use super::words::said;
use crate::plan::{
    Because, Cause, Change, Field, Origin, OriginCommit, Planned, Step, StillInInventory, Verb,
};

/// The fewest steps with one reason that is said above all of them.
const MANY: usize = 12;

/// The reasons of a plan, while it is rendered from top to bottom.
#[derive(Debug)]
pub(in crate::report) struct Reasons {
    is_ledger_known: bool,
    shown: BTreeSet<String>,
    /// The device whose steps are being rendered.
    under: Option<String>,
    /// The reason that was said above all steps: a step with it has only its line.
    usual: Option<Gist>,
}

/// The essence of a reason, to find whether many steps have the same one.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Gist {
    text: String,
    /// Of each reason that has an origin, the commit where there is one.
    commits: Vec<Option<Option<String>>>,
}

impl Reasons {
    pub(super) fn of(planned: &Planned) -> Self {
        Self {
            // Between two commits, what was before is known as well.
            is_ledger_known: planned.applied.is_some()
                || planned.against.is_some()
                || planned.memory.is_some(),
            shown: BTreeSet::new(),
            under: None,
            usual: None,
        }
    }

    /// Returns the reasons of a step that is shown alone, one line each, in full.
    pub(in crate::report) fn alone(step: &Step) -> Vec<String> {
        let mut reasons = Self {
            is_ledger_known: true,
            shown: BTreeSet::new(),
            under: None,
            usual: None,
        };
        reasons.of_step("", step)
    }

    /// Returns the reason that most of many steps have, to be said once above all of them; from then on, a step with it
    /// has only its line. Nothing if the steps have different reasons, or are few.
    pub(super) fn say_once(&mut self, steps: &[&Step]) -> Option<Vec<String>> {
        let mut same: BTreeMap<Gist, Vec<&Step>> = BTreeMap::new();
        for step in steps {
            same.entry(self.gist(step)).or_default().push(step);
        }
        let (gist, of) = same.into_iter().max_by_key(|(_, of)| of.len())?;
        // A file alone is no reason to be said once: each step names it with its line.
        let has_commit = gist.commits.iter().flatten().flatten().next().is_some();
        let has_text = of.first().is_some_and(|step| {
            let mut reasons = step.because.iter();
            reasons.any(|because| self.cause(step, because).is_some())
        });
        let is_worth_it = has_commit || has_text;
        if !is_worth_it || of.len() < MANY || of.len() * 2 <= steps.len() {
            return None;
        }
        let said = self.shared(&of)?;
        self.usual = Some(gist);
        Some(said)
    }

    /// Returns the reasons of a step on a device, one line each.
    pub(super) fn of_step(&mut self, device: &str, step: &Step) -> Vec<String> {
        if self.usual.is_some() && self.usual == Some(self.gist(step)) {
            let origins = step.because.iter().filter_map(|one| one.origin.as_ref());
            let places: BTreeSet<String> = origins.map(place).collect();
            return places.into_iter().collect();
        }
        if self.under.as_deref() != Some(device) {
            // A reader who begins here has not read what was said of another device.
            self.shown.clear();
            self.under = Some(device.to_owned());
        }
        let reasons = merged(&step.because);
        let is_one = reasons.len() == 1;
        reasons
            .iter()
            .map(|because| {
                let text = self.cause(step, because);
                let origin = because.origin.as_ref().map(|origin| self.origin(origin));
                let reason = joined(because, text, origin);
                match because.fields.as_slice() {
                    fields if is_one || fields.is_empty() => reason,
                    fields => format!("{}: {reason}", labels(fields)),
                }
            })
            .collect()
    }

    /// Returns the reason that many steps share, without the lines, which differ.
    pub(super) fn shared(&self, steps: &[&Step]) -> Option<Vec<String>> {
        let first = steps.first()?;
        let gist = self.gist(first);
        if steps.iter().any(|step| self.gist(step) != gist) {
            return None;
        }
        let reasons = merged(&first.because);
        let all: Vec<Vec<Because>> = steps.iter().map(|step| merged(&step.because)).collect();
        let said = reasons.iter().enumerate().map(|(index, because)| {
            let origins = all.iter().filter_map(|reasons| reasons.get(index));
            let places: Vec<&Origin> = origins
                .filter_map(|because| because.origin.as_ref())
                .collect();
            let text = self.cause(first, because);
            joined(because, text, shared_origin(&places))
        });
        Some(said.collect())
    }

    fn gist(&self, step: &Step) -> Gist {
        let reasons = merged(&step.because);
        let texts: Vec<String> = reasons
            .iter()
            .map(|because| format!("{:?} {:?}", because.fields, self.cause(step, because)))
            .collect();
        let commit = |origin: &Origin| origin.commit.as_ref().map(|commit| commit.id.clone());
        let origins = reasons.iter();
        Gist {
            text: texts.join("; "),
            commits: origins
                .map(|because| because.origin.as_ref().map(commit))
                .collect(),
        }
    }

    /// Returns the cause in words; nothing if the origin is enough.
    fn cause(&self, step: &Step, because: &Because) -> Option<String> {
        let text = match &because.cause {
            Cause::Inventory => return None,
            Cause::Drift { was: Some(was) } => match because.fields.as_slice() {
                [field] => format!(
                    "drift: was {} when last verified",
                    verified(step, *field, was)
                ),
                fields => format!("drift: {} were so when last verified", labels(fields)),
            },
            Cause::Drift { was: None } => "drift: was there when last verified".to_owned(),
            Cause::FirstAdoption if !self.is_ledger_known => "drift, or never applied".to_owned(),
            // A created object is not adopted: the origin names the commit that asked for it.
            Cause::FirstAdoption if step.change.verb() == Verb::Create => return None,
            Cause::FirstAdoption => "never applied".to_owned(),
            Cause::Gone { still } => gone(&step.change, still.as_ref()),
            Cause::Unmanaged => {
                "not in the inventory, which is authoritative for this device".to_owned()
            }
            Cause::Temporary => "a stop on the way, so that two can trade places".to_owned(),
        };
        Some(text)
    }

    fn origin(&mut self, origin: &Origin) -> String {
        let place = place(origin);
        match &origin.commit {
            None => place,
            Some(commit) if self.shown.contains(&commit.id) => {
                format!("commit {}, {place}", short(commit))
            }
            Some(commit) => {
                self.shown.insert(commit.id.clone());
                in_full(commit, &place)
            }
        }
    }
}

/// Returns why a device is to lose an object.
fn gone(change: &Change, still: Option<&StillInInventory>) -> String {
    let is_endpoint = matches!(change, Change::Endpoint(..));
    match still {
        Some(StillInInventory::Retired) => "the device is `retired`".to_owned(),
        _ if matches!(change, Change::Profile(..)) => "no subscriber here uses it".to_owned(),
        None => "no longer in the inventory".to_owned(),
        Some(StillInInventory::OnDevice { device }) => {
            let what = if is_endpoint { "its subscriber" } else { "it" };
            format!(
                "{what} is on {} in the inventory now",
                visible(device.as_str())
            )
        }
        Some(StillInInventory::Pending) if is_endpoint => "its subscriber is `pending`".to_owned(),
        Some(StillInInventory::Pending) => "it is `pending`, so not on a device".to_owned(),
        Some(StillInInventory::Replaced) if is_endpoint => {
            "its subscriber no longer uses it".to_owned()
        }
        Some(StillInInventory::Replaced) => "it has another name now".to_owned(),
    }
}

/// Returns the reasons of a step, with all that drifted in one.
fn merged(reasons: &[Because]) -> Vec<Because> {
    let mut merged: Vec<Because> = Vec::new();
    for because in reasons {
        let has_drifted =
            |because: &Because| matches!(because.cause, Cause::Drift { was: Some(_) });
        let before = merged
            .iter_mut()
            .find(|before| has_drifted(before) && has_drifted(because));
        match before {
            Some(before) => before.fields.extend(&because.fields),
            None => merged.push(because.clone()),
        }
    }
    merged
}

fn joined(because: &Because, text: Option<String>, origin: Option<String>) -> String {
    match (text, origin) {
        (None, None) => "the inventory says so".to_owned(),
        (None, Some(origin)) => origin,
        (Some(text), None) => text,
        (Some(text), Some(origin)) if matches!(because.cause, Cause::Gone { .. }) => {
            format!("{text}; {origin}")
        }
        (Some(text), Some(origin)) => format!("{text}; wanted by {origin}"),
    }
}

/// Returns what a field was, spelled as in the change: it is what it is to be again.
fn verified(step: &Step, field: Field, was: &str) -> String {
    let view = step.change.field(field);
    match view.and_then(|view| view.to()) {
        Some(to) if to.to_string() == was => said(field, Some(to)),
        Some(_) | None => visible(was).into_owned(),
    }
}

fn labels(fields: &[Field]) -> String {
    let labels: Vec<String> = fields
        .iter()
        .map(|field| field.label().to_owned())
        .collect();
    listed(&labels)
}

fn place(origin: &Origin) -> String {
    match origin.line {
        0 => visible(&origin.file).into_owned(),
        line => format!("{}:{line}", visible(&origin.file)),
    }
}

/// Returns the files and lines of many reasons, all of one commit or of none.
fn shared_origin(origins: &[&Origin]) -> Option<String> {
    let first = origins.first()?;
    let places: BTreeSet<String> = origins.iter().map(|origin| place(origin)).collect();
    let files: BTreeSet<&str> = origins.iter().map(|origin| origin.file.as_str()).collect();
    let place = match (places.len(), files.len()) {
        (1, _) => place(first),
        (_, 1) => visible(&first.file).into_owned(),
        (_, count) => format!("in {}", counted(count, "file")),
    };
    Some(match &first.commit {
        None => place,
        Some(commit) => in_full(commit, &place),
    })
}

fn in_full(commit: &OriginCommit, place: &str) -> String {
    format!(
        "commit {} by {}, {}, {place}: {}",
        short(commit),
        visible(&commit.author),
        visible(&commit.date),
        visible(&commit.subject)
    )
}

fn short(commit: &OriginCommit) -> &str {
    commit.id.get(..12).unwrap_or(&commit.id)
}
