//! Checks a file's first bytes before it is parsed.

use std::sync::Arc;

use crate::inventory::source::finding::about;
use crate::inventory::source::{Entry, rules};
use crate::model::Finding;

/// Returns whether `bytes` are what git LFS commits in place of a file.
pub fn lfs_pointer(bytes: &[u8]) -> bool {
    bytes.starts_with(b"version https://git-lfs.github.com/spec/v1")
}

/// Returns what makes the content of `entry` not worth parsing.
pub fn content_findings(entry: &Entry, bytes: &[u8]) -> Option<Finding> {
    let path = &entry.path;
    lfs_pointer(bytes).then(|| {
        about(
            &rules::LFS_POINTER,
            Arc::clone(path),
            format!("`{path}` is a git LFS pointer, not the file itself"),
            "take it out of LFS with `git lfs untrack`, then `git add --renormalize` it",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::FileKind;

    #[test]
    fn only_a_pointer_at_the_very_start_counts() {
        let entry = Entry {
            path: "devices/maple.toml".into(),
            kind: FileKind::Devices,
            size: 0,
            blob: None,
        };
        let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 3\n";
        let finding = content_findings(&entry, pointer).unwrap();
        assert_eq!(finding.rule.id, "lfs-pointer");
        assert_eq!(&*finding.place.file, "devices/maple.toml");
        for text in [
            &b""[..],
            b"# version https://git-lfs.github.com/spec/v1",
            b"version",
        ] {
            assert_eq!(content_findings(&entry, text), None);
        }
    }
}
