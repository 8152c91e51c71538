//! Tests logging in and entering lines, as any SSH client does.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use gamctl::simulator::server::{State, Twin, TwinSettings};
use russh::client::AuthResult;
use russh::keys::ssh_key::private::{Ed25519Keypair, KeypairData};
use russh::keys::{Algorithm, PrivateKey, PrivateKeyWithHashAlg};
use russh::{ChannelMsg, MethodKind, Preferred, cipher, kex, mac};

use super::client::{Shell, answer_all, knock, knock_with, login};
use super::{LONG, settings, twin};

#[tokio::test]
async fn the_empty_password_is_accepted_and_a_wrong_one_is_not() {
    let twin = twin().await;
    let (mut handle, _) = knock(&twin).await.unwrap();
    let wrong = handle.authenticate_password("admin", "secret").await;
    let AuthResult::Failure {
        remaining_methods, ..
    } = wrong.unwrap()
    else {
        panic!("a wrong password lets in");
    };
    // A person who mistyped is asked again.
    assert!(remaining_methods.contains(&MethodKind::Password));
    let nobody = handle.authenticate_password("root", "").await;
    assert!(!nobody.unwrap().success());
    let right = handle.authenticate_password("admin", "").await;
    assert!(right.unwrap().success());
    let counts = twin.state(|state| state.counts);
    assert_eq!((counts.logins, counts.refused_logins), (1, 2));
}

#[tokio::test]
async fn a_password_is_asked_for_without_showing_it() {
    let mut settings = settings();
    settings.login.password = "a-password".to_owned();
    let twin = Twin::start(settings).await.unwrap();
    let (mut handle, _) = knock(&twin).await.unwrap();
    assert!(!answer_all(&mut handle, "").await);
    assert!(answer_all(&mut handle, "a-password").await);
}

#[tokio::test]
async fn a_password_changed_on_the_device_is_valid_at_the_next_login() {
    let twin = twin().await;
    twin.change(|gam, now| {
        let password = gamctl::simulator::gam::Password::of("changed-now");
        let edit = gamctl::simulator::gam::Edit::Password(password);
        gam.edit(&edit, now).unwrap();
    });
    let (mut handle, _) = knock(&twin).await.unwrap();
    let old = handle.authenticate_password("admin", "").await;
    assert!(!old.unwrap().success());
    let new = handle.authenticate_password("admin", "changed-now").await;
    assert!(new.unwrap().success());
}

#[tokio::test]
async fn only_authorised_keys_can_log_in() {
    let key = |seed: u8| {
        let data = KeypairData::Ed25519(Ed25519Keypair::from_seed(&[seed; 32]));
        PrivateKey::new(data, "test").unwrap()
    };
    let mut settings = settings();
    settings.login.authorized_keys = vec![key(1).public_key().clone()];
    let twin = Twin::start(settings).await.unwrap();
    let (mut handle, _) = knock(&twin).await.unwrap();
    for (seed, lets_in) in [(2, false), (1, true)] {
        let key = PrivateKeyWithHashAlg::new(Arc::new(key(seed)), None);
        let login = handle.authenticate_publickey("admin", key).await.unwrap();
        assert_eq!(login.success(), lets_in);
    }
}

#[tokio::test]
async fn too_many_login_attempts_are_disconnected() {
    let mut settings = settings();
    settings.login.attempts = 2;
    let twin = Twin::start(settings).await.unwrap();
    let (mut handle, _) = knock(&twin).await.unwrap();
    for _ in 0..2 {
        let wrong = handle.authenticate_password("admin", "wrong").await;
        assert!(!wrong.unwrap().success());
    }
    let right = handle.authenticate_password("admin", "").await;
    assert!(!right.is_ok_and(|login| login.success()));
    twin.wait_until(State::is_idle, LONG).await.unwrap();
}

#[tokio::test]
async fn the_host_key_is_the_same_for_every_client_and_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let settings = || TwinSettings {
        directory: Some(directory.path().to_owned()),
        ..settings()
    };
    let first = Twin::start(settings()).await.unwrap();
    let fingerprint = first.host_key().unwrap();
    let (_handle, key) = knock(&first).await.unwrap();
    assert_eq!(key.fingerprint(), fingerprint);
    first.stop().await;
    let second = Twin::start(settings()).await.unwrap();
    assert_eq!(second.host_key().unwrap(), fingerprint);
}

#[tokio::test]
async fn old_firmware_speaks_to_those_who_ask_for_old_algorithms() {
    let twin = Twin::start(TwinSettings {
        legacy_ssh: true,
        ..settings()
    })
    .await
    .unwrap();
    let refused = knock(&twin).await.err().map(|error| format!("{error:?}"));
    assert!(refused.unwrap().starts_with("NoCommonAlgo"));
    let old = Preferred {
        kex: Cow::Borrowed(&[kex::DH_G14_SHA1]),
        key: Cow::Borrowed(&[Algorithm::Rsa { hash: None }]),
        cipher: Cow::Borrowed(&[cipher::AES_128_CBC]),
        mac: Cow::Borrowed(&[mac::HMAC_SHA1]),
        ..Preferred::default()
    };
    let (mut handle, _) = knock_with(&twin, old).await.unwrap();
    let login = handle.authenticate_password("admin", "").await;
    assert!(login.unwrap().success());
    let mut shell = Shell::on(handle).await;
    assert!(shell.until("# ").await.contains("GAM"));
}

#[tokio::test]
async fn there_is_a_shell_and_nothing_else() {
    let twin = twin().await;
    let handle = login(&twin).await;
    let mut channel = handle.channel_open_session().await.unwrap();
    channel.exec(true, "show version").await.unwrap();
    assert!(matches!(channel.wait().await, Some(ChannelMsg::Failure)));
    channel.request_subsystem(true, "sftp").await.unwrap();
    assert!(matches!(channel.wait().await, Some(ChannelMsg::Failure)));
    assert!(handle.channel_open_session().await.is_err());
    channel.request_shell(true).await.unwrap();
    assert!(matches!(channel.wait().await, Some(ChannelMsg::Success)));
    channel.request_shell(true).await.unwrap();
    loop {
        match channel.wait().await {
            Some(ChannelMsg::Data { .. }) => {}
            other => break assert!(matches!(other, Some(ChannelMsg::Failure))),
        }
    }
}

#[tokio::test]
async fn lines_of_a_session_change_the_configuration() {
    let twin = twin().await;
    let mut shell = Shell::open(&twin).await;
    shell.enter("configure terminal").await;
    let refused = shell.enter("ghn subscriber 1 endpoint 9").await;
    assert!(refused.contains("% "), "{refused}");
    shell
        .enter("ghn endpoint 1 name cellar mac-address 00:0e:d8:1c:95:08 port 4")
        .await;
    shell.enter("end").await;
    twin.gam(|gam| assert_eq!(gam.running().endpoints[&1].name, "cellar"));
    let lines: Vec<String> = twin.lines().into_iter().map(|line| line.line).collect();
    assert_eq!(lines[0], "configure terminal");
    assert_eq!(lines.len(), 4);
}

#[tokio::test]
async fn lines_entered_ahead_run_in_order() {
    let twin = twin().await;
    let mut shell = Shell::open(&twin).await;
    let mut keys = "configure terminal\r".to_owned();
    for number in 2..=15 {
        keys.push_str(&format!("ghn bw-profile {number} name plan-{number}\r"));
    }
    for key in keys.chars() {
        shell.keys(&key.to_string()).await;
    }
    shell.enter("hostname LAST").await;
    let has_all = |state: &State| state.gam.running().profiles.len() == 15;
    twin.wait_until(has_all, LONG).await.unwrap();
    let is_last = |state: &State| state.gam.running().hostname == "LAST";
    twin.wait_until(is_last, LONG).await.unwrap();
}

#[tokio::test]
async fn a_flood_of_keys_is_survived() {
    let twin = twin().await;
    let mut shell = Shell::open(&twin).await;
    for seed in 0..40_u32 {
        let noise: String = (0..20_000)
            .map(|at| char::from(u8::try_from((at * 31 + seed * 7) % 127).unwrap()))
            .collect();
        shell.keys(&noise).await;
    }
    drop(shell);
    let is_empty = |state: &State| state.sessions() == 0;
    twin.wait_until(is_empty, LONG).await.unwrap();
    Shell::open(&twin).await;
}

#[tokio::test]
async fn one_session_too_many_is_refused_with_a_message() {
    let twin = Twin::start(TwinSettings {
        max_sessions: 2,
        ..settings()
    })
    .await
    .unwrap();
    let first = Shell::open(&twin).await;
    let _second = Shell::open(&twin).await;
    let mut third = Shell::silent(&twin).await;
    assert_eq!(third.rest().await, "% All lines are busy, try later\r\n");
    assert_eq!(twin.sessions(), 2);
    drop(first);
    let has_room = |state: &State| state.sessions() == 1;
    twin.wait_until(has_room, LONG).await.unwrap();
    Shell::open(&twin).await;
}

#[tokio::test]
async fn exit_closes_the_session() {
    let twin = twin().await;
    let mut shell = Shell::open(&twin).await;
    shell.keys("exit\r").await;
    assert!(shell.rest().await.starts_with("exit"));
    let is_empty = |state: &State| state.sessions() == 0 && state.is_idle();
    twin.wait_until(is_empty, LONG).await.unwrap();
}

#[tokio::test]
async fn a_terminal_that_is_resized_goes_on() {
    let twin = twin().await;
    let mut shell = Shell::open(&twin).await;
    shell.resize(40).await;
    assert!(shell.enter("show version").await.contains("GAM"));
}

#[tokio::test]
async fn a_pty_with_a_size_pages_by_that_size() {
    let twin = twin().await;
    let handle = login(&twin).await;
    let channel = handle.channel_open_session().await.unwrap();
    channel
        .request_pty(false, "vt100", 80, 10, 0, 0, &[])
        .await
        .unwrap();
    channel.request_shell(false).await.unwrap();
    let (mut reading, writing) = channel.split();
    let keys = b"show running-config\r".to_vec();
    writing.data_bytes(keys).await.unwrap();
    let mut said = String::new();
    while !said.contains("-- more --") {
        if let Some(ChannelMsg::Data { data }) = reading.wait().await {
            said.push_str(&String::from_utf8_lossy(&data));
        }
    }
    assert!(said.lines().count() < 16, "{said}");
}

#[tokio::test]
async fn a_session_that_is_idle_for_too_long_is_closed() {
    let twin = twin().await;
    let mut shell = Shell::open(&twin).await;
    shell.enter("configure terminal").await;
    let minutes = twin.gam(|gam| gam.running().exec_timeout_minutes);
    let idle = Duration::from_secs(60 * u64::from(minutes));
    for (time, sessions) in [(idle / 2, 1), (idle, 0)] {
        tokio::time::pause();
        tokio::time::advance(time).await;
        tokio::time::resume();
        let is_so = |state: &State| state.sessions() == sessions;
        twin.wait_until(is_so, LONG).await.unwrap();
    }
    assert_eq!(shell.rest().await, "");
}
