//! Finds the branch, the parent commit and the author of a change made with `--commit`.

use std::path::Path;

use anyhow::{Context, bail};

use crate::authoring::commit::{self, Person};
use crate::authoring::{Authorship, Base, Written};
use crate::config::{GitIdentity, Settings};
use crate::report::{counted, visible};

/// The branch that a commit goes to, and the people it names.
pub(super) struct CommitTarget {
    pub(super) base: Base,
    pub(super) people: People,
}

/// The people that a commit names.
pub(super) struct People {
    author: Person,
    committer: Person,
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
        Ok(Self {
            base: Base::branch(path, &branch)?,
            people: People { author, committer },
        })
    }
}

impl People {
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
pub(super) fn told(written: &Written, what: &str) -> String {
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
                    format!("Committed {id} to {branch}, a new branch from the current commit.")
                }
                Some(from) => format!("Committed {id} to {branch}, a new branch from {from}."),
                None => format!("Committed {id} to {branch}."),
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
