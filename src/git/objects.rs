//! Checks loose git objects before libgit2 reads them: libgit2 loops forever on a truncated one.
//!
//! libgit2 mistakes zlib's "more input needed" for progress and retries forever. A truncated packed object fails with
//! an error, so only loose objects are inflated here first.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use flate2::{Decompress, FlushDecompress, Status};
use git2::{Error, ErrorClass, ErrorCode, Oid, Repository, Tree};

/// The number of bytes inflated in one step.
const CHUNK: usize = 16 << 10;

/// Larger objects are refused: reading one would exhaust the memory.
const MOST_BYTES: u64 = 1 << 30;

/// The longest chain of `alternates` between repositories, as in git.
const MOST_ALTERNATES: usize = 5;

/// An object that cannot be read: missing, truncated or damaged.
#[derive(Debug, thiserror::Error)]
#[error("cannot read the git object {id}: {source}")]
pub struct ObjectError {
    pub id: Oid,
    pub source: Error,
}

impl ObjectError {
    pub(super) fn new(id: Oid) -> impl Fn(Error) -> Self {
        move |source| Self { id, source }
    }

    /// Returns whether the object is absent from the repository.
    pub fn is_missing(&self) -> bool {
        self.source.code() == ErrorCode::NotFound
    }
}

impl From<ObjectError> for Error {
    fn from(error: ObjectError) -> Self {
        Self::new(error.source.code(), error.source.class(), error.to_string())
    }
}

/// An entry of a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TreeEntry {
    pub id: Oid,
    pub mode: i32,
}

impl TreeEntry {
    pub fn of(entry: &git2::TreeEntry<'_>) -> Self {
        Self {
            id: entry.id(),
            mode: entry.filemode_raw(),
        }
    }

    pub fn is_tree(&self) -> bool {
        self.mode & 0o170_000 == 0o040_000
    }

    pub fn is_file(&self) -> bool {
        self.mode & 0o170_000 == 0o100_000
    }
}

/// The folders with a repository's loose objects: its own, and those of its alternates.
#[derive(Debug, Clone, Default)]
pub struct Objects {
    folders: Vec<PathBuf>,
}

impl Objects {
    pub fn of(repository: &Repository) -> Self {
        let mut folders = vec![repository.commondir().join("objects")];
        let mut from = 0;
        for _ in 0..MOST_ALTERNATES {
            let until = folders.len();
            let borrowed: Vec<PathBuf> = folders
                .iter()
                .take(until)
                .skip(from)
                .flat_map(|folder| alternates(folder))
                .collect();
            from = until;
            folders.extend(borrowed);
        }
        Self { folders }
    }

    /// Checks that a loose object is complete.
    pub fn check(&self, id: Oid) -> Result<(), ObjectError> {
        let name = id.to_string();
        let Some((start, rest)) = name.split_at_checked(2) else {
            return Ok(());
        };
        for folder in &self.folders {
            let path = folder.join(start).join(rest);
            let checked = match fs::File::open(&path) {
                Ok(file) => check_stream(file),
                Err(error) if is_absence(&error) => continue,
                Err(error) => Err(error),
            };
            return checked.map_err(|why| ObjectError {
                id,
                source: damaged(&path, &why),
            });
        }
        Ok(())
    }

    /// Checks every loose object of the repository, for revisions that make libgit2 search the whole history.
    pub fn check_all(&self) -> Result<(), ObjectError> {
        for folder in &self.folders {
            for start in names(folder).filter(|name| name.len() == 2) {
                for rest in names(&folder.join(&start)) {
                    if let Ok(id) = Oid::from_str(&format!("{start}{rest}")) {
                        self.check(id)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Returns a tree.
    pub fn tree<'r>(&self, repository: &'r Repository, id: Oid) -> Result<Tree<'r>, ObjectError> {
        self.check(id)?;
        repository.find_tree(id).map_err(ObjectError::new(id))
    }

    /// Returns the bytes of an object of any kind.
    pub fn bytes(&self, repository: &Repository, id: Oid) -> Result<Vec<u8>, ObjectError> {
        self.check(id)?;
        repository
            .odb()
            .and_then(|objects| objects.read(id).map(|object| object.data().to_vec()))
            .map_err(ObjectError::new(id))
    }

    /// Returns the entry at a path with `/` between its parts, below a tree; `None` if there is none.
    pub fn entry_at(
        &self,
        repository: &Repository,
        root: Oid,
        path: &str,
    ) -> Result<Option<TreeEntry>, ObjectError> {
        let mut at = TreeEntry {
            id: root,
            mode: 0o040_000,
        };
        for part in path.split('/').filter(|part| !part.is_empty()) {
            if !at.is_tree() {
                return Ok(None);
            }
            let tree = self.tree(repository, at.id)?;
            let Some(entry) = tree.get_name(part) else {
                return Ok(None);
            };
            at = TreeEntry::of(&entry);
        }
        Ok(Some(at))
    }
}

fn damaged(path: &Path, why: &io::Error) -> Error {
    Error::new(
        ErrorCode::GenericError,
        ErrorClass::Odb,
        format!("{}: {why}", path.display()),
    )
}

fn is_absence(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

/// Returns the alternates listed in a folder of objects.
fn alternates(folder: &Path) -> Vec<PathBuf> {
    let text = fs::read_to_string(folder.join("info/alternates")).unwrap_or_default();
    text.lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| folder.join(line))
        .collect()
}

fn names(folder: &Path) -> impl Iterator<Item = String> {
    fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
}

/// Inflates a whole zlib stream and discards the output.
fn check_stream(mut file: impl Read) -> io::Result<()> {
    let mut inflate = Decompress::new(true);
    let mut input = vec![0; CHUNK];
    let mut output = vec![0; CHUNK];
    loop {
        let filled = file.read(&mut input)?;
        let mut left = input.get(..filled).unwrap_or_default();
        if left.is_empty() {
            return Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "the object is truncated",
            ));
        }
        loop {
            let (taken, given) = (inflate.total_in(), inflate.total_out());
            let status = inflate
                .decompress(left, &mut output, FlushDecompress::None)
                .map_err(|_| io::Error::other("the object is damaged"))?;
            let step = usize::try_from(inflate.total_in() - taken).unwrap_or(usize::MAX);
            left = left.get(step..).unwrap_or_default();
            if status == Status::StreamEnd {
                return Ok(());
            }
            if inflate.total_out() > MOST_BYTES {
                return Err(io::Error::other("the object is too large"));
            }
            // Drain the decoder before reading more input.
            let is_stuck = step == 0 && inflate.total_out() == given;
            let is_drained = inflate.total_out() - given < CHUNK as u64;
            if is_stuck || (left.is_empty() && is_drained) {
                break;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::ZlibEncoder;

    use super::*;

    fn deflated(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn a_whole_stream_passes_and_every_beginning_of_it_does_not() {
        let random: Vec<u8> = (0_u32..60_000)
            .map(|number| number.wrapping_mul(2_654_435_761).to_be_bytes()[0])
            .collect();
        for text in [vec![], b"blob 1\0x".to_vec(), vec![0; 3 << 20], random] {
            let whole = deflated(&text);
            check_stream(&*whole).unwrap();
            let step = (whole.len() / 200).max(1);
            for length in (0..whole.len()).step_by(step) {
                let error = check_stream(&whole[..length]).unwrap_err();
                assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof, "{length}");
            }
        }
    }

    #[test]
    fn an_invalid_zlib_stream_is_damaged() {
        let mut wrong = deflated(b"blob 5\0hello");
        let last = wrong.len() - 1;
        wrong[last] ^= 1;
        for bytes in [&b"blob 5\0hello"[..], &[0xff; 100], &wrong] {
            let error = check_stream(bytes).unwrap_err();
            assert!(error.to_string().contains("damaged"), "{error}");
        }
    }
}
