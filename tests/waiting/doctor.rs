//! What `doctor` says of stores, disks and keys: what is so, and what to do about it.

use crate::crash::site::{Keys, Site};
use crate::small_disk::SmallDisk;

#[test]
fn a_server_that_refuses_is_named_with_advice_for_a_server_and_without_its_password() {
    let mut site = Site::with(1);
    site.url = Some("postgres://noc:CANARY@127.0.0.1:1/gamctl".to_owned());
    let said = site
        .run(&["doctor", "--local", "--format", "json"])
        .exits(1);
    let said = said
        .says("connection refused by 127.0.0.1:1")
        .says("check that the database server runs");
    assert!(!said.text.contains("CANARY"), "{}", said.text);
}

#[test]
fn a_full_disk_is_found_by_a_write_with_advice_for_a_disk() {
    let mut site = Site::with(1);
    let Some(small) = SmallDisk::new(16 << 10) else {
        return;
    };
    site.state = small.path("state");
    site.run(&["adopt"]).exits(0);
    site.run(&["doctor", "--local"]).exits(0);
    small.fill(0);
    let said = site
        .run(&["doctor", "--local", "--format", "json"])
        .exits(1);
    said.says("no space left on").says("free some space");
}

#[test]
fn a_device_that_answers_to_private_is_warned_of_where_somebody_asked() {
    let site = Site::with(2);
    let before = site.twin(0).gam(|gam| gam.running().clone());
    let quiet = site.run(&["doctor"]).exits(0);
    assert!(!quiet.text.contains("private"), "{}", quiet.text);
    site.run(&["doctor", "--probe-private", "--device", "oak-0"])
        .exits(0)
        .says("it answers to the SNMP community `private`, which can write as delivered")
        .says("docs/operating.md");
    assert_eq!(site.twin(0).gam(|gam| gam.running().clone()), before);
    let mut keys = Keys::default();
    keys.snmp.communities.retain(|one| one.name != "private");
    let closed = Site::opened_by(1, &keys, 600);
    let said = closed.run(&["doctor", "--probe-private"]).exits(0);
    let said = said.says("Ready to apply.");
    assert!(!said.text.contains("private"), "{}", said.text);
}

#[test]
fn a_device_that_cannot_be_applied_to_is_no_mere_warning() {
    let site = Site::with(1);
    site.run(&["doctor"]).exits(0).says("Ready to apply.");
    let text = site.world.read("devices/oaks.toml");
    let lines = text.lines().filter(|line| !line.starts_with("host_key"));
    let unpinned: Vec<&str> = lines.collect();
    site.world.write("devices/oaks.toml", unpinned.join("\n"));
    site.world.commit_all("unpinned");
    let said = site.run(&["doctor"]).exits(1);
    let said = said
        .says("nothing can be applied")
        .says("gamctl trust oak-0 --pin");
    assert!(!said.text.contains("eady to apply"), "{}", said.text);
    // What is only observed needs no key.
    let observed = unpinned
        .join("\n")
        .replace("[device.oak-0]", "[device.oak-0]\nstate = \"observe\"");
    site.world.write("devices/oaks.toml", observed);
    let said = site.run(&["doctor"]).exits(1);
    let said = said.says("the work tree has uncommitted changes; `apply` refuses that");
    assert!(!said.text.contains("eady to apply"), "{}", said.text);
    site.world.commit_all("observed");
    site.run(&["doctor"]).exits(0);
}

#[test]
fn the_hint_for_a_changed_host_key_is_a_command_that_can_be_run() {
    let site = Site::with(2);
    let text = site.world.read("devices/oaks.toml");
    let (own, other) = (
        site.twin(0).host_key().unwrap(),
        site.twin(1).host_key().unwrap(),
    );
    site.world.write(
        "devices/oaks.toml",
        text.replace(&own.to_string(), &other.to_string()),
    );
    site.world.commit_all("another key");
    for command in ["trust", "doctor"] {
        site.run(&[command])
            .says("gamctl trust oak-0 --pin --replace");
    }
}
