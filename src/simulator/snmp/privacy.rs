//! Encrypts and decrypts scoped PDUs with DES (RFC 3414 §8) and AES (RFC 3826 §3).

use aes::Aes128;
use cbc::cipher::{Array, BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use des::Des;
use serde::{Deserialize, Serialize};

/// The cipher of a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Privacy {
    Des,
    /// AES with a key of 128 bits, in CFB.
    Aes,
}

/// `msgPrivacyParameters`: makes the ciphertexts of two equal messages differ.
pub(crate) type Salt = [u8; 8];

/// The part of AES's initialisation vector from the message, besides the salt.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    pub(crate) boots: u32,
    pub(crate) time: u32,
}

/// The text cannot have been encrypted by this cipher, or the key is too short.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the message cannot be decrypted")]
pub(crate) struct Undecryptable;

/// A DES block.
const BLOCK: usize = 8;

/// Returns the salt of the n-th message: DES counts beside the boots (RFC 3414 §8.1.1.1), AES in 64 bits (RFC 3826 §3.1.3).
pub(crate) fn salt(privacy: Privacy, boots: u32, counter: u64) -> Salt {
    match privacy {
        Privacy::Des => ((u64::from(boots) << 32) | (counter & 0xffff_ffff)).to_be_bytes(),
        Privacy::Aes => counter.to_be_bytes(),
    }
}

pub(crate) fn encrypt(
    privacy: Privacy,
    key: &[u8],
    clock: Clock,
    salt: Salt,
    mut plain: Vec<u8>,
) -> Result<Vec<u8>, Undecryptable> {
    match privacy {
        Privacy::Des => {
            let (key, iv) = des_key(key, salt)?;
            plain.resize(plain.len().next_multiple_of(BLOCK), 0);
            let mut cipher = cbc::Encryptor::<Des>::new(&key.into(), &iv.into());
            cipher.encrypt_blocks(Array::slice_as_chunks_mut(&mut plain).0);
        }
        Privacy::Aes => {
            let (key, iv) = aes_key(key, clock, salt)?;
            cfb_mode::Encryptor::<Aes128>::new(&key.into(), &iv.into()).encrypt(&mut plain);
        }
    }
    Ok(plain)
}

pub(crate) fn decrypt(
    privacy: Privacy,
    key: &[u8],
    clock: Clock,
    salt: Salt,
    encrypted: &[u8],
) -> Result<Vec<u8>, Undecryptable> {
    let mut bytes = encrypted.to_vec();
    match privacy {
        Privacy::Des => {
            let (key, iv) = des_key(key, salt)?;
            let (blocks, rest) = Array::slice_as_chunks_mut(&mut bytes);
            // RFC 3414 §8.3.2 (2): DES never produces half a block.
            if !rest.is_empty() {
                return Err(Undecryptable);
            }
            let mut cipher = cbc::Decryptor::<Des>::new(&key.into(), &iv.into());
            cipher.decrypt_blocks(blocks);
        }
        Privacy::Aes => {
            let (key, iv) = aes_key(key, clock, salt)?;
            cfb_mode::Decryptor::<Aes128>::new(&key.into(), &iv.into()).decrypt(&mut bytes);
        }
    }
    Ok(bytes)
}

/// Returns DES's key and initialisation vector: the second half of the localised key, with the salt laid over it (RFC 3414 §8.1.1.1).
fn des_key(key: &[u8], salt: Salt) -> Result<([u8; 8], [u8; 8]), Undecryptable> {
    let (des, rest) = key.split_first_chunk::<8>().ok_or(Undecryptable)?;
    let mut iv = *rest.first_chunk::<8>().ok_or(Undecryptable)?;
    for (byte, salt) in iv.iter_mut().zip(salt) {
        *byte ^= salt;
    }
    Ok((*des, iv))
}

/// Returns AES's key and initialisation vector: boots, time and salt (RFC 3826 §3.1.2.1).
fn aes_key(key: &[u8], clock: Clock, salt: Salt) -> Result<([u8; 16], [u8; 16]), Undecryptable> {
    let key = *key.first_chunk::<16>().ok_or(Undecryptable)?;
    let iv = (u128::from(clock.boots) << 96)
        | (u128::from(clock.time) << 64)
        | u128::from(u64::from_be_bytes(salt));
    Ok((key, iv.to_be_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &[u8] = b"0123456789abcdef0123";
    const CLOCK: Clock = Clock { boots: 3, time: 99 };

    #[test]
    fn ciphertext_is_decrypted_except_for_padding() {
        for privacy in [Privacy::Des, Privacy::Aes] {
            for length in [0, 1, 7, 8, 9, 16, 300] {
                let plain = vec![42; length];
                let salt = salt(privacy, 3, 17);
                let encrypted = encrypt(privacy, KEY, CLOCK, salt, plain.clone()).unwrap();
                assert!(length < 7 || !encrypted.starts_with(&plain[..7]));
                let decrypted = decrypt(privacy, KEY, CLOCK, salt, &encrypted).unwrap();
                assert!(decrypted.starts_with(&plain));
                assert!(decrypted.len() - length < BLOCK);
            }
        }
    }

    #[test]
    fn half_a_block_or_a_short_key_is_invalid_des() {
        let salt = salt(Privacy::Des, 1, 1);
        let decrypt = |key, bytes| decrypt(Privacy::Des, key, CLOCK, salt, bytes);
        assert_eq!(decrypt(KEY, &[0; 9]), Err(Undecryptable));
        assert_eq!(decrypt(&KEY[..15], &[0; 8]), Err(Undecryptable));
    }

    #[test]
    fn salts_count_up() {
        assert_eq!(
            salt(Privacy::Des, 5, 0x1_0000_0002),
            [0, 0, 0, 5, 0, 0, 0, 2]
        );
        assert_eq!(
            salt(Privacy::Aes, 5, 0x1_0000_0002),
            [0, 0, 0, 1, 0, 0, 0, 2]
        );
    }
}
