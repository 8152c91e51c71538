//! The file that a device starts from, among the files in its flash.

use super::cell::{bytes, number};
use super::grid::Grid;
use crate::observe::mib::icfg;
use crate::observe::rows::Known;

/// The file that a device starts from, as its agent has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartupFile {
    pub bytes: u64,
    /// By the device's own clock, as it writes it.
    pub modified: Option<String>,
}

const NAME: &str = "startup-config";

/// The longest time that the MIB knows.
const LONGEST_TIME: usize = 39;

/// Returns the file; nothing where nothing was ever saved.
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
