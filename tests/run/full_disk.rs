//! A disk that has no room for the record of a run is told before anything is written to a device.

use std::process::Command;

use super::Bed;
use crate::crash::judge::writings;

/// A small file system; gone with it.
struct Small(std::path::PathBuf);

impl Small {
    /// Mounts it, where this process may.
    fn mounted(path: std::path::PathBuf) -> Option<Self> {
        std::fs::create_dir_all(&path).unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=1m,mode=0700", "tmpfs"])
            .arg(&path)
            .stderr(std::process::Stdio::null())
            .status();
        mounted
            .is_ok_and(|status| status.success())
            .then(|| Self(path))
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _unmounted = Command::new("umount").arg(&self.0).status();
    }
}

#[test]
fn a_run_without_room_for_its_record_writes_to_no_device_and_exits_1() {
    let mut bed = Bed::sqlite();
    let Some(small) = Small::mounted(bed.site.world.beside("small")) else {
        // Only root may mount; tests/history/full.rs has the store's side of it.
        return;
    };
    bed.site.state = small.0.join("state");
    let said = bed.site.apply().exits(1);
    said.says("Nothing is applied: the disk of the store")
        .says("free some space")
        .says("no device was written to");
    assert!(writings(bed.site.twin(0)).is_empty());
    assert!(writings(bed.site.twin(1)).is_empty());
    drop(small);
}
