//! Finds the commit that a revision names, and suggests similar names if there is none.

use std::path::Path;

use git2::{Commit, ErrorCode, Oid, Repository};

use crate::git::{ObjectError, Objects};
use crate::inventory::source::SourceError;
use crate::model::hazard_on_a_terminal;

/// The number of suggested names.
const SUGGESTIONS: usize = 3;

/// Returns the commit that `revision` names in `repository`, which the caller knows as `path`.
pub(super) fn resolve<'repository>(
    repository: &'repository Repository,
    objects: &Objects,
    path: &Path,
    revision: &str,
) -> Result<Commit<'repository>, SourceError> {
    let (name, suffix) = split_name(revision);
    let checked = Checked {
        repository,
        objects,
    };
    let damaged = |error| SourceError::object(path, error, revision);
    let full = branch_named(&checked, path, revision, name)?;
    checked
        .way(full.as_deref().unwrap_or(name), suffix)
        .map_err(damaged)?;
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

/// Checks objects before libgit2 reads them.
struct Checked<'a> {
    repository: &'a Repository,
    objects: &'a Objects,
}

impl Checked<'_> {
    /// Checks the objects that libgit2 reads on its way from a name. What is not there is left for libgit2 to report.
    fn way(&self, name: &str, suffix: &str) -> Result<(), ObjectError> {
        let Some(steps) = steps(suffix) else {
            return self.objects.check_all();
        };
        let Some(id) = self.id(name) else {
            return Ok(());
        };
        match self.follow(id, &steps) {
            Err(error) if error.is_missing() => Ok(()),
            followed => followed,
        }
    }

    fn follow(&self, id: Oid, steps: &[Step]) -> Result<(), ObjectError> {
        let Some(mut at) = self.objects.check_peeled(self.repository, id)? else {
            return Ok(());
        };
        for step in steps {
            let (parent, times) = match step {
                Step::Parent(number) => (*number, 1),
                Step::Back(times) => (1, *times),
            };
            for _ in 0..times {
                let commit = self.objects.commit(self.repository, at)?;
                let Some(next) = parent.checked_sub(1).map(|index| commit.parents.get(index))
                else {
                    break;
                };
                let Some(next) = next else {
                    return Ok(());
                };
                at = *next;
            }
            self.objects.check(at)?;
        }
        Ok(())
    }

    /// Returns the id of a name, without reading the object.
    fn id(&self, name: &str) -> Option<Oid> {
        let name = if matches!(name, "" | "@") {
            "HEAD"
        } else {
            name
        };
        if name.len() == 40
            && let Ok(id) = Oid::from_str(name)
        {
            return Some(id);
        }
        let reference = self.repository.resolve_reference_from_short_name(name);
        if let Some(id) = reference
            .ok()
            .and_then(|found| found.resolve().ok()?.target())
        {
            return Some(id);
        }
        // A short id, or the end of what `git describe` prints.
        let short = name.rsplit_once("-g").map_or(name, |(_, short)| short);
        let is_id =
            (4..40).contains(&short.len()) && short.bytes().all(|byte| byte.is_ascii_hexdigit());
        let whole = Oid::from_str(&format!("{short:0<40}"))
            .ok()
            .filter(|_| is_id)?;
        let objects = self.repository.odb().ok()?;
        objects.exists_prefix(whole, short.len()).ok()
    }
}

/// A step from a commit to one before it.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    /// `^2`; `^0` is the commit itself.
    Parent(usize),
    /// `~3`
    Back(usize),
}

/// Returns the steps of a suffix of `^`, `~` and `^{commit}`; nothing for one that asks for more than that.
fn steps(suffix: &str) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    let mut rest = suffix;
    while !rest.is_empty() {
        if let Some(after) = ["^{commit}", "^{}"]
            .iter()
            .find_map(|peel| rest.strip_prefix(peel))
        {
            rest = after;
            continue;
        }
        let digits = rest.get(1..)?;
        let end = digits
            .find(|character: char| !character.is_ascii_digit())
            .unwrap_or(digits.len());
        let (number, after) = digits.split_at_checked(end)?;
        let number = if number.is_empty() {
            1
        } else {
            number.parse().ok()?
        };
        steps.push(match rest.get(..1)? {
            "^" => Step::Parent(number),
            "~" => Step::Back(number),
            _ => return None,
        });
        rest = after;
    }
    Some(steps)
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
/// git prefers a tag to a branch, with a warning that is easy to miss: anyone who may push a tag could redirect
/// what `main` means. A branch named like `HEAD` or like a commit's id must not hijack those either.
fn branch_named(
    checked: &Checked<'_>,
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
        let id = checked.repository.refname_to_id(full).ok();
        let commit = id.map(|id| checked.objects.check_peeled(checked.repository, id));
        commit
            .transpose()
            .map_err(|error| SourceError::object(path, error, revision))
    };
    match (
        commit_of(&branch)?,
        commit_of(&format!("refs/tags/{name}"))?,
    ) {
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
            if nearest.is_empty() && !name_is_known && repository.is_shallow() {
                return SourceError::NotInShallowClone { path, revision };
            }
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
    fn plain_steps_are_distinguished_from_searches() {
        for (suffix, expected) in [
            ("", Some(vec![])),
            ("^", Some(vec![Step::Parent(1)])),
            ("~3^2", Some(vec![Step::Back(3), Step::Parent(2)])),
            ("^{commit}~", Some(vec![Step::Back(1)])),
            ("^0^{}", Some(vec![Step::Parent(0)])),
            ("@{1}", None),
            ("^{/fix}", None),
            ("^{tree}", None),
            (":devices", None),
            ("~99999999999999999999", None),
        ] {
            assert_eq!(steps(suffix), expected, "{suffix}");
        }
    }

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
