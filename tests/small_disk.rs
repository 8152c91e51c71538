//! A small file system in memory, for tests of what happens when a disk is full.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;

/// A file system in memory of a few megabytes.
pub(crate) struct SmallDisk {
    folder: tempfile::TempDir,
}

impl SmallDisk {
    /// Returns nothing where this account may not mount one, and says so: the test is skipped then.
    pub(crate) fn new(kilobytes: u32) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={kilobytes}k"), "tmpfs"])
            .arg(folder.path())
            .output();
        let is_mounted = mounted.is_ok_and(|said| said.status.success());
        if !is_mounted {
            let skipped = "skipped: only root may mount a small file system (docs/testing.md)";
            writeln!(std::io::stderr().lock(), "{skipped}").unwrap();
        }
        is_mounted.then_some(Self { folder })
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Fills it up but for so many bytes.
    pub(crate) fn fill(&self, but: usize) -> PathBuf {
        let path = self.path("filler");
        let _full = std::fs::write(&path, vec![7; 64 << 20]);
        let size = std::fs::metadata(&path).unwrap().len();
        let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
        file.set_len(size - u64::try_from(but).unwrap()).unwrap();
        path
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _gone = Command::new("umount")
            .arg("-l")
            .arg(self.folder.path())
            .output();
    }
}
