//! Opens and reads files with secrets: no links, no pipes, and no more bytes than a secret has.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use super::MAX_BYTES;

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

pub(super) fn without_line_break(value: &[u8]) -> &[u8] {
    let value = value.strip_suffix(b"\n").unwrap_or(value);
    value.strip_suffix(b"\r").unwrap_or(value)
}

pub(super) fn open(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    // Opening a pipe without a writer would block.
    std::fs::OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
        .open(path)
}

pub(super) fn is_open_to_others(facts: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    facts.permissions().mode() & 0o007 != 0
}
