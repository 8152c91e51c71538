//! Writes changed files as one commit onto a branch, and overwrites no uncommitted change.
//!
//! Commits made here run no hooks and carry no signature: hooks and keys are set up for people at a work tree, and the
//! service has none. Branch protection and CI check pushed commits.

mod begin;
mod branch;
mod error;
mod file_state;
mod index_entry;
mod message;
mod person;
mod tree;
mod work_tree;

use std::fmt;
use std::path::Path;

use crate::inventory::source::open;

pub use begin::{commit_files, create_repository, remember_person};
pub use branch::branch_exists;
pub use error::CommitError;
pub use person::{Person, current_branch, identity};

use branch::Branch;
use work_tree::WorkTree;

/// A commit to make: changes, base, people, time. Nothing of it is read from the clock or the environment.
#[derive(Debug, Clone)]
pub struct CommitRequest<'a> {
    /// The repository, its work tree, or a folder in it.
    pub repository: &'a Path,
    /// The inventory's folder relative to the repository's root: `""`, or with a `/` at its end.
    pub prefix: &'a str,
    /// Short (`main`) or full (`refs/heads/main`). A branch that does not exist is made, from the base.
    pub branch: &'a str,
    /// Full id of the commit that the changes were made on; the branch must still be there.
    pub expected_base: &'a str,
    pub changes: &'a [FileChange],
    pub author: &'a Person,
    pub committer: &'a Person,
    pub time: CommitTime,
    pub message: &'a str,
    /// Lines like `Ticket: 1042` under the message.
    pub trailers: &'a [(&'a str, &'a str)],
}

/// The new state of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileChange {
    /// Relative to the inventory's folder.
    pub path: String,
    /// Its new text, byte for byte; `None` removes the file.
    pub text: Option<String>,
}

/// When a commit is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CommitTime {
    /// Since 1970 in UTC.
    pub seconds: i64,
    /// The time zone's distance from UTC, east is positive.
    pub offset_minutes: i32,
}

/// The full id of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitId(String);

impl CommitId {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CommitId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

/// Commits the changes and returns the new commit.
///
/// *Guarantees*: the branch moves from the expected base to the new commit or not at all. Where the branch is checked
/// out, the changed files come along in work tree and index, and nothing that was not committed is lost: a changed
/// file that differs from the base there is a refusal. Other files are not touched, whatever their state.
///
/// *Errors*: after [`CommitError::WorkTreeBehind`], and only then, the commit is made.
pub fn commit(request: &CommitRequest<'_>) -> Result<CommitId, CommitError> {
    let message = message::compose(request.message, request.trailers)?;
    let author = person::signature("author", request.author, request.time)?;
    let committer = person::signature("committer", request.committer, request.time)?;
    let opened = open(request.repository)?;
    let (repository, objects) = (opened.repository, opened.objects);
    let git = |action| move |source| CommitError::Git { action, source };

    let branch = Branch::find(&repository, &objects, request.branch, request.expected_base)?;
    let edits = tree::edits(
        &repository,
        &objects,
        &branch.base,
        request.prefix,
        request.changes,
    )?;
    let tree = tree::write(&repository, &branch.base, &edits)?;
    if tree.id() == branch.base.tree_id() {
        return Err(CommitError::NothingToCommit {
            branch: branch.name,
        });
    }
    let work_tree = if branch.is_checked_out(&repository)? {
        Some(WorkTree::prepare(&repository, &edits)?)
    } else {
        None
    };
    let id = repository
        .commit(None, &author, &committer, &message, &tree, &[&branch.base])
        .map_err(git("write the commit"))?;
    branch.advance(&repository, id, &message)?;
    if let Some(work_tree) = work_tree {
        work_tree.bring_along(&repository, id)?;
    }
    Ok(CommitId(id.to_string()))
}
