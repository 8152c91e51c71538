//! Reads plain secrets from a folder on this host, with one file for each secret.

use std::io;
use std::path::{Path, PathBuf};

use super::read_file::{is_absence, open, read_value, without_line_break};
use super::{Secret, SecretError};
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
