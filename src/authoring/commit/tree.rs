//! Turns changed files into the new commit's tree.

use std::collections::HashSet;
use std::path::Path;

use git2::build::TreeUpdateBuilder;
use git2::{Commit, ErrorCode, FileMode, ObjectType, Oid, Repository, Tree};

use crate::authoring::commit::{CommitError, FileChange};
use crate::git::Objects;
use crate::inventory::source::check_name;

/// A file as git knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Version {
    pub(super) blob: Oid,
    pub(super) is_executable: bool,
}

impl Version {
    pub(super) fn mode(self) -> FileMode {
        if self.is_executable {
            FileMode::BlobExecutable
        } else {
            FileMode::Blob
        }
    }
}

/// A file that differs between base and new commit.
#[derive(Debug, Clone)]
pub(super) struct Edit {
    /// Relative to the repository's root.
    pub(super) path: String,
    pub(super) old: Option<Version>,
    pub(super) new: Option<Version>,
}

/// Returns what the changes come to on `base`; changes that change nothing are left out.
pub(super) fn edits(
    repository: &Repository,
    objects: &Objects,
    base: &Commit<'_>,
    prefix: &str,
    changes: &[FileChange],
) -> Result<Vec<Edit>, CommitError> {
    let read = failed("read the base commit");
    let tree = objects
        .tree(repository, base.tree_id())
        .map_err(|error| read(error.into()))?;
    let mut seen = HashSet::new();
    let mut edits = Vec::new();
    for FileChange { path, text } in changes {
        let path = full_path(prefix, path)?;
        if !seen.insert(path.clone()) {
            return Err(refused(&path, "is named twice in one commit"));
        }
        // Every object on the way is looked at before libgit2 reads it, and the file's old text as well.
        let old = objects.entry_at(repository, tree.id(), &path);
        if let Some(old) = old.map_err(|error| read(error.into()))? {
            objects.check(old.id).map_err(|error| read(error.into()))?;
        }
        let old = version_at(&tree, &path)?;
        let new = match text {
            None => None,
            Some(text) => Some(Version {
                blob: repository
                    .blob(text.as_bytes())
                    .map_err(failed("write a file's text"))?,
                is_executable: old.is_some_and(|old| old.is_executable),
            }),
        };
        if old != new {
            edits.push(Edit { path, old, new });
        }
    }
    Ok(edits)
}

/// Writes the tree of `base` with the edits done.
pub(super) fn write<'repository>(
    repository: &'repository Repository,
    base: &Commit<'_>,
    edits: &[Edit],
) -> Result<Tree<'repository>, CommitError> {
    let mut updates = TreeUpdateBuilder::new();
    for Edit { path, old: _, new } in edits {
        match new {
            Some(version) => updates.upsert(path.as_str(), version.blob, version.mode()),
            None => updates.remove(path.as_str()),
        };
    }
    base.tree()
        .and_then(|tree| updates.create_updated(repository, &tree))
        .and_then(|id| repository.find_tree(id))
        .map_err(failed("write the new tree"))
}

/// Returns the path from the repository's root, if every part of it is one that may be written.
fn full_path(prefix: &str, path: &str) -> Result<String, CommitError> {
    if !prefix.is_empty() && !prefix.ends_with('/') {
        return Err(refused(
            prefix,
            "is not a valid prefix; it must end with `/`",
        ));
    }
    let full = format!("{prefix}{path}");
    for part in full.split('/') {
        if let Err(problem) = check_name(part.as_bytes()) {
            return Err(refused(&full.escape_debug().to_string(), &problem));
        }
        // Also what Windows and macOS take for `.git`: a checkout there would run hooks out of it.
        if part.starts_with('.') || part.to_ascii_lowercase().starts_with("git~") {
            return Err(refused(&full, "would be hidden"));
        }
    }
    Ok(full)
}

fn version_at(tree: &Tree<'_>, path: &str) -> Result<Option<Version>, CommitError> {
    let whole = Path::new(path);
    for (depth, at) in whole.ancestors().enumerate() {
        if at.as_os_str().is_empty() {
            break;
        }
        let entry = match tree.get_path(at) {
            Ok(entry) => entry,
            Err(error) if error.code() == ErrorCode::NotFound => continue,
            Err(error) => return Err(failed("read the base commit")(error)),
        };
        let mode = entry.filemode_raw();
        let is_regular = mode & 0o170_000 == 0o100_000;
        return match (depth, entry.kind()) {
            (0, Some(ObjectType::Blob)) if is_regular => Ok(Some(Version {
                blob: entry.id(),
                is_executable: mode & 0o100 != 0,
            })),
            (1.., Some(ObjectType::Tree)) => Ok(None),
            _ => Err(refused(
                path,
                "meets a folder, a link or a submodule in the commit, where a file belongs",
            )),
        };
    }
    Ok(None)
}

fn refused(path: &str, problem: &str) -> CommitError {
    CommitError::Path {
        path: path.to_owned(),
        problem: problem.to_owned(),
    }
}

fn failed(action: &'static str) -> impl Fn(git2::Error) -> CommitError {
    move |source| CommitError::Git { action, source }
}
