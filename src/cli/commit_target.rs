//! `--commit` and the flags that belong to it: finds the branch, the parent commit and the author of a change.

use std::path::Path;

use anyhow::{Context, bail, ensure};

use super::invocation::Selected;
use super::source::{InventoryArguments, is_bare};
use crate::authoring::commit::{self, Person};
use crate::authoring::{Authorship, Base, Written};
use crate::config::{GitIdentity, Settings};
use crate::report::{counted, visible};

/// The flags of every command that can commit a change.
#[derive(Debug, clap::Args)]
pub(super) struct CommitArguments {
    /// Commit the change
    #[arg(long)]
    pub(super) commit: bool,

    /// Use this first line for the commit [default: from the change]
    #[arg(long, short, requires = "commit")]
    message: Option<String>,

    /// Commit to this branch, created if missing [default: the current one]
    ///
    /// Without it, the branch of the settings is used, else the current one. A new branch starts at the current commit.
    #[arg(long, requires = "commit")]
    branch: Option<String>,

    /// Name the author, as `Name <address>` [default: from git]
    ///
    /// Without it, `GIT_AUTHOR_NAME` and `GIT_AUTHOR_EMAIL` are used, else git's user.
    #[arg(long, requires = "commit")]
    author: Option<String>,
}

/// The flags of a command that shows a change of the inventory, and writes or commits it if asked.
#[derive(Debug, clap::Args)]
pub(super) struct WriteArguments {
    /// Write the change into the files
    #[arg(long, conflicts_with_all = ["commit", "rev"])]
    write: bool,

    #[command(flatten)]
    commit: CommitArguments,
}

impl WriteArguments {
    /// Returns whether the change is written or committed, and not only shown.
    pub(super) fn is_carried_out(&self) -> bool {
        self.write || self.commit.commit
    }

    /// As for a commit; files can be written only where there are some.
    pub(super) fn base(
        &self,
        selected: &Selected<'_>,
        inventory: &InventoryArguments,
    ) -> anyhow::Result<(Base, Option<People>)> {
        ensure!(
            !(self.write && is_bare(&selected.folder)),
            "{} is a repository without files to write to; use `--commit`",
            selected.folder.display()
        );
        self.commit.base(selected, inventory)
    }

    pub(super) fn authorship(
        &self,
        people: Option<People>,
        default: impl FnOnce() -> String,
        command: &str,
    ) -> Option<Authorship> {
        self.commit.authorship(people, default, command)
    }
}

impl CommitArguments {
    /// Returns the inventory that a change builds on, and the people of the commit, if there is to be one.
    pub(super) fn base(
        &self,
        selected: &Selected<'_>,
        inventory: &InventoryArguments,
    ) -> anyhow::Result<(Base, Option<People>)> {
        let folder = &selected.folder;
        if !self.commit {
            return Ok((
                Base::folder(folder, selected.read(inventory.revision())?),
                None,
            ));
        }
        let branch = match self
            .branch
            .as_deref()
            .or(selected.settings.branch.as_deref())
        {
            Some(branch) => branch.to_owned(),
            None => commit::current_branch(folder)?,
        };
        let people = People::of(folder, self.author.as_deref(), &selected.settings)?;
        Ok((Base::branch(folder, &branch)?, Some(people)))
    }

    /// Returns author, time, message and trailers of a command's commit.
    pub(super) fn authorship(
        &self,
        people: Option<People>,
        default: impl FnOnce() -> String,
        command: &str,
    ) -> Option<Authorship> {
        let message = || self.message.clone().unwrap_or_else(default);
        people.map(|people| people.authorship(message(), command))
    }
}

/// Returns the inventory at a branch that a command names, and the people of a commit to it.
pub(super) fn named_branch(
    selected: &Selected<'_>,
    branch: &str,
    author: Option<&str>,
) -> anyhow::Result<(Base, People)> {
    let people = People::of(&selected.folder, author, &selected.settings)?;
    Ok((Base::branch(&selected.folder, branch)?, people))
}

/// The people that a commit names.
pub(super) struct People {
    author: Person,
    committer: Person,
}

impl People {
    /// Returns the people: from the arguments, else the settings, else git.
    fn of(path: &Path, author: Option<&str>, settings: &Settings) -> anyhow::Result<Self> {
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
        Ok(Self { author, committer })
    }

    /// Returns author, time, message and trailers of a command's commit.
    pub(super) fn authorship(self, message: String, command: &str) -> Authorship {
        Authorship {
            author: self.author,
            committer: self.committer,
            time: super::clock::commit_time(),
            message,
            trailers: vec![("Gamctl-Command".to_owned(), command.to_owned())],
        }
    }
}

/// Returns a sentence that reports the change; `what` names the content of the files.
pub(super) fn change_sentence(written: &Written, what: &str) -> String {
    match written {
        Written::Files(files) => format!("Wrote {what} in {}.", counted(files.len(), "file")),
        Written::Commit {
            id,
            branch,
            starts_from,
        } => {
            let id = id.as_str().get(..12).unwrap_or_default();
            let branch = short(branch);
            match starts_from.as_deref().map(short) {
                Some("HEAD") => {
                    format!(
                        "Committed {id} to {branch}, a new branch from the current commit: {what}."
                    )
                }
                Some(from) => {
                    format!("Committed {id} to {branch}, a new branch from {from}: {what}.")
                }
                None => format!("Committed {id} to {branch}: {what}."),
            }
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
