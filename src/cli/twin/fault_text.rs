//! Reads the text of a file of faults, and parses it as TOML with the line of an error.

use std::path::Path;

use anyhow::{Context, bail, ensure};
use serde::de::DeserializeOwned;

/// Far more than a person writes.
const MAX_BYTES: u64 = 1 << 20;

/// Reads a file of faults.
pub(super) fn text(path: &Path) -> anyhow::Result<String> {
    let shown = path.display();
    let failed = || format!("failed to read the faults {shown}");
    let size = std::fs::metadata(path).with_context(failed)?.len();
    ensure!(
        size <= MAX_BYTES,
        "the faults {shown} are larger than {MAX_BYTES} bytes; check that it is the right file"
    );
    std::fs::read_to_string(path).with_context(failed)
}

/// Parses a file of faults.
pub(super) fn toml<T: DeserializeOwned>(text: &str, path: &str) -> anyhow::Result<T> {
    toml::from_str(text).or_else(|error| {
        let at = error.span().map_or(0, |span| span.start);
        bail!("{path}:{}: {}", line(text, at), error.message())
    })
}

/// Returns the number of the line at a byte.
pub(super) fn line(text: &str, at: usize) -> usize {
    let before = text.get(..at).unwrap_or_default();
    before.matches('\n').count() + 1
}

/// Refuses a file without faults: a typing error in `[[fault]]` must not be silent.
pub(super) fn not_empty<T>(faults: Vec<T>, path: &str) -> anyhow::Result<Vec<T>> {
    ensure!(
        !faults.is_empty(),
        "{path} has no fault; add one with `[[fault]]`"
    );
    Ok(faults)
}
