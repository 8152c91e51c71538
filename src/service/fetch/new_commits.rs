//! Lists the commits between the target and the candidate, read from their objects.

use std::collections::{BinaryHeap, HashSet};

use git2::{Oid, Repository};

use super::commit_id::CommitId;
use crate::git::{ObjectError, Objects};

/// More commits than these are not judged one by one: a service that was down for years, or a hostile repository.
pub const MOST_COMMITS: usize = 10_000;

/// A commit that the target does not contain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitSummary {
    pub id: CommitId,
    pub author: String,
    pub email: String,
    /// The time of the author in seconds since 1970; the author may write any.
    pub time: i64,
    pub subject: String,
    /// The principal in the allowed signers; nothing if signatures are not required.
    pub signer: Option<String>,
    /// The fingerprint of the key of a good signature, as a lane names its signers.
    pub signer_key: Option<String>,
}

/// Returns the commits of `candidate` that `target` does not contain, newest first; without a target, `candidate` alone.
/// Nothing if there are more than [`MOST_COMMITS`].
pub(super) fn new_commits(
    repository: &Repository,
    objects: &Objects,
    target: Option<Oid>,
    candidate: Oid,
) -> Result<Option<Vec<Oid>>, ObjectError> {
    let Some(target) = target else {
        return Ok(Some(vec![candidate]));
    };
    let mut seen = HashSet::new();
    objects.search_past(repository, target, None, &mut seen)?;
    let mut next = BinaryHeap::new();
    if seen.insert(candidate) {
        next.push((objects.commit(repository, candidate)?.time, candidate));
    }
    let mut found = Vec::new();
    while let Some((_, id)) = next.pop() {
        if found.len() == MOST_COMMITS {
            return Ok(None);
        }
        found.push(id);
        for parent in objects.commit(repository, id)?.parents {
            if seen.insert(parent) {
                next.push((objects.commit(repository, parent)?.time, parent));
            }
        }
    }
    Ok(Some(found))
}

/// Returns the steps from `target` to `candidate` along first parents, oldest first.
///
/// If the target is not on that line, there is one step from the target to the candidate: a merge may have taken back
/// everything that the target had, and no step along first parents would show it.
pub(super) fn first_parent_steps(
    repository: &Repository,
    objects: &Objects,
    target: Oid,
    candidate: Oid,
) -> Result<Vec<(Oid, Oid)>, ObjectError> {
    let whole = vec![(target, candidate)];
    let mut steps = Vec::new();
    let mut at = candidate;
    while at != target {
        let parents = objects.commit(repository, at)?.parents;
        let Some(parent) = parents.first().filter(|_| steps.len() < MOST_COMMITS) else {
            return Ok(whole);
        };
        steps.push((*parent, at));
        at = *parent;
    }
    steps.reverse();
    Ok(steps)
}

/// Returns the author and subject of a commit.
pub(super) fn summary(
    repository: &Repository,
    objects: &Objects,
    id: Oid,
) -> Result<CommitSummary, ObjectError> {
    objects.check(id)?;
    let commit = repository.find_commit(id);
    let commit = commit.map_err(|source| ObjectError { id, source })?;
    let author = commit.author();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok(CommitSummary {
        id: id.into(),
        author: text(author.name_bytes()),
        email: text(author.email_bytes()),
        time: author.when().seconds(),
        subject: commit.summary_bytes().map(text).unwrap_or_default(),
        signer: None,
        signer_key: None,
    })
}
