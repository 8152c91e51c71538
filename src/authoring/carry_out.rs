//! Carries out proposals: writes files in their folder, or makes a commit on a branch.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::change_base::Destination;
use super::commit::{self, CommitError, CommitId, CommitRequest};
use super::propose::Proposal;
use super::replace::{Replacement, check_no_link};

/// The result of a proposal that was carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Written {
    Files(Vec<PathBuf>),
    Commit {
        id: CommitId,
        branch: String,
        /// Only for a new branch: the one that it starts from, or `HEAD`.
        starts_from: Option<String>,
    },
}

impl Written {
    /// Returns the files written; a commit writes none.
    pub fn files(self) -> Vec<PathBuf> {
        match self {
            Self::Files(files) => files,
            Self::Commit { .. } => Vec::new(),
        }
    }
}

/// The reason that a proposal was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum CarryOutError {
    #[error("the change would cause new errors in the inventory ({0}); correct the change first")]
    NewErrors(usize),
    #[error(
        "a file of the inventory cannot be read in full, so the effect of the change is unknown; run `gamctl validate`"
    )]
    BaseIncomplete,
    #[error("a commit needs an author and a message")]
    NoAuthor,
    #[error("{} changed after it was read; run the command again", .0.display())]
    Changed(PathBuf),
    #[error("{} was created after the inventory was read; run the command again", .0.display())]
    Created(PathBuf),
    #[error("failed to {action} {}", .path.display())]
    File {
        /// "write" or "remove".
        action: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    #[error(transparent)]
    Commit(#[from] CommitError),
}

impl Proposal<'_> {
    /// Writes the files, or makes the commit.
    ///
    /// # Errors
    ///
    /// Refuses a change that causes errors, and one whose base has changed since it was read: nothing is written then.
    /// Errors that the base has already are allowed.
    pub fn commit(&self) -> Result<Written, CarryOutError> {
        let reading = &self.base.reading;
        if reading.is_partial {
            return Err(CarryOutError::BaseIncomplete);
        }
        if let Some(after) = self.refusal() {
            return Err(CarryOutError::NewErrors(after.findings.len()));
        }
        let (repository, branch, starts_from) = match &self.base.destination {
            Destination::Folder(folder) => return self.write_files(folder).map(Written::Files),
            Destination::Branch {
                repository,
                branch,
                starts_from,
            } => (repository, branch, starts_from),
        };
        let authorship = self.authorship.as_ref().ok_or(CarryOutError::NoAuthor)?;
        let changes = self.changes.iter().map(|change| commit::FileChange {
            path: change.path.to_string(),
            text: change.after.as_ref().map(ToString::to_string),
        });
        let trailers = authorship.trailers.iter();
        let trailers: Vec<(&str, &str)> = trailers.map(|(key, value)| (&**key, &**value)).collect();
        let id = commit::commit(&CommitRequest {
            repository,
            prefix: &reading.prefix,
            branch,
            expected_base: reading.inventory.commit().unwrap_or_default(),
            changes: &changes.collect::<Vec<_>>(),
            author: &authorship.author,
            committer: &authorship.committer,
            time: authorship.time,
            message: &authorship.message,
            trailers: &trailers,
        })?;
        Ok(Written::Commit {
            id,
            branch: branch.clone(),
            starts_from: starts_from.clone(),
        })
    }

    /// Writes the changed files of a folder, each in one step. Every new text is on disk beside its file before the first file
    /// changes: a full disk or a folder without permission is found while all are as they were.
    fn write_files(&self, root: &Path) -> Result<Vec<PathBuf>, CarryOutError> {
        let mut prepared = Vec::with_capacity(self.changes.len());
        for change in &self.changes {
            let path = root.join(&*change.path);
            // An editor may have saved the file between reading and writing.
            let now = fs::read_to_string(&path).ok();
            match &change.before {
                None if now.is_some() || path.exists() => return Err(CarryOutError::Created(path)),
                before if now.as_deref() != before.as_deref() => {
                    return Err(CarryOutError::Changed(path));
                }
                _ => {}
            }
            check_no_link(root, &path).map_err(failed("write", &path))?;
            let new = match &change.after {
                Some(text) => Some(
                    Replacement::prepare(&path, text.as_bytes()).map_err(failed("write", &path))?,
                ),
                None => None,
            };
            prepared.push((path, new));
        }
        let mut written = Vec::with_capacity(prepared.len());
        for (path, new) in prepared {
            match new {
                Some(new) => new.put_in_place().map_err(failed("write", &path))?,
                None => fs::remove_file(&path).map_err(failed("remove", &path))?,
            }
            written.push(path);
        }
        Ok(written)
    }
}

fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> CarryOutError {
    let path = path.to_owned();
    move |source| CarryOutError::File {
        action,
        path,
        source,
    }
}
