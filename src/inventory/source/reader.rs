//! Reads listed files, one thread at a time.

use git2::Repository;

use crate::inventory::source::{
    DirectorySource, Entry, GitSource, Limits, Source, SourceError, finding,
};
use crate::model::Finding;

/// Reads the files of one source. Threads must not share a git repository, so each has its own reader.
pub struct Reader {
    from: From,
}

enum From {
    Directory(DirectorySource),
    Git(GitSource, Repository),
}

/// Why a listed file could not be read.
#[derive(Debug)]
pub enum ReadProblem {
    /// The file is at fault; the others can be read.
    Finding(Box<Finding>),
    /// The source is.
    Source(SourceError),
}

impl Reader {
    pub(super) fn new(source: &Source) -> Result<Self, SourceError> {
        let from = match source {
            Source::Directory(directory) => From::Directory(directory.clone()),
            Source::Git(git) => From::Git(git.clone(), git.repository()?),
        };
        Ok(Self { from })
    }

    /// Returns the bytes of a listed file.
    pub fn read(&mut self, entry: &Entry, limits: &Limits) -> Result<Vec<u8>, ReadProblem> {
        let limit = limits.file_bytes;
        if entry.size > limit {
            let finding = finding::too_large(&entry.path, entry.size, limit);
            return Err(ReadProblem::Finding(Box::new(finding)));
        }
        match &self.from {
            From::Directory(directory) => {
                directory.read(entry, limits).map_err(ReadProblem::Finding)
            }
            From::Git(git, repository) => git.read(repository, entry).map_err(ReadProblem::Source),
        }
    }
}
