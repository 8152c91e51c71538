//! Reads and checks the people that a commit names, and the branch that is checked out.

use std::path::Path;

use git2::{Signature, Time};

use crate::authoring::commit::{CommitError, CommitTime};
use crate::inventory::source::open;
use crate::model::hazard_on_a_terminal;

/// Minutes in a day: every time zone differs from UTC by less.
const DAY: i32 = 24 * 60;

/// An author or committer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    pub name: String,
    pub email: String,
}

/// Returns the person who commits in this repository: name and email as given, else from git's settings (`user.name`,
/// `user.email`).
pub fn identity(repository: &Path, name: Option<&str>, email: Option<&str>) -> Option<Person> {
    let configured = |key: &str| {
        let config = open(repository).ok()?.repository.config().ok()?;
        config
            .get_string(key)
            .ok()
            .filter(|text| problem(text).is_none())
    };
    let part = |given: Option<&str>, key| given.map(str::to_owned).or_else(|| configured(key));
    Some(Person {
        name: part(name, "user.name")?,
        email: part(email, "user.email")?,
    })
}

/// Returns the branch that is checked out, as a full name.
pub fn current_branch(repository: &Path) -> Result<String, CommitError> {
    let repository = open(repository)?.repository;
    let git = |source| CommitError::Git {
        action: "find the current branch",
        source,
    };
    let head = repository.find_reference("HEAD").map_err(git)?;
    match head.symbolic_target() {
        Ok(Some(name)) => Ok(name.to_owned()),
        Ok(None) | Err(_) => Err(CommitError::NoCurrentBranch),
    }
}

/// Returns git's form of a person at a time; `role` is "author" or "committer".
pub(super) fn signature(
    role: &str,
    person: &Person,
    time: CommitTime,
) -> Result<Signature<'static>, CommitError> {
    for (what, text) in [("name", &person.name), ("email", &person.email)] {
        if let Some(problem) = problem(text) {
            let field = format!("{role} {what}");
            return Err(CommitError::Field { field, problem });
        }
    }
    if time.offset_minutes <= -DAY || time.offset_minutes >= DAY || time.seconds < 0 {
        return Err(CommitError::Field {
            field: "time".to_owned(),
            problem: "is before 1970 or in no time zone".to_owned(),
        });
    }
    let when = Time::new(time.seconds, time.offset_minutes);
    Signature::new(&person.name, &person.email, &when).map_err(|source| CommitError::Git {
        action: "make the commit's signature",
        source,
    })
}

fn problem(text: &str) -> Option<String> {
    if text.trim().is_empty() {
        return Some("is empty".to_owned());
    }
    text.chars().find_map(|character| match character {
        // They delimit the email in the commit: anything after one could pose as another author.
        '<' | '>' => Some(format!("holds `{character}`")),
        other => hazard_on_a_terminal(other).map(|hazard| format!("holds {hazard}")),
    })
}
