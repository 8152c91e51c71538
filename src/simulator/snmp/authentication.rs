//! Authenticates SNMPv3 messages: derives keys, computes digests (RFC 3414 §2.6, §6, §7, A.2).

use hmac::{EagerHash, Hmac, KeyInit, Mac};
use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};
use sha1::Sha1;

use super::EngineId;

/// The digest algorithm; both are cut to 96 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Authentication {
    Md5,
    Sha1,
}

/// The length of a transmitted digest.
pub(crate) const DIGEST_LENGTH: usize = 12;

/// The number of bytes hashed for one key (A.2), which makes guessing slow.
const PASSWORD_BYTES: usize = 1_048_576;

/// Derives a password's key before localisation, by hashing a megabyte.
pub(crate) fn password_key(authentication: Authentication, password: &[u8]) -> Vec<u8> {
    match authentication {
        Authentication::Md5 => stretch::<Md5>(password),
        Authentication::Sha1 => stretch::<Sha1>(password),
    }
}

fn stretch<D: Digest>(password: &[u8]) -> Vec<u8> {
    // Whole blocks of the hash at a time, which avoids copying to its internal buffer.
    let piece = password.repeat(64);
    let mut hash = D::new();
    let mut left = PASSWORD_BYTES;
    while let Some(bytes) = piece.get(..left.min(piece.len())) {
        if bytes.is_empty() {
            break;
        }
        hash.update(bytes);
        left -= bytes.len();
    }
    hash.finalize().to_vec()
}

/// Localises a key to one engine (RFC 3414 §2.6), so that a key stolen from one device opens no other.
pub(crate) fn localise(authentication: Authentication, key: &[u8], engine: &EngineId) -> Vec<u8> {
    fn tie<D: Digest>(key: &[u8], engine: &EngineId) -> Vec<u8> {
        let hash = D::new().chain_update(key);
        let hash = hash.chain_update(engine.as_bytes()).chain_update(key);
        hash.finalize().to_vec()
    }
    match authentication {
        Authentication::Md5 => tie::<Md5>(key, engine),
        Authentication::Sha1 => tie::<Sha1>(key, engine),
    }
}

/// Returns the digest of the concatenated parts.
pub(crate) fn digest(
    authentication: Authentication,
    key: &[u8],
    parts: &[&[u8]],
) -> [u8; DIGEST_LENGTH] {
    fn over<D: EagerHash>(key: &[u8], parts: &[&[u8]]) -> Option<[u8; DIGEST_LENGTH]>
    where
        Hmac<D>: Mac + KeyInit,
    {
        let mut code = <Hmac<D> as KeyInit>::new_from_slice(key).ok()?;
        for part in parts {
            code.update(part);
        }
        let whole = code.finalize().into_bytes();
        whole.get(..DIGEST_LENGTH)?.try_into().ok()
    }
    let digest = match authentication {
        Authentication::Md5 => over::<Md5>(key, parts),
        Authentication::Sha1 => over::<Sha1>(key, parts),
    };
    // HMAC accepts keys of any length, and both digests are longer than 96 bits.
    digest.unwrap_or_default()
}

/// Compares two digests in constant time.
pub(crate) fn agree(ours: &[u8; DIGEST_LENGTH], theirs: &[u8; DIGEST_LENGTH]) -> bool {
    let difference = ours
        .iter()
        .zip(theirs)
        .fold(0, |difference, (a, b)| difference | (a ^ b));
    std::hint::black_box(difference) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The examples of RFC 3414 A.3.1 and A.3.2.
    #[test]
    fn keys_are_those_of_the_standards_own_example() {
        let mut engine = [0; 12];
        engine[11] = 2;
        let engine = EngineId::new(&engine).unwrap();
        for (authentication, key, localised) in [
            (
                Authentication::Md5,
                "9faf3283884e92834ebc9847d8edd963",
                "526f5eed9fcce26f8964c2930787d82b",
            ),
            (
                Authentication::Sha1,
                "9fb5cc0381497b3793528939ff788d5d79145211",
                "6695febc9288e36282235fc7151f128497b38f3f",
            ),
        ] {
            let made = password_key(authentication, b"maplesyrup");
            assert_eq!(hex(&made), key);
            assert_eq!(hex(&localise(authentication, &made, &engine)), localised);
        }
    }

    /// The examples of RFC 2202 §2 and §3, case 2, cut to 96 bits.
    #[test]
    fn digests_are_those_of_the_standards_own_example() {
        let digest = |authentication| {
            digest(
                authentication,
                b"Jefe",
                &[b"what do ya want ", b"for nothing?"],
            )
        };
        assert_eq!(
            hex(&digest(Authentication::Md5)),
            "750c783e6ab0b503eaa86e31"
        );
        assert_eq!(
            hex(&digest(Authentication::Sha1)),
            "effcdf6ae5eb2fa2d27416d5"
        );
    }

    #[test]
    fn digests_agree_only_when_every_byte_does() {
        let ours = [7; DIGEST_LENGTH];
        assert!(agree(&ours, &ours.clone()));
        for position in 0..DIGEST_LENGTH {
            let mut theirs = ours;
            theirs[position] ^= 1;
            assert!(!agree(&ours, &theirs));
        }
    }
}
