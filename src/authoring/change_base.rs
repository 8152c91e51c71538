//! Defines what a change builds on: an inventory as read, and the folder or branch it goes to.

use std::path::{Path, PathBuf};

use super::commit::{CommitError, branch_exists, current_branch};
use crate::inventory::source::{Limits, Source};
use crate::inventory::{Cache, Reading, read};

/// An inventory that is going to be changed.
#[derive(Debug)]
pub struct Base {
    pub reading: Reading,
    pub(super) destination: Destination,
}

/// The place that a change goes to.
#[derive(Debug)]
pub(super) enum Destination {
    Folder(PathBuf),
    Branch {
        repository: PathBuf,
        branch: String,
        /// Only for a new branch: the one that it starts from, or `HEAD`.
        starts_from: Option<String>,
    },
}

impl Base {
    /// Takes the files of a folder as they were read from disk, uncommitted changes included.
    pub fn folder(folder: &Path, reading: Reading) -> Self {
        Self {
            reading,
            destination: Destination::Folder(folder.to_owned()),
        }
    }

    /// Reads the inventory at a branch; a branch that does not exist starts from `HEAD`.
    ///
    /// `repository` is a work tree, a folder inside one, or a bare repository.
    pub fn branch(repository: &Path, branch: &str) -> Result<Self, CommitError> {
        let is_new = !branch_exists(repository, branch)?;
        let starts_from = is_new.then(|| {
            let current = current_branch(repository);
            current.unwrap_or_else(|_| "HEAD".to_owned())
        });
        let revision = if is_new { "HEAD" } else { branch };
        let source = Source::git(repository, revision)?;
        Ok(Self {
            reading: read(&source, &Limits::default(), &Cache::default())?,
            destination: Destination::Branch {
                repository: repository.to_owned(),
                branch: branch.to_owned(),
                starts_from,
            },
        })
    }
}
