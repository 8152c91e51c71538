//! Tests host key verification before the password is sent, and legacy algorithms only where allowed.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use gamctl::model::HostKey;
use gamctl::simulator::fault::{Fault, FaultOrder};
use gamctl::simulator::server::{Twin, TwinSettings};
use gamctl::transport::ssh::{HandshakeTimeouts, Session, SshError, host_key_of};
use russh::keys::ssh_key::private::{Ed25519Keypair, KeypairData};
use russh::keys::{Algorithm, EcdsaCurve, HashAlg, PrivateKey};

use super::{
    LONG, is_left_alone, login, printed, running_config, settings, started, timeouts, twin,
};

const PATIENT: HandshakeTimeouts = HandshakeTimeouts {
    connect: LONG,
    whole: LONG,
};

async fn asked(twin: &Twin, is_legacy: bool) -> Result<HostKey, SshError> {
    host_key_of(twin.ssh_address(), is_legacy, None, PATIENT).await
}

fn attempts(twin: &Twin) -> u64 {
    twin.state(|state| state.counts.logins + state.counts.refused_logins)
}

#[tokio::test]
async fn a_host_key_is_read_without_a_login() {
    let twin = twin().await;
    let key = asked(&twin, false).await.unwrap();
    assert_eq!(key.as_str(), twin.host_key().unwrap());
    is_left_alone(&twin).await;
    assert_eq!(attempts(&twin), 0);
}

#[tokio::test]
async fn without_a_pin_no_password_is_sent() {
    let twin = twin().await;
    let mut login = login(&twin);
    let key = login.host_key.take();
    let error = Session::open(&login, timeouts()).await.unwrap_err();
    let SshError::HostKeyUnknown { presented, .. } = &error else {
        panic!("{error}");
    };
    assert_eq!(Some(presented), key.as_ref());
    assert!(error.to_string().contains("before you pin it"), "{error}");
    is_left_alone(&twin).await;
    assert_eq!(attempts(&twin), 0);
}

#[tokio::test]
async fn a_changed_key_is_a_refusal_that_names_both() {
    let twin = twin().await;
    let login = login(&twin);
    let fault = twin.set_fault(FaultOrder::new(Fault::SshHostKey {}));
    let error = Session::open(&login, timeouts()).await.unwrap_err();
    let SshError::HostKeyChanged {
        pinned, presented, ..
    } = &error
    else {
        panic!("{error}");
    };
    assert_eq!(Some(pinned), login.host_key.as_ref());
    assert_ne!(pinned, presented);
    assert!(
        error.to_string().contains("before you pin the new key"),
        "{error}"
    );
    is_left_alone(&twin).await;
    assert_eq!(attempts(&twin), 0);
    twin.clear_fault(fault);
    assert!(running_config(&login, timeouts()).await.is_ok());
}

#[tokio::test]
async fn old_algorithms_are_spoken_where_they_may_be_and_nowhere_else() {
    let twin = started(TwinSettings {
        legacy_ssh: true,
        ..settings()
    })
    .await;
    let mut login = login(&twin);
    let error = Session::open(&login, timeouts()).await.unwrap_err();
    assert!(
        matches!(
            error,
            SshError::NoCommonAlgorithm {
                may_be_legacy: true,
                ..
            }
        ),
        "{error}"
    );
    let said = error.to_string();
    assert!(
        said.contains("legacy_algorithms = true") && said.contains("group14-sha1"),
        "{said}"
    );
    assert!(asked(&twin, false).await.is_err());
    login.legacy_algorithms = true;
    assert_eq!(Some(asked(&twin, true).await.unwrap()), login.host_key);
    let lines = running_config(&login, timeouts()).await.unwrap();
    assert_eq!(lines, printed(&twin));
}

/// A server with several host keys that refuses every login.
#[derive(Clone)]
struct Closed(Arc<AtomicUsize>);

impl russh::server::Handler for Closed {
    type Error = russh::Error;

    async fn auth_password(
        &mut self,
        _user: &str,
        _password: &str,
    ) -> Result<russh::server::Auth, russh::Error> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Ok(russh::server::Auth::reject())
    }
}

fn key(algorithm: &Algorithm) -> PrivateKey {
    if *algorithm == Algorithm::Ed25519 {
        let data = KeypairData::Ed25519(Ed25519Keypair::from_seed(&[3; 32]));
        return PrivateKey::new(data, "").unwrap();
    }
    PrivateKey::random(&mut russh::keys::key::safe_rng(), algorithm.clone()).unwrap()
}

/// Starts a server with these host keys; returns its address and the number of received passwords.
async fn server_with(keys: Vec<PrivateKey>) -> (SocketAddr, Arc<AtomicUsize>) {
    let config = Arc::new(russh::server::Config {
        keys,
        auth_rejection_time: std::time::Duration::ZERO,
        ..russh::server::Config::default()
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let handler = Closed(Arc::default());
    let passwords = Arc::clone(&handler.0);
    drop(tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let connection =
                russh::server::run_stream(Arc::clone(&config), stream, handler.clone());
            drop(tokio::spawn(async {
                // A client that goes away in the middle is one of the cases.
                if let Ok(running) = connection.await {
                    drop(running.await);
                }
            }));
        }
    }));
    (address, passwords)
}

fn pin(key: &PrivateKey) -> HostKey {
    HostKey::new(&key.fingerprint(HashAlg::Sha256).to_string()).unwrap()
}

const ECDSA: Algorithm = Algorithm::Ecdsa {
    curve: EcdsaCurve::NistP256,
};

#[tokio::test]
async fn a_key_of_another_kind_than_the_pinned_one_is_as_much_a_change() {
    let rsa = Algorithm::Rsa { hash: None };
    let twin = twin().await;
    let pinned = key(&Algorithm::Ed25519);
    for other in [&ECDSA, &rsa] {
        let shown = key(other);
        let (address, passwords) = server_with(vec![shown.clone()]).await;
        let mut login = login(&twin);
        login.address = address;
        login.host_key = Some(pin(&pinned));
        let fence = super::writing::open_fence();
        for is_to_write in [false, true] {
            let opened = if is_to_write {
                Session::open_to_write(&login, timeouts(), &fence).await
            } else {
                Session::open(&login, timeouts()).await
            };
            let error = opened.unwrap_err();
            let SshError::HostKeyChanged { presented, .. } = &error else {
                panic!("{error}");
            };
            assert_eq!(presented, &pin(&shown));
        }
        assert_eq!(passwords.load(Ordering::SeqCst), 0);
    }
}

#[tokio::test]
async fn a_pin_of_another_kind_of_key_still_matches() {
    let keys = vec![key(&Algorithm::Ed25519), key(&ECDSA)];
    let pins: Vec<HostKey> = keys.iter().map(pin).collect();
    let (address, passwords) = server_with(keys).await;
    let twin = twin().await;
    let mut login = login(&twin);
    login.address = address;
    let mut reached = 0;
    for pin in &pins {
        login.host_key = Some(pin.clone());
        let error = Session::open(&login, timeouts()).await.unwrap_err();
        assert!(matches!(error, SshError::LoginRefused { .. }), "{error}");
        assert!(passwords.load(Ordering::SeqCst) > reached);
        reached = passwords.load(Ordering::SeqCst);
        let shown = host_key_of(address, false, Some(pin.clone()), PATIENT).await;
        assert_eq!(&shown.unwrap(), pin);
    }
    // A key that it has not is a change still, and brings no password.
    login.host_key = Some(HostKey::new(&twin.host_key().unwrap()).unwrap());
    let error = Session::open(&login, timeouts()).await.unwrap_err();
    assert!(matches!(error, SshError::HostKeyChanged { .. }), "{error}");
    assert_eq!(passwords.load(Ordering::SeqCst), reached);
}
