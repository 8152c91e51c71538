//! Proposes a change of an inventory: the difference of every file, and the findings that it causes.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use toml_edit::DocumentMut;

use super::change_base::Base;
use super::commit::{CommitTime, Person};
use super::edit::{Edit, EditError, FileChange, apply};
use crate::inventory::source::Limits;
use crate::inventory::{Reading, canonical_order, read_edited};
use crate::model::{Finding, Severity};

/// Author, committer, time and message of a change.
#[derive(Debug, Clone)]
pub struct Authorship {
    pub author: Person,
    pub committer: Person,
    pub time: CommitTime,
    pub message: String,
    /// Lines below the message, such as `Gamctl-Command: set`; an author with a lane or a run of its own names them here.
    pub trailers: Vec<(String, String)>,
}

/// The content of a change.
#[derive(Debug, Clone, Copy)]
pub enum Change<'a> {
    Edits(&'a [Edit]),
    /// The texts of files that do not exist yet, by their paths.
    NewFiles(&'a BTreeMap<String, String>),
}

/// A change that can be shown, checked and committed.
#[derive(Debug)]
pub struct Proposal<'a> {
    pub(super) base: &'a Base,
    pub(super) authorship: Option<Authorship>,
    /// The files that differ from the base, sorted by path.
    pub changes: Vec<FileChange>,
    /// The changed inventory. Its findings are the errors that the change causes: the base does not have them.
    ///
    /// `None` if nothing changes, or if a part of the base could not be read: then the effect of the change is unknown.
    pub after: Option<Reading>,
    /// Findings that are not errors, and that the change causes.
    pub new_warnings: Vec<Finding>,
}

/// Proposes a change of `base`; only commits need an authorship. Nothing is written.
///
/// # Errors
///
/// Fails where the edits cannot be made; wrong results of edits are findings of the proposal.
pub fn propose<'a>(
    base: &'a Base,
    change: Change<'_>,
    authorship: Option<Authorship>,
) -> Result<Proposal<'a>, EditError> {
    let mut files: BTreeMap<Arc<str>, Arc<str>> = base.reading.inventory.texts().collect();
    let changes = match change {
        Change::Edits(edits) => apply(&files, edits, &|kind, path| canonical_order(kind, path))?,
        Change::NewFiles(texts) => texts
            .iter()
            .map(|(path, text)| FileChange {
                path: Arc::from(path.as_str()),
                before: None,
                after: Some(Arc::from(text.as_str())),
            })
            .collect(),
    };
    let mut proposal = Proposal {
        base,
        authorship,
        changes,
        after: None,
        new_warnings: Vec::new(),
    };
    if proposal.changes.is_empty() || base.reading.is_partial {
        return Ok(proposal);
    }
    for FileChange { path, after, .. } in &proposal.changes {
        match after {
            Some(text) => files.insert(Arc::clone(path), Arc::clone(text)),
            None => files.remove(path),
        };
    }
    let mut after = read_edited(&base.reading.inventory, &files, &Limits::default());
    // Lines move with an edit, so a finding is known again by its rule and its words.
    let known = base.reading.findings.iter();
    let known: HashSet<(&str, &str)> = known.map(|old| (old.rule.id, &*old.message)).collect();
    let new = std::mem::take(&mut after.findings).into_iter();
    let new = new.filter(|finding| !known.contains(&(finding.rule.id, &*finding.message)));
    (after.findings, proposal.new_warnings) =
        new.partition(|finding| finding.severity == Severity::Error);
    proposal.after = Some(after);
    Ok(proposal)
}

/// Returns the text of each object in a table of a file; none where it is not TOML.
fn objects(text: Option<&Arc<str>>, table: &str) -> BTreeMap<String, String> {
    let document = text.and_then(|text| text.parse::<DocumentMut>().ok());
    let objects = document.as_ref().and_then(|document| document.get(table));
    let objects = objects.and_then(|item| item.as_table_like());
    let objects = objects.iter().flat_map(|objects| objects.iter());
    objects
        .map(|(id, item)| (id.to_owned(), item.to_string()))
        .collect()
}

impl Proposal<'_> {
    /// Names the author of the change, for a commit.
    #[must_use]
    pub fn by(self, authorship: Option<Authorship>) -> Self {
        Self { authorship, ..self }
    }

    /// Names the author of the change, for a commit by a caller that needs the proposal afterwards.
    pub fn set_authorship(&mut self, authorship: Option<Authorship>) {
        self.authorship = authorship;
    }

    /// Returns the ids of the objects in a table, such as `subscriber`, whose text the change alters.
    pub fn changed(&self, table: &str) -> BTreeSet<String> {
        let mut ids = BTreeSet::new();
        for FileChange { before, after, .. } in &self.changes {
            let (before, after) = (
                objects(before.as_ref(), table),
                objects(after.as_ref(), table),
            );
            let all = before.keys().chain(after.keys());
            ids.extend(all.filter(|id| before.get(*id) != after.get(*id)).cloned());
        }
        ids
    }

    /// Returns the changed inventory where the change causes errors; its findings are these.
    pub fn refusal(&self) -> Option<&Reading> {
        let after = self.after.as_ref();
        after.filter(|after| !after.findings.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_an_object_is_that_of_its_own_table() {
        let text: Arc<str> =
            "[subscriber.a]\nvlan = 7\n\n[subscriber.b]\nvlan = 8\n[device.c]\n".into();
        let before = objects(Some(&text), "subscriber");
        assert_eq!(before.keys().collect::<Vec<_>>(), ["a", "b"]);
        let changed: Arc<str> = text.replace("vlan = 8", "vlan = 9").into();
        let after = objects(Some(&changed), "subscriber");
        assert_eq!(before.get("a"), after.get("a"));
        assert_ne!(before.get("b"), after.get("b"));
        assert!(objects(None, "subscriber").is_empty());
        assert!(objects(Some(&"[".into()), "subscriber").is_empty());
    }
}
