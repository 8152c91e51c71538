//! Tests the handle of a running twin.

use std::time::Duration;

use gamctl::simulator::fault::Fault;
use gamctl::simulator::server::{StartError, State, Twin, TwinSettings, WaitError};

use super::client::Shell;
use super::snmp::{Manager, SYS_NAME};
use super::{LONG, own_address, settings, twin};

#[tokio::test]
async fn a_port_that_is_taken_is_named() {
    let first = twin().await;
    let settings = TwinSettings {
        ssh_port: first.ssh_address().port(),
        ..settings()
    };
    let error = Twin::start(settings).await.unwrap_err();
    assert!(matches!(error, StartError::Ssh(..)));
    let expected = format!(
        "cannot listen on {} for SSH; choose another port or address",
        first.ssh_address()
    );
    assert_eq!(error.to_string(), expected);
}

#[tokio::test]
async fn a_twin_that_is_stopped_gives_its_ports_back() {
    let own = || TwinSettings {
        ip: own_address(200).into(),
        ..settings()
    };
    let first = Twin::start(own()).await.unwrap();
    let (ssh, snmp) = (first.ssh_address(), first.snmp_address());
    let mut shell = Shell::open(&first).await;
    first.stop().await;
    shell.rest().await;
    let again = TwinSettings {
        ssh_port: ssh.port(),
        snmp_port: snmp.port(),
        ..own()
    };
    let second = Twin::start(again).await.unwrap();
    Shell::open(&second).await;
    drop(second);
    assert!(tokio::net::TcpStream::connect(ssh).await.is_err());
}

#[tokio::test]
async fn the_port_of_a_refusing_twin_stays_reserved() {
    let twin = twin().await;
    twin.set_fault(Fault::SshRefuse {});
    let mut others = Vec::new();
    for _ in 0..300 {
        let other = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        assert_ne!(other.local_addr().unwrap(), twin.ssh_address());
        others.push(other);
    }
    twin.clear_faults();
    Shell::open(&twin).await;
}

#[tokio::test]
async fn waiting_ends_when_it_is_so_or_too_late() {
    let twin = twin().await;
    let never = |_: &State| false;
    let short = Duration::from_millis(20);
    let late = twin.wait_until(never, short).await;
    assert_eq!(late, Err(WaitError::Late(short)));
    let has_asked = |state: &State| state.counts.requests == 3;
    let mut manager = Manager::of(&twin).await;
    let asking = async {
        for _ in 0..3 {
            manager.get(SYS_NAME).await;
        }
    };
    let (waited, ()) = tokio::join!(twin.wait_until(has_asked, LONG), asking);
    assert_eq!(waited, Ok(()));
}

#[tokio::test]
async fn a_line_can_be_edited_without_a_session() {
    let twin = twin().await;
    let shown = twin.edit_line("hostname BEHIND");
    assert!(shown.ends_with("BEHIND(config)# "), "{shown:?}");
    assert!(twin.edit_line("ghn subscriber 3 endpoint 9").contains("% "));
    twin.gam(|gam| assert_eq!(gam.running().hostname, "BEHIND"));
    assert_eq!(twin.lines(), []);
}

#[tokio::test]
async fn an_endpoint_is_plugged_in_and_out() {
    let twin = twin().await;
    let mac = "00:0e:d8:1c:95:08".parse().unwrap();
    twin.plug(mac, 3);
    twin.gam(|gam| assert_eq!(gam.world().plugged[&mac].port, 3));
    twin.unplug(mac);
    assert!(twin.gam(|gam| gam.world().plugged.is_empty()));
}

#[tokio::test]
async fn secrets_are_not_shown() {
    let mut settings = settings();
    settings.login.password = "a-password".to_owned();
    let shown = format!("{settings:?}");
    assert!(!shown.contains("a-password") && !shown.contains("private"));
    let twin = Twin::start(settings).await.unwrap();
    assert!(!format!("{twin:?}{:?}", twin.credentials()).contains("a-password"));
}

#[tokio::test]
async fn fifty_twins_run_beside_each_other() {
    let mut twins = Vec::new();
    for _ in 0..50 {
        twins.push(twin().await);
    }
    for twin in &twins {
        let mut manager = Manager::of(twin).await;
        manager.get(SYS_NAME).await;
    }
    Shell::open(&twins[49]).await;
}
