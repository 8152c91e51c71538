//! Keeps the backups of devices in a git repository of its own: a file per device, below its site, a commit per change.
//!
//! Names and layout are what users of Oxidized and RANCID expect: `SITE/DEVICE` without an extension, and commits called
//! `update DEVICE`.

use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use git2::{ErrorCode, ObjectType, Repository};

use super::commit::{
    CommitError, CommitId, CommitRequest, CommitTime, FileChange, Person, commit, commit_files,
    create_repository,
};
use crate::git::{ObjectError, Objects};

/// The file that marks a repository of backups.
const README: &str = "README.md";

const README_TITLE: &str = "# Backups of GAMs, made by gamctl";

const README_TEXT: &str = "
One file per device, `SITE/DEVICE`: its running-config without secrets. `gamctl backup` commits to this repository. A change
by hand that is not committed makes it refuse that file; a committed one is replaced by the next backup. Names and descriptions of subscribers are in the files: keep this repository as
private as the inventory.
";

/// The largest file that is read back: far more than a full device prints.
const MOST_BYTES: usize = 16 << 20;

/// The reason that backups cannot be read or kept.
#[derive(Debug, thiserror::Error)]
pub enum BackupRepositoryError {
    #[error("failed to create the folder {folder}")]
    Folder { folder: PathBuf, source: io::Error },
    #[error(
        "{folder} is not a repository of backups, but of something else; name an empty or a new folder"
    )]
    Foreign { folder: PathBuf },
    #[error("the folder {folder} is not empty and has no backups; name an empty or a new one")]
    NotEmpty { folder: PathBuf },
    #[error("no branch is checked out in {folder}; check one out, such as `git switch main`")]
    Detached { folder: PathBuf },
    #[error("failed to read the backups in {folder}")]
    Git {
        folder: PathBuf,
        source: git2::Error,
    },
    #[error("the backup `{path}` in {folder} is larger than {MOST_BYTES} bytes, or no text")]
    NotText { folder: PathBuf, path: String },
    #[error(transparent)]
    Commit(#[from] CommitError),
}

/// A repository of backups at its newest commit.
#[derive(Debug)]
pub struct BackupRepository {
    folder: PathBuf,
    /// `refs/heads/main`
    branch: String,
    head: String,
}

/// The latest backup of one device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptBackup {
    /// `SITE/DEVICE`
    pub path: String,
    pub text: String,
}

/// Who commits a backup, and when.
#[derive(Debug, Clone)]
pub struct BackupAuthor {
    pub person: Person,
    pub time: CommitTime,
}

impl BackupRepository {
    /// Opens the repository; `None` if there is none yet.
    pub fn open(folder: &Path) -> Result<Option<Self>, BackupRepositoryError> {
        let repository = match Repository::open(folder) {
            Ok(repository) => repository,
            Err(error) if error.code() == ErrorCode::NotFound => {
                return match is_empty(folder) {
                    true => Ok(None),
                    false => Err(BackupRepositoryError::NotEmpty {
                        folder: folder.to_owned(),
                    }),
                };
            }
            Err(source) => return Err(git(folder)(source)),
        };
        let head = match repository.head() {
            Ok(head) => head,
            Err(error) if error.code() == ErrorCode::UnbornBranch => {
                return match is_ours_or_empty(folder) {
                    true => Ok(None),
                    false => Err(BackupRepositoryError::NotEmpty {
                        folder: folder.to_owned(),
                    }),
                };
            }
            Err(source) => return Err(git(folder)(source)),
        };
        if !head.is_branch() {
            return Err(BackupRepositoryError::Detached {
                folder: folder.to_owned(),
            });
        }
        let id = head.target().map(|id| id.to_string()).unwrap_or_default();
        let branch = head.name().unwrap_or("HEAD").to_owned();
        let opened = Self {
            folder: folder.to_owned(),
            branch,
            head: id,
        };
        let readme = opened.text(&repository, README)?;
        if !readme.is_some_and(|text| text.starts_with(README_TITLE)) {
            return Err(BackupRepositoryError::Foreign {
                folder: folder.to_owned(),
            });
        }
        Ok(Some(opened))
    }

    /// Opens the repository, or creates it with a first commit. A new folder is readable only by its owner.
    pub fn open_or_create(
        folder: &Path,
        author: &BackupAuthor,
    ) -> Result<Self, BackupRepositoryError> {
        if let Some(opened) = Self::open(folder)? {
            return Ok(opened);
        }
        let failed = |source| BackupRepositoryError::Folder {
            folder: folder.to_owned(),
            source,
        };
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true).mode(0o700);
        builder.create(folder).map_err(failed)?;
        create_repository(folder)?;
        let text = format!("{README_TITLE}\n{README_TEXT}");
        fs::write(folder.join(README), text).map_err(failed)?;
        commit_files(
            folder,
            &[README.to_owned()],
            &author.person,
            author.time,
            "begin",
        )?;
        Self::open(folder)?.ok_or_else(|| BackupRepositoryError::Foreign {
            folder: folder.to_owned(),
        })
    }

    /// Returns the latest backup of a device, below whatever site it was then.
    pub fn latest(&self, device: &str) -> Result<Option<KeptBackup>, BackupRepositoryError> {
        let repository = Repository::open(&self.folder).map_err(git(&self.folder))?;
        let mut paths = vec![device.to_owned()];
        for site in self.folders(&repository)? {
            paths.push(format!("{site}/{device}"));
        }
        for path in paths {
            if let Some(text) = self.text(&repository, &path)? {
                return Ok(Some(KeptBackup { path, text }));
            }
        }
        Ok(None)
    }

    /// Commits a device's new backup in place of its latest one.
    pub fn record(
        &mut self,
        device: &str,
        path: &str,
        text: &str,
        latest: Option<&KeptBackup>,
        author: &BackupAuthor,
    ) -> Result<CommitId, BackupRepositoryError> {
        let mut changes = vec![FileChange {
            path: path.to_owned(),
            text: Some(text.to_owned()),
        }];
        if let Some(moved) = latest.filter(|latest| latest.path != path) {
            changes.push(FileChange {
                path: moved.path.clone(),
                text: None,
            });
        }
        let id = commit(&CommitRequest {
            repository: &self.folder,
            prefix: "",
            branch: &self.branch,
            expected_base: &self.head,
            changes: &changes,
            author: &author.person,
            committer: &author.person,
            time: author.time,
            message: &format!("update {device}"),
            trailers: &[],
        })?;
        id.as_str().clone_into(&mut self.head);
        Ok(id)
    }

    /// Returns the folders at the top: a folder per site.
    fn folders(&self, repository: &Repository) -> Result<Vec<String>, BackupRepositoryError> {
        let tree = self.tree(repository)?;
        let folders = tree
            .iter()
            .filter(|entry| entry.kind() == Some(ObjectType::Tree));
        Ok(folders
            .filter_map(|entry| entry.name().ok().map(str::to_owned))
            .collect())
    }

    fn tree<'r>(
        &self,
        repository: &'r Repository,
    ) -> Result<git2::Tree<'r>, BackupRepositoryError> {
        let git = git(&self.folder);
        let objects = Objects::of(repository);
        let id = git2::Oid::from_str(&self.head).map_err(&git)?;
        let broken = |error: ObjectError| git(error.into());
        objects.check(id).map_err(broken)?;
        let commit = repository.find_commit(id).map_err(&git)?;
        objects.tree(repository, commit.tree_id()).map_err(broken)
    }

    /// Returns a file of the newest commit.
    fn text(
        &self,
        repository: &Repository,
        path: &str,
    ) -> Result<Option<String>, BackupRepositoryError> {
        let git = git(&self.folder);
        let objects = Objects::of(repository);
        let tree = self.tree(repository)?;
        let entry = objects
            .entry_at(repository, tree.id(), path)
            .map_err(|error| git(error.into()))?;
        let Some(entry) = entry.filter(|entry| entry.is_file()) else {
            return Ok(None);
        };
        objects.check(entry.id).map_err(|error| git(error.into()))?;
        let blob = repository.find_blob(entry.id).map_err(&git)?;
        let text = std::str::from_utf8(blob.content()).ok();
        match text.filter(|text| text.len() <= MOST_BYTES) {
            Some(text) => Ok(Some(text.to_owned())),
            None => Err(BackupRepositoryError::NotText {
                folder: self.folder.clone(),
                path: path.to_owned(),
            }),
        }
    }
}

/// Returns whether a repository without a commit has no files but the one that an interrupted creation left.
fn is_ours_or_empty(folder: &Path) -> bool {
    let Ok(entries) = fs::read_dir(folder) else {
        return false;
    };
    let is_ours = |name: &std::ffi::OsStr| {
        let text = fs::read_to_string(folder.join(README));
        name == README && text.is_ok_and(|text| text.starts_with(README_TITLE))
    };
    entries.flatten().all(|entry| {
        let name = entry.file_name();
        name == ".git" || is_ours(&name)
    })
}

/// Returns whether a folder has nothing in it, or is not there.
fn is_empty(folder: &Path) -> bool {
    match fs::read_dir(folder) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    }
}

fn git(folder: &Path) -> impl Fn(git2::Error) -> BackupRepositoryError {
    let folder = folder.to_owned();
    move |source| BackupRepositoryError::Git {
        folder: folder.clone(),
        source,
    }
}
