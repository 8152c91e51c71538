//! Lists who wrote the commits of a target, so that they cannot approve their own change.

use std::collections::BTreeSet;

use git2::Oid;

use super::candidate::CandidateError;
use super::commit_id::CommitId;
use super::mirror::Mirror;
use super::new_commits::{new_commits, summary};
use crate::inventory::source::{SourceError, open};

/// Returns the e-mail addresses of the authors of the commits that `target` contains and `applied` does not, and of the
/// commits in `others`. Blocks. `None` if there are too many commits to list.
pub fn author_addresses(
    mirror: &Mirror,
    applied: Option<&CommitId>,
    target: &CommitId,
    others: &[CommitId],
) -> Result<Option<BTreeSet<String>>, CandidateError> {
    let path = mirror.repository();
    let opened = open(&path)?;
    let (repository, objects) = (&opened.repository, &opened.objects);
    let oid = |id: &CommitId| {
        Oid::from_str(id.as_str()).map_err(|source| SourceError::Git {
            path: path.clone(),
            action: "read a commit's id",
            source,
        })
    };
    let damaged = |error| SourceError::object(&path, error, "its history");
    let applied = applied.filter(|applied| mirror.has(applied));
    let applied = applied.map(oid).transpose()?;
    let Some(mut commits) =
        new_commits(repository, objects, applied, oid(target)?).map_err(damaged)?
    else {
        return Ok(None);
    };
    for other in others.iter().filter(|other| mirror.has(other)) {
        commits.push(oid(other)?);
    }
    let mut addresses = BTreeSet::new();
    for commit in commits {
        let commit = summary(repository, objects, commit).map_err(damaged)?;
        addresses.insert(commit.email);
    }
    Ok(Some(addresses))
}
