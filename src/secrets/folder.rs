//! Reads plain secrets from a folder on this host, with one file for each secret.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use super::{MAX_BYTES, Secret, SecretError};
use crate::model::SecretName;

/// Returns the value of a secret, if the folder has it.
///
/// One line break at the end of a file comes from the editor and is removed. An empty file is an empty value, which is
/// the factory password of a device.
pub(super) fn value(
    folder: &Path,
    name: &SecretName,
    path: &Path,
) -> Result<Option<Secret>, SecretError> {
    match read(folder, name, path) {
        Err(SecretError::Unreadable { source, .. }) if is_absence(&source) => Ok(None),
        read => read.map(Some),
    }
}

fn read(folder: &Path, name: &SecretName, path: &Path) -> Result<Secret, SecretError> {
    let unreadable = |source: io::Error| SecretError::Unreadable {
        name: name.clone(),
        path: path.to_path_buf(),
        source,
    };
    let real = path.canonicalize().map_err(unreadable)?;
    if !real.starts_with(folder.canonicalize().map_err(unreadable)?) {
        return Err(SecretError::Outside {
            name: name.clone(),
            path: path.to_path_buf(),
        });
    }
    // Open the checked path: a link may point elsewhere by now.
    let file = open(&real).map_err(unreadable)?;
    let facts = file.metadata().map_err(unreadable)?;
    let (name, path) = (name.clone(), path.to_path_buf());
    if !facts.is_file() {
        return Err(SecretError::NotAFile { name, path });
    }
    match read_value(file, facts.len()) {
        Err(source) => Err(SecretError::Unreadable { name, path, source }),
        Ok(None) => Err(SecretError::TooLarge { name, path }),
        Ok(Some(value)) => Ok(Secret::new(without_line_break(&value).to_vec())),
    }
}

/// Returns the content of a file, unless it is too large for a secret.
pub(super) fn read_value(
    from: impl io::Read,
    expected: u64,
) -> io::Result<Option<zeroize::Zeroizing<Vec<u8>>>> {
    let most = MAX_BYTES as u64;
    // Allocate the full size: a growing buffer leaves copies of the secret in memory.
    let room = usize::try_from(expected.min(most)).unwrap_or(0) + 2;
    let mut value = zeroize::Zeroizing::new(Vec::with_capacity(room));
    from.take(most + 1).read_to_end(&mut value)?;
    Ok((value.len() <= MAX_BYTES).then_some(value))
}

/// Returns whether an error means that the file does not exist.
pub(super) fn is_absence(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

/// Returns the file of a secret, unless its name would lead out of the folder.
pub(super) fn file(folder: &Path, name: &SecretName, ending: &str) -> Option<PathBuf> {
    let mut path = folder.to_path_buf();
    for part in name.as_str().split('/') {
        if matches!(part, "" | "." | "..") {
            return None;
        }
        path.push(part);
    }
    path.as_mut_os_string().push(ending);
    Some(path)
}

pub(super) fn without_line_break(value: &[u8]) -> &[u8] {
    let value = value.strip_suffix(b"\n").unwrap_or(value);
    value.strip_suffix(b"\r").unwrap_or(value)
}

#[cfg(unix)]
pub(super) fn open(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    // Opening a pipe without a writer would block.
    std::fs::OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
        .open(path)
}

#[cfg(not(unix))]
pub(super) fn open(path: &Path) -> io::Result<File> {
    File::open(path)
}

#[cfg(unix)]
pub(super) fn is_open_to_others(facts: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    facts.permissions().mode() & 0o007 != 0
}

#[cfg(not(unix))]
pub(super) fn is_open_to_others(_facts: &std::fs::Metadata) -> bool {
    false
}
