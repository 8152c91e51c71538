//! This process as the holder of leases, so that another one on the same machine can tell that it died.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use uuid::Uuid;

/// A holder of leases. Its file is locked for as long as the process lives, however that ends.
#[derive(Debug)]
pub(super) struct Holder {
    pub(super) id: Uuid,
    folder: PathBuf,
    /// The lock goes with it.
    _locked: Option<File>,
}

impl Holder {
    /// Makes the file, in the state directory. Without one nobody can tell a death, and leases run out by themselves.
    pub(super) fn new(state: &Path) -> Self {
        let (id, folder) = (Uuid::now_v7(), state.join("holders"));
        Self {
            id,
            _locked: locked(&folder, id).ok(),
            folder,
        }
    }

    /// Returns whether a holder is known to be dead: its file is here, and nobody locks it.
    pub(super) fn is_dead(&self, other: Uuid) -> bool {
        let path = self.folder.join(other.to_string());
        let Ok(file) = File::open(&path) else {
            // It may be on another machine.
            return false;
        };
        match file.try_lock() {
            Ok(()) => {
                let _gone = fs::remove_file(&path);
                true
            }
            Err(TryLockError::WouldBlock | TryLockError::Error(_)) => false,
        }
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        let _gone = fs::remove_file(self.folder.join(self.id.to_string()));
    }
}

/// Makes the file under another name first: found under its own, it is locked.
fn locked(folder: &Path, id: Uuid) -> io::Result<File> {
    fs::create_dir_all(folder)?;
    let draft = folder.join(format!("{id}.new"));
    let file = File::create(&draft)?;
    file.lock()?;
    fs::rename(&draft, folder.join(id.to_string()))?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_is_known_to_be_dead_is() {
        let state = tempfile::tempdir().unwrap();
        let (one, other) = (Holder::new(state.path()), Holder::new(state.path()));
        assert!(!one.is_dead(other.id), "it lives");
        assert!(!one.is_dead(Uuid::now_v7()), "nobody knows it here");
        let id = other.id;
        // Dies without a word: the lock goes, the file stays.
        fs::copy(
            state.path().join("holders").join(id.to_string()),
            state.path().join("kept"),
        )
        .unwrap();
        drop(other);
        assert!(!one.is_dead(id), "it ended in good order");
        fs::rename(
            state.path().join("kept"),
            state.path().join("holders").join(id.to_string()),
        )
        .unwrap();
        assert!(one.is_dead(id));
    }
}
