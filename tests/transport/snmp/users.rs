//! Tests SNMP 3 against the twin: all levels and protocols, refusals, reboots, replaced devices.

use std::time::Duration;

use gamctl::secrets::Secret;
use gamctl::simulator::fault::Restart;
use gamctl::simulator::server::{Twin, TwinSettings};
use gamctl::simulator::snmp::{self as agent, Authentication, User};
use gamctl::transport::snmp::{
    Access, Auth, AuthProtocol, Hint, Privacy, PrivacyProtocol, Session, SnmpError, SnmpOptions,
    Value,
};

use super::{GHN, PATIENT, SYS_NAME, oid, settings};

const PASSWORD: &str = "correct-horse";
const HIDDEN: &str = "battery-staple";

const PAIRS: [(AuthProtocol, Authentication); 2] = [
    (AuthProtocol::Md5, Authentication::Md5),
    (AuthProtocol::Sha1, Authentication::Sha1),
];
const CIPHERS: [(PrivacyProtocol, agent::Privacy); 2] = [
    (PrivacyProtocol::Des, agent::Privacy::Des),
    (PrivacyProtocol::Aes128, agent::Privacy::Aes),
];

fn auth(protocol: AuthProtocol, password: &str) -> Option<Auth> {
    Some(Auth {
        protocol,
        password: Secret::new(password.as_bytes().to_vec()),
    })
}

fn privacy(protocol: PrivacyProtocol, password: &str) -> Option<Privacy> {
    Some(Privacy {
        protocol,
        password: Secret::new(password.as_bytes().to_vec()),
    })
}

fn access(user: &str, auth: Option<Auth>, privacy: Option<Privacy>) -> Access {
    Access::V3 {
        user: user.to_owned(),
        auth,
        privacy,
    }
}

/// All configured users with their access.
fn users() -> Vec<(User, Access)> {
    let read = agent::Access::Read;
    let mut users = vec![(User::new("open", read), access("open", None, None))];
    for (ours, theirs) in PAIRS {
        let name = format!("{ours:?}");
        users.push((
            User::authenticated(&name, read, theirs, PASSWORD).unwrap(),
            access(&name, auth(ours, PASSWORD), None),
        ));
        for (cipher, their_cipher) in CIPHERS {
            let name = format!("{ours:?}-{cipher:?}");
            let user = User::private(&name, read, (theirs, PASSWORD), (their_cipher, HIDDEN));
            users.push((
                user.unwrap(),
                access(&name, auth(ours, PASSWORD), privacy(cipher, HIDDEN)),
            ));
        }
    }
    users
}

async fn twin_with_users(subscribers: u16) -> Twin {
    let mut settings: TwinSettings = settings(subscribers);
    settings.snmp.users = users().into_iter().map(|(user, _)| user).collect();
    Twin::start(settings).await.unwrap()
}

fn best() -> Access {
    users().pop().unwrap().1
}

async fn session(twin: &Twin, access: &Access) -> Session {
    let session = Session::open(twin.snmp_address(), access, PATIENT).await;
    session.unwrap()
}

/// Returns the error of a request with this access.
async fn refusal(twin: &Twin, access: &Access, options: SnmpOptions) -> SnmpError {
    let session = match Session::open(twin.snmp_address(), access, options).await {
        Ok(session) => session,
        Err(error) => return error,
    };
    session.get(&[oid(SYS_NAME)]).await.unwrap_err()
}

#[tokio::test]
async fn every_level_and_every_pair_of_protocols_reads_the_same() {
    let twin = twin_with_users(60).await;
    let names = oid(GHN).join(&[40, 1, 30]);
    let hostname = twin.gam(|gam| gam.running().hostname.as_bytes().to_vec());
    for (_, access) in users() {
        let session = session(&twin, &access).await;
        let values = session.get(&[oid(SYS_NAME)]).await.unwrap();
        assert_eq!(values, [Value::Bytes(hostname.clone())]);
        let columns = session.columns(std::slice::from_ref(&names)).await.unwrap();
        assert_eq!(columns[0].cells.len(), 60);
        assert_eq!(
            columns[0].cells[59].value,
            Value::Bytes(b"acct-60".to_vec())
        );
        let counters = session.counters();
        assert_eq!((counters.stale, counters.undecodable), (0, 0), "{access:?}");
        assert!(counters.resent <= 1, "{counters:?}");
    }
}

#[tokio::test]
async fn a_refusal_is_named() {
    let twin = twin_with_users(0).await;
    let sha1 = |password| auth(AuthProtocol::Sha1, password);
    let aes = |password| privacy(PrivacyProtocol::Aes128, password);
    let stranger = access("stranger", sha1(PASSWORD), aes(HIDDEN));
    let error = refusal(&twin, &stranger, PATIENT).await;
    assert!(
        matches!(&error, SnmpError::UnknownUser { user, .. } if user == "stranger"),
        "{error}"
    );
    let wrong = access("Sha1-Aes128", sha1("correct-house"), aes(HIDDEN));
    let error = refusal(&twin, &wrong, PATIENT).await;
    assert!(matches!(&error, SnmpError::WrongDigest { .. }), "{error}");
    let other = access(
        "Sha1-Aes128",
        auth(AuthProtocol::Md5, PASSWORD),
        aes(HIDDEN),
    );
    let error = refusal(&twin, &other, PATIENT).await;
    assert!(matches!(&error, SnmpError::WrongDigest { .. }), "{error}");
    let too_private = access("Sha1", sha1(PASSWORD), aes(HIDDEN));
    let error = refusal(&twin, &too_private, PATIENT).await;
    assert!(
        matches!(&error, SnmpError::UnsupportedSecurityLevel { .. }),
        "{error}"
    );
    for text in [
        format!("{error}"),
        format!("{error:?}"),
        format!("{too_private:?}"),
    ] {
        assert!(!text.contains(PASSWORD) && !text.contains(HIDDEN), "{text}");
    }
}

#[tokio::test]
async fn a_wrong_privacy_password_is_what_silence_is_explained_by() {
    let twin = twin_with_users(0).await;
    let hurried = SnmpOptions {
        timeout: Duration::from_millis(40),
        retries: 1,
        ..PATIENT
    };
    for protocol in [PrivacyProtocol::Des, PrivacyProtocol::Aes128] {
        let name = format!("Sha1-{protocol:?}");
        let wrong = access(
            &name,
            auth(AuthProtocol::Sha1, PASSWORD),
            privacy(protocol, "battery-stapler"),
        );
        let error = refusal(&twin, &wrong, hurried).await;
        assert!(
            matches!(
                &error,
                SnmpError::Timeout {
                    hint: Hint::Privacy,
                    ..
                } | SnmpError::DecryptionError { .. }
            ),
            "{error}"
        );
        assert!(error.to_string().contains("privacy password"), "{error}");
    }
}

#[tokio::test]
async fn invalid_access_is_refused_before_anything_is_sent() {
    let twin = twin_with_users(0).await;
    let sha1 = |password| auth(AuthProtocol::Sha1, password);
    let aes = privacy(PrivacyProtocol::Aes128, HIDDEN);
    for access in [
        access("", None, None),
        access(&"x".repeat(33), None, None),
        access("Sha1", sha1("short"), None),
        access("Sha1", sha1(""), None),
        access("Sha1-Aes128", None, aes.clone()),
        access(
            "Sha1-Aes128",
            sha1(PASSWORD),
            privacy(PrivacyProtocol::Aes128, "1234567"),
        ),
    ] {
        let error = refusal(&twin, &access, PATIENT).await;
        assert!(matches!(&error, SnmpError::Access { .. }), "{error}");
    }
    assert_eq!(twin.state(|state| state.counts.requests), 0);
}

async fn is_up_again(twin: &Twin, boots: u64) {
    let is_back =
        |state: &gamctl::simulator::server::State| state.is_up && state.counts.boots >= boots;
    twin.wait_until(is_back, super::LONG).await.unwrap();
}

#[tokio::test]
async fn after_a_reboot_the_agents_time_is_adopted_and_reading_continues() {
    let twin = twin_with_users(0).await;
    for access in [best(), users().remove(1).1] {
        let before = twin.state(|state| state.counts.boots);
        let session = session(&twin, &access).await;
        session.get(&[oid(SYS_NAME)]).await.unwrap();
        twin.reboot();
        is_up_again(&twin, before + 1).await;
        session.get(&[oid(SYS_NAME)]).await.unwrap();
        assert!(session.counters().reports >= 2, "{:?}", session.counters());
    }
}

#[tokio::test]
async fn columns_that_were_read_across_a_reboot_are_not_given_out() {
    let twin = twin_with_users(384).await;
    let session = session(&twin, &best()).await;
    let names = [oid(GHN).join(&[40, 1, 30]), oid(GHN).join(&[20, 1, 30])];
    session.columns(&names).await.unwrap();
    let start = twin.state(|state| state.counts.requests);
    let disturb = async {
        let is_on_its_way =
            |state: &gamctl::simulator::server::State| state.counts.requests > start + 2;
        twin.wait_until(is_on_its_way, super::LONG).await.unwrap();
        twin.reboot();
    };
    let (read, ()) = tokio::join!(session.columns(&names), disturb);
    match read {
        Err(SnmpError::Rebooted { .. }) => {}
        // The reboot came after the last answer.
        Ok(columns) => assert_eq!(columns[0].cells.len(), 384),
        Err(error) => panic!("{error}"),
    }
    assert!(session.columns(&names).await.is_ok());
}

#[tokio::test]
async fn another_device_at_the_address_is_discovered_again() {
    let twin = twin_with_users(3).await;
    let session = session(&twin, &best()).await;
    let names = [oid(GHN).join(&[40, 1, 30])];
    assert_eq!(session.columns(&names).await.unwrap()[0].cells.len(), 3);
    twin.restart(Restart::ReplaceHardware { seed: 77 });
    is_up_again(&twin, 1).await;
    let read = session.columns(&names).await;
    assert!(
        matches!(read, Err(SnmpError::EngineReplaced { .. })),
        "{read:?}"
    );
    assert_eq!(session.columns(&names).await.unwrap()[0].cells.len(), 0);
    session.get(&[oid(SYS_NAME)]).await.unwrap();
}
