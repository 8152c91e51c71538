//! Finds the branch that a commit goes to, checks that it is at the expected base, and moves it.

use std::fs;
use std::path::{Path, PathBuf};

use git2::{Commit, ErrorCode, Oid, Reference, Repository};

use crate::authoring::commit::CommitError;
use crate::git::Objects;
use crate::inventory::source::open;

/// A branch and the commit to build on.
pub(super) struct Branch<'repository> {
    /// `refs/heads/main`
    pub(super) name: String,
    pub(super) base: Commit<'repository>,
    exists: bool,
}

impl<'repository> Branch<'repository> {
    /// Finds the branch and makes sure that it is at `expected_base`, or does not exist yet.
    pub(super) fn find(
        repository: &'repository Repository,
        objects: &Objects,
        branch: &str,
        expected_base: &str,
    ) -> Result<Self, CommitError> {
        let name = full_name(branch)?;
        let no_base = || CommitError::NoBase {
            base: expected_base.to_owned(),
        };
        if expected_base.len() != 40 {
            return Err(no_base());
        }
        let base = Oid::from_str(expected_base).map_err(|_| no_base())?;
        objects
            .check(base)
            .map_err(|error| failed("read the base commit", error.into()))?;
        let base = repository.find_commit(base).map_err(|_| no_base())?;
        let found = match repository.find_reference(&name) {
            Ok(reference) => Some(reference.target().ok_or(CommitError::Branch {
                branch: name.clone(),
                problem: "it is a symbolic reference to another branch; name that one",
            })?),
            Err(error) if error.code() == ErrorCode::NotFound => None,
            Err(error) => return Err(failed("look up the branch", error)),
        };
        let branch = Self {
            name,
            base,
            exists: found.is_some(),
        };
        if found.is_some_and(|id| id != branch.base.id()) {
            return Err(branch.moved(repository));
        }
        Ok(branch)
    }

    /// Returns whether the branch is checked out in the work tree of `repository`.
    ///
    /// Refuses when another work tree has it, or when a rebase will move it: the commit would be lost there.
    pub(super) fn is_checked_out(&self, repository: &Repository) -> Result<bool, CommitError> {
        let mut is_here = false;
        for admin in work_tree_admins(repository)? {
            let is_this = admin == canonical(repository.path());
            if is_being_rebased(&admin, &self.name) {
                return Err(CommitError::InProgress {
                    branch: self.name.clone(),
                    operation: "rebase",
                });
            }
            if head_of(&admin).as_deref() != Some(&self.name) {
                continue;
            }
            if !is_this {
                return Err(CommitError::CheckedOutElsewhere {
                    branch: self.name.clone(),
                    path: work_tree_of(&admin),
                });
            }
            is_here = true;
        }
        if is_here && !self.exists {
            return Err(CommitError::Branch {
                branch: self.name.clone(),
                problem: "it is checked out and has no commit yet; make the first one with `git commit`",
            });
        }
        Ok(is_here)
    }

    /// Moves the branch to the new commit, if it is still where it was found.
    pub(super) fn advance(
        &self,
        repository: &Repository,
        id: Oid,
        message: &str,
    ) -> Result<(), CommitError> {
        let log = format!("gamctl: {}", message.lines().next().unwrap_or_default());
        let moved = if self.exists {
            repository.reference_matching(&self.name, id, true, self.base.id(), &log)
        } else {
            repository.reference(&self.name, id, false, &log)
        };
        match moved {
            Ok(_) => Ok(()),
            Err(error) => match error.code() {
                ErrorCode::Modified | ErrorCode::Exists | ErrorCode::NotFound => {
                    Err(self.moved(repository))
                }
                ErrorCode::Locked => Err(CommitError::Busy {
                    lock: repository.commondir().join(format!("{}.lock", self.name)),
                }),
                _ => Err(failed("move the branch", error)),
            },
        }
    }

    fn moved(&self, repository: &Repository) -> CommitError {
        let found = repository.refname_to_id(&self.name).ok();
        CommitError::BaseMoved {
            branch: self.name.clone(),
            expected: self.base.id().to_string(),
            found: found.map_or_else(|| "nothing".to_owned(), |id| id.to_string()),
        }
    }
}

/// Returns whether there is a branch of this name, short or full.
pub fn branch_exists(repository: &Path, branch: &str) -> Result<bool, CommitError> {
    let name = full_name(branch)?;
    let repository = open(repository)?.repository;
    match repository.find_reference(&name) {
        Ok(_) => Ok(true),
        Err(error) if error.code() == ErrorCode::NotFound => Ok(false),
        Err(error) => Err(failed("look up the branch", error)),
    }
}

fn full_name(branch: &str) -> Result<String, CommitError> {
    let refused = |problem| CommitError::Branch {
        branch: branch.escape_debug().to_string(),
        problem,
    };
    let short = branch.strip_prefix("refs/heads/").unwrap_or(branch);
    if short.starts_with("refs/") {
        return Err(refused("it is not under `refs/heads/`; name a branch"));
    }
    let full = format!("refs/heads/{short}");
    // git refuses these two as well: the branch could not be named afterwards.
    if short == "HEAD" || short.starts_with('-') || !Reference::is_valid_name(&full) {
        return Err(refused("that is not a branch's name; `main` would be one"));
    }
    Ok(full)
}

/// Returns the administrative directories of all work trees: the repository's own first, then the linked ones'.
fn work_tree_admins(repository: &Repository) -> Result<Vec<PathBuf>, CommitError> {
    let common = canonical(repository.commondir());
    let mut admins = Vec::new();
    let main = Repository::open(&common).map_err(|error| failed("open the repository", error))?;
    if !main.is_bare() {
        admins.push(common.clone());
    }
    if let Ok(linked) = fs::read_dir(common.join("worktrees")) {
        admins.extend(linked.flatten().map(|item| item.path()));
    }
    Ok(admins)
}

/// Returns the branch that a work tree has checked out.
fn head_of(admin: &Path) -> Option<String> {
    let head = fs::read_to_string(admin.join("HEAD")).ok()?;
    head.strip_prefix("ref:").map(|name| name.trim().to_owned())
}

/// Returns whether a rebase that is under way in a work tree will set the branch when it ends.
fn is_being_rebased(admin: &Path, branch: &str) -> bool {
    [
        "rebase-merge/head-name",
        "rebase-apply/head-name",
        "rebase-merge/update-refs",
    ]
    .iter()
    .filter_map(|file| fs::read_to_string(admin.join(file)).ok())
    .any(|text| text.lines().any(|line| line.trim() == branch))
}

fn work_tree_of(admin: &Path) -> PathBuf {
    let git_file = fs::read_to_string(admin.join("gitdir"))
        .map_or_else(|_| admin.to_owned(), |text| admin.join(text.trim()));
    git_file.parent().unwrap_or(&git_file).to_owned()
}

fn canonical(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

fn failed(action: &'static str, source: git2::Error) -> CommitError {
    CommitError::Git { action, source }
}
