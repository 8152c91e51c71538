//! Derives the keys of an SNMP 3 user at one engine from passwords (RFC 3414 §2.6 and A.2).

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, OnceLock};

use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::super::access::{Auth, AuthProtocol, Privacy};
use super::super::link::lock;
use crate::secrets::Secret;

/// The length a password is stretched to before it is hashed, which makes guessing slow.
const STRETCHED: usize = 1 << 20;

/// The highest number of cached stretched passwords; a fleet has a few.
const KEPT: usize = 256;

/// A secret that is wiped when the last copy is dropped, and that does not print itself.
#[derive(Clone)]
pub(super) struct Key(Zeroizing<Vec<u8>>);

impl Key {
    pub(super) fn reveal(&self) -> &[u8] {
        &self.0
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Key(…)")
    }
}

/// The keys of one user at one engine.
#[derive(Debug, Clone)]
pub(super) struct Keys {
    pub(super) auth: Key,
    pub(super) privacy: Option<Key>,
}

/// A stretched password; a second user of the same password waits for the first to compute it.
type KeyCell = Arc<OnceLock<Key>>;

/// The cache, by a digest of protocol and password: the password itself is not kept longer than by its owner.
static STRETCHED_PASSWORDS: LazyLock<Mutex<HashMap<[u8; 32], KeyCell>>> =
    LazyLock::new(Mutex::default);

/// Derives keys on a blocking thread: the first use of a password needs milliseconds of CPU time.
pub(super) async fn make(auth: &Auth, privacy: Option<&Privacy>, engine: &[u8]) -> Option<Keys> {
    let stretched = stretched(auth.protocol, &auth.password).await?;
    let hidden = match privacy {
        None => None,
        Some(privacy) => Some(stretched_localised(auth.protocol, &privacy.password, engine).await?),
    };
    Some(Keys {
        auth: localised(auth.protocol, &stretched, engine),
        privacy: hidden,
    })
}

async fn stretched_localised(
    protocol: AuthProtocol,
    password: &Secret,
    engine: &[u8],
) -> Option<Key> {
    let stretched = stretched(protocol, password).await?;
    Some(localised(protocol, &stretched, engine))
}

async fn stretched(protocol: AuthProtocol, password: &Secret) -> Option<Key> {
    let cell = key_cell(protocol, password);
    if let Some(key) = cell.get() {
        return Some(key.clone());
    }
    let password = password.clone();
    let making = tokio::task::spawn_blocking(move || {
        let key = cell.get_or_init(|| match protocol {
            AuthProtocol::Md5 => stretch::<Md5>(password.reveal()),
            AuthProtocol::Sha1 => stretch::<Sha1>(password.reveal()),
        });
        key.clone()
    });
    making.await.ok()
}

fn key_cell(protocol: AuthProtocol, password: &Secret) -> KeyCell {
    let name: &[u8] = match protocol {
        AuthProtocol::Md5 => b"md5 ",
        AuthProtocol::Sha1 => b"sha1 ",
    };
    let digest = Sha256::new_with_prefix(name).chain_update(password.reveal());
    let mut known = lock(&STRETCHED_PASSWORDS);
    if known.len() >= KEPT {
        known.clear();
    }
    known.entry(digest.finalize().into()).or_default().clone()
}

/// Hashes a megabyte of the repeated password (A.2). The password must not be empty, which `User::new` checks.
fn stretch<D: Digest>(password: &[u8]) -> Key {
    let mut hash = D::new();
    let mut repeated = password.iter().cycle();
    let mut block = Zeroizing::new([0; 64]);
    for _ in 0..STRETCHED / block.len() {
        for (place, byte) in block.iter_mut().zip(&mut repeated) {
            *place = *byte;
        }
        hash.update(block.as_slice());
    }
    Key(Zeroizing::new(hash.finalize().to_vec()))
}

fn localised(protocol: AuthProtocol, key: &Key, engine: &[u8]) -> Key {
    fn tied<D: Digest>(key: &[u8], engine: &[u8]) -> Key {
        let mut hash = D::new();
        for part in [key, engine, key] {
            hash.update(part);
        }
        Key(Zeroizing::new(hash.finalize().to_vec()))
    }
    match protocol {
        AuthProtocol::Md5 => tied::<Md5>(key.reveal(), engine),
        AuthProtocol::Sha1 => tied::<Sha1>(key.reveal(), engine),
    }
}

#[cfg(test)]
impl Key {
    pub(super) fn of(bytes: &[u8]) -> Self {
        Self(Zeroizing::new(bytes.to_vec()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENGINE: [u8; 12] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2];

    fn hex(key: &Key) -> String {
        let bytes = key.reveal().iter();
        bytes.map(|byte| format!("{byte:02x}")).collect()
    }

    /// The examples printed in RFC 3414 A.3.1 and A.3.2.
    #[test]
    fn the_examples_of_the_standard_come_out() {
        let stretched = stretch::<Md5>(b"maplesyrup");
        assert_eq!(hex(&stretched), "9faf3283884e92834ebc9847d8edd963");
        let tied = localised(AuthProtocol::Md5, &stretched, &ENGINE);
        assert_eq!(hex(&tied), "526f5eed9fcce26f8964c2930787d82b");
        let stretched = stretch::<Sha1>(b"maplesyrup");
        assert_eq!(hex(&stretched), "9fb5cc0381497b3793528939ff788d5d79145211");
        let tied = localised(AuthProtocol::Sha1, &stretched, &ENGINE);
        assert_eq!(hex(&tied), "6695febc9288e36282235fc7151f128497b38f3f");
    }

    #[tokio::test]
    async fn one_password_is_stretched_once_for_all_engines() {
        let auth = Auth {
            protocol: AuthProtocol::Sha1,
            password: Secret::new(b"stretched but once".to_vec()),
        };
        let first = make(&auth, None, b"engine-a").await.unwrap();
        assert!(key_cell(auth.protocol, &auth.password).get().is_some());
        let second = make(&auth, None, b"engine-b").await.unwrap();
        assert_ne!(first.auth.reveal(), second.auth.reveal());
        let same = Auth {
            protocol: AuthProtocol::Md5,
            ..auth
        };
        assert!(key_cell(same.protocol, &same.password).get().is_none());
    }

    #[test]
    fn a_key_does_not_print_itself() {
        assert_eq!(format!("{:?}", Key::of(b"abc")), "Key(…)");
    }
}
