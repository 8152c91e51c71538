//! Lists the reasons why an inventory cannot be read at all.

use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::git::ObjectError;

/// The ways to get the whole history: a clone that a CI system made lacks the other branches, too.
const FETCH_ALL: &str = "`fetch-depth: 0` of actions/checkout, `GIT_DEPTH: 0` in GitLab, else `git fetch --unshallow origin '+refs/heads/*:refs/remotes/origin/*'`";

/// Why an inventory could not be read at all. What is wrong with single files is a finding instead.
#[derive(Debug, Error)]
pub enum SourceError {
    #[error(
        "there is no folder {path}; check the spelling, or run `gamctl init` to make an inventory"
    )]
    NoFolder { path: PathBuf },
    #[error("{path} is not a folder; give the folder that the inventory is in")]
    NotAFolder { path: PathBuf },
    #[error("failed to look into {path}")]
    Unreadable {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error(
        "{path} is not in a git repository, which `--rev`, `--against` and `--commit` need; leave them out, or run `git init`"
    )]
    NotARepository { path: PathBuf },
    #[error(
        "the git repository of `{path}` belongs to another user; if you trust it, run `git config --global --add safe.directory` with its path"
    )]
    OwnedByAnother { path: PathBuf, source: git2::Error },
    #[error(
        "the git repository of `{path}` uses a storage format that gamctl cannot read ({reason}); make a plain and full `git clone` of it"
    )]
    Unsupported { path: PathBuf, reason: String },
    #[error(
        "{path} is not in a work tree of its git repository; give the repository or a folder of its work tree"
    )]
    OutsideWorkTree { path: PathBuf },
    #[error("{path} is not UTF-8; rename the folder to have it read from git")]
    PathNotText { path: PathBuf },
    #[error(
        "the repository `{path}` has no commit yet; commit the inventory, or leave --rev out to read it as it is"
    )]
    NoCommitYet { path: PathBuf },
    #[error("there is no `{revision}` in the repository `{path}`{}", or_nearest(.nearest))]
    UnknownRevision {
        path: PathBuf,
        revision: String,
        nearest: Vec<String>,
    },
    #[error(
        "there is no `{revision}` in the shallow clone `{path}`, which holds only a part of the history; fetch all of it: \
         {FETCH_ALL}"
    )]
    NotInShallowClone { path: PathBuf, revision: String },
    #[error(
        "`{head}` and `{other}` in the repository `{path}` have no commit in common; name a branch of the same history"
    )]
    Unrelated {
        path: PathBuf,
        head: String,
        other: String,
    },
    #[error(
        "`{revision}` is both a branch and a tag in the repository `{path}`; say `refs/heads/{name}` or `refs/tags/{name}`"
    )]
    BranchAndTag {
        path: PathBuf,
        revision: String,
        name: String,
    },
    #[error(
        "`{revision}` begins the ids of several objects in the repository `{path}`; give more digits"
    )]
    AmbiguousId { path: PathBuf, revision: String },
    #[error("`{revision}` in the repository `{path}` is a {kind}, not a commit; name the commit")]
    NotACommit {
        path: PathBuf,
        revision: String,
        kind: String,
    },
    #[error(
        "`{revision}` lies beyond what the shallow clone `{path}` holds; fetch all of the history: {FETCH_ALL}"
    )]
    Shallow { path: PathBuf, revision: String },
    #[error(
        "there is no folder `{folder}` at commit {commit} of the repository `{path}`; commit it, or give a revision that has it"
    )]
    FolderNotCommitted {
        path: PathBuf,
        folder: String,
        commit: String,
    },
    #[error(
        "the repository `{path}` lacks object {object} of `{place}`; it is a partial or damaged clone: run `git fsck`, or clone it in full"
    )]
    MissingObject {
        path: PathBuf,
        object: String,
        place: String,
        source: git2::Error,
    },
    #[error(
        "object {object} of `{place}` in the repository `{path}` is damaged; run `git fsck` there, and make a new clone"
    )]
    DamagedObject {
        path: PathBuf,
        object: String,
        place: String,
        source: git2::Error,
    },
    #[error(
        "the repository `{path}` has grafts in `.git/info/grafts`, which give commits another history than the real one; remove the file"
    )]
    Grafted { path: PathBuf },
    #[error("failed to {action} in the repository `{path}`")]
    Git {
        path: PathBuf,
        action: &'static str,
        source: git2::Error,
    },
}

fn or_nearest(nearest: &[String]) -> String {
    if nearest.is_empty() {
        return "; `git branch --all` and `git tag` list what there is".to_owned();
    }
    let names: Vec<_> = nearest.iter().map(|name| format!("`{name}`")).collect();
    format!("; did you mean {}?", names.join(" or "))
}

impl SourceError {
    /// Returns the error for an object of `place` that cannot be read in the repository that the caller knows as `path`.
    pub(crate) fn object(path: &Path, error: ObjectError, place: &str) -> Self {
        let path = path.to_owned();
        let object = error.id.to_string();
        let place = if place.is_empty() { "/" } else { place }.to_owned();
        if error.is_missing() {
            Self::MissingObject {
                path,
                object,
                place,
                source: error.source,
            }
        } else {
            Self::DamagedObject {
                path,
                object,
                place,
                source: error.source,
            }
        }
    }
}
