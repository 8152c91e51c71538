//! Tests the faults of the device itself: saving, rebooting, replacement, edits by other users.

use gamctl::simulator::fault::{At, Fault, FaultOrder};
use gamctl::simulator::gam::FirmwareProfile;
use gamctl::simulator::server::{State, Twin};

use super::client::Shell;
use super::snmp::{Manager, SYS_NAME};
use super::{LONG, twin};

const SAVE: &str = "copy running-config startup-config";

/// Waits until the device has booted this many times.
async fn booted(twin: &Twin, times: u64) {
    let has_booted = |state: &State| state.counts.boots == times && state.is_up;
    twin.wait_until(has_booted, LONG).await.unwrap();
}

fn hostname(twin: &Twin) -> String {
    twin.gam(|gam| gam.running().hostname.to_string())
}

/// Opens a session, names the device, and returns the session at its exec prompt.
async fn named(twin: &Twin, name: &str) -> Shell {
    let mut shell = Shell::open(twin).await;
    shell.enter("configure terminal").await;
    shell.enter(&format!("hostname {name}")).await;
    shell.enter("end").await;
    shell
}

#[tokio::test]
async fn saved_changes_survive_a_reboot_and_others_do_not() {
    let twin = twin().await;
    let delivered = hostname(&twin);
    let mut shell = named(&twin, "KEPT").await;
    twin.reboot();
    shell.rest().await;
    booted(&twin, 1).await;
    assert_eq!(hostname(&twin), delivered);
    let mut shell = named(&twin, "KEPT").await;
    let saved = shell.enter(SAVE).await;
    assert!(saved.contains("Building configuration..."), "{saved}");
    assert!(saved.contains("% Saving "), "{saved}");
    twin.reboot();
    booted(&twin, 2).await;
    assert_eq!(hostname(&twin), "KEPT");
}

#[tokio::test]
async fn flash_is_full() {
    let twin = twin().await;
    let mut shell = named(&twin, "UNSAVED").await;
    twin.set_fault(FaultOrder::new(Fault::SaveFails {}).times(1));
    let refused = shell.enter(SAVE).await;
    assert!(refused.contains("% Error"), "{refused}");
    assert!(twin.gam(|gam| gam.startup().is_none()));
    shell.enter(SAVE).await;
    twin.gam(|gam| assert_eq!(gam.startup().unwrap().configuration.hostname, "UNSAVED"));
}

#[tokio::test]
async fn a_crash_while_saving_leaves_what_was_saved_before() {
    let twin = twin().await;
    let mut shell = named(&twin, "OLD").await;
    shell.enter(SAVE).await;
    shell.enter("configure terminal").await;
    shell.enter("hostname NEW").await;
    shell.enter("end").await;
    twin.set_fault(Fault::SaveCrashes {});
    shell.keys(&format!("{SAVE}\r")).await;
    assert!(!shell.rest().await.contains("% Saving"));
    booted(&twin, 1).await;
    assert_eq!(hostname(&twin), "OLD");
}

#[tokio::test]
async fn the_device_reboots_in_place_of_a_line() {
    let twin = twin().await;
    twin.set_fault(FaultOrder::new(Fault::Reboot { at: At::Before }).matching("ghn"));
    let mut shell = named(&twin, "FORGOTTEN").await;
    shell.enter("configure terminal").await;
    shell.keys("ghn bw-profile 2 name gold\r").await;
    shell.rest().await;
    booted(&twin, 1).await;
    assert_ne!(hostname(&twin), "FORGOTTEN");
    assert_eq!(twin.gam(|gam| gam.running().profiles.len()), 1);
    Shell::open(&twin).await;
}

#[tokio::test]
async fn the_port_is_closed_while_the_device_boots() {
    let mut settings = super::settings();
    settings.boot_time = LONG;
    let twin = Twin::start(settings).await.unwrap();
    twin.reboot();
    let refused = tokio::net::TcpStream::connect(twin.ssh_address()).await;
    let kind = refused.unwrap_err().kind();
    assert_eq!(kind, std::io::ErrorKind::ConnectionRefused);
    let mut manager = Manager::of(&twin).await;
    manager.ask(0xa0, SYS_NAME).await;
    assert!(manager.hears_nothing().await);
    twin.stop().await;
}

#[tokio::test]
async fn reload_prints_a_message_closes_the_session_and_boots() {
    let twin = twin().await;
    let mut shell = Shell::open(&twin).await;
    shell.keys("reload cold\r").await;
    assert!(shell.rest().await.contains("% Rebooting"));
    booted(&twin, 1).await;
    assert_eq!(twin.gam(gamctl::simulator::gam::Gam::boots), 2);
}

#[tokio::test]
async fn a_factory_reset_forgets_what_was_saved() {
    let twin = twin().await;
    let delivered = hostname(&twin);
    let mut shell = named(&twin, "SAVED").await;
    shell.enter(SAVE).await;
    twin.set_fault(FaultOrder::new(Fault::FactoryReset { at: At::After }).nth(1));
    shell.keys("show version\r").await;
    assert!(shell.rest().await.contains("GAM"));
    booted(&twin, 1).await;
    assert_eq!(hostname(&twin), delivered);
    assert!(twin.gam(|gam| gam.startup().is_none()));
}

#[tokio::test]
async fn replaced_hardware_has_another_serial_number_and_host_key() {
    let twin = twin().await;
    let before = (twin.serial(), twin.host_key().unwrap());
    twin.set_fault(FaultOrder::new(Fault::ReplaceHardware { seed: 99 }).nth(1));
    let mut shell = Shell::open(&twin).await;
    shell.keys("show version\r").await;
    shell.rest().await;
    booted(&twin, 1).await;
    assert_ne!(twin.serial(), before.0);
    let (_handle, key) = super::client::knock(&twin).await.unwrap();
    assert_ne!(key.fingerprint(), before.1);
    assert_eq!(key.fingerprint(), twin.host_key().unwrap());
}

#[tokio::test]
async fn the_device_comes_up_with_another_firmware() {
    let twin = twin().await;
    twin.set_fault(Fault::ChangeFirmware {
        firmware: FirmwareProfile::V1_5_4OnCx,
    });
    let mut shell = Shell::open(&twin).await;
    assert_eq!(
        twin.gam(|gam| gam.firmware().active.profile),
        FirmwareProfile::V1_8
    );
    shell.keys("show version\r").await;
    shell.rest().await;
    booted(&twin, 1).await;
    let mut shell = Shell::open(&twin).await;
    assert!(shell.enter("show version").await.contains("v1.5.4"));
}

#[tokio::test]
async fn another_user_edits_the_same_object_just_before() {
    let twin = twin().await;
    let line = "ghn bw-profile 2 name theirs rate-downstream 50".to_owned();
    let edit = FaultOrder::new(Fault::OtherEdit { line }).matching("ghn bw-profile 2");
    twin.set_fault(edit);
    let mut shell = Shell::open(&twin).await;
    shell.enter("configure terminal").await;
    shell.enter("ghn bw-profile 2 name ours").await;
    twin.gam(|gam| {
        let profile = &gam.running().profiles[&2];
        assert_eq!((profile.name.as_str(), profile.down), ("ours", 50));
    });
    let lines: Vec<String> = twin.lines().into_iter().map(|line| line.line).collect();
    assert_eq!(lines.len(), 2, "what others enter is not ours: {lines:?}");
}
