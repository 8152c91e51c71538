//! Finds ids that readers confuse, such as `apt-l0` and `apt-10`.

use std::hash::{BuildHasher, Hasher};

/// Returns a number that is equal for ids that readers confuse.
///
/// Ids are ASCII, so what is left to confuse is case, `0`/`o`, `1`/`i`/`l`, and the separators.
pub(super) fn skeleton(id: &str) -> u64 {
    let mut hasher = foldhash::fast::FixedState::default().build_hasher();
    for byte in id.bytes() {
        hasher.write_u8(folded(byte));
    }
    hasher.finish()
}

fn folded(byte: u8) -> u8 {
    match byte.to_ascii_lowercase() {
        b'o' => b'0',
        b'i' | b'l' => b'1',
        b'_' | b'.' => b'-',
        other => other,
    }
}

/// Returns whether two ids look alike.
pub(in crate::inventory) fn look_alike(left: &str, right: &str) -> bool {
    left.len() == right.len() && left.bytes().map(folded).eq(right.bytes().map(folded))
}
