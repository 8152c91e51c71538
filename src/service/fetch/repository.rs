//! Creates the mirror's repository, notices damage, removes the remains of a killed `git`.

use std::collections::HashSet;
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use super::command::{CANDIDATE_REF, INCOMING_REF, TARGET_REF};
use super::commit_id::CommitId;
use crate::git::{Objects, TreeEntry};
use crate::inventory::source;

/// The whole configuration of the mirror. Another content is not gamctl's, and could make git run a program.
const CONFIG: &str = "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true\n\tsharedRepository = 0600\n";

/// The content of `HEAD`: a branch that does not exist.
const HEAD: &str = "ref: refs/heads/gamctl\n";

/// Files that would give the mirror objects, parents or settings from elsewhere. gamctl never makes them.
const FOREIGN: [&str; 7] = [
    "objects/info/alternates",
    "objects/info/http-alternates",
    "objects/info/commit-graph",
    "info/grafts",
    "shallow",
    "commondir",
    "config.worktree",
];

/// The depth of folders in a bare repository, with room for refs.
const DEEPEST: usize = 16;

/// The bare repository in a mirror's folder.
#[derive(Debug, Clone)]
pub(super) struct BareRepository {
    pub(super) path: PathBuf,
}

impl BareRepository {
    pub(super) fn exists(&self) -> bool {
        self.path.symlink_metadata().is_ok()
    }

    /// Returns whether the configuration is gamctl's own and nothing points outside.
    pub(super) fn is_as_created(&self) -> bool {
        let is_folder = |path: &Path| path.symlink_metadata().is_ok_and(|facts| facts.is_dir());
        let is_foreign = |name: &str| self.path.join(name).symlink_metadata().is_ok();
        let has = |name, text: &str| {
            fs::read(self.path.join(name)).is_ok_and(|found| found == text.as_bytes())
        };
        is_folder(&self.path)
            && ["objects", "refs"]
                .iter()
                .all(|name| is_folder(&self.path.join(name)))
            && has("config", CONFIG)
            && has("HEAD", HEAD)
            && !FOREIGN.iter().any(|name| is_foreign(name))
    }

    /// Replaces the configuration that `git init` wrote.
    pub(super) fn write_config(&self) -> io::Result<()> {
        fs::write(self.path.join("config"), CONFIG)
    }

    /// Removes what a killed `git` leaves behind; a lock of a ref would refuse every later fetch. The caller holds the
    /// mirror's lock, so no `git` is running.
    pub(super) fn remove_remains(&self) {
        let is_remains = |name: &str| {
            name.starts_with("tmp_") || name.starts_with("incoming-") || name.ends_with(".lock")
        };
        for folder in [
            "",
            "refs",
            "refs/gamctl",
            "refs/heads",
            "objects",
            "objects/pack",
            "objects/info",
        ] {
            for entry in fs::read_dir(self.path.join(folder))
                .into_iter()
                .flatten()
                .flatten()
            {
                if entry.file_name().to_str().is_some_and(is_remains) {
                    let path = entry.path();
                    // What cannot be removed shows in the next fetch.
                    let _removed = fs::remove_file(&path).or_else(|_| fs::remove_dir_all(&path));
                }
            }
        }
    }

    /// Returns the number of bytes that the files need.
    pub(super) fn size(&self) -> u64 {
        size_of(&self.path, DEEPEST)
    }

    pub(super) fn pack_count(&self) -> usize {
        let files = fs::read_dir(self.path.join("objects/pack"));
        let names = files
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path());
        names
            .filter(|path| {
                path.extension()
                    .is_some_and(|extension| extension == "pack")
            })
            .count()
    }

    /// Returns the commit of a ref; nothing if the ref is missing or its commit cannot be read.
    pub(super) fn commit_at(&self, name: &str) -> Option<CommitId> {
        let opened = source::open(&self.path).ok()?;
        let id = opened.repository.refname_to_id(name).ok()?;
        opened.objects.commit(&opened.repository, id).ok()?;
        Some(id.into())
    }

    /// Returns whether the mirror has a commit.
    pub(super) fn has(&self, commit: &CommitId) -> bool {
        let Ok(opened) = source::open(&self.path) else {
            return false;
        };
        let id = git2::Oid::from_str(commit.as_str());
        id.is_ok_and(|id| opened.objects.commit(&opened.repository, id).is_ok())
    }

    /// Removes the ref that `git fetch` writes.
    pub(super) fn remove_incoming(&self) -> io::Result<()> {
        match fs::remove_file(self.path.join(INCOMING_REF)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            other => other,
        }
    }

    /// Points a ref at a commit, so that its objects are known to the next fetch.
    pub(super) fn point(&self, name: &str, commit: &CommitId) -> Result<(), git2::Error> {
        let opened =
            source::open(&self.path).map_err(|_| git2::Error::from_str("cannot open it"))?;
        let id = git2::Oid::from_str(commit.as_str())?;
        opened.objects.commit(&opened.repository, id)?;
        opened.repository.reference(name, id, true, "gamctl")?;
        Ok(())
    }

    /// Returns whether the history and the files of both refs can be read.
    pub(super) fn is_sound(&self) -> bool {
        let Ok(opened) = source::open(&self.path) else {
            return false;
        };
        let mut visited = HashSet::new();
        [CANDIDATE_REF, TARGET_REF].iter().all(|name| {
            let id = match opened.repository.refname_to_id(name) {
                Ok(id) => id,
                Err(error) if error.code() == git2::ErrorCode::NotFound => return true,
                Err(_) => return false,
            };
            let past = opened
                .objects
                .search_past(&opened.repository, id, None, &mut visited);
            let commit = opened.objects.commit(&opened.repository, id);
            past.is_ok()
                && commit.is_ok_and(|commit| {
                    files_are_readable(&opened.repository, &opened.objects, commit.tree, 0)
                })
        })
    }
}

fn files_are_readable(
    repository: &git2::Repository,
    objects: &Objects,
    tree: git2::Oid,
    depth: usize,
) -> bool {
    // Deeper folders are not part of an inventory.
    if depth > DEEPEST {
        return true;
    }
    let Ok(tree) = objects.tree(repository, tree) else {
        return false;
    };
    tree.iter().all(|entry| {
        let entry = TreeEntry::of(&entry);
        let is_submodule = entry.mode & 0o170_000 == 0o160_000;
        let is_present = || {
            repository
                .odb()
                .is_ok_and(|odb| odb.read_header(entry.id).is_ok())
        };
        match entry.is_tree() {
            true => files_are_readable(repository, objects, entry.id, depth + 1),
            false => is_submodule || (objects.check(entry.id).is_ok() && is_present()),
        }
    })
}

fn size_of(path: &Path, depth: usize) -> u64 {
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    let sizes = entries.map(|entry| match entry.metadata() {
        Ok(facts) if facts.is_dir() => match depth.checked_sub(1) {
            Some(depth) => size_of(&entry.path(), depth),
            None => 0,
        },
        // In use on the disk, in units of 512 bytes whatever the file system's are.
        Ok(facts) => facts.blocks().saturating_mul(512),
        // Gone meanwhile.
        Err(_) => 0,
    });
    sizes.fold(0, u64::saturating_add)
}

/// Creates a folder for its owner only.
pub(super) fn create_private(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}
