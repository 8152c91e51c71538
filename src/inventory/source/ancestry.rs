//! Checks whether a commit descends from an earlier one, and finds where two branches parted.
//!
//! Only the commits themselves are believed: a graft, a replacement (`git replace`) or a commit-graph file can make two
//! histories look like one.

use std::collections::HashSet;
use std::path::Path;

use git2::Oid;

use super::{SourceError, repository, revision};
use crate::git::{ObjectError, Past};

/// The relation of a commit to an earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ancestry {
    Same,
    /// The earlier one is in its history.
    Descends,
    /// It is in the history of the earlier one: the branch went back.
    Precedes,
    /// Each has commits that the other has not: history was rewritten, or these are two branches.
    Apart,
    /// The repository does not have the earlier one: history was rewritten and cleaned up, or cut off. Or the clone is
    /// shallow, and the earlier commit was not found before its history ends.
    Unknown,
}

/// Returns the relation of `commit` to `earlier` in the repository of `path`.
///
/// # Errors
///
/// Fails when the repository cannot be read, has grafts or damaged objects, or does not have `commit`.
pub fn ancestry(path: &Path, commit: &str, earlier: &str) -> Result<Ancestry, SourceError> {
    let opened = repository::open(path)?;
    let (repository, objects) = (opened.repository, opened.objects);
    let object = |error: ObjectError| SourceError::object(path, error, "its history");
    let now = Oid::from_str(commit).map_err(|source| SourceError::Git {
        path: path.to_owned(),
        action: "follow its history",
        source,
    })?;
    objects.commit(&repository, now).map_err(object)?;
    let Ok(before) = Oid::from_str(earlier) else {
        return Ok(Ancestry::Unknown);
    };
    match objects.commit(&repository, before) {
        Ok(_) => {}
        Err(error) if error.is_missing() => return Ok(Ancestry::Unknown),
        Err(error) => return Err(object(error)),
    }
    if now == before {
        return Ok(Ancestry::Same);
    }
    let search = |of, wanted| {
        objects
            .search_past(&repository, of, Some(wanted), &mut HashSet::new())
            .map_err(object)
    };
    let down = search(now, before)?;
    if down == Past::Found {
        return Ok(Ancestry::Descends);
    }
    let up = search(before, now)?;
    Ok(match (down, up) {
        (_, Past::Found) => Ancestry::Precedes,
        (Past::CutOff, _) | (_, Past::CutOff) => Ancestry::Unknown,
        _ => Ancestry::Apart,
    })
}

/// Returns the first parent of a commit, as its object has it; nothing for a commit without parents.
///
/// # Errors
///
/// Fails when the repository or the commit cannot be read, and with [`SourceError::Shallow`] when the clone is shallow
/// and ends before the parent.
pub fn first_parent(path: &Path, commit: &str) -> Result<Option<String>, SourceError> {
    let opened = repository::open(path)?;
    let (repository, objects) = (opened.repository, opened.objects);
    let id = Oid::from_str(commit).map_err(|source| SourceError::Git {
        path: path.to_owned(),
        action: "read a commit's id",
        source,
    })?;
    let object = |error: ObjectError| SourceError::object(path, error, "its history");
    let parents = objects.commit(&repository, id).map_err(object)?.parents;
    let Some(parent) = parents.first() else {
        return Ok(None);
    };
    match objects.commit(&repository, *parent) {
        Ok(_) => Ok(Some(parent.to_string())),
        Err(error) if error.is_missing() && repository.is_shallow() => Err(SourceError::Shallow {
            path: path.to_owned(),
            revision: format!("{commit}^"),
        }),
        Err(error) => Err(object(error)),
    }
}

/// A commit along first parents, with the e-mail address of its author.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthoredCommit {
    /// Its first parent.
    pub before: String,
    pub commit: String,
    pub email: String,
}

/// Returns the commits along first parents from `base` to `head`, oldest first; nothing if `base` is not among the first `most`.
///
/// The author of a merge is responsible for all that it brings.
///
/// # Errors
///
/// Fails when a revision is unknown, or the repository cannot be read.
pub fn authored_commits(
    path: &Path,
    base: &str,
    head: &str,
    most: usize,
) -> Result<Vec<AuthoredCommit>, SourceError> {
    let opened = repository::open(path)?;
    let (repository, objects) = (opened.repository, opened.objects);
    let resolve = |named: &str| {
        let commit = revision::resolve(&repository, &objects, path, named)?;
        Ok::<Oid, SourceError>(commit.id())
    };
    let (base, mut at) = (resolve(base)?, resolve(head)?);
    let object = |error: ObjectError| SourceError::object(path, error, "its history");
    let mut commits = Vec::new();
    while at != base {
        let parents = match objects.commit(&repository, at) {
            Ok(commit) => commit.parents,
            // A shallow clone ends here.
            Err(error) if error.is_missing() => return Ok(Vec::new()),
            Err(error) => return Err(object(error)),
        };
        let Some(parent) = parents.first().filter(|_| commits.len() < most) else {
            return Ok(Vec::new());
        };
        let commit = repository.find_commit(at);
        let commit = commit.map_err(|source| object(ObjectError { id: at, source }))?;
        commits.push(AuthoredCommit {
            before: parent.to_string(),
            commit: at.to_string(),
            email: String::from_utf8_lossy(commit.author().email_bytes()).into_owned(),
        });
        at = *parent;
    }
    commits.reverse();
    Ok(commits)
}

/// Returns the newest commit that `head` and `other` have in common, as `git merge-base` does.
///
/// # Errors
///
/// Fails when a revision is unknown, and when the two have no commit in common. In a shallow clone that is
/// [`SourceError::Shallow`].
pub fn merge_base(path: &Path, head: &str, other: &str) -> Result<String, SourceError> {
    let opened = repository::open(path)?;
    let (repository, objects) = (opened.repository, opened.objects);
    let resolve = |named: &str| {
        let commit = revision::resolve(&repository, &objects, path, named)?;
        Ok::<Oid, SourceError>(commit.id())
    };
    let (one, two) = (resolve(head)?, resolve(other)?);
    let bases = objects
        .merge_bases(&repository, one, two)
        .map_err(|error| SourceError::object(path, error, "its history"))?;
    match bases.first() {
        Some(base) => Ok(base.id.to_string()),
        None if repository.is_shallow() => Err(SourceError::Shallow {
            path: path.to_owned(),
            revision: format!("{other}...{head}"),
        }),
        None => Err(SourceError::Unrelated {
            path: path.to_owned(),
            head: head.to_owned(),
            other: other.to_owned(),
        }),
    }
}
