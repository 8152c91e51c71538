//! Compares a file in the index and the work tree with the base commit.

use std::fs;
use std::io;
use std::path::Path;

use git2::{Index, Repository, Status};

use crate::authoring::commit::CommitError;
use crate::authoring::commit::index_entry::SKIP_WORKTREE;
use crate::authoring::commit::tree::Edit;

/// The state of a file in the work tree, if it agrees with the base commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Absent,
    /// A sparse checkout leaves it out.
    Sparse,
    AsCommitted,
    /// As committed, each line's end made CR LF by git's settings.
    WithCrLf,
}

/// Returns the state of the file, or `None` if index or work tree differ from the base commit.
pub(super) fn state(
    repository: &Repository,
    index: &Index,
    root: &Path,
    edit: &Edit,
) -> Result<Option<State>, CommitError> {
    let path = Path::new(&edit.path);
    let staged = index.get_path(path, 0);
    let conflicted = (1..=3).any(|stage| index.get_path(path, stage).is_some());
    let same_in_index = match (&staged, edit.old) {
        (None, None) => true,
        (Some(staged), Some(old)) => staged.id == old.blob && staged.mode == u32::from(old.mode()),
        (Some(_), None) | (None, Some(_)) => false,
    };
    if conflicted || !same_in_index || !parents_are_folders(root, path) {
        return Ok(None);
    }
    let target = root.join(path);
    let on_disk = match fs::symlink_metadata(&target) {
        Ok(metadata) if metadata.is_file() => fs::read(&target),
        Ok(_) => return Ok(None),
        Err(error) => Err(error),
    };
    let (on_disk, old) = match (on_disk, edit.old) {
        (Ok(on_disk), Some(old)) => (on_disk, old),
        (Ok(_), None) => return Ok(None),
        (Err(error), old) if error.kind() == io::ErrorKind::NotFound => {
            let is_sparse = staged.is_some_and(|entry| entry.flags_extended & SKIP_WORKTREE != 0);
            return Ok(match old {
                None => Some(State::Absent),
                Some(_) => is_sparse.then_some(State::Sparse),
            });
        }
        (Err(source), _) => {
            return Err(CommitError::File {
                path: target,
                source,
            });
        }
    };
    let blob = repository
        .find_blob(old.blob)
        .map_err(|source| CommitError::Git {
            action: "read the base commit",
            source,
        })?;
    if on_disk == blob.content() {
        return Ok(Some(State::AsCommitted));
    }
    let git_sees_no_change = || {
        repository
            .status_file(path)
            .is_ok_and(|status| status == Status::CURRENT)
    };
    let is_smudged = on_disk == with_cr_lf(blob.content()) && git_sees_no_change();
    Ok(is_smudged.then_some(State::WithCrLf))
}

/// Returns whether nothing but folders, or nothing at all, is on the way to the file.
fn parents_are_folders(root: &Path, path: &Path) -> bool {
    path.ancestors()
        .skip(1)
        .all(|parent| match fs::symlink_metadata(root.join(parent)) {
            Ok(metadata) => metadata.is_dir(),
            Err(error) => error.kind() == io::ErrorKind::NotFound,
        })
}

/// Returns the text with each line's end made CR LF.
pub(super) fn with_cr_lf(text: &[u8]) -> Vec<u8> {
    let mut converted = Vec::with_capacity(text.len());
    let mut previous = None;
    for &byte in text {
        if byte == b'\n' && previous != Some(b'\r') {
            converted.push(b'\r');
        }
        converted.push(byte);
        previous = Some(byte);
    }
    converted
}
