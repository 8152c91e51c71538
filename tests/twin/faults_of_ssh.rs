//! Tests every SSH fault from the client's side.

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use gamctl::simulator::fault::{At, Fault, FaultOrder, Stage};
use gamctl::simulator::server::{State, Twin};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::client::{Shell, knock};
use super::{LONG, SHORT, twin};

async fn with(order: impl Into<FaultOrder>) -> Twin {
    let twin = twin().await;
    twin.set_fault(order);
    twin
}

fn hostname(twin: &Twin) -> String {
    twin.gam(|gam| gam.running().hostname.to_string())
}

#[tokio::test]
async fn connections_are_refused_while_no_process_listens() {
    let twin = with(Fault::SshRefuse {}).await;
    for _ in 0..2 {
        let refused = TcpStream::connect(twin.ssh_address()).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    }
    twin.clear_faults();
    Shell::open(&twin).await;
}

#[tokio::test]
async fn refusing_new_connections_leaves_old_ones_alone() {
    let twin = twin().await;
    let mut shell = Shell::open(&twin).await;
    twin.set_fault(Fault::SshRefuse {});
    assert!(TcpStream::connect(twin.ssh_address()).await.is_err());
    assert!(shell.enter("show version").await.contains("GAM"));
}

#[tokio::test]
async fn connections_are_accepted_and_reset() {
    let twin = with(Fault::SshReset {}).await;
    let mut stream = TcpStream::connect(twin.ssh_address()).await.unwrap();
    let read = timeout(LONG, stream.read(&mut [0; 64])).await.unwrap();
    assert_eq!(read.unwrap_err().kind(), ErrorKind::ConnectionReset);
}

/// Connects without SSH, sends an identification, and returns the output until it is silent.
async fn first_words(twin: &Twin) -> Vec<u8> {
    let mut stream = TcpStream::connect(twin.ssh_address()).await.unwrap();
    stream.write_all(b"SSH-2.0-test\r\n").await.unwrap();
    let mut heard = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(read) = timeout(SHORT, stream.read(&mut buffer)).await {
        let length = read.unwrap();
        assert!(length > 0, "a connection that stalls is not closed");
        heard.extend_from_slice(&buffer[..length]);
    }
    heard
}

#[tokio::test]
async fn a_connection_is_accepted_and_nothing_comes() {
    let twin = with(Fault::SshStall { stage: Stage::Tcp }).await;
    assert_eq!(first_words(&twin).await, b"");
}

#[tokio::test]
async fn a_connection_stalls_after_the_identification() {
    let stage = Stage::Identification;
    let twin = with(Fault::SshStall { stage }).await;
    assert_eq!(first_words(&twin).await, b"SSH-2.0-GAM\r\n");
}

#[tokio::test]
async fn a_connection_stalls_in_the_key_exchange() {
    let twin = with(Fault::SshStall { stage: Stage::Kex }).await;
    let words = first_words(&twin).await;
    let kex = b"curve25519-sha256";
    assert!(words.windows(kex.len()).any(|window| window == kex));
    assert!(timeout(SHORT, knock(&twin)).await.is_err());
}

#[tokio::test]
async fn a_login_is_never_answered() {
    let twin = with(Fault::SshStall { stage: Stage::Auth }).await;
    let (mut handle, _) = knock(&twin).await.unwrap();
    let login = handle.authenticate_password("admin", "");
    assert!(timeout(SHORT, login).await.is_err());
}

#[tokio::test]
async fn a_shell_is_never_given() {
    let stage = Stage::Shell;
    let twin = with(Fault::SshStall { stage }).await;
    let handle = super::client::login(&twin).await;
    let mut channel = handle.channel_open_session().await.unwrap();
    channel.request_shell(true).await.unwrap();
    assert!(timeout(SHORT, channel.wait()).await.is_err());
    assert_eq!(twin.sessions(), 0);
}

#[tokio::test]
async fn a_silent_shell_prints_nothing() {
    let stage = Stage::Prompt;
    let twin = with(Fault::SshStall { stage }).await;
    let mut shell = Shell::silent(&twin).await;
    shell.keys("show version\r").await;
    assert_eq!(shell.listen(SHORT).await, "");
    assert_eq!(twin.sessions(), 1);
}

#[tokio::test]
async fn a_client_that_gives_up_on_a_stall_is_forgotten() {
    let twin = with(Fault::SshStall { stage: Stage::Kex }).await;
    first_words(&twin).await;
    twin.wait_until(State::is_idle, LONG).await.unwrap();
}

#[tokio::test]
async fn a_connection_drops_before_the_second_line_has_an_effect() {
    let twin = with(FaultOrder::new(Fault::SshDrop { at: At::Before }).nth(2)).await;
    let before = hostname(&twin);
    let mut shell = Shell::open(&twin).await;
    shell.enter("configure terminal").await;
    shell.keys("hostname DROPPED\r").await;
    assert_eq!(shell.rest().await.trim_end(), "hostname DROPPED");
    assert_eq!(hostname(&twin), before);
    Shell::open(&twin).await;
}

#[tokio::test]
async fn a_connection_drops_after_the_line_had_its_effect_and_its_reply() {
    let twin = with(FaultOrder::new(Fault::SshDrop { at: At::After }).matching("hostname")).await;
    let mut shell = Shell::open(&twin).await;
    shell.enter("configure terminal").await;
    shell.keys("hostname DROPPED\r").await;
    assert!(shell.rest().await.ends_with("DROPPED(config)# "));
    assert_eq!(hostname(&twin), "DROPPED");
}

#[tokio::test]
async fn a_connection_drops_in_the_middle_of_a_reply() {
    let twin = twin().await;
    let mut shell = Shell::open(&twin).await;
    shell.enter("terminal length 0").await;
    let whole = shell.enter("show running-config").await;
    let drop = Fault::SshDrop { at: At::MidReply };
    twin.set_fault(FaultOrder::new(drop).nth(1));
    shell.keys("show running-config\r").await;
    let part = shell.rest().await;
    assert!(whole.starts_with(&part));
    assert!(part.len() > whole.len() / 4 && part.len() < whole.len() * 3 / 4);
}

#[tokio::test]
async fn a_right_password_is_refused_twice() {
    let twin = with(FaultOrder::new(Fault::SshAuthFail {}).times(2)).await;
    let (mut handle, _) = knock(&twin).await.unwrap();
    for lets_in in [false, false, true] {
        let login = handle.authenticate_password("admin", "").await.unwrap();
        assert_eq!(login.success(), lets_in);
    }
}

#[tokio::test]
async fn the_host_key_has_changed() {
    let twin = twin().await;
    let (_handle, before) = knock(&twin).await.unwrap();
    let fault = twin.set_fault(Fault::SshHostKey {});
    let (_handle, changed) = knock(&twin).await.unwrap();
    assert_ne!(changed.fingerprint(), before.fingerprint());
    assert!(twin.clear_fault(fault));
    let (_handle, after) = knock(&twin).await.unwrap();
    assert_eq!(after.fingerprint(), before.fingerprint());
}

#[tokio::test]
async fn the_prompt_is_another_one_from_the_start_or_from_a_line_on() {
    let prompt = || Fault::SshPrompt {
        prompt: "strange> ".to_owned(),
    };
    let twin = with(prompt()).await;
    let mut shell = Shell::silent(&twin).await;
    assert_eq!(shell.until("> ").await.trim_start(), "strange> ");
    twin.clear_faults();
    assert!(shell.enter("show version").await.ends_with("# "));
    twin.set_fault(FaultOrder::new(prompt()).nth(2));
    shell.enter("terminal width 0").await;
    shell.keys("terminal length 0\r").await;
    assert!(shell.until("> ").await.ends_with("strange> "));
}

#[tokio::test]
async fn a_line_of_the_log_breaks_into_a_reply() {
    let text = "%LINK-3-UPDOWN: somewhere".to_owned();
    let twin = with(FaultOrder::new(Fault::SshLogLine { text }).nth(2)).await;
    let mut shell = Shell::open(&twin).await;
    shell.enter("terminal length 0").await;
    let broken = shell.enter("show running-config").await;
    let sound = shell.enter("show running-config").await;
    assert_eq!(broken.replace("%LINK-3-UPDOWN: somewhere\r\n", ""), sound);
    assert_ne!(broken, sound);
}

#[tokio::test]
async fn output_comes_one_byte_at_a_time() {
    let twin = with(Fault::SshTrickle {}).await;
    let mut shell = Shell::open(&twin).await;
    let reply = shell.enter("show version").await;
    assert!(reply.len() > 100);
    assert!(shell.packets.iter().all(|length| *length == 1));
}

#[tokio::test]
async fn output_comes_in_one_piece() {
    let twin = twin().await;
    let mut shell = Shell::open(&twin).await;
    shell.enter("terminal length 0").await;
    twin.set_fault(Fault::SshOnePiece {});
    shell.enter("show version").await;
    shell.packets.clear();
    let reply = shell.enter("show running-config").await;
    assert!(reply.len() > 600);
    assert_eq!(shell.packets, [reply.len()]);
}

#[tokio::test]
async fn a_line_has_to_be_confirmed() {
    let text = "Overwrite the flux capacitor (y/n)? ".to_owned();
    let question = FaultOrder::new(Fault::SshQuestion { text }).matching("hostname");
    let twin = with(question).await;
    let before = hostname(&twin);
    let mut shell = Shell::open(&twin).await;
    shell.enter("configure terminal").await;
    for (answer, expected) in [("n", before.as_str()), ("y", "SURE")] {
        shell.keys("hostname SURE\r").await;
        let asked = shell.until("? ").await;
        assert!(asked.contains("flux capacitor"), "{asked}");
        assert_eq!(hostname(&twin), before);
        shell.keys(&format!("{answer}\r")).await;
        shell.until("# ").await;
        assert_eq!(hostname(&twin), expected);
    }
}

#[tokio::test]
async fn an_unknown_error_answers_a_line() {
    let text = "% Internal error 0x0000beef".to_owned();
    let twin = with(FaultOrder::new(Fault::SshError { text }).nth(2)).await;
    let before = hostname(&twin);
    let mut shell = Shell::open(&twin).await;
    shell.enter("configure terminal").await;
    let reply = shell.enter("hostname NEVER").await;
    assert!(
        reply.contains("\r\n% Internal error 0x0000beef\r\n"),
        "{reply:?}"
    );
    assert_eq!(hostname(&twin), before);
    shell.enter("hostname NOW").await;
    assert_eq!(hostname(&twin), "NOW");
}

#[tokio::test]
async fn a_line_is_ignored_and_looks_as_if_it_was_not() {
    let twin = with(
        FaultOrder::new(Fault::SshIgnore {})
            .matching("hostname")
            .nth(1),
    )
    .await;
    let before = hostname(&twin);
    let mut shell = Shell::open(&twin).await;
    shell.enter("configure terminal").await;
    let reply = shell.enter("hostname NEVER").await;
    assert_eq!(reply, format!("hostname NEVER\r\n{before}(config)# "));
    assert_eq!(hostname(&twin), before);
}

#[tokio::test]
async fn a_refusal_looks_like_success() {
    let twin = with(Fault::SshHideError {}).await;
    let mut shell = Shell::open(&twin).await;
    shell.enter("configure terminal").await;
    let reply = shell.enter("ghn subscriber 7 endpoint 9").await;
    assert!(!reply.contains('%') && reply.ends_with("# "), "{reply:?}");
    assert_eq!(twin.gam(|gam| gam.running().subscribers.len()), 0);
    twin.clear_faults();
    assert!(
        shell
            .enter("ghn subscriber 7 endpoint 9")
            .await
            .contains("% ")
    );
}

#[tokio::test]
async fn one_connection_finds_all_sessions_in_use() {
    let twin = with(FaultOrder::new(Fault::SshBusy {}).nth(1)).await;
    let mut shell = Shell::silent(&twin).await;
    assert!(shell.rest().await.contains("busy"));
    Shell::open(&twin).await;
}

#[tokio::test]
async fn keys_entered_during_a_slow_line_wait() {
    let twin = with(FaultOrder::new(Fault::SshSlowLine { millis: 200 }).nth(2)).await;
    let mut shell = Shell::open(&twin).await;
    shell.enter("configure terminal").await;
    let start = Instant::now();
    shell.keys("hostname SLOW\rhostname NEXT\r").await;
    shell.until("SLOW(config)# ").await;
    assert!(start.elapsed() >= Duration::from_millis(200));
    let has_both = |state: &State| state.gam.running().hostname == "NEXT";
    twin.wait_until(has_both, LONG).await.unwrap();
}

#[tokio::test]
async fn a_fault_waits_for_the_line_it_was_set_for() {
    let order = FaultOrder::new(Fault::SshIgnore {}).nth(2).times(2);
    let twin = with(order.matching("hostname")).await;
    let mut shell = Shell::open(&twin).await;
    shell.enter("configure terminal").await;
    for (name, expected) in [("A", "A"), ("B", "A"), ("C", "A"), ("D", "D")] {
        shell.enter(&format!("hostname {name}")).await;
        assert_eq!(hostname(&twin), expected);
    }
    let faults = twin.faults();
    assert_eq!((faults[0].seen, faults[0].struck), (4, 2));
}
