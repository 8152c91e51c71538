//! Reads and creates the operator's private key file, which only its owner may read.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::read_file::{is_absence, is_open_to_others, open, read_value};
use super::{Identities, KeyError};

/// The reason why there are no private keys.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    #[error(
        "no identity file is configured; create one with `gamctl secret init`, or name one by `[secrets] identity = \"FILE\"` or GAMCTL_AGE_IDENTITY"
    )]
    NotNamed,
    #[error(
        "the identity file {0} does not exist; create one with `gamctl secret init`, or name another by `[secrets] identity = \"FILE\"` or GAMCTL_AGE_IDENTITY"
    )]
    Missing(PathBuf),
    #[error("other users can read or change {path}, which opens all secrets; run `chmod 600 {path}`", path = .0.display())]
    Open(PathBuf),
    #[error("failed to read {path}: {reason}")]
    Unreadable { path: PathBuf, reason: String },
    #[error("{path}: {reason}")]
    Wrong { path: PathBuf, reason: KeyError },
    #[error("{0} exists already; a private key is never overwritten")]
    Exists(PathBuf),
    #[error("failed to write {path}: {reason}")]
    Unwritable { path: PathBuf, reason: String },
}

/// Reads the private keys in a file that other users cannot access.
pub fn read_identity(path: &Path) -> Result<Identities, IdentityError> {
    let unreadable = |error: io::Error| {
        let path = path.to_path_buf();
        if is_absence(&error) {
            return IdentityError::Missing(path);
        }
        let reason = error.to_string();
        IdentityError::Unreadable { path, reason }
    };
    let real = path.canonicalize().map_err(unreadable)?;
    let file = open(&real).map_err(unreadable)?;
    let facts = file.metadata().map_err(unreadable)?;
    if !facts.is_file() {
        return Err(unreadable(io::Error::other("it is not a file")));
    }
    if is_open_to_others(&facts) {
        return Err(IdentityError::Open(path.to_path_buf()));
    }
    let text = read_value(file, facts.len()).map_err(unreadable)?;
    let text =
        text.ok_or_else(|| unreadable(io::Error::other("it is too large for a file of keys")))?;
    let wrong = |reason: KeyError| IdentityError::Wrong {
        path: path.to_path_buf(),
        reason,
    };
    let text = std::str::from_utf8(&text).map_err(|_| wrong(KeyError::NoIdentity))?;
    Identities::parse(text).map_err(wrong)
}

/// Creates a private key in a new file that only its owner can read.
pub fn new_identity(path: &Path) -> Result<Identities, IdentityError> {
    let identities = Identities::generate();
    write_new(path, identities.written().reveal()).map_err(|error| {
        let path = path.to_path_buf();
        if error.kind() == io::ErrorKind::AlreadyExists {
            return IdentityError::Exists(path);
        }
        let reason = error.to_string();
        IdentityError::Unwritable { path, reason }
    })?;
    Ok(identities)
}

/// Writes a file that must not exist yet; a partly written file is removed.
fn write_new(path: &Path, content: &[u8]) -> io::Result<()> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    if let Some(folder) = folder {
        make_folder(folder)?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    let written = file.write_all(content).and_then(|()| file.sync_all());
    if written.is_err() {
        drop(std::fs::remove_file(path));
        return written;
    }
    std::fs::File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_new_key_is_only_for_its_owner_and_never_replaces_another() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/key.txt");
        let made = new_identity(&path).unwrap();
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(read_identity(&path).unwrap().public(), made.public());
        let again = new_identity(&path).unwrap_err();
        assert!(matches!(again, IdentityError::Exists(_)), "{again}");
        assert_eq!(read_identity(&path).unwrap().public(), made.public());
    }

    #[test]
    fn a_key_that_others_can_read_is_not_used() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.txt");
        new_identity(&path).unwrap();
        for (mode, is_taken) in [(0o604, false), (0o606, false), (0o640, true), (0o400, true)] {
            std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
            let read = read_identity(&path);
            assert_eq!(read.is_ok(), is_taken, "{mode:o}");
            if let Err(error) = read {
                assert!(error.to_string().contains("chmod 600"), "{error}");
            }
        }
    }

    #[test]
    fn an_invalid_key_is_named_by_its_line_and_not_repeated() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.txt");
        let missing = read_identity(&path).unwrap_err().to_string();
        assert!(missing.contains("gamctl secret init"), "{missing}");
        std::fs::write(&path, "# mine\nCANARY\n").unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
        let error = read_identity(&path).unwrap_err().to_string();
        assert!(
            error.contains("line 2") && !error.contains("CANARY"),
            "{error}"
        );
        let error = read_identity(folder.path()).unwrap_err().to_string();
        assert!(error.contains("not a file"), "{error}");
    }
}
