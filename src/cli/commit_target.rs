//! Where a command commits its changes to, and as whom.

use std::path::PathBuf;

use anyhow::{Context, bail};

use super::terminal::Terminal;
use crate::inventory::commit::{self, CommitRequest, Person};
use crate::inventory::edit::FileChange;
use crate::inventory::source::{Limits, Source};
use crate::inventory::{Cache, Reading, read};
use crate::report::visible;

/// Where a commit goes, and from which commit it starts.
pub(super) struct CommitTarget {
    path: PathBuf,
    branch: String,
    author: Person,
    base: Reading,
}

impl CommitTarget {
    pub(super) fn of(
        path: PathBuf,
        branch: Option<String>,
        author: Option<&str>,
    ) -> anyhow::Result<Self> {
        let branch = match branch {
            Some(branch) => branch,
            None => commit::current_branch(&path)?,
        };
        let author = match author {
            Some(author) => person(author)?,
            None => commit::identity(&path)
                .context("git does not know who you are; give `--author 'Name <address>'`, or set `git config user.name` and `user.email`")?,
        };
        let source = Source::git(&path, &branch)?;
        let base = read(&source, &Limits::default(), &Cache::default())?;
        Ok(Self {
            path,
            branch,
            author,
            base,
        })
    }

    pub(super) fn read(&self) -> anyhow::Result<Reading> {
        let source = Source::git(&self.path, self.base.inventory.commit().unwrap_or("HEAD"))?;
        Ok(read(&source, &Limits::default(), &Cache::default())?)
    }

    pub(super) fn commit(
        &self,
        changes: &[FileChange],
        message: &str,
        terminal: &Terminal,
    ) -> anyhow::Result<()> {
        let changes: Vec<commit::FileChange> = changes
            .iter()
            .map(|change| commit::FileChange {
                path: change.path.to_string(),
                text: change.after.as_ref().map(ToString::to_string),
            })
            .collect();
        let id = commit::commit(&CommitRequest {
            repository: &self.path,
            prefix: &self.base.prefix,
            branch: &self.branch,
            expected_base: self.base.inventory.commit().unwrap_or_default(),
            changes: &changes,
            author: &self.author,
            committer: &self.author,
            time: super::clock::commit_time(),
            message,
            trailers: &[("Gamctl-Command", "set")],
        })?;
        terminal.say(&format!(
            "Committed {} to {}.",
            id.as_str().get(..12).unwrap_or_default(),
            self.branch
                .strip_prefix("refs/heads/")
                .unwrap_or(&self.branch)
        ));
        Ok(())
    }
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
