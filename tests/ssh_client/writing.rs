//! Tests configuring and saving: the twin's log has exactly these lines, in their order.

use std::time::{Duration, Instant};

use gamctl::model::ConfigLine;
use gamctl::simulator::fault::{Fault, FaultOrder};
use gamctl::simulator::server::{State, Twin};
use gamctl::transport::ssh::{Command, Exchange, Fence, Session, SshError, SshTimeouts};

use super::{LONG, is_left_alone, login, printed, settings, started, timeouts, twin};

pub(super) fn open_fence() -> Fence {
    Fence::until(Instant::now() + Duration::from_secs(3600))
}

pub(super) async fn writer(twin: &Twin, timeouts: SshTimeouts) -> Session {
    Session::open_to_write(&login(twin), timeouts, &open_fence())
        .await
        .unwrap()
}

pub(super) fn line(text: &str) -> ConfigLine {
    ConfigLine::new(text).unwrap()
}

/// Enters configuration mode, sends these lines and leaves it.
pub(super) async fn configure(
    session: &mut Session,
    lines: &[&str],
) -> Result<Vec<Exchange>, SshError> {
    let mut exchanges = vec![session.configure_begin().await?];
    for text in lines {
        exchanges.push(session.line(&line(text)).await?);
    }
    exchanges.push(session.configure_end().await?);
    Ok(exchanges)
}

/// Returns everything received after this many lines.
pub(super) fn typed_since(twin: &Twin, before: usize) -> Vec<String> {
    let lines = twin.lines().into_iter().skip(before);
    lines.map(|line| line.line).collect()
}

pub(super) fn has(twin: &Twin, line: &str) -> bool {
    printed(twin).iter().any(|printed| printed == line)
}

const ALL: [&str; 14] = [
    "ghn bw-profile 3 name \"home 300\" rate-downstream 318 rate-upstream 318",
    "ghn endpoint 2 name \"cellar right\" mac-address 00:0e:d8:1c:95:09 port 3",
    "ghn subscriber 2 name \"apt-102\" endpoint 2 bw-profile 3 vid 102 untagged allowed-vlan 5,7-9",
    "no ghn subscriber 1 endpoint",
    "no ghn subscriber 1",
    "ghn port 2 name \"riser b\"",
    "no ghn port 2 shutdown",
    "hostname oak",
    "snmp-server location cellar, behind the door",
    "no snmp-server contact",
    "interface 10GigabitEthernet 1/1",
    "switchport trunk allowed vlan 3-4093",
    "exit",
    "ghn bw-profile 2 description \"nobody's\"",
];

#[tokio::test]
async fn lines_are_accepted_in_order_and_saved() {
    let twin = twin().await;
    let mut session = writer(&twin, timeouts()).await;
    let before = twin.lines().len();
    let exchanges = configure(&mut session, &ALL).await.unwrap();
    let saved = session.save().await.unwrap();
    session.close().await;
    let mut expected = vec!["configure terminal"];
    expected.extend(ALL);
    expected.extend(["end", "copy running-config startup-config", "exit"]);
    assert_eq!(typed_since(&twin, before), expected);
    let lines: Vec<&str> = exchanges.iter().map(|one| one.line.as_str()).collect();
    assert_eq!(lines, expected[..expected.len() - 2]);
    assert!(exchanges.iter().all(|one| one.reply.is_empty()));
    assert!(
        has(&twin, "hostname oak") && has(&twin, "snmp-server location cellar, behind the door")
    );
    let config = twin.gam(gamctl::simulator::commands::running_config);
    assert_eq!(saved.bytes, u64::try_from(config.len()).unwrap());
    assert_eq!(
        saved.exchange.reply,
        [
            "Building configuration...".to_owned(),
            format!("% Saving {} bytes to flash:startup-config", saved.bytes),
        ]
    );
    twin.gam(|gam| {
        let startup = gam.startup().unwrap();
        assert_eq!(startup.configuration.hostname, "oak");
    });
    is_left_alone(&twin).await;
}

#[tokio::test]
async fn a_session_reads_configures_and_reads_again() {
    let twin = twin().await;
    let mut session = writer(&twin, timeouts()).await;
    for (name, vlan) in [("first", 103), ("second", 104)] {
        let text = format!("ghn subscriber 1 vid {vlan}");
        configure(&mut session, &[&format!("hostname {name}"), &text])
            .await
            .unwrap();
        let lines = session.read(Command::ShowRunningConfig).await.unwrap();
        assert_eq!(lines, printed(&twin));
        assert!(lines.contains(&format!("hostname {name}")));
    }
    session.close().await;
}

#[tokio::test]
async fn a_narrow_terminal_scrolls_and_hides_no_reply() {
    let longest = "hostname a-name-of-forty-five-characters-which-is-long";
    for (columns, longest) in [(40, "hostname a-name-of-twenty-4-chars"), (80, longest)] {
        let twin = twin().await;
        let text = "% Invalid word detected at '^' marker.".to_owned();
        twin.set_fault(FaultOrder::new(Fault::SshError { text }).matching("terminal"));
        let timeouts = SshTimeouts {
            columns,
            ..timeouts()
        };
        let mut session = writer(&twin, timeouts).await;
        twin.clear_faults();
        let long = format!("snmp-server location {}", "cellar ".repeat(30).trim());
        let mut lines = ALL.to_vec();
        lines.extend([long.as_str(), longest, "ghn subscriber 2 vid 105"]);
        let before = twin.lines().len();
        configure(&mut session, &lines).await.unwrap();
        session.save().await.unwrap();
        let typed = typed_since(&twin, before);
        assert_eq!(typed.len(), lines.len() + 3);
        assert!(has(&twin, &long) && has(&twin, longest));
        // And a refusal is one there as well.
        session.configure_begin().await.unwrap();
        let error = session
            .line(&line("ghn subscriber 2 endpoint 77"))
            .await
            .unwrap_err();
        assert!(
            matches!(error.because(), SshError::Declined { .. }),
            "{error}"
        );
    }
}

#[tokio::test]
async fn names_that_contain_each_other_are_distinguished() {
    let twin = twin().await;
    let mut session = writer(&twin, timeouts()).await;
    let names = ["GAM", "M", "GAM-4-CX", "4", "config", "GAM-4-CX-2"];
    let lines: Vec<String> = names
        .iter()
        .map(|name| format!("hostname {name}"))
        .collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    configure(&mut session, &lines).await.unwrap();
    assert!(has(&twin, "hostname GAM-4-CX-2"));
    // As delivered: only the device knows what that is.
    configure(&mut session, &["no hostname", "ghn subscriber 1 vid 105"])
        .await
        .unwrap();
    assert!(!has(&twin, "hostname GAM-4-CX-2"));
    session.save().await.unwrap();
    session.close().await;
}

#[tokio::test]
async fn a_line_of_another_mode_is_not_sent() {
    let twin = twin().await;
    for text in [
        "exit",
        "switchport trunk allowed vlan 5",
        "ghn subscriber 1 vid 5",
    ] {
        let mut session = writer(&twin, timeouts()).await;
        let before = twin.lines().len();
        if !text.starts_with("ghn") {
            session.configure_begin().await.unwrap();
        }
        let error = session.line(&line(text)).await.unwrap_err();
        assert!(
            matches!(error.because(), SshError::OutOfPlace { .. }),
            "{error}"
        );
        assert!(!error.may_have_run(), "{error}");
        is_left_alone(&twin).await;
        assert!(!typed_since(&twin, before).contains(&text.to_owned()));
    }
    let mut session = writer(&twin, timeouts()).await;
    let before = twin.lines().len();
    session.configure_begin().await.unwrap();
    let error = session.save().await.unwrap_err();
    assert!(
        matches!(error.because(), SshError::OutOfPlace { .. }),
        "{error}"
    );
    let mut session = writer(&twin, timeouts()).await;
    assert!(session.configure_end().await.is_err());
    let mut session = writer(&twin, timeouts()).await;
    session.configure_begin().await.unwrap();
    let error = session.read(Command::ShowVersion).await.unwrap_err();
    assert!(matches!(error, SshError::OutOfPlace { .. }), "{error}");
    is_left_alone(&twin).await;
    let typed = typed_since(&twin, before);
    assert!(
        !typed
            .iter()
            .any(|line| line.starts_with("copy") || line == "end" || line.starts_with("show"))
    );
}

#[tokio::test]
async fn a_session_that_failed_is_not_used_again() {
    let twin = twin().await;
    let mut session = writer(&twin, timeouts()).await;
    session.configure_begin().await.unwrap();
    let refused = session.line(&line("ghn subscriber 1 bw-profile 9")).await;
    let error = refused.unwrap_err();
    assert!(
        matches!(error.because(), SshError::Declined { .. }),
        "{error}"
    );
    assert!(error.may_have_run());
    let exchange = error.exchange().unwrap();
    assert_eq!(exchange.line, "ghn subscriber 1 bw-profile 9");
    assert!(exchange.reply.iter().any(|line| line.starts_with("% ")));
    is_left_alone(&twin).await;
    let before = twin.lines().len();
    let is_spent = |error: SshError| {
        assert!(matches!(error.because(), SshError::Spent { .. }), "{error}");
        assert!(!error.may_have_run(), "{error}");
    };
    is_spent(
        session
            .line(&line("ghn subscriber 1 vid 5"))
            .await
            .unwrap_err(),
    );
    is_spent(session.configure_begin().await.unwrap_err());
    is_spent(session.configure_end().await.unwrap_err());
    is_spent(session.save().await.unwrap_err());
    is_spent(session.read(Command::ShowVersion).await.unwrap_err());
    session.close().await;
    assert_eq!(twin.lines().len(), before);
}

#[tokio::test]
async fn a_cancelled_line_ends_the_session() {
    let twin = twin().await;
    let mut session = writer(&twin, timeouts()).await;
    session.configure_begin().await.unwrap();
    twin.set_fault(Fault::SshSlowLine { millis: 20_000 });
    let before = twin.lines().len();
    let text = line("ghn subscriber 1 vid 105");
    let already = twin.state(|state| state.counts.lines);
    let is_typed = async {
        let arrived = |state: &State| state.counts.lines > already;
        twin.wait_until(arrived, LONG).await.unwrap();
    };
    tokio::select! {
        taken = session.line(&text) => panic!("{taken:?}"),
        () = is_typed => {}
    }
    twin.clear_faults();
    let error = session
        .line(&line("ghn subscriber 1 vid 106"))
        .await
        .unwrap_err();
    assert!(matches!(error.because(), SshError::Spent { .. }), "{error}");
    drop(session);
    is_left_alone(&twin).await;
    assert!(!typed_since(&twin, before).contains(&"ghn subscriber 1 vid 106".to_owned()));
}

#[tokio::test]
async fn a_session_that_only_reads_changes_nothing() {
    let twin = twin().await;
    for is_save in [false, true] {
        let mut session = Session::open(&login(&twin), timeouts()).await.unwrap();
        let before = twin.lines().len();
        let error = if is_save {
            session.save().await.unwrap_err()
        } else {
            session.configure_begin().await.unwrap_err()
        };
        assert!(
            matches!(error.because(), SshError::ReadOnly { .. }),
            "{error}"
        );
        assert!(!error.may_have_run());
        assert_eq!(twin.lines().len(), before);
    }
}

#[tokio::test]
async fn a_slow_device_is_waited_for_and_its_save_longer() {
    let mut settings = settings();
    settings.latency.line = Duration::from_millis(120);
    settings.save_time = Duration::from_millis(1500);
    let twin = started(settings).await;
    // A save is given more time than anything else.
    let timeouts = SshTimeouts {
        silence: Duration::from_secs(1),
        ..timeouts()
    };
    let mut session = writer(&twin, timeouts).await;
    configure(&mut session, &["ghn subscriber 1 vid 105"])
        .await
        .unwrap();
    let saved = session.save().await.unwrap();
    assert!(saved.exchange.millis >= 1500, "{saved:?}");
    session.close().await;
}
