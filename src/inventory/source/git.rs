//! Reads an inventory at a commit from git's objects, without a work tree.

use std::path::{Path, PathBuf};

use git2::{ObjectType, Oid, Repository};

use crate::git::{ObjectError, Objects, TreeEntry};
use crate::inventory::source::tree::{Contents, Measure, Named, Node, Tree};
use crate::inventory::source::walk::{Walked, walk};
use crate::inventory::source::{BlobId, Entry, Limits, SourceError, name, repository, revision};

/// An inventory at one commit.
#[derive(Debug, Clone)]
pub struct GitSource {
    /// The repository's own directory, to open it again.
    git_dir: PathBuf,
    /// The path as the caller gave it, for messages.
    path: PathBuf,
    prefix: String,
    commit: String,
    /// The tree of the inventory's folder.
    tree: Oid,
    objects: Objects,
}

impl GitSource {
    pub(super) fn new(path: &Path, revision: &str) -> Result<Self, SourceError> {
        let opened = repository::open(path)?;
        let (repository, prefix, objects) = (opened.repository, opened.prefix, opened.objects);
        let commit = revision::resolve(&repository, &objects, path, revision)?;
        let commit_id = commit.id().to_string();
        let folder = prefix.trim_end_matches('/');
        let root = commit.tree_id();
        objects
            .tree(&repository, root)
            .map_err(|error| SourceError::object(path, error, "its root"))?;
        let tree = objects
            .entry_at(&repository, root, folder)
            .map_err(|error| SourceError::object(path, error, folder))?
            .filter(TreeEntry::is_tree)
            .ok_or_else(|| SourceError::FolderNotCommitted {
                path: path.to_owned(),
                folder: folder.to_owned(),
                commit: commit_id.clone(),
            })?
            .id;
        Ok(Self {
            git_dir: repository.path().to_owned(),
            path: path.to_owned(),
            prefix,
            commit: commit_id,
            tree,
            objects,
        })
    }

    /// Returns the commit's full id.
    pub fn commit(&self) -> &str {
        &self.commit
    }

    /// Returns the id of the tree of the inventory's folder.
    pub fn tree(&self) -> String {
        self.tree.to_string()
    }

    /// Returns the inventory's folder relative to the repository's root, `""` or with a `/` at its end.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    pub(super) fn repository(&self) -> Result<Repository, SourceError> {
        Repository::open(&self.git_dir).map_err(|error| repository::opening(&self.path, error))
    }

    pub(super) fn walk(&self, limits: &Limits) -> Result<Walked, SourceError> {
        let repository = self.repository()?;
        let tree = GitTree {
            source: self,
            repository: &repository,
            limits,
        };
        walk(&tree, limits)
    }

    /// Returns the bytes of a listed file.
    pub(super) fn read(
        &self,
        repository: &Repository,
        entry: &Entry,
    ) -> Result<Vec<u8>, SourceError> {
        let Some(blob) = entry.blob else {
            return Err(self.failed(
                "read a file that was not listed from it",
                git2::Error::from_str(&entry.path),
            ));
        };
        let id = Oid::from_bytes(&blob).map_err(|error| self.failed("read an object id", error))?;
        let bytes = self.objects.bytes(repository, id);
        bytes.map_err(|error| SourceError::object(&self.path, error, &entry.path))
    }

    fn failed(&self, action: &'static str, source: git2::Error) -> SourceError {
        SourceError::Git {
            path: self.path.clone(),
            action,
            source,
        }
    }
}

struct GitTree<'a> {
    source: &'a GitSource,
    repository: &'a Repository,
    limits: &'a Limits,
}

impl GitTree<'_> {
    fn header(&self, id: Oid, place: &str) -> Result<(u64, ObjectType), SourceError> {
        let header = self
            .repository
            .odb()
            .and_then(|objects| objects.read_header(id));
        match header {
            Ok((size, kind)) => Ok((size as u64, kind)),
            Err(source) => {
                let error = ObjectError { id, source };
                Err(SourceError::object(&self.source.path, error, place))
            }
        }
    }
}

impl Tree for GitTree<'_> {
    type Handle = Oid;

    fn root(&self) -> Oid {
        self.source.tree
    }

    fn contents(
        &self,
        path: &str,
        folder: &Oid,
        most: usize,
    ) -> Result<Contents<Oid>, SourceError> {
        // A tree object needs some 40 bytes a name, so one that is larger than a file may be has too many.
        if self.header(*folder, path)?.0 > self.limits.file_bytes.max(1 << 20) {
            return Ok(Contents::TooMany);
        }
        let tree = self
            .source
            .objects
            .tree(self.repository, *folder)
            .map_err(|error| SourceError::object(&self.source.path, error, path))?;
        let mut names = Vec::new();
        for entry in &tree {
            if name::is_hidden(entry.name_bytes()) {
                continue;
            }
            if names.len() == most {
                return Ok(Contents::TooMany);
            }
            names.push(Named {
                name: entry.name_bytes().to_vec(),
                node: node(entry.filemode_raw()),
                handle: entry.id(),
            });
        }
        Ok(Contents::Names(names))
    }

    fn measure(&self, path: &str, file: &Oid) -> Result<Measure, SourceError> {
        // The header has the size: a blob of gigabytes is never unpacked.
        let (size, kind) = self.header(*file, path)?;
        Ok(match BlobId::try_from(file.as_bytes()) {
            Ok(id) if kind == ObjectType::Blob => Measure::Known {
                size,
                blob: Some(id),
            },
            _ => Measure::Unreadable("git holds no file under its id".to_owned()),
        })
    }
}

/// Returns what a tree entry's mode means; only the type's bits count, old tools wrote odd permissions.
fn node(mode: i32) -> Node {
    match mode & 0o170_000 {
        0o040_000 => Node::Folder,
        0o100_000 => Node::File,
        0o120_000 => Node::Symlink,
        0o160_000 => Node::Submodule,
        _ => Node::Other("an entry of an unknown type"),
    }
}
