//! Opens the git repository that a path belongs to, and finds the position of the path in it.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use git2::{ErrorClass, ErrorCode, Repository};

use crate::git::{Objects, has_grafts};
use crate::inventory::source::SourceError;

/// A repository and the folder in it that was asked for.
pub(crate) struct Opened {
    pub(crate) repository: Repository,
    /// Relative to the repository's root: `""`, or with a `/` at its end.
    pub(crate) prefix: String,
    pub(crate) objects: Objects,
}

/// Opens the repository that `path` lies in. The environment (`GIT_DIR` and similar) is ignored.
pub(crate) fn open(path: &Path) -> Result<Opened, SourceError> {
    let (existing, rest) = split_at_existing(path)?;
    let git_dir = match Repository::discover_path(&existing, &[] as &[&Path]) {
        Ok(found) => found,
        Err(error) if error.code() == ErrorCode::NotFound => {
            let path = path.to_owned();
            return Err(if rest.as_os_str().is_empty() {
                SourceError::NotARepository { path }
            } else {
                SourceError::NoFolder { path }
            });
        }
        Err(error) => return Err(opening(path, error)),
    };
    let repository = Repository::open(&git_dir).map_err(|error| opening(path, error))?;
    if has_grafts(&repository) {
        return Err(SourceError::Grafted {
            path: path.to_owned(),
        });
    }
    let folder = folder_within(&repository, &existing, path)?.join(rest);
    let mut prefix = String::new();
    for part in folder.components() {
        let Component::Normal(part) = part else {
            return Err(SourceError::OutsideWorkTree {
                path: path.to_owned(),
            });
        };
        let part = part.to_str().ok_or_else(|| SourceError::PathNotText {
            path: path.to_owned(),
        })?;
        prefix.push_str(part);
        prefix.push('/');
    }
    Ok(Opened {
        objects: Objects::of(&repository),
        repository,
        prefix,
    })
}

/// Returns the root of the repository that `path` lies in, and the folder of `path` in it.
pub fn root_and_folder(path: &Path) -> Result<(PathBuf, PathBuf), SourceError> {
    let opened = open(path)?;
    let repository = &opened.repository;
    let root = repository.workdir().unwrap_or_else(|| repository.path());
    Ok((root.to_owned(), PathBuf::from(opened.prefix)))
}

/// Returns why the repository of `path` could not be opened.
pub(in crate::inventory) fn opening(path: &Path, source: git2::Error) -> SourceError {
    let path = path.to_owned();
    if source.code() == ErrorCode::Owner {
        return SourceError::OwnedByAnother { path, source };
    }
    // libgit2 has no code for "too new for me": SHA-256 objects, reftables and partial clones end here.
    let reason = source.message();
    if source.class() == ErrorClass::Repository && reason.contains("unsupported") {
        let reason = reason.to_owned();
        return SourceError::Unsupported { path, reason };
    }
    SourceError::Git {
        path,
        action: "open it",
        source,
    }
}

/// Returns the part of `path` that is on disk, links resolved, and the rest: a folder may be in a commit only.
fn split_at_existing(path: &Path) -> Result<(PathBuf, PathBuf), SourceError> {
    let mut existing = path.to_owned();
    let mut rest = PathBuf::new();
    loop {
        let asked = if existing.as_os_str().is_empty() {
            Path::new(".")
        } else {
            &existing
        };
        match fs::canonicalize(asked) {
            Ok(found) => return Ok((found, rest)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(source) => {
                return Err(SourceError::Unreadable {
                    path: path.to_owned(),
                    source,
                });
            }
        }
        // After a `..`, the target of a missing folder is unknown.
        let Some(name) = existing.file_name() else {
            return Err(SourceError::NoFolder {
                path: path.to_owned(),
            });
        };
        rest = if rest.as_os_str().is_empty() {
            PathBuf::from(name)
        } else {
            Path::new(name).join(rest)
        };
        existing.pop();
    }
}

/// Returns where `existing` lies in the repository.
fn folder_within(
    repository: &Repository,
    existing: &Path,
    path: &Path,
) -> Result<PathBuf, SourceError> {
    let same = |directory: &Path| fs::canonicalize(directory).is_ok_and(|found| found == existing);
    if same(repository.path()) || same(repository.commondir()) {
        return Ok(PathBuf::new());
    }
    let git_dir = fs::canonicalize(repository.path()).unwrap_or_default();
    if repository.is_bare() {
        // There are no files beside the repository's own: `x.git/refs` is the committed folder `refs`.
        let within = existing.strip_prefix(&git_dir).map(Path::to_owned);
        return within.map_err(|_| SourceError::OutsideWorkTree {
            path: path.to_owned(),
        });
    }
    repository
        .workdir()
        .and_then(|work_tree| fs::canonicalize(work_tree).ok())
        .filter(|_| !existing.starts_with(&git_dir))
        .and_then(|work_tree| existing.strip_prefix(work_tree).ok().map(Path::to_owned))
        .ok_or_else(|| SourceError::OutsideWorkTree {
            path: path.to_owned(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_of_another_user_is_distinguished_from_a_broken_one() {
        let path = Path::new("/srv/inventory");
        let error = |code, class, text| opening(path, git2::Error::new(code, class, text));
        let owner = error(ErrorCode::Owner, ErrorClass::Config, "not owned by you");
        assert!(owner.to_string().contains("safe.directory"), "{owner}");
        let sha256 = "unsupported extension name extensions.objectformat";
        let sha256 = error(ErrorCode::GenericError, ErrorClass::Repository, sha256);
        assert!(matches!(sha256, SourceError::Unsupported { .. }));
        let broken = error(ErrorCode::GenericError, ErrorClass::Config, "bad line");
        assert!(matches!(broken, SourceError::Git { .. }));
    }
}
