//! Encrypts scoped PDUs: DES in CBC mode (RFC 3414 §8), AES-128 in CFB mode (RFC 3826).

use aes::Aes128;
use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use des::Des;

use super::super::access::PrivacyProtocol;
use super::super::ber::Malformed;
use super::keys::Key;

/// The part of the initialisation vector of AES that is in the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Clock {
    pub(super) boots: i32,
    pub(super) time: i32,
}

pub(super) const SALT: usize = 8;

/// Returns the salt of the message with this number.
pub(super) fn salt(protocol: PrivacyProtocol, clock: Clock, number: u64) -> [u8; SALT] {
    let mut salt = number.to_be_bytes();
    if protocol == PrivacyProtocol::Des {
        // §8.1.1.1: the boots, then a number of our own.
        for (place, byte) in salt.iter_mut().zip(clock.boots.to_be_bytes()) {
            *place = byte;
        }
    }
    salt
}

/// Encrypts in place; DES adds up to seven bytes.
pub(super) fn encrypt(
    protocol: PrivacyProtocol,
    key: &Key,
    clock: Clock,
    salt: [u8; SALT],
    text: &mut Vec<u8>,
) -> Result<(), Malformed> {
    match protocol {
        PrivacyProtocol::Des => {
            let (key, start) = des(key, salt)?;
            let mut mode = cbc::Encryptor::<Des>::new(&key.into(), &start.into());
            while !text.len().is_multiple_of(8) {
                text.push(0);
            }
            for block in text.chunks_exact_mut(8) {
                mode.encrypt_block(block.try_into().map_err(|_| short())?);
            }
        }
        PrivacyProtocol::Aes128 => {
            let (key, start) = aes(key, clock, salt)?;
            cfb_mode::Encryptor::<Aes128>::new(&key.into(), &start.into()).encrypt(text);
        }
    }
    Ok(())
}

pub(super) fn decrypt(
    protocol: PrivacyProtocol,
    key: &Key,
    clock: Clock,
    salt: &[u8],
    text: &mut [u8],
) -> Result<(), Malformed> {
    let salt = <[u8; SALT]>::try_from(salt)
        .map_err(|_| Malformed::new("its privacy parameters are not eight bytes"))?;
    match protocol {
        PrivacyProtocol::Des => {
            if !text.len().is_multiple_of(8) {
                return Err(Malformed::new(
                    "the text encrypted by DES is not a whole number of blocks",
                ));
            }
            let (key, start) = des(key, salt)?;
            let mut mode = cbc::Decryptor::<Des>::new(&key.into(), &start.into());
            for block in text.chunks_exact_mut(8) {
                mode.decrypt_block(block.try_into().map_err(|_| short())?);
            }
        }
        PrivacyProtocol::Aes128 => {
            let (key, start) = aes(key, clock, salt)?;
            cfb_mode::Decryptor::<Aes128>::new(&key.into(), &start.into()).decrypt(text);
        }
    }
    Ok(())
}

fn des(key: &Key, salt: [u8; SALT]) -> Result<([u8; 8], [u8; 8]), Malformed> {
    let [key, mask] = halves(key)?;
    let mut start = salt;
    for (byte, mask) in start.iter_mut().zip(mask) {
        *byte ^= mask;
    }
    Ok((key, start))
}

fn aes(key: &Key, clock: Clock, salt: [u8; SALT]) -> Result<([u8; 16], [u8; 16]), Malformed> {
    let key = *key.reveal().first_chunk().ok_or_else(short)?;
    let mut start = [0; 16];
    let parts = clock.boots.to_be_bytes().into_iter();
    let parts = parts.chain(clock.time.to_be_bytes()).chain(salt);
    for (place, byte) in start.iter_mut().zip(parts) {
        *place = byte;
    }
    Ok((key, start))
}

fn halves(key: &Key) -> Result<[[u8; 8]; 2], Malformed> {
    let (first, rest) = key.reveal().split_first_chunk().ok_or_else(short)?;
    let second = rest.first_chunk().ok_or_else(short)?;
    Ok([*first, *second])
}

/// Returns the error for a short key. It cannot occur: digests have at least sixteen bytes.
fn short() -> Malformed {
    Malformed::new("the key is too short")
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLOCK: Clock = Clock {
        boots: 3,
        time: 0x0102,
    };

    #[test]
    fn ciphertext_is_decrypted_only_with_the_same_key_and_salt() {
        let (key, other) = (Key::of(&[7; 16]), Key::of(&[9; 20]));
        for protocol in [PrivacyProtocol::Des, PrivacyProtocol::Aes128] {
            for length in 0..40 {
                let plain: Vec<u8> = (0..length).collect();
                let salt = salt(protocol, CLOCK, 99);
                let mut text = plain.clone();
                encrypt(protocol, &key, CLOCK, salt, &mut text).unwrap();
                for (key, salt, is_same) in [
                    (&key, salt, true),
                    (&other, salt, false),
                    (&key, [0; 8], false),
                ] {
                    let mut text = text.clone();
                    decrypt(protocol, key, CLOCK, &salt, &mut text).unwrap();
                    text.truncate(plain.len());
                    // Chance makes the same of few bytes, and a salt that differs only at its end leaves them as they are.
                    assert!(
                        is_same == (text == plain) || length < 8,
                        "{protocol:?} {length}"
                    );
                }
            }
        }
    }

    /// The examples of FIPS 81 and NIST SP 800-38A, with an initialisation vector that leads to them here.
    #[test]
    fn the_ciphers_are_those_of_the_standards() {
        let key = [0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef];
        let start = [0x12, 0x34, 0x56, 0x78, 0x90, 0xab, 0xcd, 0xef];
        let both = Key::of(&[key, [0; 8]].concat());
        let mut text = b"Now is the time for all ".to_vec();
        encrypt(PrivacyProtocol::Des, &both, CLOCK, start, &mut text).unwrap();
        let expected = [
            0xe5, 0xc7, 0xcd, 0xde, 0x87, 0x2b, 0xf2, 0x7c, 0x43, 0xe9, 0x34, 0x00, 0x8c, 0x38,
            0x9c, 0x0f, 0x68, 0x37, 0x88, 0x49, 0x9a, 0x7c, 0x05, 0xf6,
        ];
        assert_eq!(text, expected);
        let key = Key::of(&0x2b7e_1516_28ae_d2a6_abf7_1588_09cf_4f3c_u128.to_be_bytes());
        let clock = Clock {
            boots: 0x0001_0203,
            time: 0x0405_0607,
        };
        let salt = 0x0809_0a0b_0c0d_0e0f_u64.to_be_bytes();
        let mut text = 0x6bc1_bee2_2e40_9f96_e93d_7e11_7393_172a_u128
            .to_be_bytes()
            .to_vec();
        encrypt(PrivacyProtocol::Aes128, &key, clock, salt, &mut text).unwrap();
        let expected = 0x3b3f_d92e_b72d_ad20_3334_49f8_e83c_fb4a_u128.to_be_bytes();
        assert_eq!(text, expected);
    }

    #[test]
    fn text_that_cannot_be_ciphertext_is_an_error() {
        let key = Key::of(&[7; 16]);
        let mut text = vec![0; 9];
        assert!(decrypt(PrivacyProtocol::Des, &key, CLOCK, &[0; 8], &mut text).is_err());
        assert!(decrypt(PrivacyProtocol::Aes128, &key, CLOCK, &[0; 7], &mut text).is_err());
    }
}
