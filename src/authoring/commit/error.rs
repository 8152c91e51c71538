//! Lists the reasons why a commit is not made.

use std::path::PathBuf;

use thiserror::Error;

use crate::inventory::source::SourceError;

/// Why a commit was not made; after all but `WorkTreeBehind` nothing has changed.
#[derive(Debug, Error)]
pub enum CommitError {
    #[error(transparent)]
    Source(#[from] SourceError),
    #[error("the commit's {field} {problem}; give another")]
    Field {
        /// "message", "author name", "trailer Ticket".
        field: String,
        problem: String,
    },
    #[error("cannot commit to the branch `{branch}`: {problem}")]
    Branch {
        branch: String,
        problem: &'static str,
    },
    #[error("there is no commit {base} to build on; fetch, then make the change again")]
    NoBase { base: String },
    #[error(
        "`{branch}` has moved from {expected} to {found} since the change was made; make it again on the new commit"
    )]
    BaseMoved {
        branch: String,
        expected: String,
        /// "nothing" where the branch is gone.
        found: String,
    },
    #[error("the change leaves `{branch}` as it is; there is nothing to commit")]
    NothingToCommit { branch: String },
    #[error("cannot write `{path}`: it {problem}")]
    Path { path: String, problem: String },
    #[error(
        "{} changed in the work tree and not committed; commit or `git stash` first",
        named(.files)
    )]
    Dirty { files: Vec<String> },
    #[error("a {operation} is in progress on `{branch}`; finish or abort it first")]
    InProgress {
        branch: String,
        operation: &'static str,
    },
    #[error(
        "`{branch}` is checked out in another work tree, {path}; commit from there, or remove it with `git worktree remove`"
    )]
    CheckedOutElsewhere { branch: String, path: PathBuf },
    #[error(
        "the repository's settings name {path} as its work tree (`core.worktree`), which belongs to no repository or to another one; commit from a clone of it"
    )]
    ForeignWorkTree { path: PathBuf },
    #[error(
        "another git command is at work in the repository; wait for it, or remove {lock} if it crashed"
    )]
    Busy { lock: PathBuf },
    #[error(
        "commit {commit} is made, but `{path}` in the work tree could not follow; run `git restore --staged --worktree {path}`"
    )]
    WorkTreeBehind {
        commit: String,
        path: String,
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    #[error("failed to write {path}")]
    File {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("no branch is checked out; name the branch to commit to")]
    NoCurrentBranch,
    #[error("failed to {action}")]
    Git {
        action: &'static str,
        source: git2::Error,
    },
}

fn named(files: &[String]) -> String {
    let names: Vec<_> = files.iter().map(|file| format!("`{file}`")).collect();
    let verb = if files.len() == 1 { "is" } else { "are" };
    format!("{} {verb}", names.join(", "))
}
