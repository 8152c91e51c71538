//! Checks the free disk space of store and journal before anything is sent to a device.

use std::path::Path;

use super::store::free;
use super::{Journal, JournalError, Store, StoreError};

/// Space for the records of any run, with the files that SQLite keeps beside its own.
const LEAST: u64 = 8 << 20;

/// Space for the records of one device: two looks, its plan, every line and every reply.
const LEAST_PER_DEVICE: u64 = 256 << 10;

impl Store {
    /// Refuses a run over this many devices that could fill the disk of an SQLite store. A server's disk is unknown.
    pub fn check_room(&self, devices: usize) -> Result<(), StoreError> {
        let Some(path) = self.url().path() else {
            return Ok(());
        };
        match lacks_room(path, devices) {
            None => Ok(()),
            Some(because) => Err(StoreError::Full {
                store: self.url().to_string(),
                doing: "record another run",
                because,
            }),
        }
    }
}

impl Journal {
    /// Refuses a run over this many devices that could fill the disk of the journal.
    pub fn check_room(&self, devices: usize) -> Result<(), JournalError> {
        match lacks_room(self.path(), devices) {
            None => Ok(()),
            Some(because) => Err(JournalError::DiskFull {
                path: self.path().to_path_buf(),
                because,
            }),
        }
    }
}

/// Returns the free and the needed space, if there is too little.
fn lacks_room(file: &Path, devices: usize) -> Option<String> {
    let devices = u64::try_from(devices).unwrap_or(u64::MAX);
    let least = LEAST_PER_DEVICE
        .saturating_mul(devices)
        .saturating_add(LEAST);
    // If the file system does not report free space, the first write finds out.
    let free = free(file)?;
    (free < least).then(|| {
        format!(
            "{} kB are free, and this run needs up to {} kB",
            free / 1024,
            least / 1024
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_devices_take_more_room_and_a_folder_that_is_not_there_yet_is_no_hindrance() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("not/there/yet.db");
        assert!(free(&file).is_some_and(|free| free > 0));
        let why = lacks_room(&file, usize::MAX).unwrap();
        assert!(why.contains("kB are free"), "{why}");
    }
}
