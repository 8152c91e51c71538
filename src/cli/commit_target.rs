//! Finds the branch, the parent commit and the author of a change made with `--commit`.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use crate::config::{GitIdentity, Settings};
use crate::inventory::commit::{self, CommitId, CommitRequest, Person};
use crate::inventory::edit::FileChange;
use crate::inventory::source::{Limits, Source};
use crate::inventory::{Cache, Reading, read};
use crate::report::visible;

/// The branch that a commit goes to, and the commit that it builds on.
pub(super) struct CommitTarget {
    path: PathBuf,
    branch: String,
    author: Person,
    committer: Person,
    base: Reading,
    /// The revision that a new branch starts at.
    begins_at: Option<String>,
}

impl CommitTarget {
    /// Returns the target: from the arguments, else the settings, else git.
    pub(super) fn of(
        path: &Path,
        branch: Option<&str>,
        author: Option<&str>,
        settings: &Settings,
    ) -> anyhow::Result<Self> {
        let branch = match branch.or(settings.branch.as_deref()) {
            Some(branch) => branch.to_owned(),
            None => commit::current_branch(path)?,
        };
        let author = match author {
            Some(author) => person(author)?,
            None => {
                let GitIdentity { name, email } = &settings.git_author;
                commit::identity(path, name.as_deref(), email.as_deref())
                    .context("git has no author; give `--author 'Name <address>'`, or set `git config user.name` and `user.email`")?
            }
        };
        let GitIdentity { name, email } = settings.git_committer.clone();
        let committer = Person {
            name: name.unwrap_or_else(|| author.name.clone()),
            email: email.unwrap_or_else(|| author.email.clone()),
        };
        let is_new = !commit::branch_exists(path, &branch)?;
        let revision = if is_new { "HEAD" } else { branch.as_str() };
        let begins_at = is_new.then(|| {
            commit::current_branch(path).map_or_else(
                |_| "the current commit".to_owned(),
                |name| short(&name).to_owned(),
            )
        });
        let source = Source::git(path, revision)?;
        let base = read(&source, &Limits::default(), &Cache::default())?;
        Ok(Self {
            path: path.to_owned(),
            branch,
            author,
            committer,
            base,
            begins_at,
        })
    }

    /// Reads the inventory at the parent commit.
    pub(super) fn read(&self) -> anyhow::Result<Reading> {
        let source = Source::git(&self.path, self.base.inventory.commit().unwrap_or("HEAD"))?;
        Ok(read(&source, &Limits::default(), &Cache::default())?)
    }

    pub(super) fn commit(
        &self,
        changes: &[FileChange],
        message: &str,
        command: &str,
    ) -> Result<CommitId, commit::CommitError> {
        let changes: Vec<commit::FileChange> = changes
            .iter()
            .map(|change| commit::FileChange {
                path: change.path.to_string(),
                text: change.after.as_ref().map(ToString::to_string),
            })
            .collect();
        commit::commit(&CommitRequest {
            repository: &self.path,
            prefix: &self.base.prefix,
            branch: &self.branch,
            expected_base: self.base.inventory.commit().unwrap_or_default(),
            changes: &changes,
            author: &self.author,
            committer: &self.committer,
            time: super::clock::commit_time(),
            message,
            trailers: &[("Gamctl-Command", command)],
        })
    }

    /// Returns a sentence that reports the commit.
    pub(super) fn told(&self, id: &CommitId) -> String {
        let id = id.as_str().get(..12).unwrap_or_default();
        let branch = short(&self.branch);
        match &self.begins_at {
            Some(at) => format!("Committed {id} to {branch}, a new branch from {at}."),
            None => format!("Committed {id} to {branch}."),
        }
    }
}

fn short(branch: &str) -> &str {
    branch.strip_prefix("refs/heads/").unwrap_or(branch)
}

fn person(text: &str) -> anyhow::Result<Person> {
    let parts = text.strip_suffix('>').and_then(|text| text.split_once('<'));
    match parts.map(|(name, email)| (name.trim(), email.trim())) {
        Some((name, email)) if !name.is_empty() && !email.is_empty() => Ok(Person {
            name: name.to_owned(),
            email: email.to_owned(),
        }),
        _ => bail!("`{}` is not of the form `Name <address>`", visible(text)),
    }
}
