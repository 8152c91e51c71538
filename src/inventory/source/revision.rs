//! Finds the commit that a revision names, and says what is near when there is none.

use std::path::Path;

use git2::{Commit, ErrorCode, Oid, Repository};

use crate::inventory::source::SourceError;
use crate::model::hazard_on_a_terminal;

/// How many names are suggested: more would be a list to read.
const SUGGESTIONS: usize = 3;

/// Returns the commit that `revision` names in `repository`, which the caller knows as `path`.
pub(super) fn resolve<'repository>(
    repository: &'repository Repository,
    path: &Path,
    revision: &str,
) -> Result<Commit<'repository>, SourceError> {
    let (name, suffix) = split_name(revision);
    let full = branch_named(repository, path, revision, name)?;
    let exact = full.map_or_else(|| revision.to_owned(), |full| format!("{full}{suffix}"));
    let object = repository
        .revparse_single(&exact)
        .map_err(|error| unresolved(repository, path, revision, error))?;
    let kind = object.kind();
    object.peel_to_commit().map_err(|error| match error.code() {
        ErrorCode::NotFound => SourceError::Git {
            path: path.to_owned(),
            action: "read the commit",
            source: error,
        },
        _ => SourceError::NotACommit {
            path: path.to_owned(),
            revision: revision.to_owned(),
            kind: kind.map_or("strange object", |kind| kind.str()).to_owned(),
        },
    })
}

/// Splits `main~3` into the name and what is done from there.
fn split_name(revision: &str) -> (&str, &str) {
    let end = revision
        .find(['^', '~', ':'])
        .into_iter()
        .chain(revision.find("@{"))
        .min()
        .unwrap_or(revision.len());
    revision.split_at_checked(end).unwrap_or((revision, ""))
}

/// Returns the full name of the branch that `name` means, if it means one.
///
/// git itself takes a tag before a branch, with a warning that scrolls by: anybody who may push a tag could redirect
/// what `main` means. A branch named like `HEAD` or like a commit's id must not hijack those either.
fn branch_named(
    repository: &Repository,
    path: &Path,
    revision: &str,
    name: &str,
) -> Result<Option<String>, SourceError> {
    let is_root_reference = name.ends_with("HEAD")
        && name
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte == b'_');
    let is_whole_id = name.len() == 40 && Oid::from_str(name).is_ok();
    let is_special = name.is_empty()
        || name == "@"
        || name.starts_with("refs/")
        || is_root_reference
        || is_whole_id;
    if is_special {
        return Ok(None);
    }
    let branch = format!("refs/heads/{name}");
    let commit_of = |full: &str| {
        let reference = repository.find_reference(full).ok()?;
        Some(reference.peel_to_commit().ok().map(|commit| commit.id()))
    };
    match (commit_of(&branch), commit_of(&format!("refs/tags/{name}"))) {
        (None, _) => Ok(None),
        (Some(branch_commit), Some(tag_commit)) if branch_commit != tag_commit => {
            Err(SourceError::BranchAndTag {
                path: path.to_owned(),
                revision: revision.to_owned(),
                name: name.to_owned(),
            })
        }
        (Some(_), _) => Ok(Some(branch)),
    }
}

fn unresolved(
    repository: &Repository,
    path: &Path,
    revision: &str,
    error: git2::Error,
) -> SourceError {
    let (name, suffix) = split_name(revision);
    let path = path.to_owned();
    let revision = revision.to_owned();
    let is_head = matches!(name, "HEAD" | "@");
    if is_head
        && repository
            .head()
            .is_err_and(|error| error.code() == ErrorCode::UnbornBranch)
    {
        return SourceError::NoCommitYet { path };
    }
    match error.code() {
        ErrorCode::Ambiguous => SourceError::AmbiguousId { path, revision },
        ErrorCode::NotFound | ErrorCode::InvalidSpec | ErrorCode::GenericError => {
            let name_is_known = repository.revparse_single(name).is_ok();
            if !suffix.is_empty() && name_is_known && repository.is_shallow() {
                return SourceError::Shallow { path, revision };
            }
            let nearest = if name_is_known {
                Vec::new()
            } else {
                nearest(repository, name)
            };
            SourceError::UnknownRevision {
                path,
                revision,
                nearest,
            }
        }
        _ => SourceError::Git {
            path,
            action: "look up the revision",
            source: error,
        },
    }
}

/// Returns the branches and tags with names like `name`, the nearest first.
fn nearest(repository: &Repository, name: &str) -> Vec<String> {
    let Ok(mut references) = repository.references() else {
        return Vec::new();
    };
    let mut near: Vec<(usize, String)> = references
        .names()
        .flatten()
        .filter_map(|full| {
            let short = ["refs/heads/", "refs/remotes/", "refs/tags/"]
                .iter()
                .find_map(|prefix| full.strip_prefix(prefix))?;
            let distance = strsim::damerau_levenshtein(short, name);
            // A third of the letters wrong is still a slip; more is another word. `main` is near `origin/main`.
            let is_near =
                distance * 3 <= name.chars().count().max(3) || short.ends_with(&format!("/{name}"));
            let is_safe = short
                .chars()
                .all(|character| hazard_on_a_terminal(character).is_none());
            (is_near && is_safe).then(|| (distance, short.to_owned()))
        })
        .collect();
    near.sort();
    near.dedup();
    near.truncate(SUGGESTIONS);
    near.into_iter().map(|(_, name)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_revision_splits_into_a_name_and_the_way_from_there() {
        for (revision, name, suffix) in [
            ("main", "main", ""),
            ("main^", "main", "^"),
            ("main~3^2", "main", "~3^2"),
            ("main@{1}", "main", "@{1}"),
            ("@{-1}", "", "@{-1}"),
            ("HEAD^{tree}", "HEAD", "^{tree}"),
            ("HEAD:devices", "HEAD", ":devices"),
            (":/fix", "", ":/fix"),
            ("", "", ""),
        ] {
            assert_eq!(split_name(revision), (name, suffix), "{revision}");
        }
    }
}
