//! Decodes the entry of the startup-config in the device's list of files.

use super::cell::{bytes, number};
use super::grid::Grid;
use crate::observe::mib::icfg;
use crate::observe::rows::Known;

/// The startup-config's file, as the agent reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartupFile {
    pub bytes: u64,
    /// By the device's own clock, in its own format.
    pub modified: Option<String>,
}

const NAME: &str = "startup-config";

/// The longest time in the MIB.
const LONGEST_TIME: usize = 39;

/// Returns the file; `None` if the configuration was never saved.
pub(in crate::observe) fn startup_file(files: &Grid) -> Known<Option<StartupFile>> {
    if let Some(lost) = files.lost.first() {
        return Err(lost.clone());
    }
    for row in files.rows.values() {
        let name = bytes(row, &icfg::FILE_NAME)?;
        let name = name.strip_prefix(b"flash:").unwrap_or(name);
        if name != NAME.as_bytes() {
            continue;
        }
        let modified = bytes(row, &icfg::FILE_MODIFIED).ok();
        let is_plain = |bytes: &&[u8]| {
            !bytes.is_empty()
                && bytes.len() <= LONGEST_TIME
                && bytes.iter().all(|byte| (b' '..=b'~').contains(byte))
        };
        return Ok(Some(StartupFile {
            bytes: u64::from(number(row, &icfg::FILE_BYTES)?),
            modified: modified
                .filter(is_plain)
                .map(|bytes| String::from_utf8_lossy(bytes).into_owned()),
        }));
    }
    Ok(None)
}
