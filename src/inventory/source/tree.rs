//! Defines the tree of folders and files that a walk needs, on disk or in git.

use crate::inventory::source::{BlobId, SourceError};

/// The kind of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Node {
    Folder,
    File,
    Symlink,
    Submodule,
    /// Neither of these, in words: "a named pipe".
    Other(&'static str),
    /// It could not be found out, because of this.
    Unknown(String),
}

/// A name in a folder.
pub(super) struct Named<Handle> {
    pub(super) name: Vec<u8>,
    pub(super) node: Node,
    pub(super) handle: Handle,
}

/// The content of a folder.
pub(super) enum Contents<Handle> {
    /// Its names without the hidden ones, in any order.
    Names(Vec<Named<Handle>>),
    /// More names than were asked for.
    TooMany,
    /// It is the root of another repository.
    Repository,
    Unreadable(String),
}

/// The facts of a file that are known without reading it.
pub(super) enum Measure {
    Known { size: u64, blob: Option<BlobId> },
    Unreadable(String),
}

/// A tree of folders and files that can be walked.
pub(super) trait Tree {
    /// The handle of a folder or file, besides its path.
    type Handle;

    /// Returns the handle of the root.
    fn root(&self) -> Self::Handle;

    /// Returns what the folder at `path` holds if that is at most `most` names.
    fn contents(
        &self,
        path: &str,
        folder: &Self::Handle,
        most: usize,
    ) -> Result<Contents<Self::Handle>, SourceError>;

    /// Returns the size of the file at `path`.
    fn measure(&self, path: &str, file: &Self::Handle) -> Result<Measure, SourceError>;
}
