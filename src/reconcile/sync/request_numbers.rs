//! Keeps the numbers of signed requests to Splynx in a file of the state directory, across processes.

use std::fs::{File, OpenOptions};
use std::future::Future;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;
use std::pin::Pin;

use compact_str::CompactString;

use crate::billing::splynx::{NonceNotStored, NonceStore};
use crate::model::billing::BillingName;

/// The longest number, in digits.
const DIGITS: u64 = 20;

/// A file with the highest number that was reserved.
pub(super) struct RequestNumbers {
    file: PathBuf,
}

impl RequestNumbers {
    /// Keeps the numbers of a billing system in a folder, which must exist when a request is signed.
    pub(super) fn in_folder(folder: &std::path::Path, system: &BillingName) -> Self {
        Self {
            file: folder.join(format!("splynx-numbers-{system}")),
        }
    }

    fn raise(&self, least: u64, reserved: u64) -> io::Result<u64> {
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&self.file)?;
        // Until it is closed: two processes with one key never get the same number.
        rustix::fs::flock(&file, rustix::fs::FlockOperation::LockExclusive)?;
        let before = stored(&mut file)?;
        let after = least.max(before.saturating_add(reserved));
        file.seek(SeekFrom::Start(0))?;
        // Always as long, so that one write replaces all of it.
        file.write_all(format!("{after:020}").as_bytes())?;
        file.sync_data()?;
        Ok(before)
    }
}

/// Returns the stored number, 0 in a new file.
fn stored(file: &mut File) -> io::Result<u64> {
    let mut text = String::new();
    file.take(DIGITS + 1).read_to_string(&mut text)?;
    if text.is_empty() {
        return Ok(0);
    }
    let number = text.trim_end().parse();
    number.map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it has no number"))
}

impl NonceStore for RequestNumbers {
    fn reserve(
        &self,
        least: u64,
        reserved: u64,
    ) -> Pin<Box<dyn Future<Output = Result<u64, NonceNotStored>> + Send + '_>> {
        let raised = self.raise(least, reserved).map_err(|error| {
            let file = self.file.display();
            NonceNotStored(CompactString::new(format!("{file}: {error}")))
        });
        Box::pin(std::future::ready(raised))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_reserved_once_even_by_two_processes() {
        let folder = tempfile::tempdir().unwrap();
        let system = BillingName::new("splynx").unwrap();
        let one = RequestNumbers::in_folder(folder.path(), &system);
        let other = RequestNumbers::in_folder(folder.path(), &system);
        assert_eq!(one.raise(5000, 1000).unwrap(), 0);
        assert_eq!(other.raise(100, 1000).unwrap(), 5000);
        assert_eq!(one.raise(9000, 1000).unwrap(), 6000);
        assert_eq!(one.raise(0, 1).unwrap(), 9000);
    }

    #[test]
    fn a_file_without_a_number_reserves_none() {
        let folder = tempfile::tempdir().unwrap();
        let system = BillingName::new("splynx").unwrap();
        let numbers = RequestNumbers::in_folder(folder.path(), &system);
        std::fs::write(&numbers.file, "x").unwrap();
        let error = numbers.raise(1, 1).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    }
}
