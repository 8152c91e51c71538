//! Compares the files of two commits, for rules on what an author may change.

use std::collections::BTreeMap;
use std::sync::Arc;

use git2::{Oid, Repository};

use super::new_commits::CommitSummary;
use crate::git::{ObjectError, Objects, TreeEntry};
use crate::inventory::source::{Limits, lfs_pointer};
use crate::inventory::{ChangedKeys, PathKind, changed_keys_of_texts, classify};

/// The depth of folders that are compared; an inventory has fewer levels.
const DEEPEST: usize = 32;

/// The changed files of one step that are listed: ten times the files of the largest inventory in sight.
const MOST_PATHS: usize = 200_000;

/// The changes of one commit along first parents. The author of a merge is responsible for all that it brings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthoredStep {
    pub commit: CommitSummary,
    /// The changed files of the repository, relative to its root, sorted.
    pub paths: Vec<String>,
    /// The changed keys of the inventory. If not all are listed, a file is too large, not a file or not TOML, and a lane must
    /// refuse the step.
    pub changed: ChangedKeys,
}

/// Compares the trees of two commits.
pub(super) struct StepReader<'a> {
    pub(super) repository: &'a Repository,
    pub(super) objects: &'a Objects,
    /// The inventory's folder: `""`, or with a `/` at its end.
    pub(super) prefix: &'a str,
    pub(super) limits: &'a Limits,
}

/// The entries of a changed path before and after; a path that is new or gone has one.
type Sides = [Option<TreeEntry>; 2];

type Texts = BTreeMap<Arc<str>, Arc<str>>;

impl StepReader<'_> {
    pub(super) fn read(
        &self,
        before: Oid,
        commit: CommitSummary,
        after: Oid,
    ) -> Result<AuthoredStep, ObjectError> {
        let mut changed = BTreeMap::new();
        let mut is_complete = true;
        let mut sides: Sides = [None, None];
        for (side, id) in sides.iter_mut().zip([before, after]) {
            let tree = self.objects.commit(self.repository, id)?.tree;
            *side = Some(TreeEntry {
                id: tree,
                mode: 0o040_000,
            });
        }
        self.differences("", 0, sides, &mut changed, &mut is_complete)?;
        let (mut old, mut new) = (Texts::new(), Texts::new());
        for (path, sides) in &changed {
            let inner = path.strip_prefix(self.prefix);
            let Some(inner) = inner.filter(|inner| is_of_inventory(inner)) else {
                continue;
            };
            for (texts, entry) in [&mut old, &mut new].into_iter().zip(sides) {
                let Some(entry) = entry else { continue };
                match self.text(*entry)? {
                    Some(text) => drop(texts.insert(Arc::from(inner), text)),
                    None => is_complete = false,
                }
            }
        }
        let mut keys = changed_keys_of_texts(&old, &new);
        keys.is_complete &= is_complete;
        Ok(AuthoredStep {
            commit,
            paths: changed.into_keys().collect(),
            changed: keys,
        })
    }

    /// Returns the text of a file; nothing if it is too large or not a text.
    fn text(&self, entry: TreeEntry) -> Result<Option<Arc<str>>, ObjectError> {
        if !entry.is_file() {
            return Ok(None);
        }
        self.objects.check(entry.id)?;
        // The header has the size: a blob of gigabytes is never unpacked.
        let header = self
            .repository
            .odb()
            .and_then(|odb| odb.read_header(entry.id));
        let size = header
            .map_err(|source| ObjectError {
                id: entry.id,
                source,
            })?
            .0;
        if size as u64 > self.limits.file_bytes {
            return Ok(None);
        }
        let bytes = self.objects.bytes(self.repository, entry.id)?;
        let is_pointer = lfs_pointer(&bytes);
        let text = String::from_utf8(bytes).ok().filter(|_| !is_pointer);
        Ok(text.map(Arc::from))
    }

    /// Collects the files below `path` that are not the same in both.
    fn differences(
        &self,
        path: &str,
        depth: usize,
        sides: Sides,
        changed: &mut BTreeMap<String, Sides>,
        is_complete: &mut bool,
    ) -> Result<(), ObjectError> {
        let [before, after] = sides;
        if before == after {
            return Ok(());
        }
        if depth > DEEPEST || changed.len() >= MOST_PATHS {
            *is_complete = false;
            return Ok(());
        }
        let files = sides.map(|side| side.filter(|entry| !entry.is_tree()));
        if files.iter().any(Option::is_some) {
            changed.insert(path.to_owned(), files);
        }
        let mut entries: BTreeMap<String, Sides> = BTreeMap::new();
        for (index, side) in sides.into_iter().enumerate() {
            let Some(tree) = side.filter(TreeEntry::is_tree) else {
                continue;
            };
            let tree = self.objects.tree(self.repository, tree.id)?;
            for entry in &tree {
                // No file of an inventory has a name that is not UTF-8; such names are listed as they can be shown.
                let name = String::from_utf8_lossy(entry.name_bytes()).into_owned();
                *is_complete &= !name.contains(char::REPLACEMENT_CHARACTER);
                let found = entries.entry(name).or_default().get_mut(index);
                if let Some(found) = found {
                    *is_complete &= found.is_none();
                    *found = Some(TreeEntry::of(&entry));
                }
            }
        }
        for (name, sides) in entries {
            let below = match path {
                "" => name,
                path => format!("{path}/{name}"),
            };
            self.differences(&below, depth + 1, sides, changed, is_complete)?;
        }
        Ok(())
    }
}

fn is_of_inventory(path: &str) -> bool {
    matches!(classify(path), PathKind::Inventory(_))
}
