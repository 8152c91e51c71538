//! A secret that stands where a text belongs is found, and nothing repeats it.

use gamctl::report::FindingFormat;
use proptest::prelude::*;

use super::dice::Dice;
use super::spec::{Object, Spec, Table, Value};
use super::write::{Texts, plain};
use super::{dice, reading_of, rendered, shown, tried, valid_inventory};

/// A secret by its form alone, wherever it stands.
const KEY: &str = "ghp_0123456789abcdefghijKLMNOPQRSTUVWXYZ";
/// A secret only because of where it stands.
const PASSWORD: &str = "Tr0ub4dor3Tr0ub4dor3";

/// Puts a text in place of one of the texts in a table, or under a key that is not known.
fn plant(table: &mut Table, secret: &str, dice: &mut Dice) {
    let count = table.0.len();
    let at = dice.below(count + 1);
    let Some((_, value)) = table.0.get_mut(at) else {
        table.set("note", secret);
        return;
    };
    match value {
        Value::Table(inner) if !inner.0.is_empty() => plant(inner, secret, dice),
        other => *other = secret.into(),
    }
}

fn plant_in(objects: &mut [Object], secret: &str, dice: &mut Dice) {
    let at = dice.below(objects.len());
    plant(&mut objects[at].table, secret, dice);
}

fn check(texts: &Texts, secret: &str) -> Result<(), TestCaseError> {
    use FindingFormat::{Github, Gitlab, Human, Json, Sarif};
    let reading = reading_of(texts);
    prop_assert!(reading.has_errors(), "{}", shown(texts));
    // Some finding keeps the line dark, for all that are about it.
    let dark = reading.findings.iter().filter(|finding| finding.is_secret);
    let mut lines = dark.filter_map(|finding| {
        let text = texts.get(&finding.place.file)?;
        text.lines().nth(finding.place.line as usize - 1)
    });
    prop_assert!(lines.any(|line| line.contains(secret)), "{}", shown(texts));
    for format in [Human, Json, Sarif, Github, Gitlab] {
        let report = rendered(&reading, format);
        prop_assert!(
            !report.contains(&secret[..12]),
            "{}\n{}",
            report,
            shown(texts)
        );
    }
    Ok(())
}

proptest! {
    #![proptest_config(tried(60))]

    #[test]
    fn a_key_in_place_of_any_value_is_found_and_never_repeated(mut spec in valid_inventory(), mut dice in dice::dice(8)) {
        match dice.below(7) {
            0 => plant_in(&mut spec.subscribers, KEY, &mut dice),
            1 => plant_in(&mut spec.devices, KEY, &mut dice),
            2 => plant_in(&mut spec.plans, KEY, &mut dice),
            3 => plant_in(&mut spec.credentials, KEY, &mut dice),
            4 => plant(&mut spec.network, KEY, &mut dice),
            5 if !spec.billing.is_empty() => plant_in(&mut spec.billing, KEY, &mut dice),
            _ => plant(spec.policy.get_or_insert_default(), KEY, &mut dice),
        }
        check(&plain(&spec), KEY)?;
    }

    #[test]
    fn a_password_among_the_credentials_is_found_and_never_repeated(spec in valid_inventory(), mut dice in dice::dice(8)) {
        let mut spec: Spec = spec;
        let at = dice.below(spec.credentials.len());
        let table = &mut spec.credentials[at].table;
        let key = dice.pick::<&str>(&["ssh.password", "ssh.password.secret", "snmp.version", "snmp.community", "snmp.auth", "snmp.priv", "ssh.passwort", "snmp.psk", "ssh.legacy_algorithms", "snmp"]);
        table.set(key, PASSWORD);
        check(&plain(&spec), PASSWORD)?;
    }
}
