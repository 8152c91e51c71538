//! Wraps a secret value: it cannot be printed, compared or serialised, and is wiped when dropped.

use std::io;

use zeroize::Zeroizing;

use super::read_file::{read_value, without_line_break};

/// A secret value.
#[derive(Clone)]
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    pub fn new(value: Vec<u8>) -> Self {
        Self(Zeroizing::new(value))
    }

    /// Reads a value to its end, without one trailing line break; `None` if it is too long.
    pub fn read(from: impl io::Read) -> io::Result<Option<Self>> {
        // Allocate the maximum: the size of piped input is unknown, and a growing buffer leaves copies in memory.
        let value = read_value(from, super::MAX_BYTES as u64)?;
        Ok(value.map(|value| Self::new(without_line_break(&value).to_vec())))
    }

    /// Returns the value, for the one call that sends it.
    pub fn reveal(&self) -> &[u8] {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_does_not_print_itself() {
        let secret = Secret::new(b"hunter2".to_vec());
        assert!(!format!("{secret:?}").contains("hunter2"));
        assert_eq!(secret.reveal(), b"hunter2");
    }

    #[test]
    fn a_read_value_loses_its_line_break_and_has_a_limit() {
        let read = |bytes: &[u8]| Secret::read(bytes).unwrap();
        assert_eq!(read(b"a b\r\n").unwrap().reveal(), b"a b");
        assert_eq!(read(b"").unwrap().reveal(), b"");
        assert!(read(&[b'x'; crate::secrets::MAX_BYTES + 1]).is_none());
    }
}
