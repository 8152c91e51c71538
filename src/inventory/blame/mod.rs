//! Finds the commits that changed the intended configuration of devices, in git's history up to a limit.
//!
//! The limits are numbers of commits and objects and not a time, so that the same history gives the same answer on any
//! machine. `files` assembles the part of an inventory that some devices come from, at a commit; `walk` goes back through the
//! commits, and `tables` skips those that change other objects only.

mod author;
mod files;
mod tables;
mod walk;

use std::cell::RefCell;
use std::cmp::Ordering;
use std::collections::{BTreeSet, HashSet};
use std::path::Path;

use git2::{Commit, Oid, Repository};

use super::source::{self, SourceError};
use crate::git::{Objects, TreeEntry};
pub use author::Written;
use files::Files;
pub use walk::{Answers, Found, Tables};

/// The depth of folders in which differences are searched; an inventory has fewer levels.
const DEEPEST: usize = 32;

/// The commits that are searched before a value's origin stays unknown.
pub const MOST_COMMITS: usize = 10_000;

/// The history of an inventory.
pub struct History {
    repository: Repository,
    objects: Objects,
    prefix: String,
    path: std::path::PathBuf,
    most: usize,
    /// Commits that can be read, with all that came before them.
    readable: RefCell<HashSet<Oid>>,
    files: Files,
}

impl History {
    /// Opens the history of the inventory in `path`; at most `most` commits of it are looked at.
    pub fn open(path: &Path, most: usize) -> Result<Self, SourceError> {
        let opened = source::open(path)?;
        Ok(Self {
            repository: opened.repository,
            objects: opened.objects,
            prefix: opened.prefix,
            path: path.to_owned(),
            most,
            readable: RefCell::default(),
            files: Files::default(),
        })
    }

    fn failed(&self, source: git2::Error) -> SourceError {
        SourceError::Git {
            path: self.path.clone(),
            action: "read its history",
            source,
        }
    }

    /// Checks that all commits up to this one can be read, before libgit2 walks through them.
    fn check_past(&self, commit: Oid) -> Result<(), git2::Error> {
        let mut readable = self.readable.borrow_mut();
        let searched = self
            .objects
            .search_past(&self.repository, commit, None, &mut readable);
        searched.map(drop).map_err(git2::Error::from)
    }

    fn entry(&self, commit: &Commit<'_>, path: &str) -> Result<Option<TreeEntry>, git2::Error> {
        let entry = self
            .objects
            .entry_at(&self.repository, commit.tree_id(), path);
        entry.map_err(git2::Error::from)
    }

    fn blob(&self, commit: &Commit<'_>, file: &str) -> Result<Option<Oid>, git2::Error> {
        let entry = self.entry(commit, &format!("{}{file}", self.prefix))?;
        Ok(entry.filter(TreeEntry::is_file).map(|entry| entry.id))
    }

    /// Returns the inventory's files that differ between two commits.
    fn changed(
        &self,
        parent: &Commit<'_>,
        commit: &Commit<'_>,
    ) -> Result<BTreeSet<String>, git2::Error> {
        let (before, after) = (
            self.entry(parent, &self.prefix)?,
            self.entry(commit, &self.prefix)?,
        );
        let mut files = BTreeSet::new();
        self.differences("", before, after, &mut files)?;
        Ok(files)
    }

    /// Collects the files below `path` that are not the same in both.
    fn differences(
        &self,
        path: &str,
        before: Option<TreeEntry>,
        after: Option<TreeEntry>,
        files: &mut BTreeSet<String>,
    ) -> Result<(), git2::Error> {
        if before == after || path.matches('/').count() > DEEPEST {
            return Ok(());
        }
        let is_file = |side: &Option<TreeEntry>| side.is_some_and(|entry| !entry.is_tree());
        if [before, after].iter().any(is_file) {
            files.insert(path.to_owned());
        }
        let tree = |side: Option<TreeEntry>| {
            let side = side.filter(TreeEntry::is_tree);
            let tree = side.map(|entry| self.objects.tree(&self.repository, entry.id));
            tree.transpose()
        };
        let (before, after) = (tree(before)?, tree(after)?);
        let mut old = before.iter().flatten().peekable();
        let mut new = after.iter().flatten().peekable();
        loop {
            let order = match (old.peek(), new.peek()) {
                (None, None) => return Ok(()),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(old), Some(new)) => old.cmp(new),
            };
            let before = old.next_if(|_| order != Ordering::Greater);
            let after = new.next_if(|_| order != Ordering::Less);
            let name = before.as_ref().or(after.as_ref());
            // No file of an inventory has a name that is not UTF-8.
            let name = name.and_then(|entry| std::str::from_utf8(entry.name_bytes()).ok());
            let sides = [&before, &after].map(|side| side.as_ref().map(TreeEntry::of));
            let (Some(name), [before, after]) = (name, sides) else {
                continue;
            };
            if before != after {
                let below = match path {
                    "" => name.to_owned(),
                    path => format!("{path}/{name}"),
                };
                self.differences(&below, before, after, files)?;
            }
        }
    }
}
