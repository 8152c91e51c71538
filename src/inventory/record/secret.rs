//! Recognises secrets where an inventory must not have any.

/// Returns whether a key's name implies that its value is a secret.
pub(super) fn secret_key(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    [
        "password",
        "passwd",
        "passphrase",
        "secret",
        "token",
        "community",
        "psk",
        "private_key",
        "api_key",
    ]
    .iter()
    .any(|word| key.contains(word))
}

/// Returns whether a text is a key by its form alone.
pub fn looks_like_a_key(text: &str) -> bool {
    // Shorter ones do not exist; nearly every text ends here.
    text.len() >= 20
        && [
            "-----BEGIN ",
            "AGE-SECRET-KEY-",
            "ghp_",
            "github_pat_",
            "glpat-",
            "xoxb-",
            "AKIA",
            "$argon2",
            "$6$",
        ]
        .iter()
        .any(|mark| text.starts_with(mark))
}

/// Returns whether a text that should be a secret's name is more likely its value.
pub fn looks_like_a_secret(text: &str) -> bool {
    let has = |is: fn(&char) -> bool| text.chars().any(|c| is(&c));
    let classes = [
        has(char::is_ascii_lowercase),
        has(char::is_ascii_uppercase),
        has(char::is_ascii_digit),
    ];
    let mixed = classes.iter().filter(|is_there| **is_there).count();
    let has_words = text.contains(['-', '_', '.', '/']);
    looks_like_a_key(text)
        || (mixed == 3 && text.len() >= 8)
        || (mixed >= 2 && !has_words && text.len() >= 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_secrets_are_not_taken_for_secrets() {
        for name in [
            "gam-snmp",
            "gam-ssh",
            "site-12/snmp-rw",
            "default",
            "maple2024",
            "snmp_v3_auth",
        ] {
            assert!(!looks_like_a_secret(name), "{name}");
        }
        for secret in [
            "Tr0ub4dor3",
            "8f14e45fceea167a5a36",
            "AKIAIOSFODNN7EXAMPLE1",
        ] {
            assert!(looks_like_a_secret(secret), "{secret}");
        }
    }
}
