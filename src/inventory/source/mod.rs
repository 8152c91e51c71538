//! Where an inventory's bytes come from: a directory or a git commit. The only part of `inventory` that touches the world.

use std::sync::Arc;

use crate::inventory::FileKind;

/// The id of a git blob: equal ids are equal bytes.
pub type BlobId = [u8; 20];

/// One file of an inventory that was seen and not yet read.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Relative to the inventory's root, `/` between its parts.
    pub path: Arc<str>,
    pub kind: FileKind,
    pub size: u64,
    /// Known where the file comes from git.
    pub blob: Option<BlobId>,
}

/// What is refused before it costs anything.
#[derive(Debug, Clone)]
pub struct Limits {
    pub toml_depth: u32,
    pub keys: usize,
}
