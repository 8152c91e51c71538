//! Seals and opens values with `age` keys; works on bytes without I/O.
//!
//! The format is that of the program `age`, so that passwords stay readable without gamctl.

use std::fmt;
use std::io::{Read as _, Write as _};

use age::DecryptError;
use age::armor::{ArmoredReader, ArmoredWriter, Format};
use age::secrecy::ExposeSecret as _;
use age::x25519;

use super::{MAX_BYTES, Secret};

/// The beginning of a written identity.
const IDENTITY_PREFIX: &str = "AGE-SECRET-KEY-1";

/// The longest sealed file: dozens of keys and the longest value.
pub(super) const MAX_SEALED_BYTES: usize = 4 * MAX_BYTES;

/// The public keys that values are sealed for; each of their private keys opens them.
#[derive(Clone)]
pub struct Recipients(Vec<x25519::Recipient>);

/// The private keys that open values.
#[derive(Clone)]
pub struct Identities(Vec<x25519::Identity>);

/// An error in a list of keys; it never contains a private key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    #[error("line {0} is not a public key of age; they begin with `age1`")]
    NotARecipient(usize),
    #[error("line {0} is an SSH key; only keys of age are accepted, they begin with `age1`")]
    SshRecipient(usize),
    #[error(
        "line {0} is a private key: anyone who has read it can open every secret. Remove it, create a new one with `gamctl secret init`, seal all secrets again, and change the passwords"
    )]
    PrivateKey(usize),
    #[error("it has no recipients")]
    NoRecipient,
    #[error("line {0} is not a private key of age; they begin with `{IDENTITY_PREFIX}`")]
    NotAnIdentity(usize),
    #[error("line {0} is a key for a plugin of age, which gamctl cannot use")]
    Plugin(usize),
    #[error("the keys in it are encrypted with a passphrase, which gamctl cannot ask for")]
    Passphrase,
    #[error("there is no key in it")]
    NoIdentity,
}

/// The reason why a value could not be sealed.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    #[error("no recipients, so the sealed value could never be opened; run `gamctl secret init`")]
    NoRecipient,
    #[error("failed to seal a value")]
    Failed(#[source] std::io::Error),
    #[error("a secret has at most {MAX_BYTES} bytes")]
    TooLarge,
}

/// The reason why a sealed value cannot be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnsealError {
    #[error(
        "it was sealed for other keys than yours; ask someone who can open it to add your public key to `recipients.txt` and to run `gamctl secret rotate`"
    )]
    OtherKeys,
    #[error("it is damaged or was not sealed with age; write it again with `gamctl secret set`")]
    Damaged,
    #[error("it holds more than {MAX_BYTES} bytes; is it the right file?")]
    TooLarge,
}

impl Recipients {
    /// Parses a list of public keys, one on a line, with comments after `#` on lines of their own.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let mut keys = Vec::new();
        for (number, line) in lines(text) {
            if line.starts_with("ssh-") {
                return Err(KeyError::SshRecipient(number));
            }
            if line.to_ascii_uppercase().starts_with(IDENTITY_PREFIX) {
                return Err(KeyError::PrivateKey(number));
            }
            let key: x25519::Recipient =
                line.parse().map_err(|_| KeyError::NotARecipient(number))?;
            let known: Vec<String> = keys.iter().map(ToString::to_string).collect();
            if !known.contains(&key.to_string()) {
                keys.push(key);
            }
        }
        if keys.is_empty() {
            return Err(KeyError::NoRecipient);
        }
        Ok(Self(keys))
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns whether one of the public keys belongs to these private keys.
    pub fn has_any_of(&self, identities: &Identities) -> bool {
        let own = identities.public();
        self.0.iter().any(|key| own.contains(&key.to_string()))
    }
}

impl Identities {
    /// Parses private keys, one on a line, with comments after `#` on lines of their own.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        if text.starts_with("age-encryption.org/") || text.starts_with("-----BEGIN AGE") {
            return Err(KeyError::Passphrase);
        }
        let mut keys = Vec::new();
        for (number, line) in lines(text) {
            if line.to_ascii_uppercase().starts_with("AGE-PLUGIN-") {
                return Err(KeyError::Plugin(number));
            }
            keys.push(line.parse().map_err(|_| KeyError::NotAnIdentity(number))?);
        }
        if keys.is_empty() {
            return Err(KeyError::NoIdentity);
        }
        Ok(Self(keys))
    }

    /// Generates a new key.
    pub fn generate() -> Self {
        Self(vec![x25519::Identity::generate()])
    }

    /// Returns the matching public keys, as in a list of recipients.
    pub fn public(&self) -> Vec<String> {
        let keys = self.0.iter();
        keys.map(|key| key.to_public().to_string()).collect()
    }

    /// Returns the keys in the format of their file.
    pub(super) fn written(&self) -> Secret {
        let mut text = zeroize::Zeroizing::new(String::with_capacity(1024));
        for key in &self.0 {
            text.push_str("# public key: ");
            text.push_str(&key.to_public().to_string());
            text.push('\n');
            text.push_str(key.to_string().expose_secret());
            text.push('\n');
        }
        Secret::new(text.as_bytes().to_vec())
    }
}

impl fmt::Debug for Recipients {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys = self.0.iter().map(ToString::to_string);
        formatter.debug_list().entries(keys).finish()
    }
}

impl fmt::Debug for Identities {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Identities(…)")
    }
}

/// Returns the lines with content, counted from 1.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let all = text.lines().enumerate();
    all.map(|(index, line)| (index + 1, line.trim()))
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
}

/// Returns a value as text that only the recipients can open.
pub fn seal(value: &Secret, recipients: &Recipients) -> Result<String, SealError> {
    if value.reveal().len() > MAX_BYTES {
        return Err(SealError::TooLarge);
    }
    let keys = recipients.0.iter().map(|key| key as &dyn age::Recipient);
    let encryptor = age::Encryptor::with_recipients(keys).map_err(|_| SealError::NoRecipient)?;
    let mut sealed = Vec::new();
    let written = || -> std::io::Result<()> {
        let armored = ArmoredWriter::wrap_output(&mut sealed, Format::AsciiArmor)?;
        let mut writer = encryptor.wrap_output(armored)?;
        writer.write_all(value.reveal())?;
        writer.finish()?.finish()?;
        Ok(())
    };
    written().map_err(SealError::Failed)?;
    String::from_utf8(sealed).map_err(|error| SealError::Failed(std::io::Error::other(error)))
}

/// Opens a sealed value.
pub fn unseal(sealed: &[u8], identities: &Identities) -> Result<Secret, UnsealError> {
    if sealed.len() > MAX_SEALED_BYTES {
        return Err(UnsealError::TooLarge);
    }
    let failure = |error: DecryptError| match error {
        DecryptError::NoMatchingKeys => UnsealError::OtherKeys,
        _ => UnsealError::Damaged,
    };
    let decryptor = age::Decryptor::new_buffered(ArmoredReader::new(sealed)).map_err(failure)?;
    let keys = identities.0.iter().map(|key| key as &dyn age::Identity);
    let mut reader = decryptor
        .decrypt(keys)
        .map_err(failure)?
        .take(MAX_BYTES as u64 + 1);
    let mut value = zeroize::Zeroizing::new(Vec::with_capacity(sealed.len()));
    reader
        .read_to_end(&mut value)
        .map_err(|_| UnsealError::Damaged)?;
    if value.len() > MAX_BYTES {
        return Err(UnsealError::TooLarge);
    }
    Ok(Secret::new(value.to_vec()))
}

/// Returns the number of keys that a value is sealed for; `None` if it is unknown.
pub fn sealed_for(sealed: &[u8]) -> Option<usize> {
    let mut head = Vec::new();
    let reader = ArmoredReader::new(sealed.get(..sealed.len().min(MAX_SEALED_BYTES))?);
    reader
        .take(MAX_SEALED_BYTES as u64)
        .read_to_end(&mut head)
        .ok()?;
    let mut keys = 0;
    for line in head.split(|byte| *byte == b'\n') {
        if line.starts_with(b"---") {
            return Some(keys);
        }
        keys += usize::from(line.starts_with(b"-> X25519 "));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recipients(identities: &[&Identities]) -> Recipients {
        let lines: Vec<String> = identities.iter().flat_map(|keys| keys.public()).collect();
        Recipients::parse(&format!("# we\n\n{}\n", lines.join("\r\n"))).unwrap()
    }

    #[test]
    fn only_recipients_can_open_a_sealed_value() {
        let (ours, theirs, other) = (
            Identities::generate(),
            Identities::generate(),
            Identities::generate(),
        );
        let value = Secret::new(b"hunter2 \n\0".to_vec());
        let sealed = seal(&value, &recipients(&[&ours, &theirs])).unwrap();
        assert!(sealed.starts_with("-----BEGIN AGE ENCRYPTED FILE-----\n"));
        assert_eq!(sealed_for(sealed.as_bytes()), Some(2));
        for keys in [&ours, &theirs] {
            let opened = unseal(sealed.as_bytes(), keys).unwrap();
            assert_eq!(opened.reveal(), b"hunter2 \n\0");
        }
        let error = unseal(sealed.as_bytes(), &other).unwrap_err();
        assert_eq!(error, UnsealError::OtherKeys);
        assert!(!recipients(&[&ours]).has_any_of(&other));
    }

    #[test]
    fn a_byte_that_is_not_as_it_was_written_is_damage_and_no_value() {
        let ours = Identities::generate();
        let value = Secret::new(b"hunter2".to_vec());
        let sealed = seal(&value, &recipients(&[&ours])).unwrap();
        let mut opened = 0;
        for at in 0..sealed.len() {
            let mut damaged = sealed.clone().into_bytes();
            damaged[at] ^= 1;
            if let Ok(value) = unseal(&damaged, &ours) {
                assert_eq!(value.reveal(), b"hunter2", "{at}");
                opened += 1;
            }
        }
        // age does not need the last line break.
        assert!(opened <= 2, "{opened}");
        for text in ["", "plain", "-----BEGIN AGE ENCRYPTED FILE-----\n"] {
            let error = unseal(text.as_bytes(), &ours).unwrap_err();
            assert_eq!(error, UnsealError::Damaged, "{text}");
            assert_eq!(sealed_for(text.as_bytes()), None);
        }
    }

    #[test]
    fn a_list_with_anything_but_keys_in_it_is_refused_and_no_private_key_is_repeated() {
        let ours = Identities::generate();
        let written = ours.written();
        let private = String::from_utf8(written.reveal().to_vec()).unwrap();
        for (text, error) in [
            ("", KeyError::NoRecipient),
            ("# nobody\n", KeyError::NoRecipient),
            ("age1nonsense", KeyError::NotARecipient(1)),
            ("\nssh-ed25519 AAAA", KeyError::SshRecipient(2)),
            (private.as_str(), KeyError::PrivateKey(2)),
        ] {
            assert_eq!(Recipients::parse(text).unwrap_err(), error);
            assert!(!error.to_string().contains("AGE-SECRET-KEY-1Q"));
        }
        for (text, error) in [
            ("# none\n", KeyError::NoIdentity),
            ("hunter2", KeyError::NotAnIdentity(1)),
            ("AGE-PLUGIN-YUBIKEY-1", KeyError::Plugin(1)),
            ("age-encryption.org/v1\n-> scrypt", KeyError::Passphrase),
        ] {
            assert_eq!(Identities::parse(text).unwrap_err(), error);
        }
        assert_eq!(Identities::parse(&private).unwrap().public(), ours.public());
        assert!(!format!("{ours:?}").contains("AGE-SECRET"));
    }

    #[test]
    fn a_value_too_large_for_a_secret_is_neither_sealed_nor_opened() {
        let ours = Identities::generate();
        let keys = recipients(&[&ours]);
        let error = seal(&Secret::new(vec![b'x'; MAX_BYTES + 1]), &keys).unwrap_err();
        assert!(matches!(error, SealError::TooLarge));
        let most = seal(&Secret::new(vec![b'x'; MAX_BYTES]), &keys).unwrap();
        assert_eq!(
            unseal(most.as_bytes(), &ours).unwrap().reveal().len(),
            MAX_BYTES
        );
        let error = unseal(&vec![b'x'; MAX_SEALED_BYTES + 1], &ours).unwrap_err();
        assert_eq!(error, UnsealError::TooLarge);
    }
}
