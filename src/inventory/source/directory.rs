//! Reads an inventory from a plain directory; follows no links and never blocks on a pipe.
//!
//! A directory is what its owner leaves in it: it can change while it is read. A file that changes while it is read is a
//! finding, but only a commit proves what was read.

use std::fs::{self, File, FileType, Metadata, OpenOptions};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::inventory::source::finding::{not_a_file, symlink, too_large, unreadable};
use crate::inventory::source::tree::{Contents, Measure, Named, Node, Tree};
use crate::inventory::source::walk::{Walked, walk};
use crate::inventory::source::{Entry, Limits, SourceError, name};
use crate::model::Finding;

/// An inventory in a plain directory.
#[derive(Debug, Clone)]
pub struct DirectorySource {
    root: PathBuf,
}

impl DirectorySource {
    pub(super) fn new(root: &Path) -> Result<Self, SourceError> {
        // The root itself is the caller's word: here, and only here, a link is followed.
        match fs::canonicalize(root) {
            Ok(found) if found.is_dir() => Ok(Self { root: found }),
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                Err(SourceError::Unreadable {
                    path: root.to_owned(),
                    source,
                })
            }
            Ok(_) => Err(SourceError::NotAFolder {
                path: root.to_owned(),
            }),
            Err(_) => Err(SourceError::NoFolder {
                path: root.to_owned(),
            }),
        }
    }

    pub(super) fn walk(&self, limits: &Limits) -> Result<Walked, SourceError> {
        walk(self, limits)
    }

    /// Returns the bytes of a listed file.
    pub(super) fn read(&self, entry: &Entry, limits: &Limits) -> Result<Vec<u8>, Box<Finding>> {
        let path = &*entry.path;
        let failed = |error: io::Error| Box::new(unreadable(path, &in_words(&error)));
        let on_disk = self.root.join(path);
        // Opening a pipe would wait for its writer, so the type comes first; the handle is asked again below.
        check_is_file(path, &fs::symlink_metadata(&on_disk).map_err(failed)?)?;
        let file = open_without_following(&on_disk).map_err(failed)?;
        let metadata = file.metadata().map_err(failed)?;
        check_is_file(path, &metadata)?;
        let limit = limits.file_bytes;
        if metadata.len() > limit {
            return Err(Box::new(too_large(path, metadata.len(), limit)));
        }
        let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or_default());
        file.take(limit.saturating_add(1))
            .read_to_end(&mut bytes)
            .map_err(failed)?;
        let read = bytes.len() as u64;
        if read > limit {
            return Err(Box::new(too_large(path, read, limit)));
        }
        if read != metadata.len() {
            return Err(Box::new(unreadable(path, "it changed while it was read")));
        }
        Ok(bytes)
    }
}

impl Tree for DirectorySource {
    type Handle = ();

    fn root(&self) -> Self::Handle {}

    fn contents(&self, path: &str, (): &(), most: usize) -> Result<Contents<()>, SourceError> {
        let on_disk = self.root.join(path);
        let listed = if path.is_empty() {
            names(&on_disk, most).map_err(|source| SourceError::Unreadable {
                path: on_disk,
                source,
            })?
        } else {
            match sub_folder(&on_disk, most) {
                Ok(contents) => contents,
                Err(error) => Contents::Unreadable(in_words(&error)),
            }
        };
        Ok(listed)
    }

    fn measure(&self, path: &str, (): &()) -> Result<Measure, SourceError> {
        Ok(match fs::symlink_metadata(self.root.join(path)) {
            Ok(metadata) => Measure::Known {
                size: metadata.len(),
                blob: None,
            },
            Err(error) => Measure::Unreadable(in_words(&error)),
        })
    }
}

fn sub_folder(on_disk: &Path, most: usize) -> io::Result<Contents<()>> {
    if !fs::symlink_metadata(on_disk)?.is_dir() {
        return Err(io::Error::other("it changed while it was read"));
    }
    if fs::symlink_metadata(on_disk.join(".git")).is_ok() {
        return Ok(Contents::Repository);
    }
    names(on_disk, most)
}

fn names(on_disk: &Path, most: usize) -> io::Result<Contents<()>> {
    let mut names = Vec::new();
    for item in fs::read_dir(on_disk)? {
        let item = item?;
        let name = item.file_name().into_encoded_bytes();
        if name::is_hidden(&name) {
            continue;
        }
        if names.len() == most {
            return Ok(Contents::TooMany);
        }
        names.push(Named {
            name,
            node: match item.file_type() {
                Ok(file_type) => node(file_type),
                Err(error) => Node::Unknown(in_words(&error)),
            },
            handle: (),
        });
    }
    Ok(Contents::Names(names))
}

fn node(file_type: FileType) -> Node {
    if file_type.is_symlink() {
        Node::Symlink
    } else if file_type.is_dir() {
        Node::Folder
    } else if file_type.is_file() {
        Node::File
    } else {
        Node::Other(special(file_type))
    }
}

fn special(file_type: FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt as _;
    if file_type.is_fifo() {
        "a named pipe"
    } else if file_type.is_socket() {
        "a socket"
    } else {
        "a device file"
    }
}

fn check_is_file(path: &str, metadata: &Metadata) -> Result<(), Box<Finding>> {
    match node(metadata.file_type()) {
        Node::File => Ok(()),
        Node::Symlink => Err(Box::new(symlink(path))),
        Node::Other(what) => Err(Box::new(not_a_file(path, what))),
        Node::Folder | Node::Submodule | Node::Unknown(_) => {
            Err(Box::new(not_a_file(path, "a folder")))
        }
    }
}

fn open_without_following(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
        .open(path)
}

/// Returns why, without the operating system's number, which differs between systems.
fn in_words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "it vanished while the inventory was read".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_in_words_and_never_sounds_like_absent() {
        for (kind, words) in [
            (io::ErrorKind::PermissionDenied, "permission denied"),
            (io::ErrorKind::NotFound, "it vanished"),
            (io::ErrorKind::TimedOut, "timed out"),
        ] {
            let finding = unreadable("devices/a.toml", &in_words(&io::Error::from(kind)));
            assert!(finding.message.contains(words), "{}", finding.message);
            assert_eq!(finding.severity, crate::model::Severity::Error);
        }
    }

    #[test]
    fn opening_follows_no_link_and_waits_for_no_writer() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&file, "x").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        assert!(open_without_following(&file).is_ok());
        assert!(open_without_following(&link).is_err());
        let pipe = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.unwrap().success());
        // It would hang here without `O_NONBLOCK`.
        assert!(open_without_following(&pipe).is_ok());
    }
}
