//! Reads a list in CSV, no more of it than a list may have.

use std::io::Read as _;
use std::path::Path;

use anyhow::Context;

use crate::authoring::csv::{CsvTable, MAX_BYTES};
use crate::report::visible;

/// Reads the list in a file.
pub(super) fn read_list(path: &Path) -> anyhow::Result<CsvTable> {
    let shown = path.display().to_string();
    let mut bytes = Vec::new();
    // One byte more than the limit, so that a longer file is refused and not cut.
    let most = u64::try_from(MAX_BYTES)? + 1;
    std::fs::File::open(path)
        .and_then(|file| file.take(most).read_to_end(&mut bytes))
        .with_context(|| format!("failed to read {}", visible(&shown)))?;
    CsvTable::parse(&bytes).with_context(|| format!("cannot use {}", visible(&shown)))
}
