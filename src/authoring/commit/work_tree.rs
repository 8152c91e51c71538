//! Updates the files of a checked-out branch; refuses if one has uncommitted changes.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use git2::{Index, Oid, Repository, RepositoryState};

use crate::authoring::Replacement;
use crate::authoring::commit::CommitError;
use crate::authoring::commit::file_state::{State, state, with_cr_lf};
use crate::authoring::commit::index_entry::index_entry;
use crate::authoring::commit::tree::Edit;

/// Changed files, their new text already on disk under other names.
pub(super) struct WorkTree {
    root: PathBuf,
    files: Vec<Pending>,
}

struct Pending {
    edit: Edit,
    state: State,
    replacement: Option<Replacement>,
}

impl WorkTree {
    /// Makes sure that nothing uncommitted would be lost, and writes the new texts beside the files.
    pub(super) fn prepare(repository: &Repository, edits: &[Edit]) -> Result<Self, CommitError> {
        let root = repository.workdir().unwrap_or(repository.path()).to_owned();
        check_is_own(repository, &root)?;
        check_no_operation(repository)?;
        let lock = repository.path().join("index.lock");
        if lock.exists() {
            return Err(CommitError::Busy { lock });
        }
        let index = fresh_index(repository)?;
        let mut files = Vec::new();
        let mut dirty = Vec::new();
        for edit in edits {
            match state(repository, &index, &root, edit)? {
                Some(state) => files.push(Pending {
                    edit: edit.clone(),
                    state,
                    replacement: None,
                }),
                None => dirty.push(edit.path.clone()),
            }
        }
        if !dirty.is_empty() {
            return Err(CommitError::Dirty { files: dirty });
        }
        for pending in &mut files {
            pending.replacement = pending.replacement(repository, &root)?;
        }
        Ok(Self { root, files })
    }

    /// Puts the new texts in place and into the index.
    pub(super) fn bring_along(
        self,
        repository: &Repository,
        commit: Oid,
    ) -> Result<(), CommitError> {
        for pending in &self.files {
            pending
                .put_in_place(&self.root)
                .map_err(|error| behind(commit, &pending.edit.path, error))?;
        }
        self.write_index(repository)
            .map_err(|error| behind(commit, ".", error))
    }

    fn write_index(&self, repository: &Repository) -> Result<(), git2::Error> {
        let mut index = repository.index()?;
        index.read(true)?;
        for Pending { edit, state, .. } in &self.files {
            let path = Path::new(&edit.path);
            match edit.new {
                None => index.remove(path, 0)?,
                Some(version) => {
                    let metadata = fs::symlink_metadata(self.root.join(path)).ok();
                    index.add(&index_entry(
                        &edit.path,
                        version,
                        *state == State::Sparse,
                        metadata.as_ref(),
                    ))?;
                }
            }
        }
        index.write()
    }
}

impl Pending {
    /// Writes the new text beside the file.
    fn replacement(
        &self,
        repository: &Repository,
        root: &Path,
    ) -> Result<Option<Replacement>, CommitError> {
        let (Some(version), false) = (self.edit.new, self.state == State::Sparse) else {
            return Ok(None);
        };
        let blob = repository
            .find_blob(version.blob)
            .map_err(|source| CommitError::Git {
                action: "read the new text back",
                source,
            })?;
        let text = match self.state {
            State::WithCrLf => with_cr_lf(blob.content()),
            State::Absent | State::Sparse | State::AsCommitted => blob.content().to_vec(),
        };
        let target = root.join(&self.edit.path);
        match Replacement::prepare(&target, &text) {
            Ok(replacement) => Ok(Some(replacement)),
            Err(source) => Err(CommitError::File {
                path: target,
                source,
            }),
        }
    }

    fn put_in_place(&self, root: &Path) -> io::Result<()> {
        let target = root.join(&self.edit.path);
        if let Some(replacement) = &self.replacement {
            return replacement.put_in_place();
        }
        if self.edit.new.is_none() && self.state != State::Sparse {
            fs::remove_file(&target)?;
            // Like `git rm`: a folder without files is not kept. Not empty is the usual end of this.
            for folder in target.ancestors().skip(1).take_while(|at| *at != root) {
                if fs::remove_dir(folder).is_err() {
                    break;
                }
            }
        }
        Ok(())
    }
}

/// Refuses a work tree that does not lead back to the repository: the settings of a foreign repository could
/// have files written anywhere.
fn check_is_own(repository: &Repository, root: &Path) -> Result<(), CommitError> {
    let own = fs::canonicalize(repository.path()).ok();
    let back = Repository::open(root).ok();
    let back = back.and_then(|back| fs::canonicalize(back.path()).ok());
    if own.is_some() && own == back {
        return Ok(());
    }
    Err(CommitError::ForeignWorkTree {
        path: root.to_owned(),
    })
}

fn check_no_operation(repository: &Repository) -> Result<(), CommitError> {
    let operation = match repository.state() {
        RepositoryState::Clean => return Ok(()),
        RepositoryState::Merge => "merge",
        RepositoryState::Revert | RepositoryState::RevertSequence => "revert",
        RepositoryState::CherryPick | RepositoryState::CherryPickSequence => "cherry-pick",
        RepositoryState::Bisect => "bisect",
        RepositoryState::Rebase
        | RepositoryState::RebaseInteractive
        | RepositoryState::RebaseMerge => "rebase",
        RepositoryState::ApplyMailbox | RepositoryState::ApplyMailboxOrRebase => "`git am`",
    };
    let branch = repository
        .head()
        .ok()
        .and_then(|head| head.name().map(str::to_owned).ok());
    Err(CommitError::InProgress {
        branch: branch.unwrap_or_else(|| "HEAD".to_owned()),
        operation,
    })
}

fn fresh_index(repository: &Repository) -> Result<Index, CommitError> {
    let index = repository.index().and_then(|mut index| {
        index.read(true)?;
        Ok(index)
    });
    index.map_err(|source| CommitError::Git {
        action: "read the index",
        source,
    })
}

fn behind(
    commit: Oid,
    path: &str,
    source: impl std::error::Error + Send + Sync + 'static,
) -> CommitError {
    CommitError::WorkTreeBehind {
        commit: commit.to_string(),
        path: path.to_owned(),
        source: Box::new(source),
    }
}
