//! Tests logging in and reading, from devices like those in the field.

use std::time::Duration;

use gamctl::secrets::Secret;
use gamctl::simulator::gam::Password;
use gamctl::simulator::server::TwinSettings;
use gamctl::transport::ssh::{Command, Session, SshError, SshTimeouts};

use super::{is_left_alone, login, printed, running_config, settings, started, timeouts, twin};

#[tokio::test]
async fn a_running_config_is_read_to_the_letter_and_the_session_is_left() {
    let twin = twin().await;
    let lines = running_config(&login(&twin), timeouts()).await.unwrap();
    assert_eq!(lines, printed(&twin));
    assert!(lines.contains(
        &"ghn endpoint 1 name \"cellar left\" mac-address 00:0e:d8:1c:95:08 port 4".to_owned()
    ));
    is_left_alone(&twin).await;
    let typed: Vec<String> = twin.lines().into_iter().map(|line| line.line).collect();
    let ours = typed.iter().filter(|line| !line.starts_with("ghn "));
    assert_eq!(
        ours.collect::<Vec<_>>(),
        [
            "",
            "terminal length 0",
            "terminal width 0",
            "show running-config",
            "exit"
        ]
    );
}

#[tokio::test]
async fn one_session_reads_many_times() {
    let twin = twin().await;
    let mut session = Session::open(&login(&twin), timeouts()).await.unwrap();
    for _ in 0..3 {
        let version = session.read(Command::ShowVersion).await.unwrap();
        assert!(
            version
                .iter()
                .any(|line| line.starts_with("Software Version"))
        );
        let config = session.read(Command::ShowRunningConfig).await.unwrap();
        assert_eq!(config, printed(&twin));
    }
    session.close().await;
}

#[tokio::test]
async fn a_wrong_password_is_reported_and_not_shown() {
    let twin = twin().await;
    let mut login = login(&twin);
    login.password = Secret::new(b"CANARY".to_vec());
    let error = Session::open(&login, timeouts()).await.unwrap_err();
    assert!(matches!(error, SshError::LoginRefused { .. }), "{error}");
    assert!(!format!("{error} {error:?} {login:?}").contains("CANARY"));
    // By password, and by answering the question for it.
    assert_eq!(twin.state(|state| state.counts.refused_logins), 2);
    is_left_alone(&twin).await;
}

#[tokio::test]
async fn an_empty_password_is_one_too() {
    let twin = gamctl::simulator::server::Twin::start(settings())
        .await
        .unwrap();
    let lines = running_config(&login(&twin), timeouts()).await.unwrap();
    assert_eq!(lines, printed(&twin));
}

#[tokio::test]
async fn a_session_that_begins_without_privileges_gains_them() {
    for enable_password in [Password::None, Password::of("correct horse")] {
        let mut settings = settings();
        settings.session_start.lands_unprivileged = true;
        settings.session_start.enable_password = enable_password;
        let twin = started(settings).await;
        let lines = running_config(&login(&twin), timeouts()).await.unwrap();
        assert_eq!(lines, printed(&twin));
    }
}

#[tokio::test]
async fn a_password_refused_by_enable_is_reported() {
    let mut settings = settings();
    settings.session_start.lands_unprivileged = true;
    settings.session_start.enable_password = Password::of("another");
    let twin = started(settings).await;
    let error = Session::open(&login(&twin), timeouts()).await.unwrap_err();
    assert!(matches!(error, SshError::EnableRefused { .. }), "{error}");
    assert!(!error.to_string().contains("correct horse"));
}

#[tokio::test]
async fn a_password_with_control_keys_is_never_sent() {
    let mut settings = settings();
    settings.session_start.lands_unprivileged = true;
    settings.session_start.enable_password = Password::of("x");
    settings.login.password = "x\rreload cold\r".to_owned();
    let twin = gamctl::simulator::server::Twin::start(settings)
        .await
        .unwrap();
    let error = Session::open(&login(&twin), timeouts()).await.unwrap_err();
    assert!(
        matches!(error, SshError::PasswordNotTypable { .. }),
        "{error}"
    );
    assert!(
        twin.lines()
            .iter()
            .all(|line| !line.line.contains("reload"))
    );
}

#[tokio::test]
async fn a_banner_is_never_taken_for_a_prompt() {
    for banner in [
        "Authorised use only",
        "##########\r\n##########\r\n# keep off #\r\n##########",
        "GAM-4-CX# show running-config\r\nhostname x\r\nend\r\nGAM-4-CX#",
        "\u{1b}[2J\u{1b}[1;31mSTOP>\u{1b}[0m",
    ] {
        let mut settings = settings();
        settings.session_start.banner = banner.to_owned();
        let twin = started(settings).await;
        let lines = running_config(&login(&twin), timeouts()).await.unwrap();
        assert_eq!(lines, printed(&twin), "{banner:?}");
    }
}

#[tokio::test]
async fn a_narrow_terminal_does_not_hide_the_entered_line() {
    let twin = twin().await;
    let longest = "a-name.as_long-as-forty-five_characters-may.b";
    for (columns, name) in [(40, "a-name.of_thirty-two_characters"), (80, longest)] {
        twin.edit_line(&format!("hostname {name}"));
        let timeouts = SshTimeouts {
            columns,
            ..timeouts()
        };
        let lines = running_config(&login(&twin), timeouts).await.unwrap();
        assert_eq!(lines, printed(&twin));
    }
}

#[tokio::test]
async fn host_names_may_look_like_anything() {
    let twin = twin().await;
    for name in ["end", "x", "config", "4.2_-", "show", "terminal-length-0"] {
        assert!(!twin.edit_line(&format!("hostname {name}")).contains('%'));
        let lines = running_config(&login(&twin), timeouts()).await.unwrap();
        assert_eq!(lines, printed(&twin), "{name}");
    }
}

#[tokio::test]
async fn a_device_that_gets_another_name_is_still_understood() {
    let twin = twin().await;
    let mut session = Session::open(&login(&twin), timeouts()).await.unwrap();
    session.read(Command::ShowVersion).await.unwrap();
    twin.edit_line("hostname renamed");
    for _ in 0..2 {
        let lines = session.read(Command::ShowRunningConfig).await.unwrap();
        assert_eq!(lines, printed(&twin));
        assert!(lines.contains(&"hostname renamed".to_owned()));
    }
    session.close().await;
}

#[tokio::test]
async fn a_slow_device_is_waited_for() {
    let mut settings = TwinSettings {
        legacy_ssh: false,
        ..settings()
    };
    settings.latency.ssh = Duration::from_millis(150);
    settings.latency.line = Duration::from_millis(120);
    let twin = started(settings).await;
    let lines = running_config(&login(&twin), timeouts()).await.unwrap();
    assert_eq!(lines, printed(&twin));
}
