//! Attributes lines and removed objects to commits, from git's history up to a limit.
//!
//! The limit is a number of commits and not a time, so that the same history gives the same answer on any machine.

mod lines;

use std::cell::RefCell;
use std::cmp::Ordering;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::Path;

use git2::{Commit, Oid, Repository, Sort};

use super::source::{self, SourceError};
use crate::git::{Objects, TreeEntry};
use lines::Passed;

/// The depth of folders in which differences are searched; an inventory has fewer levels.
const DEEPEST: usize = 32;

/// The commits that are searched before a line's origin stays unknown.
pub const MOST_COMMITS: usize = 10_000;

/// The author and time of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    pub commit: String,
    pub author: String,
    /// `2026-11-20`, in the time zone of the author.
    pub date: String,
    pub subject: String,
}

/// A line of a file, both as in the commit that is asked about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Line {
    /// Relative to the inventory's folder.
    pub file: String,
    /// Counted from 1.
    pub line: u32,
}

/// An object that a commit took out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenOut {
    /// Its earlier position.
    pub at: Line,
    pub by: Written,
}

/// The answer of the history.
#[derive(Debug, Default)]
pub struct Told {
    pub lines: BTreeMap<Line, Written>,
    /// By what was searched.
    pub taken_out: BTreeMap<Line, TakenOut>,
    /// The limit was reached before everything was found.
    pub is_cut: bool,
}

/// The history of an inventory.
pub struct History {
    repository: Repository,
    objects: Objects,
    prefix: String,
    path: std::path::PathBuf,
    most: usize,
    /// Commits that can be read, with all that came before them.
    readable: RefCell<HashSet<Oid>>,
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
        })
    }

    /// Returns the authors of these lines of `commit`.
    pub fn lines(&self, commit: &str, lines: &BTreeSet<Line>) -> Result<Told, SourceError> {
        self.walk_lines(commit, lines)
            .map_err(|error| self.failed(error))
    }

    /// Returns which commits after `before` and up to `commit` took out what stood at these lines of `before`.
    ///
    /// The removed lines are recognised by `needles`, the ids on them.
    pub fn taken_out(
        &self,
        before: &str,
        commit: &str,
        needles: &BTreeMap<Line, String>,
    ) -> Result<Told, SourceError> {
        self.walk_taken_out(before, commit, needles)
            .map_err(|error| self.failed(error))
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

    fn walk_lines(&self, commit: &str, asked: &BTreeSet<Line>) -> Result<Told, git2::Error> {
        let mut told = Told::default();
        if asked.is_empty() {
            return Ok(told);
        }
        let start = Oid::from_str(commit)?;
        self.check_past(start)?;
        let mut walk = self.repository.revwalk()?;
        // Children before parents: a commit is only looked at once all that come after it have been.
        walk.set_sorting(Sort::TOPOLOGICAL)?;
        walk.push(start)?;
        let mut open: BTreeMap<Oid, Pending> = BTreeMap::new();
        let first = open.entry(start).or_default();
        for line in asked {
            first
                .entry(line.file.clone())
                .or_default()
                .insert((line.line, line.clone()));
        }
        for (looked_at, id) in walk.enumerate() {
            if open.is_empty() {
                break;
            }
            if looked_at >= self.most {
                told.is_cut = true;
                break;
            }
            let id = id?;
            let Some(pending) = open.remove(&id) else {
                continue;
            };
            let commit = self.repository.find_commit(id)?;
            self.one_commit(&commit, pending, &mut open, &mut told)?;
        }
        Ok(told)
    }

    /// Hands each line on to a parent that has it, and keeps those that none has.
    fn one_commit(
        &self,
        commit: &Commit<'_>,
        mut pending: Pending,
        open: &mut BTreeMap<Oid, Pending>,
        told: &mut Told,
    ) -> Result<(), git2::Error> {
        let parent = (commit.parent_count() > 0).then(|| commit.parent(0));
        let parent = match parent {
            Some(Ok(parent)) => parent,
            // The history ends here because it was not fetched: the author of the lines is unknown.
            Some(Err(_)) => {
                told.is_cut = true;
                return Ok(());
            }
            None if self.repository.is_shallow() => {
                told.is_cut = true;
                return Ok(());
            }
            None => {
                let lines = pending.into_values().flatten();
                let by = written(commit);
                told.lines
                    .extend(lines.map(|(_, asked)| (asked, by.clone())));
                return Ok(());
            }
        };
        for file in self.changed(&parent, commit)? {
            if let Some(lines) = pending.remove(&file) {
                self.one_file(commit, &file, lines, open, told)?;
            }
        }
        // All other files are the parent's, however many there are.
        match open.entry(parent.id()) {
            Entry::Vacant(entry) => {
                if !pending.is_empty() {
                    entry.insert(pending);
                }
            }
            Entry::Occupied(mut entry) => {
                for (file, lines) in pending {
                    entry.get_mut().entry(file).or_default().extend(lines);
                }
            }
        }
        Ok(())
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

    fn one_file(
        &self,
        commit: &Commit<'_>,
        file: &str,
        mut lines: BTreeSet<(u32, Line)>,
        open: &mut BTreeMap<Oid, Pending>,
        told: &mut Told,
    ) -> Result<(), git2::Error> {
        let Some(own) = self.blob(commit, file)? else {
            return Ok(());
        };
        for parent in commit.parents() {
            let Some(theirs) = self.blob(&parent, file)? else {
                continue;
            };
            if theirs == own {
                let taken = std::mem::take(&mut lines);
                merge(open, parent.id(), file, taken);
                break;
            }
            for blob in [theirs, own] {
                self.objects.check(blob)?;
            }
            let passed = Passed::between(&self.repository, theirs, own)?;
            let mut taken = BTreeSet::new();
            lines.retain(|(line, asked)| match passed.before(*line) {
                Some(before) => {
                    taken.insert((before, asked.clone()));
                    false
                }
                None => true,
            });
            if !taken.is_empty() {
                merge(open, parent.id(), file, taken);
            }
        }
        let by = written(commit);
        told.lines
            .extend(lines.into_iter().map(|(_, asked)| (asked, by.clone())));
        Ok(())
    }

    fn walk_taken_out(
        &self,
        before: &str,
        commit: &str,
        needles: &BTreeMap<Line, String>,
    ) -> Result<Told, git2::Error> {
        let mut told = Told::default();
        let mut left: BTreeMap<&Line, &String> = needles.iter().collect();
        if left.is_empty() {
            return Ok(told);
        }
        let (before, commit) = (Oid::from_str(before)?, Oid::from_str(commit)?);
        self.check_past(commit)?;
        self.check_past(before)?;
        let mut walk = self.repository.revwalk()?;
        walk.set_sorting(Sort::TOPOLOGICAL)?;
        walk.push(commit)?;
        walk.hide(before)?;
        for (looked_at, id) in walk.enumerate() {
            if left.is_empty() {
                break;
            }
            if looked_at >= self.most {
                told.is_cut = true;
                break;
            }
            let commit = self.repository.find_commit(id?)?;
            // A merge takes nothing out that a commit before it did not.
            let (Ok(parent), 1) = (commit.parent(0), commit.parent_count()) else {
                continue;
            };
            let files: BTreeSet<String> = left.keys().map(|line| line.file.clone()).collect();
            for file in files {
                self.one_removal(&commit, &parent, &file, &mut left, &mut told)?;
            }
        }
        Ok(told)
    }

    fn one_removal(
        &self,
        commit: &Commit<'_>,
        parent: &Commit<'_>,
        file: &str,
        left: &mut BTreeMap<&Line, &String>,
        told: &mut Told,
    ) -> Result<(), git2::Error> {
        let (own, theirs) = (self.blob(commit, file)?, self.blob(parent, file)?);
        let Some(theirs) = theirs.filter(|_| own != theirs) else {
            return Ok(());
        };
        let text = |id: Option<Oid>| -> Result<Vec<u8>, git2::Error> {
            id.map_or(Ok(Vec::new()), |id| {
                Ok(self.objects.bytes(&self.repository, id)?)
            })
        };
        let (now, was) = (text(own)?, text(Some(theirs))?);
        left.retain(|line, needle| {
            if line.file != file || lines::find(&now, needle).is_some() {
                return true;
            }
            let Some(at) = lines::find(&was, needle) else {
                return true;
            };
            let at = Line {
                file: file.to_owned(),
                line: at,
            };
            let by = written(commit);
            told.taken_out.insert((*line).clone(), TakenOut { at, by });
            false
        });
        Ok(())
    }
}

/// For each file the lines as they are numbered in a commit, with what was asked for.
type Pending = BTreeMap<String, BTreeSet<(u32, Line)>>;

fn merge(open: &mut BTreeMap<Oid, Pending>, id: Oid, file: &str, lines: BTreeSet<(u32, Line)>) {
    let pending = open.entry(id).or_default();
    pending.entry(file.to_owned()).or_default().extend(lines);
}

fn written(commit: &Commit<'_>) -> Written {
    let author = commit.author();
    let when = author.when();
    Written {
        commit: commit.id().to_string(),
        author: String::from_utf8_lossy(author.name_bytes()).into_owned(),
        date: lines::date(when.seconds(), when.offset_minutes()),
        subject: commit
            .summary_bytes()
            .map(|subject| String::from_utf8_lossy(subject).into_owned())
            .unwrap_or_default(),
    }
}
