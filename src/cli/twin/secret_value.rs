//! Derives a twin's substitute for a secret from the seed and the secret's name.

use crate::model::SecretName;
use crate::simulator::gam::chance;

/// Long enough for SNMPv3, short enough to enter by hand.
const LENGTH: usize = 12;

/// Without letters that look alike, and without characters special to a shell or the device.
const LETTERS: &[u8] = b"abcdefghjkmnpqrstuvwxyz23456789";

/// Returns the value of a secret on twins: the same name gives the same value. It protects nothing: the seed reveals it.
pub(super) fn secret_value(seed: u64, name: &SecretName) -> String {
    let purpose = format!("secret {name}");
    let count = u64::try_from(LETTERS.len()).unwrap_or(1);
    (0u64..)
        .take(LENGTH)
        .filter_map(|place| {
            let letter = chance::draw(seed, &purpose, place) % count;
            let letter = usize::try_from(letter).ok()?;
            LETTERS.get(letter).map(|letter| char::from(*letter))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_secret_has_the_same_value_and_another_has_another() {
        let value = |seed, name| secret_value(seed, &SecretName::new(name).unwrap());
        assert_eq!(value(1, "gam-ssh").len(), LENGTH);
        assert_eq!(value(1, "gam-ssh"), value(1, "gam-ssh"));
        assert_ne!(value(1, "gam-ssh"), value(1, "gam-snmp"));
        assert_ne!(value(1, "gam-ssh"), value(2, "gam-ssh"));
    }
}
