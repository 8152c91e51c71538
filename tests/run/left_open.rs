//! Tests that a plan knows what the store knows, and the exit codes of plans and applies on real devices.

use std::fs;

use gamctl::history::Freeze;
use gamctl::model::FreezeScope;
use gamctl::simulator::fault::{Fault, FaultOrder};
use serde_json::Value;

use crate::crash::site::{Flat, Keys, Said, Site};

/// Two devices, each with two subscribers in the inventory.
fn site() -> Site {
    let mut site = Site::with(2);
    site.intend(flats());
    site
}

fn flats() -> Vec<Flat> {
    let flat = |number, device| Flat::new(number, device, "home-100");
    vec![flat(1, 0), flat(2, 0), flat(11, 1), flat(12, 1)]
}

fn set_secret(site: &Site, name: &str, value: &str) {
    fs::write(site.secrets().join(name), value).unwrap();
}

fn freeze(site: &Site, device: &str) {
    let freeze = Freeze {
        id: uuid::Uuid::now_v7(),
        scope: FreezeScope {
            devices: vec![device.to_owned()],
            ..FreezeScope::default()
        },
        reason: "electrician in the cellar".to_owned(),
        who: "ada@noc".to_owned(),
        since: 0,
        until: u64::from(u32::MAX),
    };
    let store = site.store();
    site.runtime.block_on(store.freeze(&freeze)).unwrap();
}

fn plan(site: &Site) -> Said {
    on_one_line(site.run(&["plan"]))
}

/// Puts the text on one line: where a line ends depends on the width.
fn on_one_line(mut said: Said) -> Said {
    let words: Vec<&str> = said.text.split_whitespace().collect();
    said.text = words.join(" ");
    said
}

fn json(site: &Site) -> Value {
    let said = site.run(&["plan", "--format", "json"]).text;
    // Notes on stderr come first.
    let start = said.find("{\n").unwrap();
    serde_json::from_str(&said[start..]).unwrap()
}

#[test]
fn an_apply_that_does_not_reach_a_device_with_changes_ends_with_five() {
    let site = site();
    site.twin(1).set_fault(Fault::SshRefuse {});
    site.apply().exits(5).says("1 device not reached");
    // The other one is as intended, and still only this one has something to do.
    site.apply().exits(5).says("1 device not reached");
}

#[test]
fn a_password_that_no_device_accepts_is_a_wrong_setting_and_is_named_once() {
    let site = site();
    set_secret(&site, "gam-ssh", "wrong");
    let said = site.apply().exits(1);
    let said = said.says("The cause is in our own settings: no device accepts our login");
    assert_eq!(said.text.matches("our own settings").count(), 1);
}

#[test]
fn a_password_that_one_device_does_not_accept_is_a_failure_of_that_device() {
    let mut keys = Keys::default();
    keys.credentials.push_str(
        "\n[credentials.other]\nsnmp = { version = \"2c\", community = { secret = \"gam-snmp\" } }\n\
        ssh = { user = \"admin\", password = { secret = \"other-ssh\" } }\n",
    );
    keys.secrets.push(("other-ssh", "wrong".to_owned()));
    keys.of_the_last = Some("other");
    let mut site = Site::opened_by(2, &keys, 600);
    site.intend(flats());
    site.apply()
        .exits(5)
        .says("1 device changed, verified and saved; 1 device not reached.");
}

#[test]
fn a_secret_that_is_missing_everywhere_is_named_once_and_ends_with_one() {
    let site = site();
    fs::remove_file(site.secrets().join("gam-snmp")).unwrap();
    let cause = "none of 2 devices can be asked: the secret `gam-snmp` has no value";
    plan(&site)
        .exits(1)
        .says(&format!("No device was planned: {cause}"));
    on_one_line(site.apply()).exits(1).says(cause);
    site.run(&["adopt"]).exits(1);
    site.run(&["observe"]).exits(1);
}

#[test]
fn changes_that_wait_for_a_silent_device_are_in_the_verdict_and_the_exit() {
    let mut site = site();
    site.apply().exits(0);
    plan(&site)
        .exits(0)
        .says("Nothing to do: 2 devices are as the inventory says.");
    site.twin(1).set_fault(Fault::SnmpSilence {});
    plan(&site)
        .exits(6)
        .says("1 device could not be observed; nothing is known of it.");
    let mut faster = flats();
    faster[3].vlan = 777;
    site.intend(faster);
    plan(&site)
        .exits(2)
        .says("No object would change on 1 device.")
        .says("1 change waits for oak-1, not reached since 20");
    let stored = json(&site);
    assert_eq!(stored["exit"], 2);
    assert_eq!(stored["totals"]["waiting_changes"], 1);
    assert_eq!(stored["plan"]["stored"]["waiting"][0]["device"], "oak-1");
    // The run itself did all that it could.
    // The other device is as intended, and the changes that wait are not carried out.
    site.apply().exits(5).says("1 change not carried out");
}

#[test]
fn a_device_that_is_not_saved_is_pending() {
    let site = site();
    let fails = FaultOrder::new(Fault::SaveFails {});
    let fault = site.twin(0).set_fault(fails);
    site.apply().exits(5);
    let said = plan(&site).exits(2);
    said.says("What an earlier run wrote is not saved on 1 device.")
        .says("a restart would undo it")
        .says("`gamctl apply` saves it");
    assert_eq!(json(&site)["totals"]["unsaved_devices"], 1);
    site.twin(0).clear_fault(fault);
    site.apply().exits(0);
    plan(&site).exits(0).says("Nothing to do");
}

#[test]
fn a_device_that_a_dead_run_left_half_written_is_pending() {
    // With two devices, both may be in the middle of writing.
    let mut site = Site::with(1);
    site.intend(vec![
        Flat::new(1, 0, "home-100"),
        Flat::new(2, 0, "home-100"),
    ]);
    site.dies_at("line-answered:1");
    site.is_quiet();
    let said = plan(&site).exits(2);
    said.says("An earlier run left 1 device half-written.")
        .says("`gamctl apply` looks at it first");
    assert_eq!(json(&site)["totals"]["half_written_devices"], 1);
    site.time_passes();
    site.apply().exits(0);
    plan(&site).exits(0).says("Nothing to do");
}

#[test]
fn a_freeze_on_a_device_with_changes_is_a_refusal_and_on_another_only_a_remark() {
    let site = site();
    freeze(&site, "oak-0");
    plan(&site)
        .exits(4)
        .says("1 device with something to do is frozen.")
        .says("frozen by ada@noc until 2106-02-07 06:28 UTC: electrician in the cellar");
    site.apply().exits(4);
    let site = self::site();
    site.apply().exits(0);
    freeze(&site, "oak-*");
    plan(&site)
        .exits(0)
        .says("Nothing to do")
        .says("frozen by ada@noc");
}

#[test]
fn a_store_that_cannot_be_asked_is_never_nothing_to_do() {
    let site = site();
    site.apply().exits(0);
    fs::write(site.state.join("gamctl.db"), "this is no database").unwrap();
    let said = plan(&site).exits(1);
    assert!(!said.text.contains("Nothing to do"), "{}", said.text);
    said.says("Nothing would change on 2 devices as far as is known.")
        .says("The store could not be asked, so nothing is removed");
    let stored = &json(&site)["plan"]["stored"]["unavailable"];
    assert!(stored.is_string(), "{stored}");
}

/// The procedure of `docs/operating.md`.
#[test]
fn ownership_of_a_lost_store_comes_back_by_adopting_at_the_last_applied_commit() {
    let mut site = site();
    site.apply().exits(0);
    let last = site.world.git(&["rev-parse", "HEAD"]);
    let mut fewer = flats();
    fewer.pop();
    site.intend(fewer);
    fs::remove_dir_all(&site.state).unwrap();
    plan(&site)
        .says("If there was a store and it is lost, `gamctl adopt --rev REV` records what is owned")
        .exits(0)
        .says("Unmanaged, left unchanged");
    // A new store is there, and knows nothing.
    site.run(&["doctor", "--local"]);
    let out = site.world.beside("plan.json");
    let said = site.run(&["plan", "--out", out.to_str().unwrap()]);
    on_one_line(said).says("`gamctl adopt --rev LAST`");
    site.run(&["adopt", "--rev", last.trim()])
        .exits(0)
        .says("adopted");
    plan(&site).exits(2).says("- subscriber apt-12");
    site.apply().exits(0);
    plan(&site).exits(0).says("Nothing to do");
}
