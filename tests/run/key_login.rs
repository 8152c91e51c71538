//! Logins with a private key that the inventory names.

use russh::keys::PrivateKey;
use russh::keys::ssh_key::LineEnding;
use russh::keys::ssh_key::private::{Ed25519Keypair, KeypairData};

use crate::crash::site::{Flat, Keys, Site};

fn keys(ssh: &str) -> Keys {
    let pair = KeypairData::Ed25519(Ed25519Keypair::from_seed(&[7; 32]));
    let key = PrivateKey::new(pair, "").unwrap();
    let pem = key.to_openssh(LineEnding::LF).unwrap().to_string();
    Keys {
        key: Some(key.public_key().clone()),
        credentials: format!(
            "[credentials.default]\nsnmp = {{ version = \"2c\", community = {{ secret = \"gam-snmp\" }} }}\nssh = {{ {ssh} }}\n"
        ),
        secrets: vec![("gam-snmp", "public".to_owned()), ("gam-key", pem)],
        ..Keys::default()
    }
}

#[test]
fn an_apply_logs_in_with_a_private_key_and_no_password() {
    let keys = keys("user = \"admin\", key = { secret = \"gam-key\" }");
    let mut site = Site::opened_by(1, &keys, 600);
    site.intend(vec![Flat::new(1, 0, "home-100")]);
    site.apply().exits(0);
    let said = site.run(&["secret", "list"]).exits(0).says("gam-key");
    assert!(!said.text.contains("PRIVATE KEY"), "{}", said.text);
    assert_eq!(
        site.twin(0).state(|state| state.counts.refused_logins),
        0,
        "no password is tried"
    );
}

#[test]
fn credentials_with_neither_password_nor_key_are_a_finding() {
    let site = Site::opened_by(1, &keys("user = \"admin\""), 600);
    site.run(&["validate"])
        .exits(3)
        .says("incomplete-credentials")
        .says("neither `password` nor `key`");
}
