//! Identifies this process as a lease holder, so that others on this host can detect its death.

use std::collections::BTreeSet;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use uuid::Uuid;

use crate::history::Unfinished;

/// The folder of the files, in the state directory.
const FOLDER: &str = "holders";

/// The time that the kernel may need to release the locks of a killed process; it may be waiting for a disk.
const DYING: Duration = Duration::from_millis(500);

/// Returns whether the process that holds leases under this id is known to be dead, by its file in the state directory.
pub fn is_known_dead(state: &Path, id: Uuid) -> bool {
    let file = File::open(state.join(FOLDER).join(id.to_string()));
    file.is_ok_and(|file| file.try_lock_shared().is_ok())
}

/// Corrects devices whose lease holder is known to be dead before its lease expires: no process is writing to them.
pub fn without_dead_holders(
    mut left: Vec<Unfinished>,
    is_dead: impl Fn(Uuid) -> bool,
) -> Vec<Unfinished> {
    for one in &mut left {
        one.held_by = one.held_by.filter(|holder| !is_dead(*holder));
    }
    left
}

/// Returns the name of this host, as other users know it.
pub fn host() -> String {
    let names = ["/proc/sys/kernel/hostname", "/etc/hostname"];
    let mut read = names
        .into_iter()
        .filter_map(|path| fs::read_to_string(path).ok());
    let name = read.find(|name| !name.trim().is_empty());
    name.map_or_else(
        || "an unnamed host".to_owned(),
        |name| name.trim().to_owned(),
    )
}

/// A process that holds leases. Its file is locked for as long as the process lives, however that ends.
#[derive(Debug)]
pub(super) struct ProcessId {
    pub(super) id: Uuid,
    folder: PathBuf,
    /// Processes known to be dead: two devices may check the same one at once.
    dead: Mutex<BTreeSet<Uuid>>,
    /// Holds the lock for as long as the process lives.
    _locked: Option<File>,
}

impl ProcessId {
    /// Creates the file in the state directory. Without it no process can detect a death, and leases expire by
    /// themselves.
    pub(super) fn new(state: &Path) -> Self {
        let (id, folder) = (Uuid::now_v7(), state.join(FOLDER));
        Self {
            id,
            dead: Mutex::default(),
            _locked: locked(&folder, id).ok(),
            folder,
        }
    }

    /// Returns whether another process is known to be dead: its file is here and unlocked.
    ///
    /// The file stays until the leases are released (`forget`): it is the only proof, and other processes need it too.
    /// The check uses a shared lock, so that two checks at the same moment do not see each other as the living process.
    pub(super) fn is_dead(&self, other: Uuid) -> bool {
        if other == self.id {
            return false;
        }
        let mut dead = self.dead.lock().unwrap_or_else(PoisonError::into_inner);
        if dead.contains(&other) {
            return true;
        }
        // Without a file here, the process may run on another host.
        let Ok(file) = File::open(self.path(other)) else {
            return false;
        };
        match file.try_lock_shared() {
            Ok(()) => {
                dead.insert(other);
                true
            }
            Err(TryLockError::WouldBlock | TryLockError::Error(_)) => false,
        }
    }

    /// Returns whether another process is dead; waits a moment for one that is being killed.
    pub(super) async fn is_dead_soon(&self, other: Uuid) -> bool {
        let until = tokio::time::Instant::now() + DYING;
        loop {
            if self.is_dead(other) {
                return true;
            }
            // Only a process of this host has a file here.
            let is_here = other != self.id && self.path(other).exists();
            if !is_here || tokio::time::Instant::now() >= until {
                return false;
            }
            tokio::time::sleep(DYING / 10).await;
        }
    }

    /// Removes the file of a dead process, once none of its leases is left.
    pub(super) fn forget(&self, dead: Uuid) {
        let _gone = fs::remove_file(self.path(dead));
    }

    fn path(&self, id: Uuid) -> PathBuf {
        self.folder.join(id.to_string())
    }
}

impl Drop for ProcessId {
    fn drop(&mut self) {
        let _gone = fs::remove_file(self.path(self.id));
    }
}

/// Creates the file under another name first, so that it is never seen unlocked under its own.
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

    /// Leaves the file of a process that died without removing it.
    fn dead(state: &Path) -> Uuid {
        let process = ProcessId::new(state);
        let (id, path) = (process.id, process.path(process.id));
        let kept = state.join("kept");
        fs::copy(&path, &kept).unwrap();
        drop(process);
        fs::rename(kept, path).unwrap();
        id
    }

    #[test]
    fn only_a_process_whose_file_is_here_and_unlocked_is_dead() {
        let state = tempfile::tempdir().unwrap();
        let (one, other) = (ProcessId::new(state.path()), ProcessId::new(state.path()));
        assert!(!one.is_dead(one.id), "it asks itself");
        assert!(!one.is_dead(other.id), "it lives");
        assert!(!one.is_dead(Uuid::now_v7()), "it has no file here");
        let id = other.id;
        drop(other);
        assert!(!one.is_dead(id), "it ended in good order");
        assert!(one.is_dead(dead(state.path())));
    }

    #[test]
    fn a_dead_process_is_reported_for_each_of_its_devices_and_to_every_process() {
        let state = tempfile::tempdir().unwrap();
        let gone = dead(state.path());
        let (one, other) = (ProcessId::new(state.path()), ProcessId::new(state.path()));
        assert!(one.is_dead(gone));
        assert!(one.is_dead(gone), "for its second device");
        assert!(other.is_dead(gone), "in another process");
        one.forget(gone);
        assert!(one.is_dead(gone), "for a device that was asked about late");
    }

    #[test]
    fn two_that_check_at_the_same_moment_do_not_take_each_other_for_the_living_process() {
        let state = tempfile::tempdir().unwrap();
        let gone = dead(state.path());
        let process = ProcessId::new(state.path());
        let checking = File::open(process.path(gone)).unwrap();
        checking.lock_shared().unwrap();
        assert!(process.is_dead(gone));
    }
}
