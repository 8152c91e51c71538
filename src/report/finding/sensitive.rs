//! Decides by name which keys of an inventory may hold a secret; in doubt they do.

use std::collections::BTreeMap;

use crate::inventory::FileKind;
use crate::model::SecretName;

/// The part of a key's value that may be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Disclosure {
    Show,
    /// Only the name of a secret.
    ShowSecretName,
    Mask,
}

/// Parts of names of sensitive keys, without case, `_` and `-`.
const PARTS: [&str; 9] = [
    "password",
    "passwd",
    "passphrase",
    "secret",
    "community",
    "token",
    "psk",
    "auth",
    "priv",
];

/// Whole names of sensitive keys.
const WHOLE: [&str; 5] = ["pass", "pwd", "pw", "pin", "hook"];

/// Names that only look sensitive: every reader of the inventory may see their values.
const HARMLESS: [&str; 3] = ["authoritative", "authors", "hostkey"];

/// Keys of credentials whose values are not secret.
const OPEN: [&str; 3] = ["version", "user", "protocol"];

/// Returns whether a path is a file of credentials.
pub(super) fn is_credentials_file(path: &str) -> bool {
    path.split('/').any(|part| {
        let part = part.to_ascii_lowercase();
        part.starts_with("credential") || part.starts_with("secret")
    })
}

/// Returns whether a text mentions secrets: a comment, or a line that could not be parsed.
pub(super) fn speaks_of_secrets(text: &str) -> bool {
    let text = folded(text);
    PARTS.iter().any(|part| text.contains(part))
}

/// Checks keys, and caches names: an inventory repeats a dozen of them a million times.
#[derive(Default)]
pub(super) struct SensitiveKeys<'t> {
    known: BTreeMap<&'t str, bool>,
}

impl<'t> SensitiveKeys<'t> {
    /// Returns the part of the value at `path` that may be shown; `path` is the key with its tables from the top of the
    /// file.
    pub(super) fn disclosure(&mut self, path: &[&'t str], in_credentials: bool) -> Disclosure {
        let top = path.first().copied().map(unquoted).unwrap_or_default();
        let in_credentials = in_credentials || (top == "credentials" && path.len() > 1);
        let last = path.last().copied().map(unquoted).unwrap_or_default();
        let is_object = FileKind::ALL
            .iter()
            .any(|kind| kind.object_table() == Some(top));
        // A secret is referred to in a table of its own, `password = { secret = "gam-ssh" }`; elsewhere it may be the
        // secret itself.
        if last == "secret"
            && let [before @ .., parent, _] = path
            && !(is_object && before.len() == 1)
            && self.is_sensitive(parent)
        {
            return Disclosure::ShowSecretName;
        }
        if in_credentials {
            return if OPEN.contains(&last) {
                Disclosure::Show
            } else {
                Disclosure::Mask
            };
        }
        let is_sensitive = path
            .iter()
            .enumerate()
            // The second is the object's own name: `[subscriber.private-lane-4]`.
            .filter(|(index, _)| !(is_object && *index == 1))
            .any(|(_, key)| self.is_sensitive(key));
        if is_sensitive {
            Disclosure::Mask
        } else {
            Disclosure::Show
        }
    }

    fn is_sensitive(&mut self, key: &'t str) -> bool {
        *self.known.entry(key).or_insert_with(|| is_sensitive(key))
    }
}

/// Returns whether the value of a `secret` key is a name, and not the secret itself.
pub(super) fn is_secret_name(value: &str) -> bool {
    SecretName::new(value).is_ok()
}

fn is_sensitive(key: &str) -> bool {
    let name = folded(unquoted(key));
    if HARMLESS.contains(&name.as_str()) {
        return false;
    }
    let words = words(unquoted(key));
    // An escape can spell any name, and findings are often about a misspelt one.
    key.contains('\\')
        || PARTS.iter().any(|part| name.contains(part))
        || name.ends_with("key")
        || std::iter::once(&name).chain(&words).any(|name| {
            WHOLE.contains(&name.as_str())
                || ["password", "community", "passphrase"]
                    .iter()
                    .any(|word| is_nearly(name, word))
        })
}

/// Returns the words of a key such as `snmp_community`, `snmp-community` or `snmpCommunity`.
fn words(key: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut was_small = false;
    for character in key.chars() {
        let is_break = !character.is_alphanumeric();
        if is_break || (was_small && character.is_uppercase()) {
            words.push(String::new());
        }
        was_small = character.is_lowercase();
        if !is_break && let Some(word) = words.last_mut() {
            word.push(character.to_ascii_lowercase());
        }
    }
    words
}

/// Returns whether a name differs from a word by two letters at most.
fn is_nearly(name: &str, word: &str) -> bool {
    // Counting foreign letters excludes nearly every name at almost no cost.
    let is_strange = |byte: &u8| !word.as_bytes().contains(byte);
    name.len().abs_diff(word.len()) <= 2
        && name.bytes().filter(is_strange).take(3).count() <= 2
        && strsim::damerau_levenshtein(name, word) <= 2
}

fn unquoted(key: &str) -> &str {
    key.trim_matches(['"', '\''])
}

fn folded(text: &str) -> String {
    text.chars()
        .filter(|character| !matches!(character, '_' | '-'))
        .map(|character| character.to_ascii_lowercase())
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::inventory::{FileKind, json_schema};

    fn judged(path: &[&str]) -> Disclosure {
        SensitiveKeys::default().disclosure(path, false)
    }

    #[test]
    fn names_that_speak_of_secrets_are_masked_anywhere() {
        for key in [
            "password",
            "PASSWD",
            "ssh_password",
            "\"password\"",
            "secret_value",
            "Community",
            "api-token",
            "psk",
            "private-key",
            "privatekey",
            "passphrase",
            "auth",
            "priv",
            "client_secret",
            "pwd",
            "api_key",
            "pasword",
            "comunity",
            "snmp_comunity",
            "ssh-pasword",
            "snmpComunity",
            "admin_pw",
            "\"pass\\u0077ord\"",
        ] {
            assert_eq!(judged(&[key]), Disclosure::Mask, "{key}");
            assert_eq!(judged(&["device", "a", key]), Disclosure::Mask, "{key}");
            assert_eq!(
                judged(&["device", "a", key, "value"]),
                Disclosure::Mask,
                "{key}"
            );
        }
    }

    /// Adds every key of a JSON Schema, at any depth.
    fn add_keys(schema: &serde_json::Value, keys: &mut BTreeSet<String>) {
        match schema {
            serde_json::Value::Object(members) => {
                let properties = members.get("properties").and_then(|one| one.as_object());
                keys.extend(properties.into_iter().flat_map(|one| one.keys().cloned()));
                members.values().for_each(|one| add_keys(one, keys));
            }
            serde_json::Value::Array(members) => {
                members.iter().for_each(|one| add_keys(one, keys));
            }
            _ => {}
        }
    }

    #[test]
    fn every_key_is_shown_except_those_of_credentials_and_of_logins_to_billing() {
        let mut keys = BTreeSet::new();
        for kind in [
            FileKind::Billing,
            FileKind::Devices,
            FileKind::Subscribers,
            FileKind::ServicePlans,
            FileKind::Policy,
        ] {
            let schema = serde_json::from_str(&json_schema(kind)).unwrap();
            add_keys(&schema, &mut keys);
        }
        for key in ["model", "vlan", "account", "headroom_percent"] {
            assert!(keys.contains(key), "{keys:?}");
        }
        // Of the network.
        keys.insert("how".to_owned());
        for key in ["hook", "key", "secret", "token"] {
            assert!(keys.remove(key), "{key}");
            let plain = ["billing", "splynx", "login", key];
            assert_eq!(judged(&plain), Disclosure::Mask, "{key}");
            let by_name = ["billing", "splynx", "login", key, "secret"];
            assert_eq!(judged(&by_name), Disclosure::ShowSecretName, "{key}");
        }
        for key in keys {
            assert_eq!(
                judged(&["subscriber", "private-4", &key]),
                Disclosure::Show,
                "{key}"
            );
        }
    }

    #[test]
    fn credentials_show_only_what_is_known_to_be_open() {
        let in_table = ["credentials", "default", "snmp"];
        for (key, expected) in [
            ("version", Disclosure::Show),
            ("user", Disclosure::Show),
            ("protocol", Disclosure::Show),
            ("secret", Disclosure::Mask),
            ("engine", Disclosure::Mask),
        ] {
            assert_eq!(judged(&[&in_table[..], &[key]].concat()), expected, "{key}");
            assert_eq!(
                SensitiveKeys::default().disclosure(&["x", key], true),
                expected,
                "{key}"
            );
        }
        assert_eq!(judged(&["credentials"]), Disclosure::Show);
    }

    #[test]
    fn a_secret_is_named_only_in_the_table_of_what_it_is_for() {
        for path in [
            &["credentials", "default", "snmp", "community", "secret"][..],
            &["password", "secret"],
            &["device", "a", "password", "secret"],
        ] {
            assert_eq!(judged(path), Disclosure::ShowSecretName, "{path:?}");
        }
        for path in [
            &["secret"][..],
            &["device", "password", "secret"],
            &["network", "secret"],
        ] {
            assert_eq!(judged(path), Disclosure::Mask, "{path:?}");
        }
    }

    #[test]
    fn credentials_are_known_by_their_path() {
        for path in [
            "credentials.toml",
            "credentials/a.toml",
            "north/Credentials/a.toml",
            "credential.toml",
        ] {
            assert!(is_credentials_file(path), "{path}");
        }
        assert!(!is_credentials_file("devices/maple.toml"));
    }
}
