//! Provides a twin's SSH host key: derived from its seed and serial number, or stored in a file.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use russh::keys::ssh_key::LineEnding;
use russh::keys::ssh_key::private::{Ed25519Keypair, KeypairData, RsaKeypair};
use russh::keys::ssh_key::rand_core::{TryCryptoRng, TryRng};
use russh::keys::{HashAlg, PrivateKey};

use crate::simulator::gam::chance;

/// The reason why a twin has no host key.
#[derive(Debug, thiserror::Error)]
pub enum HostKeyError {
    #[error("cannot generate a host key")]
    Make(#[source] russh::keys::ssh_key::Error),
    #[error("cannot read the host key {}; remove the file to get a new one", .0.display())]
    Read(PathBuf, #[source] russh::keys::ssh_key::Error),
    #[error("cannot write the host key {}; choose another directory", .0.display())]
    Write(PathBuf, #[source] std::io::Error),
    #[error("the thread that generates host keys has ended")]
    Thread,
}

/// The keys of one twin: replaced hardware has its own.
#[derive(Debug)]
pub(super) struct HostKeys {
    seed: u64,
    is_rsa: bool,
    directory: Option<PathBuf>,
    made: Mutex<BTreeMap<(String, bool), PrivateKey>>,
}

impl HostKeys {
    pub(super) fn new(seed: u64, is_rsa: bool, directory: Option<PathBuf>) -> Self {
        Self {
            seed,
            is_rsa,
            directory,
            made: Mutex::default(),
        }
    }

    /// Returns the key of a device, or its other key after a change; the first RSA key is slow to generate.
    pub(super) fn of(&self, serial: &str, is_other: bool) -> Result<PrivateKey, HostKeyError> {
        let name = (serial.to_owned(), is_other);
        let made = self.made.lock();
        let mut made = made.unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = made.get(&name) {
            return Ok(key.clone());
        }
        let key = match &self.directory {
            Some(directory) if !is_other => self.kept(directory, serial)?,
            _ => self.drawn(serial, is_other).map_err(HostKeyError::Make)?,
        };
        made.insert(name, key.clone());
        Ok(key)
    }

    fn kept(&self, directory: &Path, serial: &str) -> Result<PrivateKey, HostKeyError> {
        let kind = if self.is_rsa { "rsa" } else { "ed25519" };
        let path = directory.join(format!("host-key-{serial}-{kind}"));
        if path.exists() {
            return PrivateKey::read_openssh_file(&path)
                .map_err(|error| HostKeyError::Read(path, error));
        }
        let key = self.drawn(serial, false).map_err(HostKeyError::Make)?;
        let text = key.to_openssh(LineEnding::LF).map_err(HostKeyError::Make)?;
        write_private(&path, text.as_bytes()).map_err(|error| HostKeyError::Write(path, error))?;
        Ok(key)
    }

    fn drawn(&self, serial: &str, is_other: bool) -> russh::keys::ssh_key::Result<PrivateKey> {
        let purpose = format!("host key {serial} {is_other}");
        let mut draws = Draws {
            seed: self.seed,
            purpose,
            count: 0,
        };
        let data = if self.is_rsa {
            KeypairData::Rsa(RsaKeypair::random(&mut draws, 2048)?)
        } else {
            KeypairData::Ed25519(Ed25519Keypair::random(&mut draws))
        };
        PrivateKey::new(data, "twin")
    }
}

/// Returns the fingerprint of a key as `ssh` prints it: `SHA256:…`.
pub(super) fn fingerprint(key: &PrivateKey) -> String {
    key.fingerprint(HashAlg::Sha256).to_string()
}

fn write_private(path: &Path, text: &[u8]) -> std::io::Result<()> {
    if let Some(directory) = path.parent() {
        std::fs::create_dir_all(directory)?;
    }
    let mut options = std::fs::OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(text)
}

/// Repeatable randomness for key generation. These keys protect nothing: their devices do not exist.
struct Draws {
    seed: u64,
    purpose: String,
    count: u64,
}

impl TryRng for Draws {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let [a, b, c, d, ..] = self.next().to_be_bytes();
        Ok(u32::from_be_bytes([a, b, c, d]))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.next())
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for chunk in bytes.chunks_mut(8) {
            let drawn = self.next().to_be_bytes();
            for (byte, drawn) in chunk.iter_mut().zip(drawn) {
                *byte = drawn;
            }
        }
        Ok(())
    }
}

impl TryCryptoRng for Draws {}

impl Draws {
    fn next(&mut self) -> u64 {
        self.count += 1;
        chance::draw(self.seed, &self.purpose, self.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(seed: u64, directory: Option<&Path>, serial: &str, is_other: bool) -> String {
        let keys = HostKeys::new(seed, false, directory.map(Path::to_path_buf));
        fingerprint(&keys.of(serial, is_other).unwrap())
    }

    #[test]
    fn a_device_keeps_its_host_key_and_another_device_has_its_own() {
        let own = of(1, None, "01", false);
        assert!(own.starts_with("SHA256:"));
        assert_eq!(own, of(1, None, "01", false));
        assert_ne!(own, of(2, None, "01", false));
        assert_ne!(own, of(1, None, "02", false));
        assert_ne!(own, of(1, None, "01", true));
    }

    #[test]
    fn a_key_in_a_file_outlives_the_seed() {
        let directory = tempfile::tempdir().unwrap();
        let own = of(1, Some(directory.path()), "01", false);
        assert_eq!(own, of(2, Some(directory.path()), "01", false));
        assert_ne!(own, of(2, Some(directory.path()), "02", false));
        std::fs::write(directory.path().join("host-key-03-ed25519"), "nonsense").unwrap();
        let keys = HostKeys::new(1, false, Some(directory.path().to_owned()));
        let error = keys.of("03", false).unwrap_err().to_string();
        assert!(error.contains("host-key-03-ed25519; remove the file"));
    }
}
