//! Selects the SSH algorithms to offer: modern ones, and those of old firmware where allowed.

use std::borrow::Cow;

use russh::keys::{Algorithm, EcdsaCurve, HashAlg};
use russh::{Preferred, cipher, compression, kex, mac};

/// Kinds of host keys. A device may have one of each; it presents the one that we prefer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    Ed25519,
    Ecdsa,
    Rsa,
}

impl Family {
    pub(super) const ALL: [Self; 3] = [Self::Ed25519, Self::Ecdsa, Self::Rsa];

    pub(super) fn of(algorithm: &Algorithm) -> Option<Self> {
        match algorithm {
            Algorithm::Ed25519 => Some(Self::Ed25519),
            Algorithm::Ecdsa { .. } => Some(Self::Ecdsa),
            Algorithm::Rsa { .. } => Some(Self::Rsa),
            _ => None,
        }
    }

    fn algorithms(self, is_legacy: bool) -> Vec<Algorithm> {
        let rsa = |hash| Algorithm::Rsa { hash };
        match self {
            Self::Ed25519 => vec![Algorithm::Ed25519],
            Self::Ecdsa => [
                EcdsaCurve::NistP256,
                EcdsaCurve::NistP384,
                EcdsaCurve::NistP521,
            ]
            .map(|curve| Algorithm::Ecdsa { curve })
            .to_vec(),
            Self::Rsa => {
                let mut all = vec![rsa(Some(HashAlg::Sha512)), rsa(Some(HashAlg::Sha256))];
                if is_legacy {
                    all.push(rsa(None));
                }
                all
            }
        }
    }
}

const KEX: [kex::Name; 12] = [
    kex::MLKEM768X25519_SHA256,
    kex::CURVE25519,
    kex::CURVE25519_PRE_RFC_8731,
    kex::ECDH_SHA2_NISTP256,
    kex::ECDH_SHA2_NISTP384,
    kex::ECDH_SHA2_NISTP521,
    kex::DH_GEX_SHA256,
    kex::DH_G18_SHA512,
    kex::DH_G17_SHA512,
    kex::DH_G16_SHA512,
    kex::DH_G15_SHA512,
    kex::DH_G14_SHA256,
];
/// Group 1 is left out even here: 1024 bits have been broken.
const LEGACY_KEX: [kex::Name; 2] = [kex::DH_GEX_SHA1, kex::DH_G14_SHA1];
/// Protocol extensions, which are negotiated like algorithms.
const EXTENSIONS: [kex::Name; 2] = [
    kex::EXTENSION_SUPPORT_AS_CLIENT,
    kex::EXTENSION_OPENSSH_STRICT_KEX_AS_CLIENT,
];
const CIPHERS: [cipher::Name; 5] = [
    cipher::CHACHA20_POLY1305,
    cipher::AES_256_GCM,
    cipher::AES_256_CTR,
    cipher::AES_192_CTR,
    cipher::AES_128_CTR,
];
const LEGACY_CIPHERS: [cipher::Name; 3] = [
    cipher::AES_256_CBC,
    cipher::AES_192_CBC,
    cipher::AES_128_CBC,
];
const MACS: [mac::Name; 4] = [
    mac::HMAC_SHA512_ETM,
    mac::HMAC_SHA256_ETM,
    mac::HMAC_SHA512,
    mac::HMAC_SHA256,
];
const LEGACY_MACS: [mac::Name; 2] = [mac::HMAC_SHA1_ETM, mac::HMAC_SHA1];

/// Returns the algorithms to offer, best first; old ones come after all others.
pub(super) fn offered(families: &[Family], is_legacy: bool) -> Preferred {
    fn list<T: Copy>(modern: &[T], legacy: &[T], is_legacy: bool) -> Vec<T> {
        let legacy = if is_legacy { legacy } else { &[] };
        [modern, legacy].concat()
    }
    let mut kex = list(&KEX, &LEGACY_KEX, is_legacy);
    kex.extend(EXTENSIONS);
    let keys = families.iter().flat_map(|kind| kind.algorithms(is_legacy));
    Preferred {
        kex: Cow::Owned(kex),
        key: Cow::Owned(keys.collect()),
        cipher: Cow::Owned(list(&CIPHERS, &LEGACY_CIPHERS, is_legacy)),
        mac: Cow::Owned(list(&MACS, &LEGACY_MACS, is_legacy)),
        // No compression: output must not be unpacked before its size is checked.
        compression: Cow::Borrowed(&[compression::NONE]),
        ..Preferred::DEFAULT
    }
}

/// Returns whether allowing old algorithms would make one of these names acceptable.
pub(super) fn is_legacy(name: &str) -> bool {
    LEGACY_KEX.iter().any(|known| known.as_ref() == name)
        || LEGACY_CIPHERS.iter().any(|known| known.as_ref() == name)
        || LEGACY_MACS.iter().any(|known| known.as_ref() == name)
        || name == "ssh-rsa"
}
