//! Builds a file's entry in git's index.

use std::fs::Metadata;

use git2::{IndexEntry, IndexTime};

use crate::authoring::commit::tree::Version;

/// The bit in an index entry's extended flags of a file that a sparse checkout leaves out.
pub(super) const SKIP_WORKTREE: u16 = 1 << 14;

/// Returns the index's line for a file; with its times and size, or git would take it for changed until it looks again.
pub(super) fn index_entry(
    path: &str,
    version: Version,
    is_sparse: bool,
    metadata: Option<&Metadata>,
) -> IndexEntry {
    let mut entry = IndexEntry {
        ctime: IndexTime::new(0, 0),
        mtime: IndexTime::new(0, 0),
        dev: 0,
        ino: 0,
        mode: u32::from(version.mode()),
        uid: 0,
        gid: 0,
        file_size: 0,
        id: version.blob,
        flags: 0,
        flags_extended: 0,
        path: path.as_bytes().to_vec(),
    };
    if is_sparse {
        entry.flags_extended = SKIP_WORKTREE;
    } else if let Some(metadata) = metadata {
        fill_in(&mut entry, metadata);
    }
    entry
}

fn fill_in(entry: &mut IndexEntry, metadata: &Metadata) {
    use std::os::unix::fs::MetadataExt as _;
    // The index has 32 bits for each and keeps the lower ones.
    let low = |number: u64| u32::try_from(number & u64::from(u32::MAX)).unwrap_or_default();
    let time = |seconds: i64, nanoseconds: i64| {
        let seconds = i32::try_from(seconds).unwrap_or_default();
        IndexTime::new(seconds, u32::try_from(nanoseconds).unwrap_or_default())
    };
    entry.ctime = time(metadata.ctime(), metadata.ctime_nsec());
    entry.mtime = time(metadata.mtime(), metadata.mtime_nsec());
    entry.dev = low(metadata.dev());
    entry.ino = low(metadata.ino());
    entry.uid = metadata.uid();
    entry.gid = metadata.gid();
    entry.file_size = low(metadata.size());
}
