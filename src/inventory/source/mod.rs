//! Lists and reads an inventory's files, from a directory or a git commit.

mod ancestry;
mod around;
mod content;
mod directory;
mod error;
mod finding;
mod git;
mod limits;
mod name;
mod reader;
mod repository;
mod revision;
mod rules;
mod tree;
mod walk;

use std::path::Path;
use std::sync::Arc;

use crate::inventory::FileKind;
use crate::model::{Finding, Rule, by_place};

pub use ancestry::{
    Ancestry, AuthoredCommit, ancestry, authored_commits, first_parent, merge_base,
};
pub use around::{Around, SETTINGS_FILE, SearchEnd, around};
pub use content::{content_findings, lfs_pointer};
pub use directory::DirectorySource;
pub use error::SourceError;
pub use git::GitSource;
pub use limits::Limits;
pub(crate) use name::check as check_name;
pub use reader::{ReadProblem, Reader};
pub use repository::root_and_folder;
pub(crate) use repository::{Opened, open};

/// The id of a git blob: equal ids are equal bytes.
pub type BlobId = [u8; 20];

/// One file of an inventory that was seen and not yet read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Relative to the inventory's root, `/` between its parts.
    pub path: Arc<str>,
    pub kind: FileKind,
    pub size: u64,
    /// Known where the file comes from git.
    pub blob: Option<BlobId>,
}

/// A place to read one inventory from. Of git it is one commit: a branch that moves later changes nothing.
#[derive(Debug, Clone)]
pub enum Source {
    Directory(DirectorySource),
    Git(GitSource),
}

/// The files of an inventory, before any is read.
#[derive(Debug)]
pub struct Listing {
    /// Sorted by path.
    pub entries: Vec<Entry>,
    pub findings: Vec<Finding>,
    /// A limit of the whole inventory ended the walk. There are no entries then, and nothing about what the inventory
    /// lacks can be concluded from that: show the findings and go no further.
    pub stopped: bool,
    /// The commit's full id, where the inventory comes from git.
    pub commit: Option<String>,
    /// The inventory's folder relative to the repository's root: `""` or `"inventory.example/"`.
    pub prefix: String,
}

/// Returns whether a folder is a git repository without a work tree.
pub fn is_bare(path: &Path) -> bool {
    path.join("HEAD").is_file() && path.join("objects").is_dir() && path.join("refs").is_dir()
}

impl Source {
    /// Opens the inventory in `root` as it is on disk now.
    pub fn directory(root: &Path) -> Result<Self, SourceError> {
        DirectorySource::new(root).map(Self::Directory)
    }

    /// Opens the inventory in `path` as it was committed at `revision`.
    ///
    /// `path` is a work tree, a folder inside one (it need not be checked out), a bare repository or a `.git` directory;
    /// `revision` is anything that `git rev-parse` accepts as a commit. A short name means the branch before the tag; a name
    /// that is both, at different commits, is refused.
    pub fn git(path: &Path, revision: &str) -> Result<Self, SourceError> {
        GitSource::new(path, revision).map(Self::Git)
    }

    /// Returns the files of the inventory and what is wrong with how they are laid out; reads none of them.
    pub fn list(&self, limits: &Limits) -> Result<Listing, SourceError> {
        let (mut walked, commit, prefix) = match self {
            Self::Directory(directory) => (directory.walk(limits)?, None, String::new()),
            Self::Git(git) => (
                git.walk(limits)?,
                Some(git.commit().to_owned()),
                git.prefix().to_owned(),
            ),
        };
        walked
            .entries
            .sort_unstable_by(|left, right| left.path.cmp(&right.path));
        walked.findings.sort_by(by_place);
        Ok(Listing {
            entries: walked.entries,
            findings: walked.findings,
            stopped: walked.stopped,
            commit,
            prefix,
        })
    }

    /// Returns a reader of the listed files; a reader stays in one thread, so take one per thread.
    pub fn reader(&self) -> Result<Reader, SourceError> {
        Reader::new(self)
    }
}

/// Returns the rules that reading files can break.
pub fn rules() -> &'static [&'static Rule] {
    rules::RULES
}
