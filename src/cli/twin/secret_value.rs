//! What stands in for a secret on twins: made from the seed and the secret's name, so that it repeats and is shared as the real one is.

use crate::model::SecretName;
use crate::simulator::gam::chance;

/// Long enough for SNMPv3, short enough to type.
const LENGTH: usize = 12;

/// Without what is easily taken for something else, and without anything a shell or the device could misread.
const LETTERS: &[u8] = b"abcdefghjkmnpqrstuvwxyz23456789";

/// Returns the value a secret has on twins. It protects nothing: whoever has the seed has it.
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
