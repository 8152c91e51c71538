//! Tests logins by private key, with the password as fallback.

use std::sync::LazyLock;

use gamctl::secrets::Secret;
use gamctl::simulator::server::Twin;
use gamctl::transport::ssh::{Login, Session, SshError};
use russh::keys::ssh_key::LineEnding;
use russh::keys::ssh_key::private::{Ed25519Keypair, KeypairData};
use russh::keys::{Algorithm, PrivateKey};

use super::{is_left_alone, login, printed, running_config, settings, started, timeouts};

static RSA: LazyLock<PrivateKey> = LazyLock::new(|| {
    PrivateKey::random(
        &mut russh::keys::key::safe_rng(),
        Algorithm::Rsa { hash: None },
    )
    .unwrap()
});

fn ed25519(seed: u8) -> PrivateKey {
    let data = KeypairData::Ed25519(Ed25519Keypair::from_seed(&[seed; 32]));
    PrivateKey::new(data, "").unwrap()
}

fn pem(key: &PrivateKey) -> Secret {
    Secret::new(key.to_openssh(LineEnding::LF).unwrap().as_bytes().to_vec())
}

async fn twin_that_knows(keys: &[&PrivateKey], is_legacy: bool) -> Twin {
    let mut settings = settings();
    settings.legacy_ssh = is_legacy;
    settings.login.authorized_keys = keys.iter().map(|key| key.public_key().clone()).collect();
    started(settings).await
}

fn login_with(twin: &Twin, key: &PrivateKey, password: &str) -> Login {
    let mut login = login(twin);
    login.private_key = Some(pem(key));
    login.password = Secret::new(password.as_bytes().to_vec());
    login
}

#[tokio::test]
async fn a_key_that_the_device_knows_is_enough() {
    let own = ed25519(7);
    let twin = twin_that_knows(&[&own, &RSA], false).await;
    for key in [&own, &*RSA] {
        let lines = running_config(&login_with(&twin, key, ""), timeouts()).await;
        assert_eq!(lines.unwrap(), printed(&twin));
    }
    assert_eq!(twin.state(|state| state.counts.refused_logins), 0);
}

#[tokio::test]
async fn old_firmware_accepts_an_rsa_key_where_old_algorithms_are_allowed() {
    let twin = twin_that_knows(&[&RSA], true).await;
    let mut login = login_with(&twin, &RSA, "");
    login.legacy_algorithms = true;
    let lines = running_config(&login, timeouts()).await;
    assert_eq!(lines.unwrap(), printed(&twin));
}

#[tokio::test]
async fn a_key_that_the_device_does_not_know_leaves_the_password() {
    let twin = twin_that_knows(&[&ed25519(7)], false).await;
    let login = login_with(&twin, &ed25519(8), "correct horse");
    assert_eq!(
        running_config(&login, timeouts()).await.unwrap(),
        printed(&twin)
    );
    // Where there is none, an empty one is not tried in its place.
    let login = login_with(&twin, &ed25519(8), "");
    let error = Session::open(&login, timeouts()).await.unwrap_err();
    assert!(matches!(error, SshError::LoginRefused { .. }), "{error}");
    assert!(error.to_string().contains("private key"), "{error}");
    assert_eq!(twin.state(|state| state.counts.refused_logins), 0);
    is_left_alone(&twin).await;
}

#[tokio::test]
async fn an_invalid_private_key_is_reported_and_not_shown() {
    let twin = twin_that_knows(&[], false).await;
    let locked = ed25519(7)
        .encrypt(&mut russh::keys::key::safe_rng(), "CANARY")
        .unwrap();
    for (key, why) in [
        (pem(&locked), "it is protected by a passphrase"),
        (Secret::new(b"CANARY".to_vec()), "it is not a private key"),
        (Secret::new(vec![0xff, 0xfe]), "it is not text"),
    ] {
        let mut login = login(&twin);
        login.private_key = Some(key);
        let error = Session::open(&login, timeouts()).await.unwrap_err();
        assert!(matches!(error, SshError::PrivateKey { .. }), "{error}");
        assert!(error.to_string().contains(why), "{error}");
        let said = format!("{error} {error:?} {login:?}");
        assert!(
            !said.contains("CANARY") && !said.contains("PRIVATE KEY"),
            "{said}"
        );
    }
}

#[tokio::test]
async fn an_unknown_host_gets_no_signature() {
    let own = ed25519(7);
    let twin = twin_that_knows(&[&own], false).await;
    let mut login = login_with(&twin, &own, "");
    login.host_key = None;
    let error = Session::open(&login, timeouts()).await.unwrap_err();
    assert!(matches!(error, SshError::HostKeyUnknown { .. }), "{error}");
    is_left_alone(&twin).await;
    assert_eq!(
        twin.state(|state| state.counts.logins + state.counts.refused_logins),
        0
    );
}
